//! Sources whose timestamps misbehave: what is kept of them, in which order, at which time. One row for each, all at once.

use std::collections::HashMap;
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use chrono::{DateTime, Utc};
use streamwarden::adapters::database::{RecordingStore, SegmentQuery};
use streamwarden::demo::demo_server::AnyServer;

use super::harness::Harness;
use super::timestamp_checks::Recorded;
use crate::support::film::Film;
use crate::support::rtp_publisher::{Script, Sent, publish};

/// From the beginning of one source to that of the next.
const APART: Duration = Duration::from_millis(250);
/// When timestamps jump, in seconds: neither at a key frame nor at a cut.
const JUMP: f64 = 12.4;

/// A source, and what is true of its recording. Times are in milliseconds.
pub struct Row {
    pub name: &'static str,
    pub script: Script,
    /// So often a run ends because of the timestamps.
    pub jumps: RangeInclusive<usize>,
    /// Whether the state of the recording tells that timestamps jump, where that is no question of when it begins.
    pub told: Option<bool>,
    /// For so long nothing may be recorded between two segments of a session.
    pub gap: i64,
    /// How fast the timestamps in its files run.
    pub rate: RangeInclusive<f64>,
    /// A player may show a segment for so much longer than its time: the picture before a jump forward stays.
    pub longer: i64,
    /// For so much shorter.
    pub shorter: i64,
    /// Tracks of each segment, by the time in seconds at which it begins and ends.
    pub tracks: fn(f64, f64) -> Option<&'static [&'static str]>,
}

const PICTURE: &[&str] = &["h264"];
const BOTH: &[&str] = &["h264", "aac"];

const PLAIN: Row = Row {
    name: "plain",
    script: Script::PLAIN,
    jumps: 0..=0,
    told: Some(false),
    gap: 1,
    rate: 1.0..=1.0,
    longer: 0,
    shorter: 0,
    tracks: |_, _| Some(PICTURE),
};
/// Where nothing happens later.
const SHORT: Script = Script { seconds: 14, ..Script::PLAIN };
/// With sound that comes all the time.
const SOUND: Script = Script { sound: Some(|_| true), ..SHORT };
/// A jump that ends a run.
const JUMPS: Row = Row { jumps: 1..=1, told: Some(true), ..PLAIN };

static ROWS: [Row; 27] = [
    // Key frames further apart than four segments are long. It is recorded from the second one on, or from the sound before it.
    Row { name: "rare-keys", script: Script { film: Film::RareKeyFrames, seconds: 26, ..Script::PLAIN }, ..PLAIN },
    Row {
        name: "rare-keys-sound",
        script: Script { film: Film::RareKeyFrames, seconds: 26, ..SOUND },
        tracks: |_, _| Some(BOTH),
        ..PLAIN
    },
    Row {
        name: "very-late",
        script: Script { sound: Some(|time| time >= 21.0), seconds: 26, ..Script::PLAIN },
        tracks: |begin, end| if end < 20.0 { Some(PICTURE) } else { (begin > 22.0).then_some(BOTH) },
        ..PLAIN
    },
    // The second comes sooner than it may end a run; that ends ten seconds after the first one.
    Row {
        name: "forward-twice",
        script: Script {
            stamp: |_, time| time + if time >= 6.4 { 10.0 } else { 0.0 } + if time >= 11.4 { 10.0 } else { 0.0 },
            seconds: 24,
            ..Script::PLAIN
        },
        jumps: 2..=2,
        longer: 10_000,
        ..JUMPS
    },
    PLAIN,
    Row { name: "slow", script: Script { stamp: |_, time| time * 0.83, ..SHORT }, rate: 0.83..=0.83, ..PLAIN },
    Row { name: "fast", script: Script { stamp: |_, time| time * 1.2, ..SHORT }, rate: 1.2..=1.2, ..PLAIN },
    Row { name: "wraps", script: Script { first: u32::MAX - 900_000, ..SHORT }, ..PLAIN },
    Row { name: "hevc", script: Script { film: Film::Hevc, ..SOUND }, tracks: |_, _| Some(&["hevc", "aac"]), ..PLAIN },
    Row { name: "one-a-second", script: Script { film: Film::PictureASecond, ..SHORT }, ..PLAIN },
    Row { name: "back", script: Script { stamp: |_, time| jump(time, -10.0), ..Script::PLAIN }, ..JUMPS },
    // To zero, as after a restart of the source.
    Row { name: "restart", script: Script { stamp: |_, time| jump(time, -JUMP), first: 0, ..Script::PLAIN }, ..JUMPS },
    Row { name: "hour-back", script: Script { stamp: |_, time| jump(time, -3600.0), ..Script::PLAIN }, ..JUMPS },
    // Too little to end a run.
    Row {
        name: "forward-little",
        script: Script { stamp: |_, time| jump(time, 5.0), ..Script::PLAIN },
        jumps: 0..=0,
        longer: 5_000,
        ..JUMPS
    },
    Row {
        name: "forward",
        script: Script { stamp: |_, time| jump(time, 10.0), ..Script::PLAIN },
        longer: 10_000,
        ..JUMPS
    },
    Row { name: "hour-forward", script: Script { stamp: |_, time| jump(time, 3600.0), ..Script::PLAIN }, ..JUMPS },
    // Sooner than a second jump would end a run.
    Row {
        name: "early",
        script: Script { stamp: |_, time| time + if time >= 4.4 { 9800.0 } else { 0.0 }, ..Script::PLAIN },
        ..JUMPS
    },
    // A run that begins in the strays: ffmpeg's clock is hours ahead of its count of files, and would cut at every key frame. The
    // next one begins behind them; and so may the first.
    Row {
        name: "astray",
        script: Script {
            stamp: |number, time| time - if time < 1.6 && number % 3 == 2 { 9800.0 } else { 0.0 },
            ..SHORT
        },
        jumps: 0..=1,
        told: None,
        ..PLAIN
    },
    Row {
        name: "stray",
        script: Script { stamp: |number, time| time - if number % 20 == 19 { 9800.0 } else { 0.0 }, ..Script::PLAIN },
        told: Some(true),
        ..PLAIN
    },
    // It stalls for five seconds and sends all at once.
    Row {
        name: "stalls",
        script: Script { sent: |time| if (8.0..13.0).contains(&time) { 13.0 } else { time }, ..Script::PLAIN },
        // Where it happens to stall at a cut the segment before ends with its last picture.
        gap: 5_500,
        longer: 5_000,
        shorter: 5_000,
        ..PLAIN
    },
    Row { name: "sound", script: SOUND, tracks: |_, _| Some(BOTH), ..PLAIN },
    // With reports of the true time ffmpeg puts the timestamps right: those of the stand-in are the publisher's. MediaMTX makes its own
    // by the timestamps, and puts them right in steps of five seconds, half a minute after one another.
    Row {
        name: "slow-sound",
        script: Script { stamp: |_, time| time * 0.83, ..SOUND },
        rate: 0.83..=1.0,
        tracks: |_, _| Some(BOTH),
        ..PLAIN
    },
    Row {
        name: "back-sound",
        script: Script { stamp: |_, time| jump(time, -10.0), seconds: 20, ..SOUND },
        // The sound of what was squeezed comes behind the pictures, after a cut in the next file.
        tracks: |_, _| None,
        // The server's next report of the true time may put it right sooner.
        jumps: 0..=1,
        // Beside sound what was squeezed stays so.
        shorter: 2_500,
        ..JUMPS
    },
    Row { name: "silent", script: Script { sound: Some(|_| false), ..SHORT }, ..PLAIN },
    // Where it begins and ends it is in one segment or the other.
    Row {
        name: "late",
        script: Script { sound: Some(|time| time >= 12.0), ..Script::PLAIN },
        tracks: |begin, end| if end < 11.0 { Some(PICTURE) } else { (begin > 13.0).then_some(BOTH) },
        ..PLAIN
    },
    Row {
        name: "ends",
        script: Script { sound: Some(|time| time < 8.0), ..SHORT },
        tracks: |begin, end| if end < 7.0 { Some(BOTH) } else { (begin > 9.0).then_some(PICTURE) },
        ..PLAIN
    },
    // Four seconds of each ten have none.
    Row {
        name: "holes",
        script: Script { sound: Some(|time| time % 10.0 < 6.0), ..Script::PLAIN },
        tracks: |_, _| None,
        ..PLAIN
    },
];

fn jump(time: f64, by: f64) -> f64 {
    time + if time >= JUMP { by } else { 0.0 }
}

/// What was told of the recording of a stream meanwhile.
#[derive(Default)]
pub struct StreamHistory {
    /// When somebody began to record it.
    pub since: Option<DateTime<Utc>>,
    /// That its timestamps jump.
    pub jumps: bool,
}

/// Starts a publisher for each row, and waits until all is sent; looks meanwhile what is told.
async fn played(harness: &Harness, rows: &[&'static Row]) -> (Vec<Sent>, HashMap<String, StreamHistory>) {
    let server = harness.media.rtsp_url();
    let mut publishers: Vec<JoinHandle<Sent>> = Vec::new();
    let mut told: HashMap<String, StreamHistory> = HashMap::new();
    // Not all at the same moment.
    let mut starts = tokio::time::interval(APART);
    loop {
        starts.tick().await;
        publishers.extend(rows.get(publishers.len()).map(|row| publish(&server, row.name, row.script)));
        for status in harness.live.latest().await.expect("the store lives").recordings {
            let found = told.entry(status.name.to_string()).or_default();
            found.since.get_or_insert(status.since);
            found.jumps |= status.reason.is_some_and(|why| why.contains("timestamps jump"));
        }
        if publishers.len() == rows.len() && publishers.iter().all(JoinHandle::is_finished) {
            return (publishers.into_iter().map(|publisher| publisher.join().expect("sent")).collect(), told);
        }
    }
}

/// Records these, and returns those of which something is wrong, once it was said what.
async fn wrong(rows: &[&'static Row]) -> Vec<&'static Row> {
    let mut harness = Harness::set().await;
    harness.settings.max_concurrent = rows.len();
    harness.record().await;
    harness.upload();
    let (sent, mut told) = played(&harness, rows).await;
    for row in rows {
        harness.settled(row.name).await;
    }
    let objects = Arc::new(harness.folder.path().join("objects"));
    let mut checks = Vec::new();
    for (&row, sent) in rows.iter().zip(sent) {
        let query = SegmentQuery { stream: Some(row.name.to_owned()), limit: 1_000, ..SegmentQuery::default() };
        let segments = harness.database.segments(query).await.expect("listed");
        let first = harness.database.session(segments[0].session).await.expect("answers").expect("a row");
        let recorded = Recorded {
            row,
            sent,
            told: told.remove(row.name).unwrap_or_default(),
            segments,
            end_reason: first.end_reason.unwrap_or_default(),
            objects: objects.clone(),
            is_real: matches!(harness.media, AnyServer::Real(_)),
        };
        checks.push((row, tokio::task::spawn_blocking(move || recorded.check())));
    }
    let mut wrong = Vec::new();
    for (row, check) in checks {
        wrong.extend(check.await.is_err().then_some(row));
    }
    harness.end().await;
    wrong
}

/// What a busy machine reads late is dated late: what is wrong is recorded once more, with less beside it.
#[actix::test]
async fn whatever_the_timestamps_say_a_recording_is_whole_in_order_and_at_its_time() {
    let mut rows: Vec<&Row> = ROWS.iter().collect();
    for _ in 0..2 {
        if !rows.is_empty() {
            rows = wrong(&rows).await;
        }
    }
    let names: Vec<&str> = rows.iter().map(|row| row.name).collect();
    assert!(names.is_empty(), "what is said above is wrong with {names:?}, twice");
}
