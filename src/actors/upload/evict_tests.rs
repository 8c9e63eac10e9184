//! What leaves the spool where its disk is full.

use std::sync::atomic::Ordering;
use std::time::Duration;

use chrono::{TimeDelta, Utc};

use super::UploadRules;
use super::evict::{Eviction, evict};
use super::spool_room::free;
use super::testworld::UploadWorld;
use crate::adapters::database::SpansOf;
use crate::domain::completeness::Span;
use crate::domain::recording::{Segment, SegmentState};
use crate::domain::retention::RetentionRules;

/// No disk has so much free.
const FULL: u64 = u64::MAX / 4;

fn rules(evict_before_upload: bool) -> UploadRules {
    UploadRules {
        workers: 1,
        max_rate: None,
        window: None,
        evict_before_upload,
        keep_local: Duration::from_secs(3_600),
        min_free: FULL,
        retention: RetentionRules::default(),
    }
}

#[tokio::test]
async fn what_is_not_stored_goes_last_and_only_where_somebody_has_said_so() {
    let world = UploadWorld::new(SegmentState::Sealed).await;
    let (evicted, ended) = evict(&world.handles, &rules(false), &mut Eviction::default(), Utc::now()).await;
    assert!(evicted == 0 && ended.is_none(), "{ended:?}");
    assert_eq!(world.states().await, [SegmentState::Sealed; 3]);
    let within = Span { from: world.begin, to: world.begin + TimeDelta::minutes(1) };
    let given_up = || world.handles.recordings.recorded_spans(within, None, SpansOf::GivenUp);
    assert_eq!(given_up().await.expect("asked"), []);

    let (evicted, ended) = evict(&world.handles, &rules(true), &mut Eviction::default(), Utc::now()).await;
    assert!(evicted == 3 && ended.is_none(), "{evicted} {ended:?}");
    assert_eq!(world.states().await, [SegmentState::Deleted; 3]);
    let spans = given_up().await.expect("asked");
    assert_eq!(
        spans.iter().map(|one| (one.span.to - one.span.from).num_milliseconds()).sum::<i64>(),
        30_000,
        "{spans:?}"
    );
    assert!(!world.file(&world.segments().await[0]).exists());
}

#[tokio::test]
async fn a_store_that_is_away_keeps_what_it_holds_and_nothing_else_on_the_disk() {
    let world = UploadWorld::new(SegmentState::Sealed).await;
    let stored = world.add(3, Utc::now() - TimeDelta::days(2), SegmentState::Uploaded).await;
    world.objects.is_away.store(true, Ordering::SeqCst);
    for (gives_up, wanted) in [(false, SegmentState::Sealed), (true, SegmentState::Deleted)] {
        let (evicted, ended) = evict(&world.handles, &rules(gives_up), &mut Eviction::default(), Utc::now()).await;
        assert!(ended.is_some_and(|error| error.to_string().contains("is away")), "it is told");
        assert_eq!(evicted, if gives_up { 3 } else { 0 });
        assert_eq!(world.states().await, [SegmentState::Uploaded, wanted, wanted, wanted]);
    }
    assert!(world.file(&stored).exists(), "nobody has said that it is stored");
}

#[tokio::test]
async fn a_segment_whose_file_cannot_be_removed_is_not_given_up() {
    let world = UploadWorld::new(SegmentState::Sealed).await;
    let before = world.segments().await;
    // A folder is no file that can be removed, whoever we are.
    for segment in &before[..2] {
        std::fs::remove_file(world.file(segment)).expect("removed");
        std::fs::create_dir(world.file(segment)).expect("made");
    }
    let mut eviction = Eviction::default();
    let (evicted, ended) = evict(&world.handles, &rules(true), &mut eviction, Utc::now()).await;
    assert!(evicted == 1 && ended.is_none(), "{evicted} {ended:?}");
    let after = world.segments().await;
    assert_eq!(after[..2], before[..2], "their rows are as they were, to be uploaded");
    assert_eq!(after[2].state, SegmentState::Deleted, "the neighbour goes in their place");
    // They are left alone for a while, and then tried again.
    for segment in &before[..2] {
        std::fs::remove_dir(world.file(segment)).expect("removed");
        std::fs::write(world.file(segment), "bytes").expect("written");
    }
    let (evicted, ended) = evict(&world.handles, &rules(true), &mut eviction, Utc::now()).await;
    assert!(evicted == 0 && ended.is_none(), "{evicted} {ended:?}");
    let (evicted, ended) = evict(&world.handles, &rules(true), &mut Eviction::default(), Utc::now()).await;
    assert!(evicted == 2 && ended.is_none(), "{evicted} {ended:?}");
}

#[tokio::test]
async fn no_more_is_given_up_than_is_missing_though_the_disk_does_not_show_it() {
    let world = UploadWorld::new(SegmentState::Sealed).await;
    // The rows say that each has a tebibyte, and the disk gets five bytes of it.
    const LARGE: u64 = 1 << 40;
    for segment in world.segments().await {
        world.handles.recordings.put_segment(Segment { bytes: LARGE, ..segment }).await.expect("put");
    }
    // One and a half of them are missing.
    let min_free = (free(&world.handles.spool).await.expect("measured") + LARGE * 3 / 2) / 5 * 4;
    let rules = UploadRules { min_free, ..rules(true) };
    let mut eviction = Eviction::default();
    for _ in 0..3 {
        let (_, ended) = evict(&world.handles, &rules, &mut eviction, Utc::now()).await;
        assert!(ended.is_none(), "{ended:?}");
        let wanted = [SegmentState::Deleted, SegmentState::Deleted, SegmentState::Sealed];
        assert_eq!(world.states().await, wanted, "nothing goes before it is seen what came of the last pass");
    }
}
