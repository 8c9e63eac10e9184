//! Retention beside people who lock and clocks that are wrong.

use std::sync::atomic::Ordering;
use std::time::Duration;

use chrono::{TimeDelta, Utc};

use super::retain::{RetentionClock, retain};
use super::testworld::UploadWorld;
use crate::domain::recording::SegmentState;
use crate::domain::retention::RetentionRules;

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
