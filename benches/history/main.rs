//! The past of one stream for a chart: a day of raw samples, a month of minutes, a year of ten minutes, each made into 1,000
//! points. `cargo bench --bench history`. Prints figures beside the goal; judges nothing.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "what a bench prints is its result")]

#[path = "../measure/usage.rs"]
#[allow(dead_code, reason = "shared with the other benches, which use the rest")]
mod usage;

use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use streamwarden::adapters::database::{HistoryQuery, HistoryStore, sqlite};
use streamwarden::adapters::live::LiveStore;
use streamwarden::adapters::live::memory::MemoryLiveStore;
use streamwarden::domain::history::{Bucket, CodeBand, Metric, Point, SeriesKey, Tier, downsample};
use streamwarden::domain::name::StreamName;
use streamwarden::domain::stream::{Sample, StreamState};

/// None may take longer.
const GOAL: Duration = Duration::from_millis(30);
const POINTS: u32 = 1_000;
const ROUNDS: u32 = 20;

/// Paths and polls of the fleet whose samples are measured: a day at an interval of 2 s.
const FLEET: (usize, i64) = (1_000, 43_200);

fn main() {
    actix::System::new().block_on(async {
        // As a process with a Redis keeps them, and one without at the defaults.
        memory_of("with Redis", Duration::from_secs(1_800)).await;
        memory_of("without", Duration::from_secs(6 * 3_600)).await;
    });
    let folder = tempfile::tempdir().expect("a folder");
    actix::System::new().block_on(async {
        let now = DateTime::from_timestamp(1_800_000_000, 0).expect("a time");
        raw(now).await;
        let database = sqlite::open(folder.path().join("history.db")).await.expect("a database").for_node("here");
        for (tier, days) in [(Tier::Minute, 30), (Tier::TenMinutes, 365)] {
            tiers(&*database, tier, now, days).await;
        }
    });
}

/// What the samples of a fleet take in memory after a day.
async fn memory_of(what: &str, history: Duration) {
    let (before, live) = (usage::pss(std::process::id()), MemoryLiveStore::new(history));
    let names: Vec<StreamName> = (0..FLEET.0).map(|n| StreamName::parse(&format!("cam{n}")).expect("a name")).collect();
    let begun = DateTime::from_timestamp(1_800_000_000, 0).expect("a time");
    for poll in 0..FLEET.1 {
        let at = begun + TimeDelta::milliseconds(2_000 * poll + poll * 7 % 20);
        let noise = |n: usize| (poll as u64 * 7_919 + n as u64 * 104_729) % 200_000;
        let sample = |n| Sample {
            bitrate: Some(4_000_000 + noise(n)),
            bitrate_out: Some(8_000_000 + 2 * noise(n)),
            readers: 2,
            ..Sample::new(at, StreamState::Live)
        };
        let samples = names.iter().enumerate().map(|(n, name)| (name.clone(), sample(n))).collect();
        live.record_samples("main", samples).await.expect("recorded");
    }
    let taken = usage::pss(std::process::id()) - before;
    let folder = tempfile::tempdir().expect("a folder");
    let (path, saving) = (folder.path().join("history.snapshot"), Instant::now());
    let bytes = live.save(&path).expect("written").kept;
    let (saved, restoring) = (saving.elapsed(), Instant::now());
    MemoryLiveStore::new(history).restore(&path).expect("read");
    println!(
        "samples of {} paths after a day, {what}: {taken:.1} MiB; as a file {:.1} MB, written in {:.2} s, read in {:.2} s",
        FLEET.0,
        bytes as f64 / 1e6,
        saved.as_secs_f64(),
        restoring.elapsed().as_secs_f64()
    );
}

async fn raw(now: DateTime<Utc>) {
    let (live, name) = (MemoryLiveStore::new(Duration::from_secs(86_400)), StreamName::parse("gate").expect("a name"));
    let from = now - TimeDelta::days(1);
    for n in 0..43_200 {
        let bitrate = Some(4_000_000 + n * 7_919 % 200_000);
        let at = from + TimeDelta::seconds(2 * n as i64);
        let sample = Sample { bitrate, readers: 3, ..Sample::new(at, StreamState::Live) };
        live.record_samples("main", vec![(name.clone(), sample)]).await.expect("recorded");
    }
    let begun = Instant::now();
    let mut count = 0;
    for _ in 0..ROUNDS {
        let samples = live.history("main", &name, from, now).await.expect("read");
        count = downsample(samples.iter().map(Point::from).collect(), from, now, POINTS).len();
    }
    say("24 h of raw samples", count, begun.elapsed() / ROUNDS);
}

async fn tiers(database: &dyn HistoryStore, tier: Tier, now: DateTime<Utc>, days: i64) {
    let (series, from) = (SeriesKey::stream("main", "gate"), now - TimeDelta::days(days));
    let first = tier.bucket_of(from.timestamp());
    let buckets: Vec<Bucket> = (0..days * 86_400 / tier.step()).map(|n| bucket(first + n * tier.step(), n)).collect();
    database.add_history(vec![(series.clone(), tier, buckets)]).await.expect("added");
    let metrics = vec![Metric::Bitrate, Metric::Readers, Metric::Rtt];
    let query = HistoryQuery { series, tier, from: from.timestamp(), to: now.timestamp(), metrics };
    let begun = Instant::now();
    let mut count = 0;
    for _ in 0..ROUNDS {
        let kept = database.history(query.clone()).await.expect("read");
        let points = kept.iter().filter_map(|bucket| Point::of_bucket(bucket, tier.step())).collect();
        count = downsample(points, from, now, POINTS).len();
    }
    say(&format!("{days} d of {}", tier.as_str()), count, begun.elapsed() / ROUNDS);
}

fn bucket(at: i64, n: i64) -> Bucket {
    let band = |metric: Metric, value: f64| {
        let jump = 1.0 + (n * 7_919 % 1_000) as f64 / 10_000.0;
        let band = CodeBand::of(metric, value, value * jump, value * jump * jump, value * jump);
        (metric, band.expect("numbers"))
    };
    let numbers = [(Metric::Bitrate, 4e6), (Metric::BitrateOut, 8e6), (Metric::Readers, 3.0), (Metric::Rtt, 20.0)];
    let bands = numbers.map(|(metric, value)| band(metric, value)).to_vec();
    Bucket { at, state: Some(StreamState::Live), bands, ..Bucket::default() }
}

fn say(what: &str, points: usize, took: Duration) {
    println!("{what} -> {points} points: {:.1} ms (goal {} ms)", took.as_secs_f64() * 1e3, GOAL.as_millis());
}
