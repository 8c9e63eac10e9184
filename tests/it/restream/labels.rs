//! Display names: whatever becomes of them, no camera is touched.

use streamwarden::domain::camera::CameraState;

use super::harness::{Harness, Source};

#[actix::test]
async fn a_changed_label_is_shown_and_restarts_no_ffmpeg() {
    let source = Source::start().await;
    let mut harness = Harness::open().await;
    let names = ["one", "two", "three", "four"];
    for name in names {
        harness.sql(&format!("INSERT INTO cameras(name, url) VALUES ('{name}', '{}')", source.url("a")));
    }
    let mut pids = Vec::new();
    for name in names {
        harness.state(name, CameraState::Running).await;
        pids.push(harness.pid(name).await);
    }
    // Of all cameras at once: a change that stopped them would be held, and then not be shown.
    harness.sql("UPDATE cameras SET label = 'Süd-Tor ' || id");
    for (name, id) in names.into_iter().zip(1..) {
        let label = Some(format!("Süd-Tor {id}"));
        harness.camera(name, |camera| camera.is_some_and(|camera| camera.label == label)).await;
    }
    // A label that people would not be let write is shown as far as it goes.
    harness.sql("UPDATE cameras SET label = char(9) || 'a' || char(10) || 'b' WHERE name = 'one'");
    harness.camera("one", |camera| camera.is_some_and(|camera| camera.label.as_deref() == Some("a b"))).await;
    harness.sql("UPDATE cameras SET label = NULL");
    for (name, pid) in names.into_iter().zip(pids) {
        let status = harness.camera(name, |camera| camera.is_some_and(|camera| camera.label.is_none())).await;
        let status = status.expect("shown");
        assert_eq!((status.state, status.restarts), (CameraState::Running, 0));
        assert_eq!(harness.pid(name).await, pid, "{name}");
    }
    harness.stop().await;
}
