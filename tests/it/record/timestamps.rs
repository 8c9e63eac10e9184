//! Sources whose timestamps misbehave: what is kept of them, in which order, at which time. One row for each, all at once.

use std::ops::RangeInclusive;
use std::path::PathBuf;

use chrono::{DateTime, Utc};
use streamwarden::adapters::database::{RecordingStore, SegmentQuery};
use streamwarden::demo::demo_server::AnyServer;
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
    /// So often a run ends because of the timestamps.
    jumps: RangeInclusive<usize>,
    /// For so long, in milliseconds, nothing may be recorded between two segments of a session.
    gap: i64,
    /// For so long, in milliseconds, a player may show a segment beyond its time; a quarter of it is for clocks.
    beyond: u64,
    /// Tracks of each segment, by the time in seconds at which it begins and ends.
    tracks: fn(f64, f64) -> Option<&'static [&'static str]>,
}

const PICTURE: &[&str] = &["h264"];
const BOTH: &[&str] = &["h264", "aac"];

const PLAIN: Row =
    Row { name: "plain", script: Script::PLAIN, jumps: 0..=0, gap: 1, beyond: 2_500, tracks: |_, _| Some(PICTURE) };
/// With sound that comes all the time.
const SOUND: Script = Script { sound: Some(|_| true), ..Script::PLAIN };

const ROWS: [Row; 17] = [
    PLAIN,
    Row { name: "slow", script: Script { stamp: |_, time| time * 0.83, ..Script::PLAIN }, ..PLAIN },
    Row { name: "fast", script: Script { stamp: |_, time| time * 1.2, ..Script::PLAIN }, ..PLAIN },
    Row { name: "wraps", script: Script { first: u32::MAX - 900_000, ..Script::PLAIN }, ..PLAIN },
    Row { name: "back", script: Script { stamp: |_, time| jump(time, -10.0), ..Script::PLAIN }, jumps: 1..=1, ..PLAIN },
    Row {
        name: "hour-back",
        script: Script { stamp: |_, time| jump(time, -3600.0), ..Script::PLAIN },
        jumps: 1..=1,
        ..PLAIN
    },
    Row {
        name: "forward",
        script: Script { stamp: |_, time| jump(time, 10.0), ..Script::PLAIN },
        jumps: 1..=1,
        // Its last picture stays.
        beyond: 12_000,
        ..PLAIN
    },
    Row {
        name: "hour-forward",
        script: Script { stamp: |_, time| jump(time, 3600.0), ..Script::PLAIN },
        jumps: 1..=1,
        ..PLAIN
    },
    // Sooner than a second jump would end a run.
    Row {
        name: "early",
        script: Script { stamp: |_, time| time + if time >= 4.4 { 9800.0 } else { 0.0 }, ..Script::PLAIN },
        jumps: 1..=1,
        ..PLAIN
    },
    // A run that begins in the strays: ffmpeg's clock is hours ahead of its count of files, and would cut at every key frame. The
    // next one begins behind them; and so may the first.
    Row {
        name: "astray",
        script: Script {
            stamp: |number, time| time - if time < 1.6 && number % 3 == 2 { 9800.0 } else { 0.0 },
            ..Script::PLAIN
        },
        jumps: 0..=1,
        ..PLAIN
    },
    Row {
        name: "stray",
        script: Script { stamp: |number, time| time - if number % 20 == 19 { 9800.0 } else { 0.0 }, ..Script::PLAIN },
        ..PLAIN
    },
    // It stalls for five seconds and sends all at once.
    Row {
        name: "stalls",
        script: Script { sent: |time| if (8.0..13.0).contains(&time) { 13.0 } else { time }, ..Script::PLAIN },
        // Where it happens to stall at a cut the segment before ends with its last picture.
        gap: 5_500,
        ..PLAIN
    },
    Row { name: "sound", script: SOUND, tracks: |_, _| Some(BOTH), ..PLAIN },
    Row {
        name: "slow-sound",
        script: Script { stamp: |_, time| time * 0.83, ..SOUND },
        tracks: |_, _| Some(BOTH),
        ..PLAIN
    },
    Row { name: "silent", script: Script { sound: Some(|_| false), ..Script::PLAIN }, ..PLAIN },
    // Where it begins and ends it is in one segment or the other.
    Row {
        name: "late",
        script: Script { sound: Some(|time| time >= 12.0), ..Script::PLAIN },
        tracks: |begin, end| if end < 11.0 { Some(PICTURE) } else { (begin > 13.0).then_some(BOTH) },
        ..PLAIN
    },
    Row {
        name: "ends",
        script: Script { sound: Some(|time| time < 8.0), ..Script::PLAIN },
        tracks: |begin, end| if end < 7.0 { Some(BOTH) } else { (begin > 9.0).then_some(PICTURE) },
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

/// Segments follow one another without gap or overlap.
fn follow(row: &Row, segments: &[Segment]) {
    let name = row.name;
    let told: Vec<_> = segments.iter().map(|one| (one.number, one.started_at, one.duration_ms, one.media_ms)).collect();
    for one in segments {
        let media = one.media_ms.unwrap_or_else(|| panic!("{name}: {one:?}"));
        assert!(media <= one.duration_ms * 5 / 4 + row.beyond, "{name}: a player shows {media} ms: {told:?}");
    }
    // Twenty seconds in segments of two seconds: never hundreds of one key frame each.
    assert!(segments.len() <= 14, "{name}: {told:?}");
    for pair in segments.windows(2) {
        let apart = (pair[1].started_at - pair[0].ended_at()).num_milliseconds();
        let same = pair[0].session == pair[1].session;
        assert!(apart >= 0 && (!same || apart <= row.gap), "{name}: {apart} ms between two: {told:?}");
        assert_eq!(same, pair[1].number == pair[0].number + 1, "{name}: {told:?}");
    }
}

async fn check(harness: &Harness, row: &Row, sent: &[DateTime<Utc>]) {
    let name = row.name;
    let query = SegmentQuery { stream: Some(name.to_owned()), limit: 1_000, ..SegmentQuery::default() };
    let segments = harness.database.segments(query).await.expect("listed");
    follow(row, &segments);
    let told: Vec<_> = segments.iter().map(|one| (one.number, one.started_at, one.duration_ms, one.media_ms)).collect();
    let sessions: Vec<&[Segment]> = segments.chunk_by(|one, other| one.session == other.session).collect();
    let jumps = sessions.len() - 1;
    assert!(row.jumps.contains(&jumps), "{name}: {told:?}");
    let ended = harness.database.session(segments[0].session).await.expect("answers").expect("a row");
    let why = if jumps > 0 { " jumped" } else { "the stream ended" };
    assert!(
        ended.end_reason.as_ref().is_some_and(|reason| reason.contains(why)),
        "{name}: {:?}: {told:?}",
        ended.end_reason
    );

    let with_sound = row.script.sound.is_some();
    let tracks = |segment: &Segment| if with_sound { codecs(&harness.object(segment)) } else { Vec::new() };
    let mut next = 0;
    for (part, segments) in sessions.iter().enumerate() {
        let tracks: Vec<Vec<String>> = segments.iter().map(tracks).collect();
        // ffmpeg keeps to the tracks of a playlist's first file: where sound begins later, another playlist begins for it.
        let (mut frames, mut begin) = (Vec::new(), 0);
        for alike in tracks.chunk_by(|one, other| one == other) {
            let end = begin + alike.len();
            frames.extend(pictures(harness, &format!("{name}-{part}-{begin}"), &segments[begin..end]));
            begin = end;
        }
        for (segment, found) in segments.iter().zip(&tracks).filter(|_| with_sound) {
            let at = |time: DateTime<Utc>| (time - sent[0]).num_milliseconds() as f64 / 1_000.0;
            if let Some(wanted) = (row.tracks)(at(segment.started_at), at(segment.ended_at())) {
                assert_eq!(*found, wanted, "{name}: {}", segment.number);
            }
        }
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
    // One playlist over all sessions leaves out nothing either.
    if sessions.len() > 1 {
        let all = pictures(harness, &format!("{name}-all"), &segments);
        let count: u64 = segments.iter().map(|segment| segment.frames).sum();
        assert_eq!(all.len() as u64, count, "{name}: every picture of all sessions is decoded");
    }
    // To the last picture that came.
    assert!(next + 3 >= sent.len() && sent.len() == row.script.seconds * RATE, "{name}: ends with {next}");
}

/// Places in the film of all pictures of a playlist over these segments.
fn pictures(harness: &Harness, name: &str, segments: &[Segment]) -> Vec<usize> {
    let entries = PlaylistEntry::all(segments, |segment| segment.object_key.clone());
    let playlist: PathBuf = harness.folder.path().join(format!("objects/{name}.m3u8"));
    std::fs::write(&playlist, render(&entries, PlaylistKind::Vod, None)).expect("written");
    let mut places = places(&[playlist]);
    // When a publisher leaves, MediaMTX may have sent its readers only the first packets of the last picture (1.20.1).
    if let (AnyServer::Real(_), [.., Some(before), last @ None]) = (&harness.media, places.as_mut_slice()) {
        *last = Some(*before + 1);
    }
    let known = |place: &Option<usize>| place.unwrap_or_else(|| panic!("{name}: none of the film: {places:?}"));
    places.iter().map(known).collect()
}
