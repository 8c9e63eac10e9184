//! What is said of a camera that does not run: the thing that is wrong, and what to do about it.

use streamwarden::domain::camera::{CameraState, CameraStatus};

use super::harness::Harness;
use super::sources::{Body, Http, Player};
use crate::support::camera::{Behaviour, Camera, Login};
use crate::support::film;
use crate::support::port::free_port;
use crate::support::wait::eventually;

/// Waits until the camera's reason says all of this.
async fn says(harness: &mut Harness, words: &[&str]) {
    let said = |camera: &CameraStatus| {
        let reason = camera.last_error.as_deref().unwrap_or_default();
        words.iter().all(|word| reason.contains(word))
    };
    harness.camera("gate", |camera| camera.is_some_and(said)).await;
}

#[actix::test]
async fn what_a_camera_lacks_is_named() {
    let basic = || Behaviour { login: Login::Basic, ..Behaviour::default() };
    let bad = || Behaviour { refuses: Some(("DESCRIBE", "400 Bad Request")), ..Behaviour::default() };
    let table: [(Behaviour, &str, &str, &[&str]); 4] = [
        (basic(), "", "/x", &["wants a login", "set the camera's user name and password"]),
        (basic(), "admin:wrong@", "/x", &["refuses the user name or password", "SHA-256"]),
        (bad(), "", "/", &["called without a path", "url"]),
        (bad(), "", "/x", &["does not understand", "check path"]),
    ];
    for (behaviour, login, path, words) in table {
        let camera = Camera::start(behaviour);
        let mut harness = Harness::open().await;
        let url = format!("rtsp://{login}{}{path}", camera.address());
        harness.sql(&format!("INSERT INTO cameras(name, url) VALUES ('gate', '{url}')"));
        says(&mut harness, words).await;
        harness.stop().await;
    }
}

#[actix::test]
async fn a_camera_that_sends_us_elsewhere_is_named_with_that_place() {
    let basic = Camera::start(Behaviour { login: Login::Basic, ..Behaviour::default() });
    // Nobody listens at a port of the system that no service has.
    let nobody = "127.0.0.1:9".to_owned();
    let there = |address: &str| format!("rtsp://bob:SqlSecret9@{address}/other?token=x");
    let table: [(String, &str, &[&str]); 3] = [
        (basic.address().to_string(), "admin:other@", &["refuses the user name or password"]),
        (basic.address().to_string(), "", &["wants a login"]),
        (nobody, "", &["connection refused by"]),
    ];
    for (place, login, words) in table {
        let redirect = Some(there(&place));
        let camera = Camera::start(Behaviour { redirect, ..Behaviour::default() });
        let mut harness = Harness::open().await;
        let url = format!("rtsp://{login}{}/x", camera.address());
        harness.sql(&format!("INSERT INTO cameras(name, url) VALUES ('gate', '{url}')"));
        let redirects = format!("redirects to rtsp://{place}, and there: ");
        says(&mut harness, &[&[redirects.as_str()], words].concat()).await;
        let reasons = harness.ask("SELECT result FROM camera_probes");
        assert!(
            reasons.iter().all(|reason| !reason.contains("SqlSecret9") && !reason.contains("token")),
            "{reasons:?}"
        );
        harness.stop().await;
    }
}

#[actix::test]
async fn an_http_camera_that_sends_us_to_nobody_is_named_with_that_place() {
    let nobody = "127.0.0.1:9";
    let http = Http::serve(Body::Moved(format!("http://{nobody}/other?token=x")));
    let mut harness = Harness::open().await;
    harness.sql(&format!("INSERT INTO cameras(name, url) VALUES ('gate', 'http://{}/x')", http.address));
    let redirects = format!("redirects to {nobody}, and there: connection refused by {nobody}");
    says(&mut harness, &[&redirects]).await;
    harness.stop().await;
}

#[actix::test]
async fn a_picture_is_no_stream() {
    let folder = tempfile::tempdir().expect("a folder");
    film::still(&folder.path().join("snapshot.jpg"));
    let http = Http::serve(Body::Folder(folder.path().to_owned()));
    let mut harness = Harness::open().await;
    let url = format!("http://{}/snapshot.jpg", http.address);
    harness.sql(&format!("INSERT INTO cameras(name, url) VALUES ('gate', '{url}')"));
    says(&mut harness, &["is one picture", "use the address of the camera's stream"]).await;
    harness.stop().await;
}

#[actix::test]
async fn nobody_sends_to_this_port() {
    let mut harness = Harness::open().await;
    let url = format!("udp://127.0.0.1:{}", free_port());
    harness.sql(&format!("INSERT INTO cameras(name, url) VALUES ('gate', '{url}')"));
    says(&mut harness, &["nothing arrives at udp://127.0.0.1", "check that the camera sends"]).await;
    harness.stop().await;
}

#[actix::test]
async fn capitals_and_blanks_do_not_keep_a_camera_from_running() {
    let camera = Camera::start(Behaviour::default());
    let mut harness = Harness::open().await;
    let url = format!(" RTSP://{}/x ", camera.address());
    harness.sql(&format!(
        "INSERT INTO cameras(name, url, kind, transport, audio) VALUES ('gate', '{url}', 'Generic ', ' TCP', 'Auto')"
    ));
    harness.state("gate", CameraState::Running).await;
    harness.stop().await;
}

#[actix::test]
async fn a_source_that_calls_us_is_not_probed() {
    let port = free_port();
    let mut harness = Harness::open().await;
    let url = format!("srt://127.0.0.1:{port}?mode=listener");
    harness.sql(&format!("INSERT INTO cameras(name, url) VALUES ('gate', '{url}')"));
    let player = Player::serve(format!("-c copy -f mpegts srt://127.0.0.1:{port}"));
    let camera = harness.state("gate", CameraState::Running).await;
    assert_eq!(camera.restarts, 0, "its first call is the one that is relayed");
    let looks = harness.ask("SELECT result FROM camera_probes");
    assert!(looks.iter().all(|look| look.contains("unseen")), "{looks:?}");
    harness.stop().await;
    drop(player);
}

#[actix::test]
async fn a_port_that_is_no_number_is_quoted_in_the_reason_and_in_the_incident() {
    let mut harness = Harness::open().await;
    harness.sql(
        "PRAGMA ignore_check_constraints = 1; \
         INSERT INTO cameras(name, host, port) VALUES ('gate', '10.0.0.9', 'abc')",
    );
    let words = "port: \"abc\" is not a number; use a number from 1 to 65535, or leave it empty";
    says(&mut harness, &[words]).await;
    eventually("its incident", || async {
        let causes = harness.ask("SELECT cause FROM incidents WHERE kind = 'cameraDown'");
        causes.iter().any(|cause| cause.contains(words)).then_some(())
    })
    .await;
    harness.stop().await;
}
