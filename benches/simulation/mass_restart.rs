//! A media server that goes and comes back under five hundred relays: starts in any second beside the budget.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use streamwarden::domain::camera::CameraState;
use streamwarden::domain::start_budget::Rates;

use crate::harness::Harness;

const RELAYS: usize = 500;
/// Recorders with so many channels each.
const PER_HOST: usize = 5;
/// As by default.
const RATES: Rates = Rates { fleet: 20.0, host: 2.0 };
/// Fast, to get there.
const NO_LIMIT: Rates = Rates { fleet: 1000.0, host: 1000.0 };
/// How long the server is away.
const AWAY: Duration = Duration::from_secs(5);

/// Most of these moments within one second.
fn most_in_a_second(moments: &[Instant]) -> usize {
    let within =
        |from: &Instant| moments.iter().filter(|at| *at >= from && **at < *from + Duration::from_secs(1)).count();
    moments.iter().map(within).max().unwrap_or(0)
}

/// Prints the table's row.
pub async fn measure() {
    let harness = Harness::open(NO_LIMIT).await;
    harness.add_cameras(RELAYS, PER_HOST);
    harness.watch().await.until(RELAYS, &[CameraState::Running]).await;
    harness.set_rates(RATES);
    harness.world.take_starts();
    harness.world.set_server(false);
    harness.watch().await.until(RELAYS, &[CameraState::Waiting]).await;
    tokio::time::sleep(AWAY).await;
    let fought = harness.world.take_starts().len();
    let back = Instant::now();
    harness.world.set_server(true);
    harness.watch().await.until(RELAYS, &[CameraState::Running]).await;
    let took = back.elapsed();
    let starts = harness.world.take_starts();
    let moments: Vec<Instant> = starts.iter().map(|(at, _)| *at).collect();
    let mut hosts: BTreeMap<usize, Vec<Instant>> = BTreeMap::new();
    for (at, camera) in &starts {
        let number: usize = camera.trim_start_matches("cam").parse().expect("a number");
        hosts.entry(number / PER_HOST).or_default().push(*at);
    }
    let busiest = hosts.values().map(|moments| most_in_a_second(moments)).max().unwrap_or(0);
    println!(
        "restart of {RELAYS}: most starts in any second {} (goal {}), of one host {busiest} (goal {}); {} starts, \
         {fought} while the server was away; all run after {:.1} s (the budget alone is {:.1} s)",
        most_in_a_second(&moments),
        RATES.fleet,
        RATES.host,
        starts.len(),
        took.as_secs_f64(),
        RELAYS as f64 / RATES.fleet * 1.05
    );
    harness.close().await;
}
