//! What a camera's ffmpeg has said, kept over kills, rebuilt actors and switched-off rows, and gone with the row.

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use streamwarden::actors::supervision::testkit::{Provoke, ProvokedFault};
use streamwarden::adapters::ffmpeg::ffmpeg_version::FfmpegVersion;
use streamwarden::base::{ErrorKind, Result};
use streamwarden::domain::camera::CameraState;
use streamwarden::domain::probe::FaultKind;
use streamwarden::domain::run_log::{Program, ProgramRun};

use super::harness::{Harness, Source, TIMEOUT};
use super::peers::Peer;
use super::program::until;
use crate::support::viewer::Viewer;

async fn runs(harness: &Harness, id: i64) -> Result<Vec<ProgramRun>> {
    harness.restream.camera_log(id)
}

async fn pids(harness: &Harness) -> Vec<u32> {
    runs(harness, 7).await.expect("a camera").iter().map(|run| run.pid).collect()
}

fn signal(pid: u32, signal: Signal) {
    kill(Pid::from_raw(i32::try_from(pid).expect("a pid")), signal).expect("a signal");
}

#[actix::test]
async fn the_last_three_runs_are_kept_whatever_happens_to_the_relay() {
    let source = Source::start().await;
    let mut harness = Harness::open().await;
    harness.sql(&format!("INSERT INTO cameras(id, name, url) VALUES (7, 'gate', '{}')", source.url("a")));
    harness.state("gate", CameraState::Running).await;
    let first = harness.pid("gate").await;
    let going = runs(&harness, 7).await.expect("a camera").remove(0);
    assert_eq!((going.program, going.pid, going.ended_at, going.ending), (Program::Ffmpeg, first, None, None));

    signal(first, Signal::SIGKILL);
    harness.camera("gate", |camera| camera.is_some_and(|camera| camera.restarts == 1)).await;
    harness.state("gate", CameraState::Running).await;
    let second = harness.pid("gate").await;
    let log = runs(&harness, 7).await.expect("a camera");
    assert_eq!((log[0].pid, log[1].pid, log.len()), (second, first, 2), "{log:#?}");
    let killed = &log[1];
    assert_eq!(killed.ending.as_deref(), Some("ended by SIGKILL"));
    assert!(killed.fault.as_ref().is_some_and(|fault| fault.message.contains("SIGKILL")), "{killed:#?}");
    assert!(killed.ended_at.is_some_and(|end| end > killed.started_at && end <= log[0].started_at), "{log:#?}");

    // Frozen: what was made of it, not what ffmpeg said when it was killed for it.
    signal(second, Signal::SIGSTOP);
    harness.state("gate", CameraState::Stalled).await;
    harness.state("gate", CameraState::Running).await;
    let third = harness.pid("gate").await;
    let log = runs(&harness, 7).await.expect("a camera");
    let fault = log[1].fault.clone().expect("a stall is a fault");
    assert_eq!((log[1].pid, fault.kind), (second, FaultKind::Program), "{log:#?}");

    // Its actor dies, and with it its ffmpeg: nobody is left to say how, but that it ended.
    assert!(
        harness.root.send(Provoke::at("restreams/relays/7", ProvokedFault::Panic)).await.expect("a root"),
        "the relay is there"
    );
    harness.camera("gate", |camera| camera.is_some_and(|camera| camera.state != CameraState::Running)).await;
    harness.state("gate", CameraState::Running).await;
    let fourth = harness.pid("gate").await;
    let log = runs(&harness, 7).await.expect("a camera");
    assert_eq!(pids(&harness).await, [fourth, third, second], "three are kept");
    assert!(log[1].ended_at.is_some() && log[1].ending.is_some(), "{log:#?}");

    harness.sql("UPDATE cameras SET enabled = 0");
    harness.state("gate", CameraState::Stopped).await;
    // It is shown as stopped while its ffmpeg says goodbye.
    until("it has ended", TIMEOUT, async || runs(&harness, 7).await.is_ok_and(|log| log[0].ended_at.is_some())).await;
    let log = runs(&harness, 7).await.expect("a camera that is off still has it");
    assert_eq!((log[0].pid, log[0].fault.as_ref()), (fourth, None), "ffmpeg stopped: {log:#?}");
    harness.sql("DELETE FROM cameras");
    harness.gone("gate").await;
    assert_eq!(runs(&harness, 7).await.expect_err("gone").kind(), ErrorKind::NotFound);
    harness.stop().await;
}

#[actix::test]
async fn a_failed_probe_is_in_the_log_in_its_own_words_without_the_password() {
    let peer = Peer::refusing();
    let mut harness = Harness::open().await;
    let url = format!("rtsp://admin:w-r-o-n-g@{}/x", peer.address);
    harness.sql(&format!("INSERT INTO cameras(id, name, url) VALUES (7, 'gate', '{url}')"));
    harness.state("gate", CameraState::Backoff).await;
    let log = runs(&harness, 7).await.expect("a camera");
    let look = &log[0];
    assert_eq!((look.program, log.len()), (Program::Ffprobe, 1));
    assert_eq!(look.fault.as_ref().map(|fault| fault.kind), Some(FaultKind::Unauthorized), "{look:#?}");
    let text = look.lines.join("\n");
    assert!(text.contains("401 Unauthorized") && text.contains("rtsp://***@127.0.0.1"), "{text}");
    assert!(!text.contains("w-r-o-n-g"), "{text}");
    harness.sql("DELETE FROM cameras");
    harness.gone("gate").await;
    // A row that comes back with the same id is another camera.
    harness.sql("INSERT INTO cameras(id, name, url, enabled) VALUES (7, 'other', 'rtsp://127.0.0.1:1/x', 0)");
    until("it is shown", TIMEOUT, async || runs(&harness, 7).await.is_ok_and(|log| log.is_empty())).await;
    harness.stop().await;
}

/// The source has several frames of sound in each of its packets, with one time for all.
#[actix::test]
async fn frames_of_sound_that_share_a_packet_each_get_a_time() {
    let output = std::process::Command::new("ffmpeg").arg("-version").output().expect("ffmpeg").stdout;
    let version = FfmpegVersion::parse(&String::from_utf8_lossy(&output)).expect("a version");
    let source = Source::start().await;
    let mut harness = Harness::open().await;
    harness.sql(&format!("INSERT INTO cameras(id, name, url) VALUES (7, 'gate', '{}')", source.url("a")));
    harness.state("gate", CameraState::Running).await;
    let path = harness.server.as_ref().expect("a server").rtsp_url().join("gate").expect("a url");
    let viewer = Viewer::of(&path);
    viewer.next(40).await;
    drop(viewer);
    let lines = runs(&harness, 7).await.expect("a camera").remove(0).lines;
    let restamped = lines.iter().any(|line| line.contains("Non-mono"));
    // What gives them their times is there since 5.
    assert_eq!(restamped, version.major < 5, "{lines:#?}");
    harness.stop().await;
}
