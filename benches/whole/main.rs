//! The whole program beside bare ffmpeg, in one run: `make bench`. Prints raw figures and ratios; judges nothing.
//!
//! Runs against the stand-in, or the MediaMTX that `MEDIAMTX_BIN` names. `cargo bench -- 5` takes five rounds, and
//! `cargo bench --bench whole -- start` measures the starts alone; `cuts` and `fleet` are the other parts.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "what a bench prints is its result")]

#[path = "../../tests/it/support/mod.rs"]
#[allow(dead_code, reason = "shared with the integration tests, which use the rest")]
mod support;

#[path = "../measure/mod.rs"]
#[allow(dead_code, reason = "shared with the other bench, which uses the rest")]
mod measure;

mod cuts;
mod fleet;
mod mediamtx;
mod start;

use streamwarden::demo::media_server::Options;
use support::cameras::Cameras;
use support::program::{Config, Program};

/// What can be measured by itself.
const PARTS: [&str; 3] = ["start", "cuts", "fleet"];

fn main() {
    let rounds = std::env::args().skip(1).find_map(|word| word.parse().ok()).unwrap_or(7);
    actix::System::new().block_on(async {
        let media = support::media::server(&Options::default()).await;
        println!("media server: {}; {rounds} rounds; {}", media.name(), measure::usage::load());
        let cameras = Cameras::start(1).await;
        let more = "[upload]\nworkers = 1".to_owned();
        let config = Config { more, ..Config::on(&media) };
        let program = Program::start(&config).await;
        if wanted("start") {
            start::compare(&program, &cameras, &media, rounds).await;
        }
        if wanted("cuts") {
            cuts::count(&program, &media).await;
        }
        program.stop().await;
        cameras.stop().await;
        if wanted("fleet") {
            fleet::measure_cost(&media).await;
        }
        media.stop().await;
    });
}

/// Whether a part was asked for; without a word all are.
fn wanted(part: &str) -> bool {
    let asked: Vec<String> = std::env::args().skip(1).filter(|word| PARTS.contains(&word.as_str())).collect();
    asked.is_empty() || asked.iter().any(|word| word == part)
}
