//! What a camera's ffmpeg has said, kept over kills, rebuilt actors and switched-off rows, and gone with the row.

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use streamwarden::actors::restream::GetRunLog;
use streamwarden::actors::supervision::testkit::{Fault, Provoke};
use streamwarden::base::{Kind, Result};
use streamwarden::domain::camera::CameraState;
use streamwarden::domain::probe::FaultKind;
use streamwarden::domain::run_log::{Program, Run};

use super::peers::Peer;
use super::program::until;
use super::stage::{Source, Stage, TIMEOUT};

async fn runs(stage: &Stage, id: i64) -> Result<Vec<Run>> {
    stage.restreams().await.send(GetRunLog(id)).await.expect("alive")
}

async fn pids(stage: &Stage) -> Vec<u32> {
    runs(stage, 7).await.expect("a camera").iter().map(|run| run.pid).collect()
}

fn signal(pid: u32, signal: Signal) {
    kill(Pid::from_raw(i32::try_from(pid).expect("a pid")), signal).expect("a signal");
}

#[actix::test]
async fn the_last_three_runs_are_kept_whatever_happens_to_the_relay() {
    let source = Source::start().await;
    let mut stage = Stage::open().await;
    stage.sql(&format!("INSERT INTO cameras(id, name, url) VALUES (7, 'gate', '{}')", source.url("a")));
    stage.state("gate", CameraState::Running).await;
    let first = stage.pid("gate").await;
    let going = runs(&stage, 7).await.expect("a camera").remove(0);
    assert_eq!((going.program, going.pid, going.ended_at, going.ending), (Program::Ffmpeg, first, None, None));

    signal(first, Signal::SIGKILL);
    stage.camera("gate", |camera| camera.is_some_and(|camera| camera.restarts == 1)).await;
    stage.state("gate", CameraState::Running).await;
    let second = stage.pid("gate").await;
    let log = runs(&stage, 7).await.expect("a camera");
    assert_eq!((log[0].pid, log[1].pid, log.len()), (second, first, 2), "{log:#?}");
    let killed = &log[1];
    assert_eq!(killed.ending.as_deref(), Some("ended by SIGKILL"));
    assert!(killed.fault.as_ref().is_some_and(|fault| fault.message.contains("SIGKILL")), "{killed:#?}");
    assert!(killed.ended_at.is_some_and(|end| end > killed.started_at && end <= log[0].started_at), "{log:#?}");

    // Frozen: what was made of it, not what ffmpeg said when it was killed for it.
    signal(second, Signal::SIGSTOP);
    stage.state("gate", CameraState::Stalled).await;
    stage.state("gate", CameraState::Running).await;
    let third = stage.pid("gate").await;
    let log = runs(&stage, 7).await.expect("a camera");
    let fault = log[1].fault.clone().expect("a stall is a fault");
    assert_eq!((log[1].pid, fault.kind), (second, FaultKind::Silent), "{log:#?}");

    // Its actor dies, and with it its ffmpeg: nobody is left to say how, but that it ended.
    assert!(stage.root.send(Provoke::at("restreams/7", Fault::Panic)).await.expect("a root"), "the relay is there");
    stage.camera("gate", |camera| camera.is_some_and(|camera| camera.state != CameraState::Running)).await;
    stage.state("gate", CameraState::Running).await;
    let fourth = stage.pid("gate").await;
    let log = runs(&stage, 7).await.expect("a camera");
    assert_eq!(pids(&stage).await, [fourth, third, second], "three are kept");
    assert!(log[1].ended_at.is_some() && log[1].ending.is_some(), "{log:#?}");

    stage.sql("UPDATE cameras SET enabled = 0");
    stage.state("gate", CameraState::Stopped).await;
    // It is shown as stopped while its ffmpeg says goodbye.
    until("it has ended", TIMEOUT, async || runs(&stage, 7).await.is_ok_and(|log| log[0].ended_at.is_some())).await;
    let log = runs(&stage, 7).await.expect("a camera that is off still has it");
    assert_eq!((log[0].pid, log[0].fault.as_ref()), (fourth, None), "ffmpeg stopped: {log:#?}");
    stage.sql("DELETE FROM cameras");
    stage.gone("gate").await;
    assert_eq!(runs(&stage, 7).await.expect_err("gone").kind(), Kind::NotFound);
    stage.stop().await;
}

#[actix::test]
async fn a_failed_look_is_in_the_log_in_its_own_words_without_the_password() {
    let peer = Peer::refusing();
    let mut stage = Stage::open().await;
    let url = format!("rtsp://admin:w-r-o-n-g@{}/x", peer.address);
    stage.sql(&format!("INSERT INTO cameras(id, name, url) VALUES (7, 'gate', '{url}')"));
    stage.state("gate", CameraState::Backoff).await;
    let log = runs(&stage, 7).await.expect("a camera");
    let look = &log[0];
    assert_eq!((look.program, log.len()), (Program::Ffprobe, 1));
    assert_eq!(look.fault.as_ref().map(|fault| fault.kind), Some(FaultKind::Unauthorized), "{look:#?}");
    let text = look.lines.join("\n");
    assert!(text.contains("401 Unauthorized") && text.contains("rtsp://***@127.0.0.1"), "{text}");
    assert!(!text.contains("w-r-o-n-g"), "{text}");
    stage.sql("DELETE FROM cameras");
    stage.gone("gate").await;
    // A row that comes back with the same id is another camera.
    stage.sql("INSERT INTO cameras(id, name, url, enabled) VALUES (7, 'other', 'rtsp://127.0.0.1:1/x', 0)");
    until("it is shown", TIMEOUT, async || runs(&stage, 7).await.is_ok_and(|log| log.is_empty())).await;
    stage.stop().await;
}
