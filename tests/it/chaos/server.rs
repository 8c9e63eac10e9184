//! The media server goes and comes back under many relays.

use chrono::{DateTime, TimeDelta, Utc};

use super::harness::Harness;
use super::long;

/// What the log says when a relay's ffmpeg has been started.
const STARTED: &str = "ffmpeg started";

/// When ffmpegs were started, by a part of the log.
fn starts(log: &str) -> Vec<DateTime<Utc>> {
    let lines = log.lines().filter(|line| line.contains(STARTED));
    lines.map(|line| line.split(' ').next().expect("a time").parse().expect("RFC 3339")).collect()
}

#[tokio::test]
async fn a_server_that_restarts_gets_its_relays_back_within_the_start_budget() {
    let (count, rate, rounds) = if long() { (50, 10, 3) } else { (10, 4, 2) };
    let (mut harness, before) =
        Harness::with(count, "", |config, _| config.restream = format!("start_rate = {rate}")).await;
    for round in 0..rounds {
        let begin = harness.program.log().len();
        let addresses = harness.server_away().await;
        harness.until("no relay lives", || async { empty(harness.relays().into_keys().collect()) }).await;
        harness
            .until("all wait for the server", || async {
                let cameras = harness.program.api.items("/api/v1/cameras").await;
                let waits = |camera: &&serde_json::Value| {
                    camera["state"] == "waiting"
                        && camera["lastError"].as_str().is_some_and(|why| why.contains("media server"))
                };
                empty(cameras.iter().filter(|camera| !waits(camera)).map(ToString::to_string).collect())
            })
            .await;
        let away = starts(&harness.log_from(begin));
        assert!(away.len() <= 2 * count, "they wait instead of dying again and again: {} starts", away.len());

        let (begin, back) = (harness.program.log().len(), Utc::now());
        harness.server_back(addresses).await;
        harness.in_order(&before).await;
        let starts = starts(&harness.log_from(begin));
        assert!(starts.len() >= count, "all were started: {}", starts.len());
        for (place, at) in starts.iter().enumerate() {
            // A burst of one second's worth at once, the others one by one. Whatever holds up this machine can only make a
            // start later than its turn.
            let turns = i32::try_from(place + 1).expect("few").saturating_sub(rate);
            let earliest = TimeDelta::seconds(1) / rate * turns.max(0);
            // The log tells milliseconds.
            let since = *at - back + TimeDelta::milliseconds(1);
            assert!(since >= earliest, "start {place} came {since} after the server, and not {earliest}: {starts:?}");
        }
        println!(
            "round {round}: {} starts, the last {} after the server",
            starts.len(),
            starts[starts.len() - 1] - back
        );
        assert_eq!(harness.incidents("serverDown").await.len(), round + 1, "it is told once");
    }
    let down = harness.incidents("cameraDown").await;
    assert!(down.is_empty(), "and no camera is blamed: {down:#?}");
    harness.close().await;
}

fn empty(left: Vec<String>) -> Result<(), String> {
    if left.is_empty() { Ok(()) } else { Err(format!("{left:#?}")) }
}
