//! Recording, told in figures: time, cuts, publishers that come back, and what it costs. Prints; judges nothing.
//!
//! Runs against the stand-in, or the MediaMTX that `MEDIAMTX_BIN` names. `cargo bench --bench record -- small` is a try that takes
//! half a minute.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "what a bench prints is its result")]

#[path = "../../tests/it/support/mod.rs"]
#[allow(dead_code, reason = "shared with the integration tests, which use the rest")]
mod support;

#[path = "../measure/mod.rs"]
#[allow(dead_code, reason = "shared with the other benches, which use the rest")]
mod measure;

mod cost;
mod day;
mod kept;
mod rates;

use streamwarden::demo::media_server::Options;
use support::program::{Config, Program};

/// How much is measured.
#[derive(Clone, Copy, Debug)]
pub struct Size {
    /// Seconds that each rate is recorded.
    pub rate_seconds: usize,
    /// Streams that are cut, and how often each.
    pub streams: usize,
    pub cuts: usize,
    /// How often a publisher comes.
    pub visits: usize,
    /// Streams that are recorded while our own CPU time is counted, and for how many seconds.
    pub recorders: usize,
    pub counted: u64,
}

const WHOLE: Size = Size { rate_seconds: 40, streams: 10, cuts: 200, visits: 8, recorders: 50, counted: 20 };
const SMALL: Size = Size { rate_seconds: 10, streams: 2, cuts: 12, visits: 2, recorders: 4, counted: 5 };

fn main() {
    let size = if std::env::args().any(|word| word == "small") { SMALL } else { WHOLE };
    day::simulate();
    actix::System::new().block_on(async {
        let media = support::media::server(&Options::default()).await;
        println!("media server: {}; {}; {size:?}", media.name(), measure::usage::load());
        let more = "max_concurrent = 100\n[upload]\nworkers = 2".to_owned();
        let config = Config { segment_duration: "1s", more, ..Config::on(&media) };
        let program = Program::start(&config).await;
        rates::measure(&program, &media, size).await;
        kept::count(&program, &media, size).await;
        program.stop().await;
        cost::measure(&config, &media, size).await;
        media.stop().await;
    });
}

/// Segments of a stream once its publisher is gone and all are stored.
async fn settled(program: &Program, stream: &str) -> Vec<serde_json::Value> {
    support::wait::eventually(&format!("{stream} stored"), || async {
        let segments = program.api.segments(stream).await;
        let is_over =
            program.sql(&format!("SELECT 1 FROM sessions WHERE stream = '{stream}' AND ended_at IS NULL")).is_empty();
        let is_stored = segments.iter().all(|segment| segment["state"] == "uploaded" || segment["state"] == "lost");
        (is_over && is_stored && !segments.is_empty()).then_some(segments)
    })
    .await
}
