//! Actors that panic or hang are rebuilt, and their ffmpeg with them; nobody else notices.

use streamwarden::actors::supervision::testkit::{Fault, Provoke};
use streamwarden::domain::camera::CameraState;

use super::harness::{Harness, Source};

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

    assert!(harness.root.send(Provoke::at("restreams/7", Fault::Panic)).await.expect("a root"), "the relay is there");
    harness.camera("one", |camera| camera.is_some_and(|camera| camera.state != CameraState::Running)).await;
    harness.state("one", CameraState::Running).await;
    assert_ne!(harness.pid("one").await, one);
    assert_eq!(harness.pid("two").await, two, "its sibling was not touched");
    assert_eq!(harness.processes().len(), 2);
    let seen = harness.restreams_seen().await;
    let relay = seen.find(&["7"]).expect("the relay");
    assert_eq!((relay.generation, relay.last_exit.as_deref()), (2, Some("panicked: provoked by the testkit")));
    harness.stop().await;
}

#[actix::test]
async fn a_manager_that_panics_is_rebuilt_with_all_its_relays() {
    let source = Source::start().await;
    let mut harness = Harness::open().await;
    harness.sql(&format!(
        "INSERT INTO cameras(name, url) VALUES ('one', '{}'), ('two', '{}')",
        source.url("a"),
        source.url("b")
    ));
    harness.state("one", CameraState::Running).await;
    harness.state("two", CameraState::Running).await;
    let before = harness.processes();

    assert!(harness.root.send(Provoke::at("restreams", Fault::Panic)).await.expect("a root"), "the manager is there");
    // A row that goes while nobody looks is not shown for ever.
    harness.sql("DELETE FROM cameras WHERE name = 'two'");
    harness.gone("two").await;
    harness.camera("one", |camera| camera.is_some_and(|camera| camera.state != CameraState::Running)).await;
    harness.state("one", CameraState::Running).await;
    let after = harness.processes();
    assert_eq!(after.len(), 1);
    assert!(!before.contains(&after[0]), "the old ones are gone");
    harness.stop().await;
}
