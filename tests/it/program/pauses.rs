//! A recording that pauses shows wherever an operator looks: as an incident, in `/ready`, in the metrics.

use nix::sys::signal::Signal;
use serde_json::Value;
use streamwarden::demo::media_server::Options;

use crate::support::cameras::Cameras;
use crate::support::media::server;
use crate::support::program::{Config, Program};
use crate::support::wait::eventually;

/// Another `min_free`, read at once.
fn min_free(program: &Program, config: &Config, size: &str) {
    let text = config.toml("data").replace("min_free = \"10M\"", &format!("min_free = \"{size}\""));
    assert!(text.contains(&format!("min_free = \"{size}\"")), "{text}");
    program.room().write("streamwarden.toml", &text);
    program.signal(Signal::SIGHUP);
}

/// Incidents of paused recordings: type and name of the subject, cause, and whether it is over.
async fn incidents(program: &Program) -> Vec<(String, String, String, bool)> {
    let all = program.api.items("/api/v1/incidents").await;
    let ours = all.iter().filter(|incident| incident["kind"] == "recordingPaused");
    let text = |value: &Value| value.as_str().expect("text").to_owned();
    ours.map(|one| {
        let subject = &one["subject"];
        (text(&subject["type"]), text(&subject["name"]), text(&one["cause"]), !one["closedAt"].is_null())
    })
    .collect()
}

/// Status of `/ready`, and what it says of recording.
async fn ready(program: &Program) -> Option<(u16, Value)> {
    let (status, text) = program.api.text("/ready").await?;
    let all: Value = serde_json::from_str(&text).expect("JSON");
    let recording = all["services"].as_array()?.iter().find(|service| service["name"] == "recording")?.clone();
    Some((status.as_u16(), recording))
}

async fn metric(program: &Program, line: &str) -> Option<()> {
    let (_, text) = program.api.text("/metrics").await?;
    text.lines().any(|found| found == line).then_some(())
}

#[tokio::test]
async fn a_full_disk_and_a_stream_without_a_place_are_shown_until_they_are_over() {
    let (cameras, media) = (Cameras::start(2).await, server(&Options::default()).await);
    let config = Config { more: "max_concurrent = 1\n".to_owned(), ..Config::on(&media) };
    let program = Program::start(&config).await;
    program.insert_camera("a", &cameras.url(0));
    program.recorded("a").await;
    let (status, recording) = ready(&program).await.expect("it says so");
    assert_eq!((status, &recording["ok"]), (200, &Value::Bool(true)), "{recording}");
    metric(&program, "streamwarden_recordings{state=\"recording\"} 1").await.expect("counted");
    let (_, text) = program.api.text("/metrics").await.expect("metrics");
    for folder in ["spool", "objects"] {
        let start = format!("streamwarden_disk_free_bytes{{folder=\"{folder}\"}} ");
        let free = text.lines().find_map(|line| line.strip_prefix(&start)).expect("known");
        assert!(free.parse::<f64>().expect("a number") > 0.0, "{free}");
    }

    // The disk has too little left: nothing can be recorded, and the process is not ready.
    min_free(&program, &config, "900T");
    let paused = || async { ready(&program).await.filter(|(status, _)| *status == 503) };
    let (_, recording) = eventually("not ready", paused).await;
    assert!(recording["ok"] == false && recording["detail"].as_str().is_some_and(|why| why.contains("min_free")));
    let open = || async {
        let all = incidents(&program).await;
        all.into_iter()
            .find(|(kind, name, why, over)| kind == "service" && name == "spool" && why.contains("min_free") && !over)
    };
    eventually("an incident of the disk", open).await;
    eventually("a paused recording", || metric(&program, "streamwarden_recordings{state=\"paused\"} 1")).await;
    min_free(&program, &config, "10M");
    program.recorded("a").await;
    eventually("ready again", || async { ready(&program).await.filter(|(status, _)| *status == 200) }).await;
    let over = || async { incidents(&program).await.iter().all(|(_, _, _, over)| *over).then_some(()) };
    eventually("the incident over", over).await;
    assert_eq!(incidents(&program).await.len(), 1, "one for the disk, none for the stream");

    // One stream too many: its own incident, and the process does what it can.
    program.insert_camera("b", &cameras.url(1));
    let open = || async {
        let all = incidents(&program).await;
        all.into_iter().find(|(kind, _, why, over)| kind == "stream" && why.contains("max_concurrent") && !over)
    };
    let (_, waiting, ..) = eventually("an incident of the stream", open).await;
    let (status, recording) = ready(&program).await.expect("it says so");
    assert!(status == 200 && recording["ok"] == false, "{recording}");
    program.sql(&format!("UPDATE cameras SET record = 0 WHERE name = '{waiting}'"));
    eventually("the incident over", over).await;
    program.stop().await;
    cameras.stop().await;
    media.stop().await;
}
