//! Where the fault of an incident lies, told by the whole program: a camera that stops, a media server that goes.

use serde_json::Value;
use streamwarden::demo::media_server::Options;

use crate::support::camera::{Behaviour, Camera};
use crate::support::media::server;
use crate::support::program::{Config, Program};
use crate::support::wait::eventually;

/// The verdict of the newest incident of this kind, once it has one that says so.
async fn judged(program: &Program, kind: &str, cause: &str) -> Value {
    let what = format!("{kind} is judged to be {cause}");
    eventually(&what, || async {
        let all = program.api.items(&format!("/api/v1/incidents?kind={kind}&limit=1")).await;
        all.into_iter().find(|one| one["verdict"]["cause"] == cause)
    })
    .await
}

fn found(incident: &Value, part: &str) -> Vec<String> {
    let all = incident["verdict"]["evidence"].as_array().expect("evidence");
    let of_part = all.iter().filter(|one| one["part"] == part);
    of_part.map(|one| one["finding"].as_str().expect("a word").to_owned()).collect()
}

#[tokio::test]
async fn a_camera_that_stops_and_a_media_server_that_goes_get_their_verdicts() {
    let (camera, media) = (Camera::start(Behaviour::default()), server(&Options::default()).await);
    let program = Program::start(&Config { stall_timeout: "3s", ..Config::on(&media) }).await;
    program.insert_camera("gate", &camera.url());
    program.camera_in("gate", "running").await;

    camera.change(|behaviour| behaviour.sends_picture = false);
    let stopped = judged(&program, "cameraStalled", "cameraStopped").await;
    let verdict = &stopped["verdict"];
    let summary = verdict["summary"].as_str().expect("a sentence");
    assert!(summary.starts_with("camera: stopped sending at "), "{summary}");
    assert_eq!(
        (found(&stopped, "camera"), found(&stopped, "server"), found(&stopped, "relay")),
        (vec!["stoppedSending".to_owned()], vec!["fine".to_owned()], vec!["fine".to_owned()])
    );
    assert!(verdict["root"].is_null() && verdict["tryNext"][0]["step"] == "lookAtCamera", "{verdict}");

    camera.change(|behaviour| behaviour.sends_picture = true);
    program.camera_in("gate", "running").await;
    media.stop().await;
    let gone = judged(&program, "serverDown", "mediaServerDown").await;
    assert_eq!(
        (&gone["verdict"]["confidence"], found(&gone, "server")),
        (&"high".into(), vec!["notRunning".to_owned()])
    );

    // What is over keeps what was said of it.
    let stopped = judged(&program, "cameraStalled", "cameraStopped").await;
    assert!(stopped["closedAt"].is_string(), "{stopped}");
    program.stop().await;
}
