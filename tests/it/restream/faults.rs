//! What goes wrong in the field, on real processes.

use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use streamwarden::base::ErrorKind;
use streamwarden::demo::media_server::{ApiFault, Options};
use streamwarden::domain::camera::{CameraState, CameraStatus};

use super::harness::{Harness, STALL, Source, TIMEOUT, server};
use super::peers::Peer;
use super::program::until;
use crate::support::rights::skip_real_server;

fn signal(pid: u32, signal: Signal) {
    kill(Pid::from_raw(i32::try_from(pid).expect("a pid")), signal).expect("a signal");
}

#[actix::test]
async fn a_killed_ffmpeg_comes_back_and_a_stopped_one_is_found() {
    let source = Source::start().await;
    let mut harness = Harness::open().await;
    harness.sql(&format!("INSERT INTO cameras(name, url) VALUES ('gate', '{}')", source.url("a")));
    harness.state("gate", CameraState::Running).await;
    let first = harness.pid("gate").await;

    signal(first, Signal::SIGKILL);
    // The first wait ends with the reading of its row: whoever looks may see the next state already.
    let is_told = |camera: &CameraStatus| camera.last_error.as_ref().is_some_and(|error| error.contains("SIGKILL"));
    let status = harness.camera("gate", |camera| camera.is_some_and(is_told)).await.expect("a camera");
    let wait = status.next_start.map_or(0, |next| (next - status.since).num_milliseconds());
    assert!(wait <= 1000, "the first wait is short: {wait} ms");
    let again = |camera: &CameraStatus| camera.state == CameraState::Running && camera.restarts == 1;
    harness.camera("gate", |camera| camera.is_some_and(again)).await;
    let second = harness.pid("gate").await;
    assert_ne!(second, first);

    signal(second, Signal::SIGSTOP);
    let stopped = std::time::Instant::now();
    let status = harness.state("gate", CameraState::Stalled).await;
    assert!(stopped.elapsed() < STALL + Duration::from_secs(10), "noticed after {:?}", stopped.elapsed());
    assert!(
        status.last_error.as_ref().is_some_and(|error| error.starts_with("ffmpeg was suspended by somebody (SIGSTOP")),
        "the camera is not to blame: {:?}",
        status.last_error
    );
    harness.state("gate", CameraState::Running).await;
    let third = harness.pid("gate").await;
    assert_ne!(third, second);
    assert_eq!(harness.processes(), [third], "the stopped one is gone");
    harness.stop().await;
}

#[actix::test]
async fn a_server_that_goes_is_waited_for() {
    let source = Source::start().await;
    let mut harness = Harness::open().await;
    harness.sql(&format!("INSERT INTO cameras(name, url) VALUES ('gate', '{}')", source.url("a")));
    harness.state("gate", CameraState::Running).await;
    let old = harness.server.take().expect("a server");
    let (rtsp_listen, api_listen) = old.addresses();
    old.stop().await;
    let waits = |camera: Option<&streamwarden::domain::camera::CameraStatus>| {
        camera.is_some_and(|camera| {
            camera.state == CameraState::Waiting
                && camera.last_error.as_ref().is_some_and(|error| error.contains("media server main"))
        })
    };
    let status = harness.camera("gate", waits).await.expect("shown");
    assert!(status.restarts <= 3, "it does not die again and again: {}", status.restarts);
    assert_eq!(harness.processes(), Vec::<u32>::new());

    harness.server = Some(server(&Options { rtsp_listen, api_listen, ..Options::default() }).await);
    harness.state("gate", CameraState::Running).await;
    harness.stop().await;
}

#[actix::test]
async fn without_an_api_the_media_go_on() {
    let source = Source::start().await;
    let mut harness = Harness::open().await;
    let broken = harness.server.as_ref().expect("a server").set_api_fault(Some(ApiFault::Failing));
    if broken.is_err_and(|error| error.kind() == ErrorKind::Unsupported) {
        skip_real_server();
        return harness.stop().await;
    }
    harness.sql(&format!("INSERT INTO cameras(name, url) VALUES ('gate', '{}')", source.url("a")));
    harness.state("gate", CameraState::Running).await;
    signal(harness.pid("gate").await, Signal::SIGKILL);
    harness.camera("gate", |camera| camera.is_some_and(|camera| camera.restarts == 1)).await;
    harness.state("gate", CameraState::Running).await;
    harness.stop().await;
}

#[actix::test]
async fn an_outage_lasts_from_its_first_failure_through_all_tries() {
    let source = Source::start().await;
    let mut harness = Harness::open().await;
    harness.sql("INSERT INTO cameras(name, url) VALUES ('gate', 'rtsp://127.0.0.1:9/x')");
    let first = harness.state("gate", CameraState::Backoff).await;
    let down = first.down_since.expect("it is down");
    let again = |camera: Option<&CameraStatus>| {
        camera.is_some_and(|camera| camera.state == CameraState::Backoff && camera.restarts > first.restarts + 1)
    };
    let later = harness.camera("gate", again).await.expect("shown");
    assert_eq!(later.down_since, Some(down));
    assert!(later.since > down, "its state has changed since");
    harness.sql(&format!("UPDATE cameras SET url = '{}'", source.url("a")));
    assert_eq!(harness.state("gate", CameraState::Running).await.down_since, None);
    harness.stop().await;
}

#[actix::test]
async fn a_wrong_password_is_tried_once_a_minute_and_a_corrected_one_at_once() {
    let (source, peer) = (Source::start().await, Peer::refusing());
    let mut harness = Harness::open().await;
    let url = format!("rtsp://admin:wrong@{}/x", peer.address);
    harness.sql(&format!("INSERT INTO cameras(name, url) VALUES ('gate', '{url}')"));
    let status = harness.state("gate", CameraState::Backoff).await;
    let error = status.last_error.expect("a reason");
    assert!(error.contains("refuses the user name or password") && !error.contains("wrong"), "{error}");
    let wait = status.next_start.expect("a time") - status.since;
    assert!((59..=60).contains(&wait.num_seconds()), "{wait}");
    assert_eq!(peer.count(), 1, "one look is one login");

    harness.sql(&format!("UPDATE cameras SET url = '{}' WHERE name = 'gate'", source.url("a")));
    harness.state("gate", CameraState::Running).await;
    assert_eq!(peer.count(), 1);

    let late = Peer::refusing_late();
    harness.sql(&format!("INSERT INTO cameras(name, url) VALUES ('late', 'rtsp://admin:wrong@{}/x')", late.address));
    let status = harness.state("late", CameraState::Backoff).await;
    let (error, wait) = (status.last_error.expect("a reason"), status.next_start.expect("a time") - status.since);
    assert!(error.contains("refuses the user name or password") && wait.num_seconds() >= 59, "{wait}: {error}");
    assert_eq!(late.count(), 1, "a camera that asks for the password late locks accounts as well");
    harness.stop().await;
}

#[actix::test]
async fn who_takes_the_connection_and_says_nothing_is_given_up() {
    let peer = Peer::silent();
    let mut harness = Harness::open().await;
    harness.sql(&format!("INSERT INTO cameras(name, url) VALUES ('mute', 'rtsp://{}/x')", peer.address));
    let begun = std::time::Instant::now();
    let status = harness.state("mute", CameraState::Backoff).await;
    assert!(begun.elapsed() < Duration::from_secs(20), "after {:?}", begun.elapsed());
    let error = status.last_error.expect("a reason");
    assert!(error.contains("timeout: ") && error.contains("sends nothing") || error.contains("no answer"), "{error}");
    harness.stop().await;
}

#[actix::test]
async fn probes_that_go_on_are_over_when_all_is_stopped() {
    let peer = Peer::silent();
    let mut harness = Harness::open().await;
    let rows: Vec<String> = (1..=3).map(|n| format!("('mute{n}', 'rtsp://{}/{n}')", peer.address)).collect();
    harness.sql(&format!("INSERT INTO cameras(name, url) VALUES {}", rows.join(", ")));
    harness.state("mute1", CameraState::Probing).await;
    until("ffprobe runs", TIMEOUT, async || !harness.processes().is_empty()).await;
    harness.stop().await;
}

#[actix::test]
async fn a_source_that_ends_is_named_and_followed_again() {
    let mut harness = Harness::open().await;
    let source = Source::start().await;
    harness.sql(&format!("INSERT INTO cameras(name, url) VALUES ('gate', '{}')", source.url("a")));
    harness.state("gate", CameraState::Running).await;
    drop(source);
    let status =
        harness.camera("gate", |camera| camera.is_some_and(|camera| camera.state != CameraState::Running)).await;
    assert!(status.expect("shown").restarts <= 1);
    let again = Source::start().await;
    harness.sql(&format!("UPDATE cameras SET url = '{}' WHERE name = 'gate'", again.url("b")));
    harness.state("gate", CameraState::Running).await;
    harness.stop().await;
}
