//! The manager of the recorders panics: what is recorded goes on, and what changed meanwhile is made true by the next one.

use streamwarden::actors::supervision::Health;
use streamwarden::actors::supervision::testkit::ProvokedFault;
use streamwarden::config::settings::RecordSettings;
use streamwarden::domain::recording::RecordingState;

use super::harness::{Harness, eventually};
use super::source::{Publisher, assert_unbroken, objects};

/// The manager panics; returns when the next one runs. `meanwhile` happens before that.
async fn panics<T>(harness: &Harness, meanwhile: impl FnOnce() -> T) -> T {
    let before = harness.managed().await.generation;
    harness.provoke("recorders", ProvokedFault::Panic).await;
    let done = meanwhile();
    eventually("the next manager", async || {
        let seen = harness.managed().await;
        (seen.generation > before && seen.health == Health::Running).then_some(())
    })
    .await;
    done
}

#[actix::test]
async fn who_is_recorded_goes_on_and_hears_of_everything_afterwards() {
    let mut harness = Harness::set().await;
    harness.settings.max_concurrent = 3;
    harness.record().await;
    harness.upload();
    let [stays, ends, _excluded] = ["stays", "ends", "excluded"].map(|name| Publisher::film(&harness, name));
    let mut sessions = Vec::new();
    for name in ["stays", "ends", "excluded"] {
        sessions.push(harness.records(name).await.session);
    }
    let waits = Publisher::film(&harness, "waits");
    let no_place = harness.status_where("waits", |status| status.state == RecordingState::Paused).await;
    let pid = harness.pid("main:stays").await;
    assert!(pid.is_some());
    harness.uploaded(1).await;

    // One publisher ends while there is no manager; another stream is given up just before.
    let settings = RecordSettings { exclude: vec!["excluded".into()], ..harness.settings.clone() };
    harness.adjust(settings.clone());
    panics(&harness, || drop(ends)).await;
    for (name, session) in [("ends", sessions[1]), ("excluded", sessions[2])] {
        eventually(&format!("nobody records {name}"), async || {
            let told = harness.status(name).await;
            told.is_none_or(|status| status.session != session).then_some(())
        })
        .await;
        let child = format!("main:{name}");
        eventually(&format!("no recorder of {name}"), async || harness.recorder(&child).await.is_none().then_some(()))
            .await;
    }
    // There is a place now.
    assert!(no_place.reason.is_some_and(|why| why.contains("record.max_concurrent")));
    harness.records("waits").await;

    // The disk has no room: told to those who were there before, and still true for the manager after the next.
    harness.adjust(RecordSettings { min_free: u64::MAX, ..settings.clone() });
    let goes_on = sessions[0];
    assert_eq!(
        (harness.pid("main:stays").await, harness.status("stays").await.and_then(|one| one.session)),
        (pid, goes_on)
    );
    harness.status_where("stays", |status| status.state == RecordingState::Paused).await;
    panics(&harness, || ()).await;
    assert!(harness.manager().await["obstacle"].is_string());
    harness.adjust(settings);
    let again = harness.records("stays").await.session;
    assert_ne!(again, goes_on);
    harness.records("waits").await;
    drop((stays, waits));

    // Nothing was lost, and nothing recorded twice: as few sessions as there were reasons for them.
    let segments = harness.settled("stays").await;
    let (mut first, mut second) = (segments.clone(), segments.clone());
    first.retain(|segment| Some(segment.session) == goes_on);
    second.retain(|segment| Some(segment.session) == again);
    assert_unbroken(&objects(&harness, &first));
    assert_unbroken(&objects(&harness, &second));
    let of_stream = segments.iter().filter(|segment| segment.object_key.starts_with("stays/")).count();
    assert_eq!(first.len() + second.len(), of_stream);
    harness.end().await;
}
