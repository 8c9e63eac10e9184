//! Targets that cannot work, and very many that do not.

use std::net::TcpListener;

use serde_json::Value;
use streamwarden::demo::media_server::Options;
use tokio::task::spawn_blocking;

use crate::support::media;
use crate::support::port::free_port;
use crate::support::program::{Config, Program};
use crate::support::room::Room;
use crate::support::wait::eventually;

#[tokio::test(flavor = "multi_thread")]
async fn check_names_targets_that_cannot_work_and_shows_no_secret() {
    let media = media::server(&Options::default()).await;
    let room = Room::new();
    let closed = free_port();
    let server = format!(
        "[[servers]]\nname = \"main\"\napi_url = \"{}\"\nrtsp_url = \"{}\"\n",
        media.api_url(),
        media.rtsp_url()
    );
    let toml = format!(
        "{server}[health]\nworkers = 1\nwindow = \"1s\"\ninterval = \"5s\"\nlimit = \"6s\"\n\
         [[health.targets]]\nname = \"metadata\"\nurl = \"http://169.254.169.254/latest\"\n\
         [[health.targets]]\nname = \"closed\"\nurl = \"rtmp://eve:canary@127.0.0.1:{closed}/live/canary-key\"\n\
         [[health.targets]]\nname = \"cams\"\npath = \"cam/*\"\n"
    );
    room.write("etc/streamwarden.toml", &toml);
    let ended = spawn_blocking(move || room.run(&["check", "--json"], &[])).await.expect("done");
    assert!(!ended.out.contains("canary") && !ended.err.contains("canary"), "{} {}", ended.out, ended.err);
    let report: Value = serde_json::from_str(&ended.out).expect("JSON");
    let findings = report["findings"].as_array().expect("a list");
    for (what, outcome, part) in [
        ("health target metadata", "fault", "link-local"),
        ("health target closed", "note", "connection refused by rtmp://***@127.0.0.1"),
        ("health", "note", "health.workers is 1"),
        ("health target cams", "note", "is like \"cam/*\""),
    ] {
        let finding = findings.iter().find(|one| one["what"] == what).unwrap_or_else(|| panic!("{what}: {report}"));
        assert_eq!(finding["verdict"], outcome, "{finding}");
        assert!(finding["found"].as_str().expect("text").contains(part), "{finding}");
    }
    media.stop().await;
}

#[tokio::test]
async fn a_thousand_targets_that_say_nothing_hold_up_nothing() {
    let media = media::server(&Options::default()).await;
    // Accepts what fits into its queue, and says nothing.
    let silent = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = silent.local_addr().expect("bound").port();
    let target =
        |number| format!("[[health.targets]]\nname = \"t{number}\"\nurl = \"rtmp://127.0.0.1:{port}/a/{number}\"\n");
    let targets: String = (0..1_000).map(target).collect();
    let program =
        Program::start(&Config { more: format!("[health]\nlimit = \"1h\"\n{targets}"), ..Config::on(&media) }).await;
    let begun = || async {
        let all = program.api.items("/api/v1/probes/streams").await;
        let probing = all.iter().filter(|one| one["nextAt"].is_null()).count();
        (all.len() == 1_000 && probing == 4).then_some(())
    };
    eventually("four of a thousand are being probed", begun).await;
    let (status, text) = program.api.text("/metrics").await.expect("an answer");
    assert!(
        status.is_success() && text.contains("streamwarden_probe_waiting 996"),
        "what was not probed has no figures"
    );
    assert!(!text.contains("streamwarden_probe_success{"), "{text}");
    assert!(program.api.text("/ready").await.is_some());
    program.stop().await;
    media.stop().await;
}
