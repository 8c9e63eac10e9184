//! Whoever is no relay, no recorder and no worker panics, hangs, stalls and exits: what is below it is built anew with it, what is
//! beside it stays, and no ffmpeg notices.
//!
//! Those that do not contain one another are hurt at once: each of them has to come back exactly once.

use futures_util::StreamExt;
use streamwarden::actors::supervision::ExitReason;
use streamwarden::actors::supervision::testkit::ProvokedFault;

use super::harness::Harness;
use crate::support::redis::RedisServer;

/// What all roles lean on.
const SHARED: [&str; 14] = [
    "incidents",
    "incident-feed",
    "attribution",
    "membership",
    "camera-changes",
    "hub",
    "logins",
    "maintenance",
    "run-note",
    "systemd",
    "redis-writer",
    "redis-listener",
    "redis-health",
    "node-commands",
];

/// Jobs, and parts of those of [`PARENTS`].
const JOBS: [&str; 14] = [
    "history",
    "hosts",
    "agent",
    "poster",
    "uploads",
    "thumbnails",
    "recorders",
    "sessions main",
    "sessions spare",
    "restreams/budget",
    "restreams/probes",
    "restreams/server",
    "restreams/planner",
    "restreams/commands",
];

/// Those below managers whose children end with them.
const BELOW: [&str; 8] = [
    "monitor/main",
    "monitor/spare",
    "notifier/plan",
    "health/streams",
    "health/network",
    "health/anomalies",
    "health/encoders",
    "health/platforms",
];

/// What is left.
const LATE: [&str; 2] = ["restreams/relays", "http"];

const PARENTS: [&str; 4] = ["restreams", "monitor", "notifier", "health"];

/// Those whose children outlive them.
const KEEPING: [&str; 3] = ["restreams/relays", "restreams", "recorders"];

/// One of those that are relayed, and one of those that are recorded: their work must not suffer from the others' faults.
const RELAY: &str = "restreams/relays/1";
const RECORDER: &str = "recorders/main:pub1";
const SESSION: &str = "/recording/session";

#[actix::test]
async fn every_manager_is_rebuilt_with_what_is_below_and_without_what_is_beside() {
    use ProvokedFault::{Exit, Hang, Panic, Stall};
    let redis = RedisServer::start();
    let harness = Harness::with(2, 2, &everything(&redis)).await;
    works(&harness).await;
    all_are_hurt(&harness, &[]).await;

    let round = async |faults: &[(&[&'static str], ProvokedFault)]| {
        let faults: Vec<_> =
            faults.iter().flat_map(|(paths, fault)| paths.iter().map(|path| (*path, *fault))).collect();
        hurt(&harness, &faults).await;
    };
    round(&[(&SHARED, Panic), (&PARENTS, Panic)]).await;
    round(&[(&JOBS, Panic), (&BELOW, Panic)]).await;
    round(&[(&LATE, Panic), (&SHARED, Exit), (&PARENTS[1..], Exit)]).await;
    // A hang takes 10 to 15 s to be found, so all hang at once.
    round(&[(&SHARED, Hang), (&JOBS, Hang), (&BELOW, Hang), (&LATE, Hang)]).await;
    // They read their mailbox, but one piece of work never ends; a parent that hangs does not look after those that it keeps.
    round(&[(&SHARED, Stall), (&JOBS, Stall), (&LATE, Stall), (&PARENTS, Hang)]).await;
    // Or they end by themselves.
    round(&[(&JOBS, Exit), (&LATE, Exit), (&PARENTS, Stall)]).await;
    harness.close().await;
}

/// Sections of a configuration in which every child of the tree has something to do.
fn everything(redis: &RedisServer) -> String {
    format!(
        "[live]\nredis_url = \"{}\"\n\
         [agent]\npost_url = \"http://127.0.0.1:9\"\ntoken = \"nobody knows it\"\n\
         [health]\nwindow = \"1s\"\ninterval = \"1m\"\n[health.anomalies]\nenabled = true\n\
         [[health.targets]]\nname = \"pub1\"\npath = \"pub1\"\n\
         [[health.endpoints]]\nname = \"redis\"\nurl = \"tcp://127.0.0.1:{}\"\n",
        redis.url(),
        redis.port()
    )
}

/// That this test hurts each child of the root, and each of those below it that are always there, or the calling one `others`.
pub async fn all_are_hurt(harness: &Harness, others: &[&str]) {
    let hurts: Vec<&str> = [&SHARED[..], &JOBS, &BELOW, &LATE, &PARENTS, others].concat();
    let generations = harness.generations().await;
    let is_fixed = |path: &str| match path.split_once('/') {
        None => true,
        Some(("restreams" | "health" | "notifier", below)) => !below.contains('/'),
        Some(_) => false,
    };
    let missing: Vec<&String> =
        generations.keys().filter(|path| is_fixed(path) && !hurts.contains(&path.as_str())).collect();
    assert_eq!(missing, Vec::<&String>::new(), "nobody hurts them");
}

/// All of these at once; each comes back once, with what it does not keep, and nobody else has noticed.
async fn hurt(harness: &Harness, faults: &[(&str, ProvokedFault)]) {
    let (before, ffmpegs) = (harness.generations().await, harness.ffmpegs());
    assert_eq!(ffmpegs.len(), 4, "{ffmpegs:?}");
    let session = harness.state_of(RECORDER, SESSION, &[]).await;
    for (path, fault) in faults {
        harness.provoke(path, *fault).await;
    }
    let ends_with = |path: &str| {
        let above = faults.iter().filter(|(above, _)| !KEEPING.contains(above));
        above.map(|(above, _)| format!("{above}/")).any(|above| path.starts_with(&above))
    };
    for (path, fault) in faults.iter().filter(|(path, _)| !ends_with(path)) {
        let again = harness.runs_in(path, before[*path] + 1).await;
        let reason = match fault {
            ProvokedFault::Panic => ExitReason::Panicked,
            ProvokedFault::Hang | ProvokedFault::Stall => ExitReason::Killed,
            ProvokedFault::Exit => ExitReason::Success,
        };
        assert_eq!(again.exit_reason, Some(reason), "{path}: {:?}", again.last_exit);
    }
    works(harness).await;
    let after = harness.generations().await;
    for (path, generation) in before.iter().filter(|(path, _)| !ends_with(path)) {
        let is_hurt = faults.iter().any(|(hurt, _)| hurt == path);
        assert_eq!(after.get(path), Some(&(generation + u64::from(is_hurt))), "{path} after {faults:?}");
    }
    assert_eq!(harness.ffmpegs(), ffmpegs, "relays and recordings go on after {faults:?}");
    assert_eq!(harness.state_of(RECORDER, SESSION, &[]).await, session, "the recording went on after {faults:?}");
}

/// Every manager does its job: pages are told, cameras relayed, streams watched and recorded, segments stored.
async fn works(harness: &Harness) {
    for name in ["cam1", "cam2"] {
        harness.camera_runs(name).await;
    }
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
