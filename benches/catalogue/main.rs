//! A catalogue of years: how long each request takes that reads it, with ten million segments. `make bench`, or
//! `cargo bench --bench catalogue -- 1000000` for another size. Prints figures beside the goal; judges nothing.
//!
//! The rows are those of 100 streams with one segment a minute and one session a day, written through the database's own
//! triggers. The program runs on them as it is, over HTTP.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "what a bench prints is its result")]

#[path = "../../tests/it/support/mod.rs"]
#[allow(dead_code, reason = "shared with the integration tests, which use the rest")]
mod support;

#[path = "../measure/mod.rs"]
#[allow(dead_code, reason = "shared with the other bench, which uses the rest")]
mod measure;

use std::path::Path;
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use rusqlite::Connection;
use streamwarden::demo::media_server::Options;
use support::program::{Config, Program};

/// Streams, each with a segment a minute.
const STREAMS: i64 = 100;
/// Minutes of a session.
const DAY: i64 = 1_440;
/// Rows of one transaction.
const BATCH: i64 = 1_000_000;
/// No request may take longer; judging a month of every stream has a goal of its own.
const GOAL: Duration = Duration::from_millis(50);
const MONTH_GOAL: Duration = Duration::from_millis(200);
/// Each request is made so often.
const ROUNDS: usize = 20;

fn main() {
    let segments = std::env::args().skip(1).find_map(|word| word.parse().ok()).unwrap_or(10_000_000);
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("catalogue.db");
    actix::System::new().block_on(async {
        drop(streamwarden::adapters::database::sqlite::open(&file).await.expect("a database"));
        let minutes = segments / STREAMS;
        let begin = Utc::now() - TimeDelta::minutes(minutes);
        let begun = Instant::now();
        fill(&file, minutes, begin);
        let rate = segments as f64 / begun.elapsed().as_secs_f64();
        let size = std::fs::metadata(&file).map_or(0, |file| file.len() >> 20);
        println!("{segments} segments written at {rate:.0} a second, {size} MiB; {}", measure::usage::load());
        let media = support::media::server(&Options::default()).await;
        let more = format!("exclude = [\"*\"]\n[database]\nurl = \"sqlite:{}\"", file.display());
        let program = Program::start(&Config { more, ..Config::on(&media) }).await;
        for (what, route) in requests(begin, minutes) {
            ask(&program, what, &route).await;
        }
        program.stop().await;
        media.stop().await;
    });
}

/// Sessions of a day, then their segments, all streams side by side as they are recorded.
fn fill(file: &Path, minutes: i64, begin: DateTime<Utc>) {
    let connection = Connection::open(file).expect("opened");
    connection.execute_batch("PRAGMA synchronous = OFF; PRAGMA cache_size = -1000000").expect("set");
    let time = "strftime('%Y-%m-%dT%H:%M:%S.000000Z', ?1 + 60 *";
    let session = "printf('%08x-0000-7000-8000-%012x', minute / 1440, stream)";
    let all = "WITH RECURSIVE n (n) AS (SELECT ?2 UNION ALL SELECT n + 1 FROM n WHERE n + 1 < ?3)";
    let sessions = format!(
        "{all} INSERT INTO sessions (id, server, stream, started_at, ended_at, end_reason) \
         SELECT {session}, 'main', printf('cam/%03d', stream), {time} minute, 'unixepoch'), {time} (minute + 1440), 'unixepoch'), \
         'midnight' FROM (SELECT n % {STREAMS} AS stream, n / {STREAMS} * {DAY} AS minute FROM n)"
    );
    let segments = format!(
        "{all} INSERT INTO segments (id, session, server, stream, number, state, started_at, ended_at, duration_ms, bytes, \
         frames, init_bytes, media_bytes, spool_path, object_key) \
         SELECT printf('%08x-0000-7000-9000-%012x', minute, stream), {session}, 'main', printf('cam/%03d', stream), \
         minute % {DAY}, 'evicted', {time} minute, 'unixepoch'), \
         {time} (minute + 1), 'unixepoch'), 60000, 15000000, 1500, 900, 14999100, printf('main/cam/segment_%03d.mp4', minute % {DAY}), \
         printf('cam/%03d/2026-01-01/20260101_000000/segment_%03d.mp4', stream, minute % {DAY}) \
         FROM (SELECT n % {STREAMS} AS stream, n / {STREAMS} AS minute FROM n)"
    );
    let copies = "INSERT INTO copies (segment, place, state, changed_at) SELECT id, place, copy, ended_at FROM segments, \
                  (SELECT 'spool' AS place, 'evicted' AS copy UNION ALL SELECT 'objects', 'verified')";
    // What follows them says so already.
    let follow = "CREATE TRIGGER copies_placed AFTER INSERT ON copies BEGIN UPDATE segments SET state = (SELECT state FROM segment_states \
                  WHERE segment = NEW.segment) WHERE id = NEW.segment AND state <> (SELECT state FROM segment_states WHERE segment = NEW.segment); END";
    let from = begin.timestamp();
    let days = (minutes + DAY - 1) / DAY * STREAMS;
    connection.execute(&sessions, (from, 0_i64, days)).expect("sessions");
    for first in (0..minutes * STREAMS).step_by(BATCH as usize) {
        let end = (first + BATCH).min(minutes * STREAMS);
        connection.execute(&segments, (from, first, end)).expect("segments");
    }
    connection.execute_batch(&format!("DROP TRIGGER copies_placed; {copies}; {follow};")).expect("copies");
    connection.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)").expect("written");
}

/// What people, pages and Prometheus ask for.
fn requests(begin: DateTime<Utc>, minutes: i64) -> Vec<(&'static str, String)> {
    let time = |minute: i64| {
        let at = begin + TimeDelta::minutes(minute);
        at.format("%Y-%m-%dT%H:%M:%SZ").to_string()
    };
    let (middle, end) = (minutes / 2, minutes);
    let stream = "/api/v1/recordings/cam%2F042";
    vec![
        ("metrics", "/metrics".to_owned()),
        ("status", "/api/v1/status".to_owned()),
        ("ready", "/ready".to_owned()),
        ("recordings", "/api/v1/recordings".to_owned()),
        ("sessions of a stream", format!("{stream}/sessions")),
        ("first segments of a stream", format!("{stream}/segments?limit=60")),
        ("segments of an hour", format!("{stream}/segments?from={}&to={}", time(middle), time(middle + 60))),
        ("the newest segments", format!("{stream}/segments?from={}", time(end.saturating_sub(60)))),
        ("a playlist of a day", format!("{stream}/playlist.m3u8?from={}&to={}", time(middle), time(middle + DAY))),
        ("incidents", "/api/v1/incidents".to_owned()),
        (
            "completeness of 100 streams, 30 days",
            format!("/api/v1/completeness?from={}", time((end - 30 * DAY).max(0))),
        ),
    ]
}

async fn ask(program: &Program, what: &str, route: &str) {
    let mut readings = Vec::with_capacity(ROUNDS);
    for _ in 0..ROUNDS {
        let begun = Instant::now();
        let (status, text) = program.api.text(route).await.expect("an answer");
        readings.push(begun.elapsed());
        // Not ready is an answer too: the objects of these rows are not there.
        assert!(status.is_success() || route == "/ready", "{route}: {status} {text}");
    }
    let median = measure::figures::median(&mut readings);
    let longest = readings.iter().max().copied().unwrap_or_default();
    let (median, longest) = (measure::figures::ms(median), measure::figures::ms(longest));
    let goal = if route.contains("completeness") { MONTH_GOAL } else { GOAL };
    println!("{what}: median {median:.1} ms, longest {longest:.1} ms (goal {:.0} ms)", measure::figures::ms(goal));
}
