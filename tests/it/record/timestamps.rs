//! Sources whose timestamps misbehave: what is kept of them, in which order, at which time. One row for each, all at once.

use std::path::PathBuf;

use chrono::{DateTime, Utc};
use streamwarden::adapters::database::{RecordingStore, SegmentQuery};
use streamwarden::domain::playlist::{PlaylistEntry, PlaylistKind, render};
use streamwarden::domain::recording::Segment;

use super::harness::Harness;
use super::source::codecs;
use crate::support::film::places;
use crate::support::rtp_publisher::{RATE, Script, publish};

/// When timestamps jump, in seconds: neither at a key frame nor at a cut.
const JUMP: f64 = 12.4;

struct Row {
    name: &'static str,
    script: Script,
    /// The run ends because of the timestamps.
    jumps: bool,
    /// Tracks of every segment.
    tracks: &'static [&'static str],
}

const PLAIN: Row = Row { name: "plain", script: Script::PLAIN, jumps: false, tracks: &["h264"] };

const ROWS: [Row; 9] = [
    PLAIN,
    Row { name: "slow", script: Script { stamp: |_, time| time * 0.83, ..Script::PLAIN }, ..PLAIN },
    Row { name: "fast", script: Script { stamp: |_, time| time * 1.2, ..Script::PLAIN }, ..PLAIN },
    Row { name: "wraps", script: Script { first: u32::MAX - 900_000, ..Script::PLAIN }, ..PLAIN },
    Row { name: "back", script: Script { stamp: |_, time| jump(time, -10.0), ..Script::PLAIN }, jumps: true, ..PLAIN },
    Row {
        name: "hour-back",
        script: Script { stamp: |_, time| jump(time, -3600.0), ..Script::PLAIN },
        jumps: true,
        ..PLAIN
    },
    Row {
        name: "forward",
        script: Script { stamp: |_, time| jump(time, 10.0), ..Script::PLAIN },
        jumps: true,
        ..PLAIN
    },
    Row {
        name: "hour-forward",
        script: Script { stamp: |_, time| jump(time, 3600.0), ..Script::PLAIN },
        jumps: true,
        ..PLAIN
    },
    Row {
        name: "stray",
        script: Script { stamp: |number, time| time - if number % 20 == 19 { 9800.0 } else { 0.0 }, ..Script::PLAIN },
        ..PLAIN
    },
];

fn jump(time: f64, by: f64) -> f64 {
    time + if time >= JUMP { by } else { 0.0 }
}

#[actix::test]
async fn whatever_the_timestamps_say_a_recording_is_whole_in_order_and_at_its_time() {
    let mut harness = Harness::set().await;
    harness.settings.max_concurrent = ROWS.len();
    harness.record().await;
    harness.upload();
    let server = harness.media.rtsp_url();
    let publishers: Vec<_> = ROWS.iter().map(|row| publish(&server, row.name, row.script)).collect();
    let tells = |reason: &Option<String>| reason.as_ref().is_some_and(|why| why.contains("timestamps jump"));
    harness.status_where("stray", |status| tells(&status.reason)).await;
    let join = || publishers.into_iter().map(|publisher| publisher.join().expect("sent")).collect::<Vec<_>>();
    let sent = tokio::task::spawn_blocking(join).await.expect("sent");
    for row in &ROWS {
        harness.settled(row.name).await;
    }
    for (row, sent) in ROWS.iter().zip(&sent) {
        check(&harness, row, sent).await;
    }
    harness.end().await;
}

async fn check(harness: &Harness, row: &Row, sent: &[DateTime<Utc>]) {
    let name = row.name;
    let query = SegmentQuery { stream: Some(name.to_owned()), limit: 1_000, ..SegmentQuery::default() };
    let segments = harness.database.segments(query).await.expect("listed");
    let told: Vec<_> = segments.iter().map(|one| (one.number, one.started_at, one.duration_ms, one.media_ms)).collect();
    for one in &segments {
        let media = one.media_ms.expect("a length");
        assert!(media <= one.duration_ms * 5 / 4 + 12_000, "{name}: a player shows {media} ms: {told:?}");
    }
    // Twenty seconds in segments of two seconds: never hundreds of one key frame each.
    assert!(segments.len() <= 14, "{name}: {told:?}");
    for pair in segments.windows(2) {
        let apart = (pair[1].started_at - pair[0].ended_at()).num_milliseconds();
        let same = pair[0].session == pair[1].session;
        assert!(apart >= 0 && (!same || apart <= 1), "{name}: {apart} ms between two: {told:?}");
        assert_eq!(same, pair[1].number == pair[0].number + 1, "{name}: {told:?}");
    }
    let sessions: Vec<&[Segment]> = segments.chunk_by(|one, other| one.session == other.session).collect();
    assert_eq!(sessions.len(), 1 + usize::from(row.jumps), "{name}: {told:?}");
    let ended = harness.database.session(segments[0].session).await.expect("answers").expect("a row");
    let why = if row.jumps { "the timestamps of the source jumped" } else { "the stream ended" };
    assert!(ended.end_reason.is_some_and(|reason| reason.contains(why)), "{name}");

    let mut next = 0;
    for (part, segments) in sessions.iter().enumerate() {
        let frames = pictures(harness, &format!("{name}-{part}"), segments);
        let count: u64 = segments.iter().map(|segment| segment.frames).sum();
        assert_eq!(frames.len() as u64, count, "{name}: every picture is decoded");
        assert!(part == 0 || frames[0] >= next, "{name}: {} after {next}", frames[0]);
        assert!(frames.windows(2).all(|pair| pair[1] == pair[0] + 1), "{name}: not one is missing: {frames:?}");
        next = frames[frames.len() - 1] + 1;
        let mut place = 0;
        for segment in *segments {
            let late = (segment.started_at - sent[frames[place]]).num_milliseconds();
            assert!(late.abs() <= 1_500, "{name}: segment {} begins {late} ms late: {told:?}", segment.number);
            place += segment.frames as usize;
        }
    }
    // To the last picture that came.
    assert!(next + 3 >= sent.len() && sent.len() == row.script.seconds * RATE, "{name}: ends with {next}");
    for segment in &segments {
        assert_eq!(codecs(&harness.object(segment)), row.tracks, "{name}: {}", segment.number);
    }
}

/// Places in the film of all pictures of a playlist over these segments.
fn pictures(harness: &Harness, name: &str, segments: &[Segment]) -> Vec<usize> {
    let entries = PlaylistEntry::all(segments, |segment| segment.object_key.clone());
    let playlist: PathBuf = harness.folder.path().join(format!("objects/{name}.m3u8"));
    std::fs::write(&playlist, render(&entries, PlaylistKind::Vod, None)).expect("written");
    places(&[playlist]).into_iter().map(|place| place.expect("a picture of the film")).collect()
}
