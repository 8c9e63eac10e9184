//! Managers: each panics, exits and hangs; what is below it is built anew with it, what is beside it stays.

use futures_util::StreamExt;
use streamwarden::actors::supervision::ExitReason;
use streamwarden::actors::supervision::testkit::Fault;

use super::stage::Stage;

/// All of them, those below others first, and what works beside them.
const MANAGERS: [&str; 12] = [
    "incidents",
    "membership",
    "camera-changes",
    "hub",
    "uploads",
    "restreams",
    "recorders",
    "monitor/main",
    "monitor",
    "run-note",
    "systemd",
    "http",
];

/// One of those whose work must not suffer from the others' faults.
const RECORDER: &str = "recorders/main:pub1";
const SESSION: &str = "/recording/session";

#[actix::test]
async fn every_manager_is_rebuilt_with_what_is_below_and_without_what_is_beside() {
    let stage = Stage::open(1, 1).await;
    works(&stage).await;
    for path in MANAGERS {
        let before = stage.generations().await;
        let (session, pid) =
            (stage.state_of(RECORDER, SESSION, &[]).await, stage.state_of("restreams/1", "/pid", &[]).await);
        stage.provoke(path, Fault::Panic).await;
        stage.runs_in(path, before[path] + 1).await;
        let after = stage.generations().await;
        for (other, generation) in before.iter().filter(|(other, _)| !other.starts_with(path)) {
            // A relay that ends takes its path along, and a path its recorder.
            let follows = path == "restreams" && other == "monitor/main/cam1";
            assert!(follows || after.get(other) == Some(generation), "{other} after the panic of {path}");
        }
        works(&stage).await;
        if path != "recorders" {
            assert_eq!(stage.state_of(RECORDER, SESSION, &[]).await, session, "{path} panicked, recording went on");
        }
        if path != "restreams" {
            assert_eq!(stage.state_of("restreams/1", "/pid", &[]).await, pid, "{path} panicked, the relay went on");
        }
    }
    // The second fault of each; a hang takes 10 to 15 s to be found, so all hang at once.
    let before = stage.generations().await;
    for path in MANAGERS {
        let fault = if path == "monitor/main" { Fault::Exit } else { Fault::Hang };
        stage.provoke(path, fault).await;
    }
    for path in MANAGERS.iter().filter(|path| !path.contains('/')) {
        stage.runs_in(path, before[*path] + 1).await;
    }
    works(&stage).await;
    // They read their mailbox, but one piece of work never ends; or they end by themselves.
    for (fault, reason) in [(Fault::Stall, ExitReason::Killed), (Fault::Exit, ExitReason::Success)] {
        let before = stage.generations().await;
        for path in MANAGERS {
            stage.provoke(path, fault).await;
        }
        for path in MANAGERS.iter().filter(|path| !path.contains('/')) {
            let again = stage.runs_in(path, before[*path] + 1).await;
            assert_eq!(again.exit_reason, Some(reason), "{path}: {:?}", again.last_exit);
        }
        works(&stage).await;
    }
    stage.close().await;
}

/// Every manager does its job: pages are told, cameras relayed, streams watched and recorded, segments stored.
async fn works(stage: &Stage) {
    stage.camera_runs("cam1").await;
    stage.state_of("restreams/1", "/pid", &[]).await;
    stage.state_of(RECORDER, SESSION, &[]).await;
    stage.state_of("monitor/main/pub1", "/bitrate", &[serde_json::Value::Null, 0.into()]).await;
    stage.stores_more().await;
    let address = format!("ws://{}/api/v1/ws", stage.api.address());
    let (mut socket, _) = tokio_tungstenite::connect_async(address).await.expect("a WebSocket");
    for what in ["the snapshot", "a change"] {
        let message = socket.next().await.expect(what).expect(what);
        assert!(message.len() > 2, "{what}");
    }
}
