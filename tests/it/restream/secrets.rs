//! A password that may appear nowhere: `canary` is looked for wherever people could see it.

use streamwarden::demo::media_server::{Credentials, Options};
use streamwarden::domain::camera::CameraState;

use super::stage::{Source, Stage};

#[actix::test]
async fn passwords_are_in_no_argument_list_no_environment_and_no_state() {
    let source = Source::start().await;
    let publish = Some(Credentials::new("relay", "canary-publish"));
    let mut stage = Stage::with(Options { publish, ..Options::default() }).await;
    let at = source.url("a");
    let (host, port) = (at.host_str().expect("host"), at.port().expect("port"));
    stage.sql(&format!(
        "INSERT INTO cameras(name, url, username, password) VALUES ('gate', '{at}', 'admin', 'canary c@lumn');
         INSERT INTO cameras(name, url) VALUES ('own', 'rtsp://admin:canary-url@{host}:{port}/b');
         INSERT INTO cameras(name, url) VALUES ('query', 'rtsp://{host}:{port}/nothing?password=canary-query')"
    ));
    stage.state("gate", CameraState::Running).await;
    stage.state("own", CameraState::Running).await;
    stage.camera("query", |camera| camera.is_some_and(|camera| camera.last_error.is_some())).await;

    let processes = stage.processes();
    assert!(processes.len() >= 2, "{processes:?}");
    for pid in processes {
        for file in ["cmdline", "environ", "stat", "status"] {
            let text = std::fs::read(format!("/proc/{pid}/{file}")).unwrap_or_default();
            let text = String::from_utf8_lossy(&text);
            assert!(!text.contains("canary"), "{file}: {text}");
            assert!(file != "cmdline" || text.is_empty() || text.contains("***"), "{text}");
        }
    }
    let tree = serde_json::to_string(&stage.restreams_seen().await).expect("JSON");
    let cameras = serde_json::to_string(&stage.live.latest().await.expect("the store").cameras).expect("JSON");
    assert!(tree.contains("***") && !tree.contains("canary"), "{tree}");
    assert!(!cameras.contains("canary"), "{cameras}");
    stage.stop().await;
}
