//! A day of cuts, simulated: sources whose clocks are wrong, and reports of ffmpeg that come late. What the recorder makes of it is
//! compared with when the frames came.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use streamwarden::domain::arrival::ArrivalTimes;

/// Seconds between two cuts.
const SEGMENT: u64 = 60;
/// Latest report of a cut, in milliseconds.
const LATE: u64 = 20;
/// A frame at 25 of them in a second, in milliseconds.
pub const FRAME: i64 = 40;

/// Prints a row for each rate.
pub fn simulate() {
    for (what, millionths) in [("0.83x", 830_000), ("1.0x", 1_000_000), ("1.2x", 1_200_000), ("100 ppm", 1_000_100)] {
        let (mut gaps, mut overlaps, mut longest) = (0, 0, 0);
        let begun: DateTime<Utc> = DateTime::UNIX_EPOCH;
        let media = |ms: u64| Duration::from_micros(ms * millionths / 1_000);
        let wall = |ms: u64| begun + TimeDelta::milliseconds(i64::try_from(ms).expect("a day"));
        let mut times = ArrivalTimes::begin(begun);
        let mut before: Option<DateTime<Utc>> = None;
        let cuts = 86_400 / SEGMENT;
        for cut in 0..cuts {
            let (from, to) = (cut * SEGMENT * 1_000, (cut + 1) * SEGMENT * 1_000);
            for at in (from..to).step_by(500) {
                times.progressed(media(at), wall(at + late(at)));
            }
            let (start, arrival) = times.closed(media(from), media(to), wall(to + late(to)));
            let (start, length) = arrival.place(start, media(to) - media(from));
            let apart = before.map_or(0, |before| (start - before).num_milliseconds());
            gaps += usize::from(apart > 0);
            overlaps += usize::from(apart < 0);
            let error = i64::try_from(length.as_millis()).expect("short") - i64::try_from(to - from).expect("short");
            longest = longest.max(error.abs());
            before = Some(start + TimeDelta::from_std(length).expect("short"));
        }
        println!(
            "{cuts} cuts of a simulated day at {what}: {gaps} phantom gaps, {overlaps} overlaps, error of a cut at most \
             {longest} ms (goal {FRAME})"
        );
    }
}

/// How late a report comes, in milliseconds: between nothing and [`LATE`], the same in each run.
fn late(at: u64) -> u64 {
    at.wrapping_mul(2_654_435_761) / 1_000 % (LATE + 1)
}
