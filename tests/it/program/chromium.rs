//! Recordings of sources whose timestamps misbehave, played to their end by the page in Chromium.

use std::process::Command;

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use serde_json::Value;
use streamwarden::demo::media_server::Options;

use crate::support::media::server;
use crate::support::program::{Config, Program};
use crate::support::rtp_publisher::{Script, publish};
use crate::support::wait::eventually;

const SOUND: Script = Script { sound: Some(|_| true), ..Script::PLAIN };

/// Kinds of the table in `record/timestamps.rs` that a player has to get over. Where sound begins late or ends, the page opens the
/// rest anew.
const SOURCES: [(&str, Script); 7] = [
    ("back", Script { stamp: |_, time| time - if time >= 12.4 { 10.0 } else { 0.0 }, ..Script::PLAIN }),
    ("hour-forward", Script { stamp: |_, time| time + if time >= 12.4 { 3600.0 } else { 0.0 }, ..Script::PLAIN }),
    ("slow-sound", Script { stamp: |_, time| time * 0.83, ..SOUND }),
    ("wraps", Script { first: u32::MAX - 900_000, ..Script::PLAIN }),
    ("silent", Script { sound: Some(|_| false), ..Script::PLAIN }),
    ("late", Script { sound: Some(|time| time >= 12.0), ..Script::PLAIN }),
    ("ends", Script { sound: Some(|time| time < 8.0), ..Script::PLAIN }),
];

/// The segments of a stream, once its recording is over and all of them are stored.
async fn over(program: &Program, stream: &str) -> Vec<Value> {
    eventually("a recording that is over", || async {
        let segments = program.api.segments(stream).await;
        let all = !segments.is_empty() && segments.iter().all(|one| one["state"] == "uploaded");
        let sessions = program.api.items(&format!("/api/v1/recordings/{stream}/sessions?server=main")).await;
        (all && sessions.iter().all(|one| !one["endedAt"].is_null())).then_some(segments)
    })
    .await
}

fn shown(at: Option<DateTime<Utc>>) -> String {
    at.expect("a segment").to_rfc3339_opts(SecondsFormat::Millis, true)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_plays_recordings_of_odd_timestamps_to_their_end() {
    let media = server(&Options::default()).await;
    let program = Program::start(&Config::on(&media)).await;
    let publishers: Vec<_> = SOURCES.iter().map(|(name, script)| publish(&media.rtsp_url(), name, *script)).collect();
    let sent = tokio::task::spawn_blocking(|| {
        publishers.into_iter().map(|one| one.join().expect("sent").len()).sum::<usize>()
    });
    assert!(sent.await.expect("sent") > 0);
    let mut arguments = Vec::new();
    for (name, _) in SOURCES {
        let segments = over(&program, name).await;
        let start =
            |one: &Value| one["startedAt"].as_str().and_then(|at| at.parse::<DateTime<Utc>>().ok()).expect("a time");
        let end = |one: &Value| start(one) + TimeDelta::milliseconds(one["durationMs"].as_i64().expect("a length"));
        let (first, last) = (segments.iter().map(start).min(), segments.iter().map(end).max());
        arguments.extend([name.to_owned(), shown(first), shown(last)]);
    }
    let here = env!("CARGO_MANIFEST_DIR");
    let mut node = Command::new("node");
    node.arg(format!("{here}/tests/it/program/play.mjs")).arg(format!("{here}/web"));
    node.arg(format!("http://{}/", program.address())).args(arguments);
    let done = tokio::task::spawn_blocking(move || node.output()).await.expect("run").expect("node");
    let said = String::from_utf8_lossy(&done.stdout).into_owned();
    assert!(done.status.success(), "{said}{}", String::from_utf8_lossy(&done.stderr));
    let played: Vec<Value> = said.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!(played.len(), SOURCES.len(), "{said}");
    let is_whole = |one: &Value| one["missing"].as_i64().is_some_and(|ms| ms < 2_000) && one["picture"] == 192;
    let is_quiet = |one: &Value| one["complaints"] == Value::Array(Vec::new());
    assert!(played.iter().all(|one| is_whole(one) && is_quiet(one)), "{said}");
    program.stop().await;
    media.stop().await;
}
