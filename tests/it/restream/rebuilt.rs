//! Actors that panic or hang are rebuilt, and their ffmpeg with them; nobody else notices.

use streamwarden::actors::supervision::testkit::{Fault, Provoke};
use streamwarden::domain::camera::CameraState;

use super::stage::{Source, Stage};

#[actix::test]
async fn a_relay_that_panics_is_rebuilt_and_leaves_no_process() {
    let source = Source::start().await;
    let mut stage = Stage::open().await;
    for (id, name, path) in [(7, "one", "a"), (8, "two", "b")] {
        stage.sql(&format!("INSERT INTO cameras(id, name, url) VALUES ({id}, '{name}', '{}')", source.url(path)));
    }
    stage.state("one", CameraState::Running).await;
    stage.state("two", CameraState::Running).await;
    let (one, two) = (stage.pid("one").await, stage.pid("two").await);

    assert!(stage.root.send(Provoke::at("restreams/7", Fault::Panic)).await.expect("a root"), "the relay is there");
    stage.camera("one", |camera| camera.is_some_and(|camera| camera.state != CameraState::Running)).await;
    stage.state("one", CameraState::Running).await;
    assert_ne!(stage.pid("one").await, one);
    assert_eq!(stage.pid("two").await, two, "its sibling was not touched");
    assert_eq!(stage.processes().len(), 2);
    let seen = stage.restreams_seen().await;
    let relay = seen.find(&["7"]).expect("the relay");
    assert_eq!((relay.generation, relay.last_exit.as_deref()), (2, Some("panicked: provoked by the testkit")));
    stage.stop().await;
}

#[actix::test]
async fn a_manager_that_panics_is_rebuilt_with_all_its_relays() {
    let source = Source::start().await;
    let mut stage = Stage::open().await;
    stage.sql(&format!(
        "INSERT INTO cameras(name, url) VALUES ('one', '{}'), ('two', '{}')",
        source.url("a"),
        source.url("b")
    ));
    stage.state("one", CameraState::Running).await;
    stage.state("two", CameraState::Running).await;
    let before = stage.processes();

    assert!(stage.root.send(Provoke::at("restreams", Fault::Panic)).await.expect("a root"), "the manager is there");
    // A row that goes while nobody looks is not shown for ever.
    stage.sql("DELETE FROM cameras WHERE name = 'two'");
    stage.gone("two").await;
    stage.camera("one", |camera| camera.is_some_and(|camera| camera.state != CameraState::Running)).await;
    stage.state("one", CameraState::Running).await;
    let after = stage.processes();
    assert_eq!(after.len(), 1);
    assert!(!before.contains(&after[0]), "the old ones are gone");
    stage.stop().await;
}
