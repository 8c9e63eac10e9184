//! Display names: whatever becomes of them, no camera is touched.

use streamwarden::domain::camera::CameraState;

use super::stage::{Source, Stage};

#[actix::test]
async fn a_changed_label_is_shown_and_restarts_no_ffmpeg() {
    let source = Source::start().await;
    let mut stage = Stage::open().await;
    let names = ["one", "two", "three", "four"];
    for name in names {
        stage.sql(&format!("INSERT INTO cameras(name, url) VALUES ('{name}', '{}')", source.url("a")));
    }
    let mut pids = Vec::new();
    for name in names {
        stage.state(name, CameraState::Running).await;
        pids.push(stage.pid(name).await);
    }
    // Of all cameras at once: a change that stopped them would be held, and then not be shown.
    stage.sql("UPDATE cameras SET label = 'Süd-Tor ' || id");
    for (name, id) in names.into_iter().zip(1..) {
        let label = Some(format!("Süd-Tor {id}"));
        stage.camera(name, |camera| camera.is_some_and(|camera| camera.label == label)).await;
    }
    // A label that people would not be let write is shown as far as it goes.
    stage.sql("UPDATE cameras SET label = char(9) || 'a' || char(10) || 'b' WHERE name = 'one'");
    stage.camera("one", |camera| camera.is_some_and(|camera| camera.label.as_deref() == Some("a b"))).await;
    stage.sql("UPDATE cameras SET label = NULL");
    for (name, pid) in names.into_iter().zip(pids) {
        let status = stage.camera(name, |camera| camera.is_some_and(|camera| camera.label.is_none())).await;
        let status = status.expect("shown");
        assert_eq!((status.state, status.restarts), (CameraState::Running, 0));
        assert_eq!(stage.pid(name).await, pid, "{name}");
    }
    stage.stop().await;
}
