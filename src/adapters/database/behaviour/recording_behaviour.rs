//! Sessions and the segment table.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, TimeZone, Utc};
use uuid::Uuid;

use crate::adapters::database::{Database, SegmentQuery, SessionSummary, Skip};
use crate::base::error::ErrorKind;
use crate::domain::recording::{RecordingSession, Segment, SegmentState};
use crate::domain::sample;
use crate::domain::segment_track::{SegmentTrack, TrackKind};

fn noon() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 3, 1, 12, 0, 0).single().expect("a time")
}

pub(in crate::adapters::database) fn session(stream: &str) -> RecordingSession {
    RecordingSession { started_at: noon(), ..sample::session(stream) }
}

pub(super) async fn opened(database: &dyn Database, stream: &str) -> RecordingSession {
    let session = session(stream);
    database.open_session(session.clone()).await.expect("opened");
    session
}

/// Segments of ten seconds that follow one another from noon.
pub(in crate::adapters::database) fn segment(session: &RecordingSession, number: u32, state: SegmentState) -> Segment {
    Segment {
        state,
        started_at: session.started_at + TimeDelta::seconds(10 * i64::from(number)),
        duration_ms: 10_000,
        media_ms: Some(8_300),
        media_start_ms: Some(8_300 * u64::from(number)),
        bytes: 1_000,
        frames: 250,
        init_bytes: 900,
        media_bytes: 100,
        object_key: format!("{}/2026-03-01/20260301_120000/segment_{number:03}.mp4", session.stream),
        ..sample::segment(session, number)
    }
}

pub(super) async fn put(
    database: &dyn Database,
    session: &RecordingSession,
    number: u32,
    state: SegmentState,
) -> Segment {
    let segment = segment(session, number, state);
    database.put_segment(segment.clone()).await.expect("put");
    segment
}

fn numbers(segments: &[Segment]) -> Vec<u32> {
    segments.iter().map(|segment| segment.number).collect()
}

pub(in crate::adapters::database) async fn a_session_opens_and_closes_once(database: &dyn Database) {
    let (first, second) = (opened(database, "cam1").await, opened(database, "site/cam2").await);
    database.open_session(first.clone()).await.expect("opening again is no fault");
    assert_eq!(database.open_sessions().await.expect("listed"), [first.clone(), second.clone()]);
    let end = noon() + TimeDelta::microseconds(1_234_567);
    database.close_session(first.id, end, "stream gone".to_owned()).await.expect("closed");
    database.close_session(first.id, end + TimeDelta::days(1), "again".to_owned()).await.expect("closed again");
    let closed = database.session(first.id).await.expect("read").expect("there");
    assert_eq!(closed.ended_at, Some(end));
    assert_eq!(closed.end_reason.as_deref(), Some("stream gone"));
    assert_eq!(database.open_sessions().await.expect("listed"), [second]);
    assert!(database.session(Uuid::now_v7()).await.expect("asked").is_none());
    let unknown = database.close_session(Uuid::now_v7(), end, String::new()).await.expect_err("unknown");
    assert_eq!(unknown.kind(), ErrorKind::NotFound);
}

pub(in crate::adapters::database) async fn a_segment_keeps_every_field(database: &dyn Database) {
    let session = opened(database, "site/cam1").await;
    let segment = Segment {
        started_at: noon() + TimeDelta::microseconds(123_456),
        duration_ms: 59_987,
        bytes: 9_000_000_000,
        reason: Some("cut short: ffmpeg died".to_owned()),
        tracks: Some(vec![SegmentTrack {
            kind: TrackKind::Audio,
            codec: "mp4a".to_owned(),
            frames: 431,
            key_frames: 430,
            first_us: 604_799_000_001,
            last_us: 604_808_977_000,
            last_frame_us: 23_219,
        }]),
        ..segment(&session, 7, SegmentState::Sealed)
    };
    database.put_segment(segment.clone()).await.expect("put");
    assert_eq!(database.segment(segment.id).await.expect("read"), Some(segment.clone()));
    // Lists are lean, and whoever writes what he has read of one loses nothing.
    let query = SegmentQuery { session: Some(session.id), limit: 9, ..SegmentQuery::default() };
    let listed = database.segments(query).await.expect("listed").remove(0);
    assert_eq!(listed, Segment { tracks: None, ..segment.clone() });
    database.put_segment(listed).await.expect("put");
    assert_eq!(database.segment(segment.id).await.expect("read"), Some(segment.clone()));
    assert_eq!(database.segment(Uuid::now_v7()).await.expect("asked"), None);
    let orphan = Segment { session: Uuid::now_v7(), id: Uuid::now_v7(), ..segment };
    database.put_segment(orphan).await.expect_err("a segment without a session");
}

pub(in crate::adapters::database) async fn a_segment_is_replaced_by_its_number(database: &dyn Database) {
    let session = opened(database, "cam1").await;
    let writing = put(database, &session, 0, SegmentState::Writing).await;
    let sealed = Segment { state: SegmentState::Sealed, bytes: 5, ..writing.clone() };
    database.put_segment(sealed.clone()).await.expect("put");
    let found = put(database, &session, 1, SegmentState::Writing).await;
    let other_id = Segment { id: Uuid::now_v7(), state: SegmentState::Sealed, ..found.clone() };
    database.put_segment(other_id.clone()).await.expect("put");
    let query = SegmentQuery { session: Some(session.id), limit: 10, ..SegmentQuery::default() };
    assert_eq!(database.segments(query).await.expect("listed"), [sealed, other_id]);
    assert_eq!(database.segment(found.id).await.expect("asked"), None);
}

pub(in crate::adapters::database) async fn a_segment_moves_only_from_the_states_named(database: &dyn Database) {
    use SegmentState::{Evicted, Lost, Sealed, Uploaded, Uploading};
    let session = opened(database, "cam1").await;
    let segment = put(database, &session, 0, Uploading).await;
    assert!(!database.move_segment(segment.id, vec![Sealed], Lost, None).await.expect("asked"));
    assert!(database.move_segment(segment.id, vec![Sealed, Uploading], Uploaded, None).await.expect("moved"));
    assert!(!database.move_segment(segment.id, vec![Uploading], Uploaded, None).await.expect("asked"));
    assert!(!database.move_segment(segment.id, vec![], Evicted, None).await.expect("asked"));
    let reason = Some("file vanished".to_owned());
    assert!(database.move_segment(segment.id, vec![Uploaded], Lost, reason.clone()).await.expect("moved"));
    let moved = database.segment(segment.id).await.expect("read").expect("there");
    assert_eq!((moved.state, moved.reason), (Lost, reason));
    assert!(!database.move_segment(Uuid::now_v7(), vec![Lost], Sealed, None).await.expect("asked"));
}

pub(in crate::adapters::database) async fn uploads_are_claimed_oldest_first_and_once(database: &dyn Database) {
    let session = opened(database, "cam1").await;
    for (number, state) in [(2, SegmentState::Sealed), (0, SegmentState::Writing), (1, SegmentState::Sealed)] {
        put(database, &session, number, state).await;
    }
    // Both at once: a segment must not go to two workers.
    let claim = || database.claim_upload(Skip::default());
    let (one, two) = futures_util::future::join(claim(), claim()).await;
    let mut claimed: Vec<Segment> = [one, two].into_iter().filter_map(|claim| claim.expect("claimed")).collect();
    claimed.sort_by_key(|segment| segment.number);
    assert_eq!(numbers(&claimed), [1, 2]);
    assert!(claimed.iter().all(|segment| segment.state == SegmentState::Uploading));
    assert_eq!(database.claim_upload(Skip::default()).await.expect("asked"), None);
    assert_eq!(database.release_uploads().await.expect("released"), 2);
    assert_eq!(database.claim_upload(Skip::default()).await.expect("claimed").map(|segment| segment.number), Some(1));
}

pub(in crate::adapters::database) async fn what_is_skipped_is_not_claimed(database: &dyn Database) {
    let (one, two) = (opened(database, "cam1").await, opened(database, "cam2").await);
    let first = put(database, &one, 0, SegmentState::Sealed).await;
    put(database, &one, 1, SegmentState::Sealed).await;
    put(database, &two, 5, SegmentState::Sealed).await;
    let claimed = async |segments: &[Uuid], sessions: &[Uuid]| {
        let skip = Skip { segments: segments.to_vec(), sessions: sessions.to_vec(), newest_but: None };
        let claimed = database.claim_upload(skip).await.expect("asked");
        if let Some(claimed) = &claimed {
            let from = vec![SegmentState::Uploading];
            assert!(database.move_segment(claimed.id, from, SegmentState::Sealed, None).await.expect("put back"));
        }
        claimed.map(|segment| segment.number)
    };
    assert_eq!(claimed(&[], &[]).await, Some(0));
    assert_eq!(claimed(&[first.id], &[]).await, Some(1));
    assert_eq!(claimed(&[first.id], &[one.id]).await, Some(5));
    assert_eq!(claimed(&[], &[one.id, two.id]).await, None);
}

pub(in crate::adapters::database) async fn the_newest_of_a_stream_is_claimed_on_demand(database: &dyn Database) {
    let (one, two) = (opened(database, "cam1").await, opened(database, "cam2").await);
    for (session, numbers) in [(&one, 0..3), (&two, 0..2)] {
        for number in numbers {
            put(database, session, number, SegmentState::Sealed).await;
        }
    }
    let claimed = async |but: Option<&[&str]>| {
        let newest_but = but.map(|names| names.iter().map(|name| (*name).to_owned()).collect());
        let claimed = database.claim_upload(Skip { newest_but, ..Skip::default() }).await.expect("asked");
        claimed.map(|segment| (segment.stream.as_str().to_owned(), segment.number))
    };
    let of = |stream: &str, number| Some((stream.to_owned(), number));
    assert_eq!(claimed(Some(&[])).await, of("cam1", 2));
    assert_eq!(claimed(Some(&["cam1", "it's"])).await, of("cam2", 1));
    assert_eq!(claimed(Some(&["cam1", "cam2"])).await, None);
    assert_eq!(claimed(None).await.map(|(_, number)| number), Some(0), "the oldest");
}

pub(in crate::adapters::database) async fn a_day_is_paged_without_holes(database: &dyn Database) {
    let (one, two) = (opened(database, "cam1").await, opened(database, "cam2").await);
    let mut all = Vec::new();
    for number in 0..25 {
        // Same start in both: the id decides the order.
        all.push(put(database, &one, number, SegmentState::Sealed).await);
        all.push(put(database, &two, number, SegmentState::Sealed).await);
    }
    all.sort_by_key(|segment| (segment.started_at, segment.id));
    let mut seen = Vec::new();
    let mut query = SegmentQuery { limit: 7, ..SegmentQuery::default() };
    loop {
        let page = database.segments(query.clone()).await.expect("page");
        let Some(last) = page.last() else { break };
        assert!(page.len() <= 7);
        query.after = Some(last.id);
        seen.extend(page);
    }
    assert_eq!(seen, all);
    let unknown = SegmentQuery { after: Some(Uuid::now_v7()), ..query };
    assert_eq!(database.segments(unknown).await.expect_err("unknown cursor").field(), Some("after"));
}

/// Whatever the wall clock did: set back, or forward and back again.
pub(in crate::adapters::database) async fn a_stream_is_in_the_order_of_its_sessions_and_numbers(
    database: &dyn Database,
) {
    let late = RecordingSession { started_at: noon() + TimeDelta::hours(1), ..session("cam1") };
    database.open_session(late.clone()).await.expect("opened");
    let (early, other) = (opened(database, "cam1").await, opened(database, "cam2").await);
    let mut wanted = Vec::new();
    for (session, starts) in [(&early, [7_200, 0, 0, 30, 20, 40]), (&late, [0, 10, -50, 9_000, 5, 5])] {
        for (number, start) in (0..).zip(starts) {
            let started_at = noon() + TimeDelta::seconds(start);
            let put = Segment { started_at, ..segment(session, number, SegmentState::Sealed) };
            database.put_segment(put.clone()).await.expect("put");
            wanted.push(put);
        }
    }
    put(database, &other, 0, SegmentState::Sealed).await;
    for server in [None, Some("main".to_owned())] {
        let (mut seen, mut after) = (Vec::new(), None);
        loop {
            let stream = Some("cam1".to_owned());
            let query = SegmentQuery { server: server.clone(), stream, after, limit: 5, ..SegmentQuery::default() };
            let page = database.segments(query).await.expect("page");
            let Some(last) = page.last() else { break };
            after = Some(last.id);
            seen.extend(page);
        }
        assert_eq!(seen, wanted, "{server:?}");
    }
    let session =
        SegmentQuery { stream: Some("cam1".to_owned()), session: Some(early.id), limit: 9, ..SegmentQuery::default() };
    assert_eq!(numbers(&database.segments(session).await.expect("listed")), [0, 1, 2, 3, 4, 5]);
}

pub(in crate::adapters::database) async fn ranges_of_time_include_what_overlaps(database: &dyn Database) {
    let (one, two) = (opened(database, "cam1").await, opened(database, "cam2").await);
    for number in 0..6 {
        put(database, &one, number, SegmentState::Uploaded).await;
        put(database, &two, number, SegmentState::Evicted).await;
    }
    let at = |seconds| Some(noon() + TimeDelta::seconds(seconds));
    let cam1 = SegmentQuery {
        server: Some("main".to_owned()),
        stream: Some("cam1".to_owned()),
        limit: 100,
        ..SegmentQuery::default()
    };
    for (from, to, wanted) in [
        (at(15), at(35), vec![1, 2, 3]),
        (at(20), at(30), vec![2]),
        (at(55), None, vec![5]),
        (None, at(10), vec![0]),
        (at(60), None, vec![]),
        (None, at(0), vec![]),
        (None, None, vec![0, 1, 2, 3, 4, 5]),
        (Some(DateTime::<Utc>::MIN_UTC), "9999-12-31T23:59:59Z".parse().ok(), vec![0, 1, 2, 3, 4, 5]),
        (at(15), Some(DateTime::<Utc>::MAX_UTC), vec![1, 2, 3, 4, 5]),
        (Some(DateTime::<Utc>::MAX_UTC), None, vec![]),
    ] {
        let query = SegmentQuery { from, to, ..cam1.clone() };
        assert_eq!(numbers(&database.segments(query).await.expect("listed")), wanted, "{from:?} to {to:?}");
    }
    let evicted = SegmentQuery { states: vec![SegmentState::Evicted], limit: 100, ..SegmentQuery::default() };
    assert_eq!(database.segments(evicted).await.expect("listed").len(), 6);
    let elsewhere = SegmentQuery { server: Some("other".to_owned()), ..cam1 };
    assert_eq!(database.segments(elsewhere).await.expect("listed"), []);
}

pub(in crate::adapters::database) async fn summaries_count_what_can_be_played(database: &dyn Database) {
    use SegmentState::{Evicted, Lost, Sealed, Writing};
    assert_eq!(database.recordings().await.expect("none"), []);
    let (first, second) = (opened(database, "cam1").await, opened(database, "cam1").await);
    let broken = opened(database, "cam2").await;
    for (session, number, state) in
        [(&first, 0, Evicted), (&first, 1, Lost), (&second, 2, Sealed), (&second, 3, Writing), (&broken, 0, Lost)]
    {
        put(database, session, number, state).await;
    }
    let summaries = database.recordings().await.expect("summed up");
    let [cam1] = summaries.as_slice() else { panic!("one stream can be played: {summaries:?}") };
    assert_eq!((cam1.server.as_str(), cam1.stream.as_str()), ("main", "cam1"));
    assert_eq!((cam1.sessions, cam1.segments, cam1.bytes, cam1.duration_ms), (2, 2, 2_000, 20_000));
    assert_eq!((cam1.first, cam1.last), (noon(), noon() + TimeDelta::seconds(30)));
}

pub(in crate::adapters::database) async fn sessions_come_with_what_can_be_played(database: &dyn Database) {
    use SegmentState::{Evicted, Lost, Sealed};
    let (first, second) = (opened(database, "cam1").await, opened(database, "cam1").await);
    opened(database, "cam2").await;
    for (number, state) in [(0, Evicted), (1, Sealed), (2, Lost)] {
        put(database, &first, number, state).await;
    }
    let sessions = database.sessions("cam1", None).await.expect("listed");
    let found: Vec<_> = sessions.iter().map(|one| (one.session.id, one.segments, one.duration_ms, one.bytes)).collect();
    assert_eq!(found, [(first.id, 2, 20_000, 2_000), (second.id, 0, 0, 0)]);
    assert_eq!(sessions[0].session, first);
    let seen = |one: &SessionSummary| one.clone().from_first_frame().session.started_at;
    assert_eq!(seen(&sessions[0]), first.started_at);
    // Its first picture came later than it was begun: its keys and its place in the list are those of its second.
    let frame = first.started_at + TimeDelta::milliseconds(1_750);
    for (state, wanted) in [(SegmentState::Writing, first.started_at), (SegmentState::Evicted, frame)] {
        let late = Segment { started_at: frame, ..segment(&first, 0, state) };
        database.put_segment(late).await.expect("put");
        let listed = database.sessions("cam1", None).await.expect("listed");
        assert_eq!((seen(&listed[0]), listed[0].session.clone()), (wanted, first.clone()), "{state:?}");
    }
    assert_eq!(database.sessions("cam1", Some("main".to_owned())).await.expect("listed").len(), 2);
    assert_eq!(database.sessions("cam1", Some("other".to_owned())).await.expect("listed"), []);
}

pub(in crate::adapters::database) async fn segments_are_counted_by_state(database: &dyn Database) {
    use SegmentState::{Evicted, Sealed};
    assert_eq!(database.segment_counts().await.expect("none"), []);
    let session = opened(database, "cam1").await;
    for (number, state) in [(0, Evicted), (1, Sealed), (2, Sealed)] {
        put(database, &session, number, state).await;
    }
    let mut counts = database.segment_counts().await.expect("counted");
    counts.sort_by_key(|(state, _)| state.as_str());
    assert_eq!(counts, [(Evicted, 1), (Sealed, 2)]);
}

/// What the sums have to be, counted row by row: segments, bytes and milliseconds of each stream that has any.
async fn counted(database: &dyn Database) -> BTreeMap<String, (u64, u64, u64, u64)> {
    let mut streams = BTreeMap::new();
    let all = database.segments(SegmentQuery { limit: 1_000, ..SegmentQuery::default() }).await.expect("listed");
    let mut sessions = BTreeSet::new();
    for segment in all.iter().filter(|segment| segment.state.is_playable()) {
        let sums: &mut (u64, u64, u64, u64) = streams.entry(segment.stream.to_string()).or_default();
        sums.0 += u64::from(sessions.insert(segment.session));
        sums.1 += 1;
        sums.2 += segment.bytes;
        sums.3 += segment.duration_ms;
    }
    streams
}

pub(in crate::adapters::database) async fn sums_follow_every_change_of_a_segment(database: &dyn Database) {
    let sessions = [opened(database, "cam1").await, opened(database, "cam1").await, opened(database, "cam2").await];
    // The same changes at every run: numbers of Knuth's MMIX generator.
    let mut number = 7_u64;
    let mut below = |limit: usize| {
        number = number.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (number >> 33) as usize % limit
    };
    for step in 0..200 {
        let (session, place) = (&sessions[below(3)], below(5) as u32);
        let state = SegmentState::ALL[below(SegmentState::ALL.len())];
        let one = SegmentQuery { session: Some(session.id), limit: 100, ..SegmentQuery::default() };
        let known = database.segments(one).await.expect("listed").into_iter().find(|known| known.number == place);
        match known {
            Some(known) if below(3) > 0 => {
                assert!(database.move_segment(known.id, vec![known.state], state, None).await.expect("moved"));
            }
            known => {
                let id = known.map_or_else(Uuid::now_v7, |known| known.id);
                let (bytes, duration_ms) = (1_000 + below(50) as u64, 9_000 + below(2_000) as u64);
                let put = Segment { id, bytes, duration_ms, ..segment(session, place, state) };
                database.put_segment(put).await.expect("put");
            }
        }
        let told: BTreeMap<String, (u64, u64, u64, u64)> = database
            .recordings()
            .await
            .expect("summed up")
            .into_iter()
            .map(|one| (one.stream, (one.sessions, one.segments, one.bytes, one.duration_ms)))
            .collect();
        assert_eq!(told, counted(database).await, "after step {step}");
    }
    let all = database.segments(SegmentQuery { limit: 1_000, ..SegmentQuery::default() }).await.expect("listed");
    let by_state: u64 = database.segment_counts().await.expect("counted").into_iter().map(|(_, count)| count).sum();
    assert_eq!(by_state, all.len() as u64);
    for summary in database.sessions("cam1", None).await.expect("listed") {
        let playable = |one: &&Segment| one.session == summary.session.id && one.state.is_playable();
        assert_eq!(summary.segments, all.iter().filter(playable).count() as u64);
    }
    let first = |stream: &str| {
        all.iter()
            .filter(|one| one.stream.as_str() == stream && one.state.is_playable())
            .map(|one| one.started_at)
            .min()
    };
    for summary in database.recordings().await.expect("summed up") {
        assert_eq!(Some(summary.first), first(&summary.stream));
    }
}
