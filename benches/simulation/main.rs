//! Fleets that no machine carries, with simulated processes under real relays: `make bench`. Prints figures beside their
//! goals; judges nothing. `cargo bench --bench simulation -- 2000` takes a fleet of that size only.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "what a bench prints is its result")]

#[path = "../measure/mod.rs"]
#[allow(dead_code, reason = "shared with the other bench, which uses the rest")]
mod measure;

mod fleet;
mod harness;
mod mass_restart;
mod plan;
mod world;

fn main() {
    let named: Vec<usize> =
        std::env::args().skip(1).filter_map(|word| word.parse().ok()).filter(|n| *n >= 100).collect();
    let sizes = if named.is_empty() { vec![1_000, 10_000] } else { named };
    println!("simulated processes, real relays, SQLite; {}", measure::usage::load());
    plan::measure();
    actix::System::new().block_on(async {
        for size in sizes {
            fleet::measure(size).await;
        }
        mass_restart::measure().await;
    });
}
