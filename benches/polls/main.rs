//! What watching costs: CPU of the whole program per poll of a server with a thousand live paths, nobody connected, beside
//! one bare reading of the same answer. `make bench`, or `cargo bench --bench polls -- 5000` for another number of paths.
//! Prints figures; judges nothing.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "what a bench prints is its result")]

#[path = "../../tests/it/support/mod.rs"]
#[allow(dead_code, reason = "shared with the integration tests, which use the rest")]
mod support;

#[path = "../measure/mod.rs"]
#[allow(dead_code, reason = "shared with the other bench, which uses the rest")]
mod measure;

mod collector;

use std::time::Duration;

use support::program::{Config, Program};
use support::redis::RedisServer;

use measure::api::FakeApi;

/// Polls that are measured.
const POLLS: u64 = 40;
/// Polls before, until every path has been seen and rated.
const BEFORE: u64 = 5;

fn main() {
    let paths = std::env::args().skip(1).find_map(|word| word.parse().ok()).unwrap_or(1_000);
    actix::System::new().block_on(async {
        for count in [0, paths] {
            watch(count, None).await;
        }
        let redis = RedisServer::start();
        let ours = watch(paths, Some(&redis)).await;
        let theirs = collector::cpu_per_poll(paths, &redis);
        println!(
            "with Redis: ours {:.1} ms, a Python collector that writes only the list {:.1} ms, ratio {:.2}; {}",
            measure::figures::ms(ours),
            measure::figures::ms(theirs),
            ours.as_secs_f64() / theirs.as_secs_f64(),
            measure::usage::load()
        );
    });
}

/// Prints the row of so many paths, and gives the CPU of a poll.
async fn watch(paths: usize, redis: Option<&RedisServer>) -> Duration {
    let live = redis.map_or_else(String::new, |redis| format!("\n[live]\nredis_url = \"{}\"", redis.url()));
    let api = FakeApi::start(paths);
    let config = Config {
        api_url: api.url(),
        rtsp_url: "rtsp://127.0.0.1:9".to_owned(),
        server: String::new(),
        segment_duration: "60s",
        stall_timeout: "10s",
        restream: String::new(),
        more: format!("exclude = [\"*\"]{live}"),
        environment: vec![("STREAMWARDEN_MONITOR__INTERVAL".to_owned(), "500ms".to_owned())],
    };
    let program = Program::start(&config).await;
    let cpu = || measure::usage::cpu(program.pid());
    api.reaches(BEFORE).await;
    let (before, begun) = (api.polls(), cpu());
    api.reaches(before + POLLS).await;
    let (spent, polls) = (cpu() - begun, api.polls() - before);
    let ours = Duration::from_secs_f64(spent / polls as f64);
    let bare = api.read_bare(20);
    println!(
        "{paths} live paths{}: {:.1} ms CPU a poll of the whole program over {polls} polls; one bare reading of the same \
         answer {:.1} ms, ratio {:.2}; {}",
        if redis.is_some() { ", with Redis" } else { "" },
        measure::figures::ms(ours),
        measure::figures::ms(bare),
        ours.as_secs_f64() / bare.as_secs_f64(),
        measure::usage::load()
    );
    program.stop().await;
    ours
}
