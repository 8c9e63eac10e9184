//! Where the bytes of segments are.

use chrono::{DateTime, TimeDelta, TimeZone, Utc};
use uuid::Uuid;

use super::recording_behaviour::{opened, put};
use crate::adapters::database::{Database, SegmentQuery, Skip, SpansOf};
use crate::domain::completeness::Span;
use crate::domain::copies::{CopyPlace, CopyState, SegmentCopy, copies_of};
use crate::domain::recording::{Segment, SegmentState};

async fn state(database: &dyn Database, id: Uuid) -> SegmentState {
    database.segment(id).await.expect("read").expect("there").state
}

async fn copies(database: &dyn Database, id: Uuid) -> Vec<(CopyPlace, CopyState)> {
    let copies = database.copies(vec![id]).await.expect("listed");
    copies.into_iter().map(|copy| (copy.place, copy.state)).collect()
}

pub(in crate::adapters::database) async fn a_segment_follows_its_copies(database: &dyn Database) {
    use CopyPlace::{Objects, Spool};
    let session = opened(database, "cam1").await;
    let id = put(database, &session, 0, SegmentState::Sealed).await.id;
    assert_eq!(copies(database, id).await, [(Objects, CopyState::Waiting), (Spool, CopyState::Verified)]);
    database.claim_upload(Skip::default()).await.expect("asked").expect("claimed");
    assert_eq!(copies(database, id).await, [(Objects, CopyState::Uploading), (Spool, CopyState::Verified)]);
    let stored = SegmentCopy {
        verified_at: Some(Utc.with_ymd_and_hms(2026, 3, 1, 12, 1, 0).single().expect("a time")),
        sha256: Some("ab".repeat(32)),
        ..SegmentCopy::new(id, Objects, CopyState::Verified)
    };
    assert!(database.write_copy(stored.clone(), Some(CopyState::Uploading)).await.expect("written"));
    assert!(!database.write_copy(stored.clone(), Some(CopyState::Uploading)).await.expect("asked"));
    assert_eq!(state(database, id).await, SegmentState::Uploaded);
    let (from, to) = (vec![SegmentState::Uploaded], SegmentState::Evicted);
    assert!(database.move_segment(id, from, to, None).await.expect("moved"));
    let there = database.copies(vec![id, Uuid::now_v7()]).await.expect("listed");
    assert_eq!((there[0].clone(), there[1].state, there.len()), (stored.clone(), CopyState::Evicted, 2));
    // Each change of a copy, whatever it is, is seen in the segment and in what is counted.
    for (place, copy, wanted) in [
        (Objects, CopyState::Missing, SegmentState::Missing),
        (Objects, CopyState::Lost, SegmentState::Lost),
        (Spool, CopyState::Verified, SegmentState::Sealed),
        (Objects, CopyState::Evicted, SegmentState::Sealed),
        (Spool, CopyState::Evicted, SegmentState::Deleted),
        (Objects, CopyState::Verified, SegmentState::Evicted),
    ] {
        assert!(database.write_copy(SegmentCopy::new(id, place, copy), None).await.expect("written"));
        assert_eq!(state(database, id).await, wanted, "{place:?} {copy:?}");
        assert_eq!(database.segment_counts().await.expect("counted"), [(wanted, 1)]);
        let played = database.recordings().await.expect("summed up").len();
        assert_eq!(played, usize::from(wanted.is_playable()), "{wanted:?}");
    }
    let last = database.copies(vec![id]).await.expect("listed");
    assert_eq!((&last[0].sha256, last[0].verified_at), (&stored.sha256, stored.verified_at), "they stay");
    assert!(!database.write_copy(SegmentCopy::new(Uuid::now_v7(), Spool, CopyState::Lost), None).await.expect("asked"));
}

pub(in crate::adapters::database) async fn a_copy_in_conflict_is_not_claimed_before_it_is_released(
    database: &dyn Database,
) {
    let session = opened(database, "cam1").await;
    for number in 0..2 {
        put(database, &session, number, SegmentState::Sealed).await;
    }
    let claimed = async || database.claim_upload(Skip::default()).await.expect("asked").map(|segment| segment.id);
    let first = claimed().await.expect("claimed");
    let other = SegmentCopy {
        reason: Some("another object stands there".to_owned()),
        ..SegmentCopy::new(first, CopyPlace::Objects, CopyState::Conflict)
    };
    assert!(database.write_copy(other.clone(), Some(CopyState::Uploading)).await.expect("written"));
    assert_eq!(state(database, first).await, SegmentState::Sealed, "it can be played from the spool");
    assert!(claimed().await.is_some_and(|second| second != first));
    assert_eq!(claimed().await, None);
    let standing = async || database.copies_in(CopyPlace::Objects, CopyState::Conflict, 10).await.expect("listed");
    assert_eq!(standing().await, [other]);
    assert_eq!(database.release_uploads().await.expect("released"), 2);
    assert!(standing().await.is_empty());
    assert_eq!(claimed().await, Some(first));
}

/// A segment in each state, as version 15 kept them.
pub(in crate::adapters::database) async fn one_in_each_state(database: &dyn Database) -> Vec<Segment> {
    let session = opened(database, "cam1").await;
    let mut made = Vec::new();
    for (number, state) in (0..).zip(SegmentState::ALL.into_iter().filter(|state| *state != SegmentState::Deleted)) {
        made.push(put(database, &session, number, state).await);
    }
    made
}

/// What that version knew is what this one knows.
pub(in crate::adapters::database) async fn are_carried_over(database: &dyn Database, made: &[Segment]) {
    let query = SegmentQuery { limit: 100, ..SegmentQuery::default() };
    assert_eq!(database.segments(query).await.expect("listed"), made);
    for segment in made {
        let wanted = copies_of(segment.state)
            .map_or(Vec::new(), |(spool, objects)| vec![(CopyPlace::Objects, objects), (CopyPlace::Spool, spool)]);
        assert_eq!(copies(database, segment.id).await, wanted, "{:?}", segment.state);
    }
}

pub(in crate::adapters::database) async fn stretches_of_one_state_are_joined(database: &dyn Database) {
    use SegmentState::{Lost, Uploaded};
    let (one, two) = (opened(database, "cam1").await, opened(database, "cam2").await);
    for (session, number, state) in [
        (&one, 0, Uploaded),
        (&one, 1, Uploaded),
        (&one, 2, Lost),
        (&one, 3, Uploaded),
        (&one, 5, Uploaded),
        (&two, 0, Lost),
    ] {
        put(database, session, number, state).await;
    }
    let seconds = |at: DateTime<Utc>| (at - one.started_at).num_seconds();
    let at = |second| one.started_at + TimeDelta::seconds(second);
    let spans = async |from, to, stream: Option<&str>| {
        let within = Span { from: at(from), to: at(to) };
        let spans = database.recorded_spans(within, stream.map(str::to_owned), SpansOf::All).await.expect("listed");
        spans
            .into_iter()
            .map(|one| (one.stream, one.state, seconds(one.span.from), seconds(one.span.to)))
            .collect::<Vec<_>>()
    };
    let cam1 = |state, from, to| ("cam1".to_owned(), state, from, to);
    let all = [cam1(Uploaded, 0, 20), cam1(Lost, 20, 30), cam1(Uploaded, 30, 40), cam1(Uploaded, 50, 60)];
    assert_eq!(spans(-100, 100, Some("cam1")).await, all);
    assert_eq!(spans(-100, 100, None).await.len(), 5);
    assert_eq!(spans(10, 50, Some("cam1")).await, [cam1(Uploaded, 10, 20), all[1].clone(), all[2].clone()]);
    assert_eq!(spans(60, 100, None).await, []);
    let within = Span { from: at(10), to: at(20) };
    let sessions = database.sessions_in(within, Some("cam2".to_owned())).await.expect("listed");
    assert_eq!(sessions.iter().map(|one| one.session.id).collect::<Vec<_>>(), [two.id]);
    let some =
        async |of| database.recorded_spans(Span { from: at(-9), to: at(99) }, None, of).await.expect("listed").len();
    assert_eq!(some(SpansOf::Sessions(vec![two.id, Uuid::now_v7()])).await, 1);
    assert_eq!(some(SpansOf::Sessions(vec![one.id])).await, all.len(), "joined as they come");
    assert_eq!(some(SpansOf::NotStored).await, 0);
    put(database, &two, 1, SegmentState::Sealed).await;
    assert_eq!(some(SpansOf::NotStored).await, 1);
    let early = Span { from: at(-20), to: at(0) };
    assert!(database.sessions_in(early, None).await.expect("listed").is_empty());
}
