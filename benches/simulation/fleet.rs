//! Ten thousand cameras: how long until they run, what they cost while they do, how fast one of them can be changed.

use std::time::{Duration, Instant};

use streamwarden::domain::camera::CameraState;
use streamwarden::domain::start_budget::Rates;

use crate::harness::Harness;
use crate::measure::figures::{median, ms, spread};
use crate::measure::usage::{cpu, cpu_of_thread, pss};

/// The most the configuration allows: the budget is not what is measured here.
const RATES: Rates = Rates { fleet: 1000.0, host: 1000.0 };
/// How long CPU time is counted.
const SPAN: Duration = Duration::from_secs(20);
const EDITS: usize = 7;

/// Prints the figures of a fleet of this size.
pub async fn measure(size: usize) {
    let us = std::process::id();
    let (empty, begun) = (pss(us), cpu(us));
    let harness = Harness::open(RATES).await;
    let mut watch = harness.watch().await;
    let committed = harness.add_cameras(size, 10);
    let shown = watch.until(size, &[CameraState::Waiting, CameraState::Probing, CameraState::Starting]);
    let shown = shown.await - committed;
    let running = harness.watch().await.until(size, &[CameraState::Running]).await - committed;
    println!(
        "{size} rows inserted -> all relays ask for their turn: {:.0} ms; all run: {:.1} s (the budget of {}/s alone is \
         {:.1} s), {:.2} s of CPU",
        ms(shown),
        running.as_secs_f64(),
        RATES.fleet,
        size as f64 / RATES.fleet * 1.05,
        cpu(us) - begun
    );
    while harness.count("camera_probes") < size {
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    println!("{size} looks at cameras written: {:.1} s after the rows", committed.elapsed().as_secs_f64());
    rest(&harness, size, empty).await;
    edits(&harness, size).await;
    let before = cpu(us);
    println!("{size} relays stopped in {:.0} ms, {:.2} s of CPU", ms(harness.close().await), cpu(us) - before);
}

/// What it costs while nothing happens but progress and polls.
async fn rest(harness: &Harness, size: usize, empty: f64) {
    let (us, player) = (std::process::id(), harness.world.player());
    let read = || (cpu(us), cpu_of_thread(us), cpu_of_thread(player));
    let before = read();
    tokio::time::sleep(SPAN).await;
    let (after, span) = (read(), SPAN.as_secs_f64());
    let all = (after.0 - before.0) / span * 100.0;
    let main = (after.1 - before.1) / span * 100.0;
    let played = (after.2 - before.2) / span * 100.0;
    let memory = pss(us);
    println!(
        "{size} relays at rest over {span:.0} s: our CPU {:.1} % of a core (main thread {main:.1} %; the simulation's own \
         {played:.1} % not counted); our PSS {memory:.1} MiB, {:.1} KiB a relay, {empty:.1} MiB without any",
        all - played,
        (memory - empty) * 1024.0 / size as f64
    );
}

/// From the commit of one row to its new process.
async fn edits(harness: &Harness, size: usize) {
    let mut took = Vec::new();
    for round in 0..EDITS {
        let camera = format!("cam{}", (round + 1) * size / (EDITS + 2));
        harness.world.take_starts();
        harness.sql(&format!("UPDATE cameras SET channel = '2' WHERE name = '{camera}'"));
        let begun = Instant::now();
        let started = loop {
            tokio::time::sleep(Duration::from_millis(1)).await;
            let starts = harness.world.take_starts();
            if let Some((at, name)) = starts.into_iter().next() {
                assert_eq!(name, camera, "nobody else is touched");
                break at;
            }
            assert!(begun.elapsed() < Duration::from_secs(30), "{camera} is not started anew");
        };
        took.push(started.saturating_duration_since(begun));
    }
    println!(
        "one of {size} rows edited -> its ffmpeg started with new arguments: {:.0} ms (goal 2000 ms on SQLite)   [{}]",
        ms(median(&mut took)),
        spread(&mut took)
    );
}
