//! False alarms and missed faults of the anomaly detection, on streams that never were: four weeks to learn from, a week to be judged.
//! `cargo bench --bench anomalies`, `-- 1000` for so many streams. Prints figures beside their goals; judges nothing.

#![allow(clippy::print_stdout, reason = "what a bench prints is its result")]

use std::time::{Duration, Instant};

use streamwarden::domain::anomaly::{AnomalyEvent, AnomalyMetric, AnomalyRule, Baseline, Sensitivity, StreamAnomalies};
use streamwarden::domain::history::{Aggregate, Bucket, Metric, Reading, Tier};
use streamwarden::domain::moment::Moment;
use streamwarden::domain::stream::StreamState;

mod synthetic;

use synthetic::{Measured, Stream, buckets};

const STREAMS: u64 = 150;
/// The thresholds were chosen by streams with smaller numbers.
const FIRST: u64 = 5_000;
const DAYS: i64 = 7;
/// Of each kind of fault, injected into each stream.
const FAULTS: u32 = 4;

fn main() {
    let named = std::env::args().skip(1).find_map(|word| word.parse().ok());
    let streams: u64 = named.unwrap_or(STREAMS);
    println!(
        "{streams} streams, 4 weeks learned, {DAYS} days judged; goals: 0.05 false alarms a stream and day, 1 % of faults missed"
    );
    for (word, sensitivity) in [("low", Sensitivity::Low), ("medium", Sensitivity::Medium), ("high", Sensitivity::High)]
    {
        let metrics = AnomalyMetric::OF_STREAMS.to_vec();
        let rule = AnomalyRule { metrics, sensitivity, dwell: Duration::from_secs(300) };
        let mut measured = Measured::default();
        (FIRST..FIRST + streams).for_each(|seed| measured.measure(&rule, seed, DAYS, FAULTS));
        let (injected, missed) = (measured.injected(), measured.missed());
        println!(
            "{word}: {} false alarms on {} stream days = {:.4} a stream and day; {missed} of {injected} faults missed = {:.2} %",
            measured.false_alarms,
            measured.days,
            measured.false_alarms_a_day(),
            100.0 * f64::from(missed) / f64::from(injected.max(1)),
        );
        for (fault, injected, missed) in &measured.faults {
            println!("  {fault:?}: {missed} of {injected} missed");
        }
        measured.minutes.sort_unstable();
        let at = |part: usize| measured.minutes.get(measured.minutes.len() * part / 100).copied().unwrap_or_default();
        println!("  minutes until a fault was told: median {}, 95 % within {}", at(50), at(95));
        measured.told.iter().take(12).for_each(|told| println!("  {told}"));
    }
    costs();
}

/// What learning and judging take.
fn costs() {
    let mut stream = Stream::new(1);
    let begin = stream.begin();
    let learned = buckets(&mut stream, Tier::TenMinutes, begin, begin + 29 * synthetic::DAY, 120);
    let begun = Instant::now();
    let mut anomalies = StreamAnomalies::new(&AnomalyRule {
        metrics: AnomalyMetric::OF_STREAMS.to_vec(),
        sensitivity: Sensitivity::Medium,
        dwell: Duration::from_secs(300),
    });
    let now = begin + 29 * synthetic::DAY;
    anomalies.learn(AnomalyMetric::OF_STREAMS.map(|metric| (metric, Baseline::learn(metric, &learned, now))).to_vec());
    let learning = begun.elapsed();
    let minutes = buckets(&mut stream, Tier::Minute, now, now + synthetic::DAY, 60);
    let begun = Instant::now();
    for minute in &minutes {
        let wall = chrono::DateTime::from_timestamp(minute.at, 0).unwrap_or_default();
        anomalies.take(minute, Moment { wall, steady: Duration::from_secs(minute.at as u64) });
    }
    let judging = begun.elapsed() / minutes.len().max(1) as u32;
    println!(
        "learning a stream: {:.2} ms; judging a minute of it: {:.2} µs",
        learning.as_secs_f64() * 1e3,
        judging.as_secs_f64() * 1e6
    );
}
