//! Actors that panic or hang are built anew: a relay with its ffmpeg, everybody else without one noticing.

use streamwarden::actors::supervision::testkit::{Provoke, ProvokedFault};
use streamwarden::actors::supervision::{Health, Observe};
use streamwarden::adapters::database::Condition;
use streamwarden::domain::camera::CameraState;

use super::harness::{Harness, Source, TIMEOUT};
use super::program::until;
use crate::support::viewer::Viewer;

#[actix::test]
async fn a_relay_that_panics_is_rebuilt_and_leaves_no_process() {
    let source = Source::start().await;
    let mut harness = Harness::open().await;
    for (id, name, path) in [(7, "one", "a"), (8, "two", "b")] {
        harness.sql(&format!("INSERT INTO cameras(id, name, url) VALUES ({id}, '{name}', '{}')", source.url(path)));
    }
    harness.state("one", CameraState::Running).await;
    harness.state("two", CameraState::Running).await;
    let (one, two) = (harness.pid("one").await, harness.pid("two").await);

    assert!(
        harness.root.send(Provoke::at("restreams/relays/7", ProvokedFault::Panic)).await.expect("a root"),
        "the relay is there"
    );
    harness.camera("one", |camera| camera.is_some_and(|camera| camera.state != CameraState::Running)).await;
    harness.state("one", CameraState::Running).await;
    assert_ne!(harness.pid("one").await, one);
    assert_eq!(harness.pid("two").await, two, "its sibling was not touched");
    assert_eq!(harness.processes().len(), 2);
    let seen = harness.restreams_seen().await;
    let relay = seen.find(&["relays", "7"]).expect("the relay");
    assert_eq!((relay.generation, relay.last_exit.as_deref()), (2, Some("panicked: provoked by the testkit")));
    harness.stop().await;
}

/// Everybody of the role but the relays.
const OTHERS: [&str; 7] = [
    "restreams/budget",
    "restreams/probes",
    "restreams/server",
    "restreams/planner",
    "restreams/commands",
    "restreams/relays",
    "restreams",
];

/// The generation of an actor below the root.
async fn generation(harness: &Harness, path: &str) -> u64 {
    let seen = harness.restreams_seen().await;
    let below: Vec<&str> = path.split('/').skip(1).collect();
    seen.find(&below).filter(|found| found.health == Health::Running).map_or(0, |found| found.generation)
}

/// What happens to an actor; returns when it was built anew.
async fn provoke(harness: &Harness, path: &str, fault: ProvokedFault) {
    let before = generation(harness, path).await;
    assert!(harness.root.send(Provoke::at(path, fault)).await.expect("a root"), "{path} is there");
    until(&format!("{path} is built anew after {fault:?}"), TIMEOUT, async || generation(harness, path).await > before)
        .await;
}

/// Sorted, to be compared.
fn processes(harness: &Harness) -> Vec<u32> {
    let mut all = harness.processes();
    all.sort_unstable();
    all
}

#[actix::test]
async fn a_fault_of_anybody_but_a_relay_ends_no_ffmpeg_and_nothing_is_forgotten() {
    let source = Source::start().await;
    let mut harness = Harness::open().await;
    let rows = ["one", "two", "three"].map(|name| format!("('{name}', '{}')", source.url("a")));
    harness.sql(&format!("INSERT INTO cameras(name, url) VALUES {}", rows.join(", ")));
    for name in ["one", "two", "three"] {
        harness.state(name, CameraState::Running).await;
    }
    let viewer = Viewer::of(&harness.server.as_ref().expect("a server").rtsp_url().join("one").expect("a url"));
    viewer.next(5).await;
    let before = processes(&harness);
    assert_eq!(before.len(), 3);

    for path in OTHERS {
        // A row that comes while nobody looks, and one that goes.
        assert!(harness.root.send(Provoke::at(path, ProvokedFault::Panic)).await.expect("a root"), "{path} is there");
        harness.sql(&format!("INSERT INTO cameras(id, name, url) VALUES (50, 'new', '{}')", source.url("b")));
        harness.state("new", CameraState::Running).await;
        let now = processes(&harness);
        assert_eq!(now.iter().filter(|pid| before.contains(pid)).count(), 3, "after the panic of {path}");
        assert_eq!(now.len(), 4, "after the panic of {path}");
        until(&format!("{path} runs"), TIMEOUT, async || generation(&harness, path).await > 0).await;
        provoke(&harness, path, ProvokedFault::Exit).await;
        harness.sql("DELETE FROM cameras WHERE id = 50");
        harness.gone("new").await;
        // A command is carried out; one that came too early is told so and may be given again.
        let edit = |word: &str| serde_json::from_value(serde_json::json!({ "label": word })).expect("an edit");
        until(&format!("a command after the fault of {path}"), TIMEOUT, async || {
            harness.restream.edit_camera(1, edit(path), Condition::always()).await.is_ok()
        })
        .await;
        harness.camera("one", |camera| camera.is_some_and(|camera| camera.label.as_deref() == Some(path))).await;
        until("only those of before", TIMEOUT, async || processes(&harness) == before).await;
    }
    viewer.next(5).await;
    assert_eq!(viewer.seen().joined, 1, "a reader has noticed nothing");

    // Relays are supervised as ever: one that panics is built anew, and gets its permit from a new budget.
    let first = harness.pid("one").await;
    assert!(harness.root.send(Provoke::at("restreams/budget", ProvokedFault::Panic)).await.expect("a root"));
    assert!(harness.root.send(Provoke::at("restreams/relays/1", ProvokedFault::Panic)).await.expect("a root"));
    harness.camera("one", |camera| camera.is_some_and(|camera| camera.state != CameraState::Running)).await;
    harness.state("one", CameraState::Running).await;
    assert_ne!(harness.pid("one").await, first);
    harness.stop().await;
}

#[actix::test]
async fn one_that_hangs_is_built_anew_and_the_relays_go_on() {
    let source = Source::start().await;
    let mut harness = Harness::open().await;
    harness.sql(&format!("INSERT INTO cameras(id, name, url) VALUES (7, 'one', '{}')", source.url("a")));
    harness.state("one", CameraState::Running).await;
    let before = processes(&harness);
    // All below the supervisor at once, then itself: a hang takes 10 to 15 s to be found.
    let mut generations = Vec::new();
    for path in OTHERS.iter().rev().skip(1) {
        generations.push((*path, generation(&harness, path).await));
        assert!(harness.root.send(Provoke::at(path, ProvokedFault::Hang)).await.expect("a root"), "{path} is there");
    }
    for (path, before) in generations {
        until(&format!("{path} is built anew"), TIMEOUT, async || generation(&harness, path).await > before).await;
    }
    assert!(harness.root.send(Provoke::at("restreams", ProvokedFault::Hang)).await.expect("a root"));
    harness.sql("UPDATE cameras SET label = 'after' WHERE id = 7");
    harness.camera("one", |camera| camera.is_some_and(|camera| camera.label.as_deref() == Some("after"))).await;
    until("the role is built anew", TIMEOUT, async || {
        let view = harness.root.send(Observe).await.expect("a root");
        let role = view.children.into_iter().find(|child| child.name == "restreams");
        role.is_some_and(|role| role.generation == 2 && role.health == Health::Running)
    })
    .await;
    assert_eq!(processes(&harness), before);
    harness.stop().await;
}

#[actix::test]
async fn what_waits_for_a_person_waits_though_the_planner_panics() {
    let source = Source::start().await;
    let mut harness = Harness::open().await;
    let rows: Vec<String> = (1..=5).map(|n| format!("({n}, 'c{n}', '{}')", source.url("a"))).collect();
    harness.sql(&format!("INSERT INTO cameras(id, name, url) VALUES {}", rows.join(", ")));
    for n in 1..=5 {
        harness.state(&format!("c{n}"), CameraState::Running).await;
    }
    let before = processes(&harness);
    harness.sql("DELETE FROM cameras");
    let blocked = async || harness.restream.plan(true).await.ok().and_then(|view| view.blocked);
    until("it is blocked", TIMEOUT, async || blocked().await.is_some()).await;
    let first = blocked().await.expect("blocked");
    provoke(&harness, "restreams/planner", ProvokedFault::Panic).await;
    let again = blocked().await.expect("still blocked");
    assert_eq!((again.id.as_str(), again.since, again.running), (first.id.as_str(), first.since, 5));
    assert_eq!(processes(&harness), before);
    let applied = harness.restream.apply_plan(again.id).await.expect("confirmed");
    assert_eq!((applied.blocked, applied.cameras), (None, 0));
    until("all have ended", TIMEOUT, async || processes(&harness).is_empty()).await;
    harness.stop().await;
}
