//! Retention beside people who lock and clocks that are wrong.

use std::sync::atomic::Ordering;
use std::time::Duration;

use chrono::{TimeDelta, Utc};
use uuid::Uuid;

use super::retain::{RetentionClock, retain};
use super::testworld::{UploadWorld, lock_of_all};
use crate::domain::recording::SegmentState;
use crate::domain::retention::{Cleanup, RetentionRules};

fn after_an_hour() -> RetentionRules {
    RetentionRules { keep: Some(Duration::from_secs(3_600)), ..RetentionRules::default() }
}

#[tokio::test]
async fn what_is_locked_while_one_page_is_deleted_stays() {
    let world = UploadWorld::new(SegmentState::Uploaded).await;
    world.objects.locks.store(true, Ordering::SeqCst);
    // All of them are old by two days: no clock is in doubt for so little.
    let now = world.begin + TimeDelta::days(2);
    let (deleted, ended) = retain(&world.handles, &after_an_hour(), &RetentionClock::default(), now).await;
    assert!(ended.is_none() && deleted == 1, "{deleted} {ended:?}");
    assert_eq!(world.states().await, [SegmentState::Deleted, SegmentState::Uploaded, SegmentState::Uploaded]);
}

#[tokio::test]
async fn by_a_clock_that_is_far_ahead_nothing_is_deleted_for_its_age() {
    let world = UploadWorld::new(SegmentState::Uploaded).await;
    let clock = RetentionClock::default();
    // A start years after the newest recording, and a jump while the program runs.
    let later = world.begin + TimeDelta::days(1_000);
    let (deleted, ended) = retain(&world.handles, &after_an_hour(), &clock, later).await;
    assert!(ended.is_none() && deleted == 0, "{deleted} {ended:?}");
    let running = RetentionClock::default();
    let (deleted, _) = retain(&world.handles, &after_an_hour(), &running, Utc::now()).await;
    assert_eq!(deleted, 0, "none of it is an hour old");
    let (deleted, _) = retain(&world.handles, &after_an_hour(), &running, Utc::now() + TimeDelta::days(3)).await;
    assert_eq!(deleted, 0, "it jumped");
    assert_eq!(world.states().await, [SegmentState::Uploaded; 3]);
    // What is too much goes all the same: no clock is asked for it.
    let rules = RetentionRules { keep_bytes: Some(10), ..after_an_hour() };
    let (deleted, _) = retain(&world.handles, &rules, &running, Utc::now() + TimeDelta::days(3)).await;
    assert_eq!(deleted, 1);
}

#[tokio::test]
async fn of_what_is_too_much_each_node_deletes_what_it_has_of_the_oldest() {
    let new = UploadWorld::new(SegmentState::Uploaded).await;
    let old = new.beside("other", new.begin - TimeDelta::hours(2), SegmentState::Evicted).await;
    let pass = async |node: &UploadWorld, most| {
        let rules = RetentionRules { keep_bytes: Some(most), ..RetentionRules::default() };
        let (deleted, ended) = retain(&node.handles, &rules, &RetentionClock::default(), Utc::now()).await;
        assert!(ended.is_none(), "{ended:?}");
        deleted
    };
    // Of thirty bytes five are too much, and the oldest segment is the other node's, which may be gone for good.
    assert_eq!(pass(&new, 25).await, 0);
    assert_eq!(new.states().await, [SegmentState::Uploaded; 3]);
    // Both at once: together what is too much, and no more. Who counts while the other deletes counts anew.
    let (of_new, of_old) = futures_util::future::join(pass(&new, 10), pass(&old, 10)).await;
    assert_eq!((of_new + pass(&new, 10).await, of_old + pass(&old, 10).await), (1, 3));
    assert_eq!(old.states().await, [SegmentState::Deleted; 3]);
    assert_eq!(new.states().await, [SegmentState::Deleted, SegmentState::Uploaded, SegmentState::Uploaded]);
}

#[tokio::test]
async fn what_somebody_asked_for_is_deleted_once_whatever_is_recorded_later() {
    let world = UploadWorld::new(SegmentState::Uploaded).await;
    let rules = RetentionRules::default();
    let pass = async || {
        let (deleted, ended) = retain(&world.handles, &rules, &RetentionClock::default(), Utc::now()).await;
        assert!(ended.is_none(), "{ended:?}");
        deleted
    };
    let waits = world.add(3, world.begin + TimeDelta::seconds(1), SegmentState::Sealed).await;
    let before = Utc::now() + TimeDelta::minutes(1);
    let (set_by, set_at) = ("ann".to_owned(), Utc::now());
    let cleanup = Cleanup { id: Uuid::now_v7(), stream: None, before, set_by, set_at };
    world.handles.retention.add_cleanup(cleanup).await.expect("added");
    assert_eq!(pass().await, 3);
    // What waits for its upload goes when it is stored: so long the cleanup lasts.
    world.handles.objects.put(&waits.object_key, &world.file(&waits)).await.expect("stored");
    let (from, to) = (vec![SegmentState::Sealed], SegmentState::Uploaded);
    assert!(world.handles.recordings.move_segment(waits.id, from, to, None).await.expect("moved"));
    assert_eq!(pass().await, 1);
    // Recorded after all that, by a clock that is behind.
    let late = world.add(4, world.begin - TimeDelta::days(30), SegmentState::Uploaded).await;
    assert_eq!(pass().await, 0);
    let row = world.handles.recordings.segment(late.id).await.expect("asked").expect("there");
    assert_eq!(row.state, SegmentState::Uploaded);
}

#[tokio::test]
async fn what_is_locked_when_somebody_cleans_stays_when_it_is_unlocked() {
    let world = UploadWorld::new(SegmentState::Uploaded).await;
    let lock = lock_of_all();
    world.handles.retention.add_lock(lock.clone()).await.expect("locked");
    let (before, set_by, set_at) = (Utc::now() + TimeDelta::minutes(1), "ann".to_owned(), Utc::now());
    let cleanup = Cleanup { id: Uuid::now_v7(), stream: Some("gate".to_owned()), before, set_by, set_at };
    world.handles.retention.add_cleanup(cleanup).await.expect("added");
    for unlocks in [true, false] {
        let rules = RetentionRules::default();
        let (deleted, ended) = retain(&world.handles, &rules, &RetentionClock::default(), Utc::now()).await;
        assert!(ended.is_none() && deleted == 0, "{deleted} {ended:?}");
        if unlocks {
            world.handles.retention.remove_lock(lock.id).await.expect("unlocked");
        }
    }
}
