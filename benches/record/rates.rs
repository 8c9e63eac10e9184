//! Sources whose clocks are slow and fast, recorded: where each segment lies in time, beside when its pictures were sent.

use std::path::PathBuf;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;
use streamwarden::demo::demo_server::AnyServer;

use crate::day::FRAME;
use crate::support::film::places;
use crate::support::program::Program;
use crate::support::rtp_publisher::{Script, publish};
use crate::{Size, settled};

/// As [`Script::stamp`].
type Stamp = fn(usize, f64) -> f64;

/// Stamps of each.
const RATES: [(&str, Stamp); 4] = [
    ("rate-0.83", |_, time| time * 0.83),
    ("rate-1.0", |_, time| time),
    ("rate-1.2", |_, time| time * 1.2),
    ("rate-100-ppm", |_, time| time * 1.0001),
];

/// Records all at once and prints a row for each.
pub async fn measure(program: &Program, media: &AnyServer, size: Size) {
    let server = media.rtsp_url();
    let script = |stamp| Script { stamp, seconds: size.rate_seconds, ..Script::PLAIN };
    let publishers: Vec<_> = RATES.iter().map(|(name, stamp)| publish(&server, name, script(*stamp))).collect();
    let join = || publishers.into_iter().map(|publisher| publisher.join().expect("sent")).collect::<Vec<_>>();
    let sent = tokio::task::spawn_blocking(join).await.expect("sent");
    for ((name, _), sent) in RATES.iter().zip(sent) {
        row(program, name, &settled(program, name).await, &sent.pictures);
    }
}

fn row(program: &Program, name: &str, segments: &[Value], sent: &[DateTime<Utc>]) {
    let object = |segment: &Value| -> PathBuf {
        program.data_dir().join("objects").join(segment["objectKey"].as_str().expect("a key"))
    };
    let first = places(&[object(&segments[0])]).first().copied().flatten();
    let Some(mut place) = first else { return println!("{name}: its first picture is not known") };
    let span = |segment: &Value| {
        let start: DateTime<Utc> = segment["startedAt"].as_str().and_then(|text| text.parse().ok()).expect("a time");
        (start, start + TimeDelta::milliseconds(segment["durationMs"].as_i64().expect("a length")))
    };
    let (mut gaps, mut overlaps) = (0, 0);
    for pair in segments.windows(2) {
        let apart = (span(&pair[1]).0 - span(&pair[0]).1).num_milliseconds();
        gaps += usize::from(apart > 1);
        overlaps += usize::from(apart < 0);
    }
    let mut errors = Vec::new();
    for pair in segments.windows(2) {
        let next = place + pair[0]["frames"].as_u64().expect("a count") as usize;
        let (Some(begun), Some(ended)) = (sent.get(place), sent.get(next)) else { break };
        let (start, end) = span(&pair[0]);
        errors.push(((end - start) - (*ended - *begun)).num_milliseconds().abs());
        place = next;
    }
    errors.sort_unstable();
    let frames: u64 = segments.iter().filter_map(|segment| segment["frames"].as_u64()).sum();
    println!(
        "{name}: {} cuts, {gaps} phantom gaps, {overlaps} overlaps, error of a cut {} ms in the middle, {} at most (goal \
         {FRAME}), {frames} of {} pictures from the first key frame on",
        errors.len(),
        errors.get(errors.len() / 2).copied().unwrap_or(0),
        errors.last().copied().unwrap_or(0),
        sent.len() - first.unwrap_or(0),
    );
}
