//! Stream probes against the media server and against what only looks like one.

use std::net::TcpListener;

use serde_json::Value;
use streamwarden::demo::media_server::Options;

use crate::support::media::{self, Publisher};
use crate::support::port::free_port;
use crate::support::program::{Config, Program};
use crate::support::wait::eventually;

/// What is probed under this name.
async fn probed(program: &Program, target: &str) -> Option<Value> {
    program.api.items("/api/v1/probes/streams").await.into_iter().find(|one| one["target"] == target)
}

async fn in_state(program: &Program, target: &str, state: &str) -> Value {
    let reached = || async { probed(program, target).await.filter(|one| one["state"] == state) };
    eventually(&format!("{target} is {state}"), reached).await
}

async fn metrics(program: &Program) -> String {
    program.api.text("/metrics").await.expect("an answer").1
}

/// The value of a sample of this target.
fn sample(metrics: &str, name: &str, target: &str) -> Option<f64> {
    let begin = format!("streamwarden_{name}{{target=\"{target}\"");
    let line = metrics.lines().find(|line| line.starts_with(&begin))?;
    line.rsplit(' ').next()?.parse().ok()
}

/// An open incident of probes, about this subject.
async fn incident(program: &Program, name: &str) -> Option<Value> {
    let open = program.api.items("/api/v1/incidents?kind=probeFailed&open=true").await;
    open.into_iter().find(|one| one["subject"]["name"] == name)
}

#[tokio::test]
async fn what_flows_is_measured_and_what_does_not_is_told_until_it_does() {
    let media = media::server(&Options::default()).await;
    let publisher = Publisher::to(&media.rtsp_url(), "cam/front");
    // Accepts and says nothing.
    let silent = TcpListener::bind("127.0.0.1:0").expect("a port");
    let (silent_port, closed) = (silent.local_addr().expect("bound").port(), free_port());
    let port = media.rtsp_url().port().expect("a port");
    let targets = format!(
        "[health]\nwindow = \"1s\"\ninterval = \"5s\"\nlimit = \"6s\"\n\
         [[health.targets]]\nname = \"cameras\"\npath = \"cam/*\"\n\
         [[health.targets]]\nname = \"late\"\nurl = \"rtsp://127.0.0.1:{port}/later\"\n\
         [[health.targets]]\nname = \"closed\"\nurl = \"rtsp://eve:canary-probe@127.0.0.1:{closed}/x\"\n\
         [[health.targets]]\nname = \"silent\"\nurl = \"rtmp://127.0.0.1:{silent_port}/live/canary-key\"\n\
         [[health.targets]]\nname = \"metadata\"\nurl = \"http://169.254.169.254/x\"\n"
    );
    let program = Program::start(&Config { more: targets, ..Config::on(&media) }).await;

    let well = in_state(&program, "cameras", "well").await;
    let video = &well["report"]["video"];
    assert_eq!((video["codec"].as_str(), video["width"].as_u64()), (Some("h264"), Some(320)), "{well}");
    let rate = video["framesPerSecond"].as_f64().expect("pictures were counted");
    assert!((rate - 25.0).abs() < 2.5, "{well}");
    assert!(video["bitsPerSecond"].as_f64().is_some_and(|rate| rate > 10_000.0), "{well}");
    assert_eq!((well["stream"].as_str(), well["report"]["audio"]["codec"].as_str()), (Some("cam/front"), Some("aac")));
    let text = metrics(&program).await;
    assert_eq!(sample(&text, "probe_success", "cameras"), Some(1.0), "{text}");
    assert_eq!(sample(&text, "probe_video_height_pixels", "cameras"), Some(180.0));
    assert_eq!(sample(&text, "probe_audio_present", "cameras"), Some(1.0));

    for (target, kind) in [("closed", "refused"), ("late", "notFound"), ("metadata", "noRoute"), ("silent", "timedOut")]
    {
        let out = in_state(&program, target, "out").await;
        assert_eq!(out["fault"]["kind"], kind, "{out}");
        assert!(out["report"].is_null() && out["outage"]["from"].is_string(), "{out}");
        let told = || async { incident(&program, target).await };
        let told = eventually(&format!("an incident of {target}"), told).await;
        assert!(!told.to_string().contains("canary"), "{told}");
    }
    let text = metrics(&program).await;
    assert_eq!(
        (sample(&text, "probe_out", "late"), sample(&text, "probe_video_width_pixels", "late")),
        (Some(1.0), None)
    );
    assert!(text.contains("fault=\"refused\"") && !text.contains("canary"), "{text}");

    let later = Publisher::to(&media.rtsp_url(), "later");
    in_state(&program, "late", "well").await;
    let over = || async { incident(&program, "late").await.is_none().then_some(()) };
    eventually("the end of its incident", over).await;
    let late = probed(&program, "late").await.expect("it is a target");
    assert!(late["lastOutage"]["to"].is_string() && late["outages"] == 1, "{late}");

    // A path that is not live is not probed; what the probe knew of it goes.
    drop(publisher);
    in_state(&program, "cameras", "notLive").await;
    assert_eq!(sample(&metrics(&program).await, "probe_success", "cameras"), None);
    assert!(!program.log().contains("canary"));
    drop(later);
    program.stop().await;
    media.stop().await;
}
