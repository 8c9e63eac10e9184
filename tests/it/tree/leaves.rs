//! Actors without children: one of each kind panics, one exits, one hangs, and one stays as it is.

use serde_json::Value;
use streamwarden::actors::supervision::testkit::ProvokedFault;

use super::harness::Harness;
use super::managers::all_are_hurt;

/// What a tree with a Redis has not.
const SNAPSHOT: &str = "history-snapshot";

const FAULTS: [ProvokedFault; 3] = [ProvokedFault::Panic, ProvokedFault::Exit, ProvokedFault::Hang];

/// Leaves of one kind: `path` with the numbers 1 to 4, or 4 to 7.
fn paths(prefix: &str, first: usize) -> Vec<String> {
    (first..first + 4).map(|number| format!("{prefix}{number}")).collect()
}

#[actix::test]
async fn every_leaf_is_rebuilt_and_its_siblings_do_not_notice() {
    let harness = Harness::open(4, 7).await;
    all_are_hurt(&harness, &[SNAPSHOT]).await;
    let (relays, recorders) = (paths("restreams/relays/", 1), paths("recorders/main:pub", 1));
    let (pollers, workers) = (paths("monitor/main/pub", 4), paths("uploads/", 1));
    // The recorders of the streams whose pollers are hurt.
    let beside = paths("recorders/main:pub", 4);
    for path in &relays {
        harness.state_of(path, "/pid", &[]).await;
    }
    for path in recorders.iter().chain(&beside) {
        harness.state_of(path, "/recording/session", &[]).await;
    }
    for name in ["cam1", "cam2", "cam3", "cam4"] {
        harness.camera_runs(name).await;
    }
    let generations = harness.generations().await;
    let (mut pids, mut sessions) = (Vec::new(), Vec::new());
    for path in &relays {
        pids.push(harness.state_of(path, "/pid", &[]).await);
    }
    for path in recorders.iter().chain(&beside[1..]) {
        sessions.push(harness.state_of(path, "/recording/session", &[]).await);
    }

    for group in [&relays, &recorders, &pollers, &workers] {
        for (path, fault) in group.iter().zip(FAULTS) {
            harness.provoke(path, fault).await;
        }
    }
    // Where the samples are kept in memory alone they are saved.
    harness.provoke(SNAPSHOT, ProvokedFault::Panic).await;
    harness.provoke("monitor/spare", ProvokedFault::Hang).await;
    let mut hurt = vec!["monitor/spare".to_owned(), SNAPSHOT.to_owned()];
    for group in [&relays, &recorders, &pollers, &workers] {
        hurt.extend(group[..3].iter().cloned());
    }
    for path in &hurt {
        harness.runs_in(path, generations[path] + 1).await;
    }

    // They do their jobs again.
    for (path, pid) in relays[..3].iter().zip(&pids) {
        harness.state_of(path, "/pid", std::slice::from_ref(pid)).await;
    }
    for (path, session) in recorders[..3].iter().zip(&sessions) {
        harness.state_of(path, "/recording/session", std::slice::from_ref(session)).await;
    }
    for path in &pollers[..3] {
        harness.state_of(path, "/bitrate", &[Value::Null, 0.into()]).await;
    }
    for name in ["cam1", "cam2", "cam3", "cam4"] {
        harness.camera_runs(name).await;
    }
    harness.stores_more().await;

    // Nobody else was touched: the same generation, the same ffmpeg, the same session.
    let now = harness.generations().await;
    for (path, generation) in &generations {
        // Paths of relays come and go with them.
        if !path.starts_with("monitor/main/cam") {
            let wanted = generation + u64::from(hurt.contains(path));
            assert_eq!(now.get(path), Some(&wanted), "{path}");
        }
    }
    assert_eq!(harness.state_of(&relays[3], "/pid", &[]).await, pids[3]);
    for (path, session) in recorders.iter().chain(&beside[1..]).zip(&sessions).skip(3) {
        assert_eq!(harness.state_of(path, "/recording/session", &[]).await, *session, "{path}");
    }
    harness.close().await;
}
