//! `cameras kinds set` beside a program that runs: its cameras move to the new address by themselves, and no other.

use streamwarden::demo::media_server::Options;

use crate::support::cameras::Cameras;
use crate::support::media::server;
use crate::support::processes::Job;
use crate::support::program::{Config, Program};
use crate::support::wait::eventually;

#[tokio::test]
async fn a_kind_set_by_command_line_moves_its_cameras_only() {
    let (cameras, media) = (Cameras::start(2).await, server(&Options::default()).await);
    let program = Program::start(&Config::on(&media)).await;
    let run = |arguments: &[&str]| {
        let ended = program.room().run(&[&["cameras"], arguments, &["--config", "streamwarden.toml"]].concat(), &[]);
        assert_eq!(ended.code, Some(0), "{arguments:?}: {}", ended.err);
    };
    let (wrong, right) = (cameras.url(0), cameras.url(1));
    let (host, port) = (right.host_str().expect("a host"), right.port().expect("a port").to_string());
    let template = |path: &str| format!("rtsp://{{host}}:{{port}}{path}");
    run(&["kinds", "set", "acme", &template("/nothing")]);
    run(&["add", "of-acme", "--kind", "acme", "--host", host, "--port", &port]);
    program.insert_camera("other", &wrong);
    let other = Job::Relay("other".to_owned());
    program.live("other").await;
    let pid = program.process(&other).expect("a relay");
    let failed = || async {
        let camera = program.api.camera("of-acme").await?;
        camera["lastError"].as_str().is_some_and(|reason| reason.contains("no such stream")).then_some(())
    };
    eventually("the old address is refused", failed).await;

    run(&["kinds", "set", "acme", &template(right.path())]);
    program.live("of-acme").await;
    program.camera_in("of-acme", "running").await;
    assert_eq!(program.process(&other), Some(pid), "the camera with a URL of its own goes on");
    program.stop().await;
    media.stop().await;
    cameras.stop().await;
}
