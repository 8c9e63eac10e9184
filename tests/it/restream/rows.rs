//! Rows of the database, changed by somebody else while we run.

use std::time::{Duration, Instant};

use streamwarden::domain::camera::CameraState;

use super::harness::{Harness, Source};

/// How soon a change has to act.
const SOON: Duration = Duration::from_secs(10);

#[actix::test]
async fn rows_come_change_and_go_without_touching_the_others() {
    let source = Source::start().await;
    let mut harness = Harness::open().await;
    harness.sql(&format!("INSERT INTO cameras(name, url) VALUES ('one', '{}')", source.url("a")));
    harness.state("one", CameraState::Running).await;
    let one = harness.pid("one").await;

    let begun = Instant::now();
    harness.sql(&format!("INSERT INTO cameras(name, url) VALUES ('site/two', '{}')", source.url("b")));
    harness.camera("site/two", |camera| camera.is_some_and(|camera| camera.state != CameraState::Waiting)).await;
    assert!(begun.elapsed() < SOON, "an inserted row acted after {:?}", begun.elapsed());
    let status = harness.state("site/two", CameraState::Running).await;
    assert_eq!((status.restarts, status.path.as_str()), (0, "site/two"));

    let two = harness.pid("site/two").await;
    let begun = Instant::now();
    harness.sql(&format!("UPDATE cameras SET url = '{}', audio = 'none' WHERE name = 'site/two'", source.url("a")));
    harness.camera("site/two", |camera| camera.is_some_and(|camera| camera.state != CameraState::Running)).await;
    assert!(begun.elapsed() < SOON, "a changed row acted after {:?}", begun.elapsed());
    harness.state("site/two", CameraState::Running).await;
    assert_ne!(harness.pid("site/two").await, two);

    // What ffmpeg has nothing to do with changes what is shown, and no process.
    let two = harness.pid("site/two").await;
    harness.sql("UPDATE cameras SET record = 0 WHERE name = 'site/two'");
    harness.camera("site/two", |camera| camera.is_some_and(|camera| !camera.record)).await;
    assert_eq!(harness.pid("site/two").await, two);

    let begun = Instant::now();
    harness.sql("UPDATE cameras SET enabled = 0 WHERE name = 'site/two'");
    let status = harness.camera("site/two", |camera| camera.is_some_and(|camera| !camera.enabled)).await;
    assert_eq!(status.expect("shown").state, CameraState::Stopped);
    assert!(begun.elapsed() < SOON, "a disabled row acted after {:?}", begun.elapsed());
    assert_eq!(harness.processes(), [one]);

    harness.sql("UPDATE cameras SET enabled = 1 WHERE name = 'site/two'");
    harness.state("site/two", CameraState::Running).await;
    let begun = Instant::now();
    harness.sql("DELETE FROM cameras WHERE name = 'site/two'");
    harness.gone("site/two").await;
    assert!(begun.elapsed() < SOON, "a deleted row acted after {:?}", begun.elapsed());
    assert_eq!(harness.processes(), [one]);

    assert_eq!(harness.pid("one").await, one, "the other camera was not touched");
    assert_eq!(harness.state("one", CameraState::Running).await.restarts, 0);
    harness.stop().await;
}

#[actix::test]
async fn a_changed_template_restarts_its_cameras_only() {
    let source = Source::start().await;
    let mut harness = Harness::open().await;
    let (host, port) = (source.url("a").host_str().expect("host").to_owned(), source.url("a").port().expect("port"));
    harness.sql(&format!(
        "INSERT INTO camera_kinds VALUES ('test', 'rtsp://{{host}}:{{port}}/nothing');
         INSERT INTO cameras(name, url) VALUES ('own', '{}');
         INSERT INTO cameras(name, kind, host, port) VALUES ('templated', 'test', '{host}', {port})",
        source.url("b")
    ));
    harness.state("own", CameraState::Running).await;
    let own = harness.pid("own").await;
    let status = harness.camera("templated", |camera| camera.is_some_and(|camera| camera.last_error.is_some())).await;
    let error = status.expect("shown").last_error.expect("a reason");
    assert!(error.contains("no such stream"), "{error}");

    harness.sql("UPDATE camera_kinds SET url_template = 'rtsp://{host}:{port}/a' WHERE kind = 'test'");
    harness.state("templated", CameraState::Running).await;
    assert_eq!(harness.pid("own").await, own);
    harness.stop().await;
}
