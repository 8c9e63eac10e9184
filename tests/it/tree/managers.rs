//! Managers: each panics, exits and hangs; what is below it is built anew with it, what is beside it stays.

use futures_util::StreamExt;
use streamwarden::actors::supervision::ExitReason;
use streamwarden::actors::supervision::testkit::ProvokedFault;

use super::harness::Harness;

/// All of them, those below others first, and what works beside them.
const MANAGERS: [&str; 18] = [
    "incidents",
    "membership",
    "camera-changes",
    "hub",
    "uploads",
    "restreams/budget",
    "restreams/probes",
    "restreams/server",
    "restreams/relays",
    "restreams/planner",
    "restreams/commands",
    "restreams",
    "recorders",
    "monitor/main",
    "monitor",
    "run-note",
    "systemd",
    "http",
];

/// Those whose children outlive them.
const KEEPING: [&str; 2] = ["restreams/relays", "restreams"];

/// One of those that are relayed.
const RELAY: &str = "restreams/relays/1";

/// One of those whose work must not suffer from the others' faults.
const RECORDER: &str = "recorders/main:pub1";
const SESSION: &str = "/recording/session";

#[actix::test]
async fn every_manager_is_rebuilt_with_what_is_below_and_without_what_is_beside() {
    let harness = Harness::open(1, 1).await;
    works(&harness).await;
    for path in MANAGERS {
        let before = harness.generations().await;
        let (session, pid) =
            (harness.state_of(RECORDER, SESSION, &[]).await, harness.state_of(RELAY, "/pid", &[]).await);
        harness.provoke(path, ProvokedFault::Panic).await;
        harness.runs_in(path, before[path] + 1).await;
        let after = harness.generations().await;
        let is_hit = |other: &str| other == path || other.starts_with(path) && !KEEPING.contains(&path);
        for (other, generation) in before.iter().filter(|(other, _)| !is_hit(other)) {
            assert_eq!(after.get(other), Some(generation), "{other} after the panic of {path}");
        }
        works(&harness).await;
        if path != "recorders" {
            assert_eq!(harness.state_of(RECORDER, SESSION, &[]).await, session, "{path} panicked, recording went on");
        }
        assert_eq!(harness.state_of(RELAY, "/pid", &[]).await, pid, "{path} panicked, the relay went on");
    }
    // The second fault of each; a hang takes 10 to 15 s to be found, so all hang at once.
    let before = harness.generations().await;
    for path in MANAGERS {
        let fault = if path == "monitor/main" { ProvokedFault::Exit } else { ProvokedFault::Hang };
        harness.provoke(path, fault).await;
    }
    for path in MANAGERS.iter().filter(|path| !path.starts_with("monitor/")) {
        harness.runs_in(path, before[*path] + 1).await;
    }
    works(&harness).await;
    // They read their mailbox, but one piece of work never ends; or they end by themselves.
    for (fault, reason) in [(ProvokedFault::Stall, ExitReason::Killed), (ProvokedFault::Exit, ExitReason::Success)] {
        let before = harness.generations().await;
        for path in MANAGERS {
            harness.provoke(path, fault).await;
        }
        for path in MANAGERS.iter().filter(|path| !path.starts_with("monitor/")) {
            let again = harness.runs_in(path, before[*path] + 1).await;
            assert_eq!(again.exit_reason, Some(reason), "{path}: {:?}", again.last_exit);
        }
        works(&harness).await;
    }
    harness.close().await;
}

/// Every manager does its job: pages are told, cameras relayed, streams watched and recorded, segments stored.
async fn works(harness: &Harness) {
    harness.camera_runs("cam1").await;
    harness.state_of(RELAY, "/pid", &[]).await;
    harness.state_of(RECORDER, SESSION, &[]).await;
    harness.state_of("monitor/main/pub1", "/bitrate", &[serde_json::Value::Null, 0.into()]).await;
    harness.stores_more().await;
    let address = format!("ws://{}/api/v1/ws", harness.api.address());
    let (mut socket, _) = tokio_tungstenite::connect_async(address).await.expect("a WebSocket");
    for what in ["the snapshot", "a change"] {
        let message = socket.next().await.expect(what).expect(what);
        assert!(message.len() > 2, "{what}");
    }
}
