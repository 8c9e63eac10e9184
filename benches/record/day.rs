//! A day of cuts, simulated: sources whose clocks are wrong, and reports of ffmpeg that come late or not at all. What the recorder's
//! run makes of them ([`RecordingRun`], [`TimestampWatch`]) is compared with when the frames came. No ffmpeg and no file is involved:
//! the table of `tests/it/record/timestamps.rs` has both.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use streamwarden::actors::record::{CatalogOperation, RecordingRun};
use streamwarden::adapters::ffmpeg::record_argv::ClosedFile;
use streamwarden::adapters::spool::Note;
use streamwarden::domain::name::StreamName;
use streamwarden::domain::recording::RecordingSession;
use streamwarden::domain::timestamp_watch::{TimestampReport, TimestampWatch};
use streamwarden::domain::wall_clock::SessionStarts;
use uuid::Uuid;

/// Seconds between two cuts.
const SEGMENT: u64 = 60;
/// Milliseconds between two reports.
const REPORT: u64 = 500;
/// A frame at 25 of them in a second, in milliseconds.
pub const FRAME: i64 = 40;

/// How reports come.
#[derive(Clone, Copy, Debug)]
struct Reports {
    what: &'static str,
    /// The latest comes so many milliseconds late.
    late: u64,
    /// Of so many one does not come; that of a cut always does.
    lost: u64,
}

const IN_TIME: Reports = Reports { what: "in time", late: 20, lost: u64::MAX };
const LATE: Reports = Reports { what: "up to 1 s late, one in five lost", late: 1_000, lost: 5 };

/// What is wrong with a day.
#[derive(Clone, Copy, Debug, Default)]
struct Day {
    cuts: u64,
    gaps: usize,
    overlaps: usize,
    /// Largest error of a length and of a start, in milliseconds.
    length: i64,
    start: i64,
    /// So often the run would have been ended because of timestamps that jump.
    ended: usize,
}

/// Prints a row for each rate, with reports of both kinds.
pub fn simulate() {
    for reports in [IN_TIME, LATE] {
        for (rate, millionths) in [("0.83x", 830_000), ("1.0x", 1_000_000), ("1.2x", 1_200_000), ("100 ppm", 1_000_100)]
        {
            let Day { cuts, gaps, overlaps, length, start, ended } = day(millionths, reports);
            println!(
                "{cuts} cuts of a simulated day at {rate}, reports {}: {gaps} phantom gaps, {overlaps} overlaps, {ended} runs ended \
                 for nothing, length of a segment wrong by at most {length} ms, its start by {start} ms (goal {FRAME})",
                reports.what
            );
        }
    }
}

fn wall(ms: u64) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::milliseconds(i64::try_from(ms).expect("a day"))
}

fn day(millionths: u64, reports: Reports) -> Day {
    let media = |ms: u64| Duration::from_micros(ms * millionths / 1_000);
    let stream = StreamName::parse("simulated").expect("a name");
    let (id, server, started_at) = (Uuid::from_u128(1), "main".to_owned(), wall(0));
    let session = RecordingSession { id, server, stream, started_at, ended_at: None, end_reason: None };
    let mut run = RecordingRun::new(Note { session, key_prefix: String::new(), continues: None }, started_at);
    let (mut watch, starts) = (TimestampWatch::default(), SessionStarts::default());
    let mut found = Day { cuts: 86_400 / SEGMENT, ..Day::default() };
    let mut before: Option<DateTime<Utc>> = None;
    // Lines come in their order.
    let mut last = 0;
    let mut comes = |at: u64| {
        last = last.max(at + random(at) % (reports.late + 1));
        last
    };
    for cut in 0..found.cuts {
        let (from, to) = (cut * SEGMENT * 1_000, (cut + 1) * SEGMENT * 1_000);
        for at in (from + REPORT..to).step_by(REPORT as usize) {
            if random(at + 1).is_multiple_of(reports.lost) {
                continue;
            }
            let now = comes(at);
            run.progressed(media(at), wall(now), &starts);
            let frames = at / FRAME.unsigned_abs();
            let report = TimestampReport { at: Duration::from_millis(now), media: Some(media(at)), frames, behind: 0 };
            found.ended += usize::from(watch.report(report).jumped);
        }
        let number = u32::try_from(cut).expect("few");
        let file = ClosedFile { number, start: media(from), end: media(to) };
        let operations = run.closed(file, wall(comes(to)), &starts);
        let sealed = operations.iter().find_map(|operation| match operation {
            CatalogOperation::Seal(order) => Some(order.arrival.place(order.draft.started_at, media(to) - media(from))),
            _ => None,
        });
        let (start, length) = sealed.expect("a cut seals a file");
        let length = i64::try_from(length.as_millis()).expect("short");
        let apart = before.map_or(0, |before| (start - before).num_milliseconds());
        found.gaps += usize::from(apart > 0);
        found.overlaps += usize::from(apart < 0);
        found.length = found.length.max((length - i64::try_from(to - from).expect("short")).abs());
        found.start = found.start.max((start - wall(from)).num_milliseconds().abs());
        before = Some(start + TimeDelta::milliseconds(length));
    }
    found
}

/// The same in each run.
fn random(of: u64) -> u64 {
    of.wrapping_mul(2_654_435_761) / 1_000
}
