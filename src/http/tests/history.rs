//! The past: raw samples, tiers, gaps, metrics, CSV.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::rest::busy;
use super::world::{World, at, name};
use crate::adapters::live::Change;
use crate::domain::history::{Bucket, CodeBand, Metric, SeriesKey, Tier};
use crate::domain::host::HostStatus;
use crate::domain::sample;
use crate::domain::stream::{Sample, SrtFigures, StreamState};

const ADDRESS: &str = "/api/v1/streams/site%2Ffront.1/history";

fn bucket(at: i64, bitrate: f64, rtt: Option<f64>) -> Bucket {
    let band = |metric, value: f64| CodeBand::of(metric, value / 2.0, value, value * 2.0, value).expect("numbers");
    let bands = [(Metric::Bitrate, Some(bitrate)), (Metric::Readers, Some(4.0)), (Metric::Rtt, rtt)];
    let bands = bands.into_iter().filter_map(|(metric, value)| Some((metric, band(metric, value?)))).collect();
    Bucket { at, state: Some(StreamState::Live), bands, ..Bucket::default() }
}

/// Four hours of ten minutes, then an hour of minutes, then a minute of raw samples until `at(0)`.
async fn world() -> World {
    let world = busy().await;
    let end = at(0).timestamp();
    let series = SeriesKey::stream("main", "site/front.1");
    let minutes = (1..=60).rev().map(|n| bucket(end - n * 60, 100.0, Some(20.0))).collect();
    let tens = (1..=24).rev().map(|n| bucket(end - n * 600, 50.0, Some(40.0))).collect();
    let batch = vec![(series.clone(), Tier::Minute, minutes), (series, Tier::TenMinutes, tens)];
    world.state.stores.history.add_history(batch).await.expect("added");
    for n in (1..=30).rev() {
        let sample = Sample { bitrate: Some(120), readers: 1, ..Sample::new(at(-2 * n), StreamState::Live) };
        world.live().record_samples("main", vec![(name("site/front.1"), sample)]).await.expect("recorded");
    }
    world
}

fn range(seconds: i64) -> String {
    let text = |time: DateTime<Utc>| time.to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
    format!("{ADDRESS}?from={}&to={}", text(at(-seconds)), text(at(0)))
}

fn count(history: &Value) -> usize {
    history["items"].as_array().map_or(0, Vec::len)
}

#[actix_web::test]
async fn the_past_is_put_together_from_what_is_finest() {
    let world = world().await;
    for (seconds, points, tiers, wanted) in [
        (60, 5_000, vec!["raw"], 30),
        (1_800, 5_000, vec!["1m", "raw"], 29 + 30),
        (14_400, 5_000, vec!["10m", "1m", "raw"], 18 + 59 + 30),
        (14_400, 24, vec!["10m"], 24),
        (3_600, 10, vec!["1m", "raw"], 10),
    ] {
        let history = world.get(&format!("{}&points={points}", range(seconds))).await.json();
        assert_eq!((&history["tiers"], count(&history)), (&json!(tiers), wanted), "{seconds} {points}: {history}");
        assert_eq!(history["gaps"], json!([]), "{seconds}");
    }
    let day = world.get(&format!("{}&points=5000", range(86_400))).await.json();
    let gap = json!([{"from": at(-86_400), "to": at(-14_400), "reason": "notMeasured"}]);
    assert_eq!(day["gaps"], gap);
    let first = &day["items"][0];
    assert_eq!((&first["bitrate"], &first["readers"]), (&json!(50), &json!(8)), "the mean, and the most");
}

/// A stream that nobody had seen before: 9 s offline, then live, all within one bucket of each tier.
#[actix_web::test]
async fn nothing_is_said_of_the_time_before_a_stream_was_seen() {
    let world = busy().await;
    let end = at(0).timestamp();
    let series = SeriesKey::stream("main", "site/front.1");
    let first = (end - 70).rem_euclid(600) as u16;
    let tens = Bucket { watched: Some((first, 600)), ..bucket(end - 70 - i64::from(first), 50.0, None) };
    let in_minute = (end - 70).rem_euclid(60) as u16;
    let minute = Bucket { watched: Some((in_minute, 60)), ..bucket(end - 70 - i64::from(in_minute), 50.0, None) };
    let tiers = |raw: bool| if raw { json!(["raw"]) } else { json!(["1m"]) };
    for raw in [false, true] {
        let batch = vec![
            (series.clone(), Tier::Minute, vec![minute.clone()]),
            (series.clone(), Tier::TenMinutes, vec![tens.clone()]),
        ];
        world.state.stores.history.add_history(batch).await.expect("added");
        for n in (0..=35).rev().filter(|_| raw) {
            let sample = Sample { bitrate: Some(120), ..Sample::new(at(-2 * n), StreamState::Live) };
            world.live().record_samples("main", vec![(name("site/front.1"), sample)]).await.expect("recorded");
        }
        let history = world.get(&format!("{}&points=144", range(86_300))).await.json();
        assert_eq!((&history["items"][0]["at"], &history["tiers"]), (&json!(at(-70)), &tiers(raw)), "{history}");
        let before = json!({"from": at(-86_300), "to": at(-70), "reason": "notMeasured"});
        assert_eq!(history["gaps"][0], before, "{history}");
    }
}

#[actix_web::test]
async fn metrics_come_as_bands() {
    let world = world().await;
    let history = world.get(&format!("{}&metrics=rtt,bitrate&points=10", range(3_600))).await.json();
    // Raw samples have no round trip time: the tiers are read to the end.
    assert_eq!((&history["tiers"], count(&history)), (&json!(["1m"]), 10));
    let rtt = &history["items"][9]["values"]["rtt"];
    for (part, wanted) in [("min", 10.0), ("mean", 20.0), ("max", 40.0), ("last", 20.0)] {
        let value = rtt[part].as_f64().expect("a number");
        assert!((value - wanted).abs() <= wanted / 100.0, "{part}: {rtt}");
    }
    let csv = world.get(&format!("{}&metrics=readers&points=2&format=csv", range(3_600))).await;
    let text = String::from_utf8_lossy(&csv.body).into_owned();
    assert_eq!(csv.header("content-type"), "text/csv; charset=utf-8");
    assert!(text.starts_with("at,state,reset,readers_min,readers_mean,readers_max,readers_last\r\n"), "{text}");
    assert_eq!(text.lines().count(), 3);
    let accept = [("accept", "text/csv")];
    let csv = world.ask(actix_web::http::Method::GET, &range(60), &accept, None).await;
    assert!(String::from_utf8_lossy(&csv.body).contains(",live,false,120,120,120,120,1,1,1,1\r\n"));
}

#[actix_web::test]
async fn raw_samples_have_every_number_and_a_time_that_was_not_watched_is_a_gap() {
    let world = busy().await;
    for n in (0..30).rev() {
        let numbers = |rtt| SrtFigures {
            rtt: Some(rtt),
            recv_rate_mbps: Some(4.25),
            link_capacity_mbps: Some(90.5),
            loss_rate: Some(0.25),
            retransmit_rate: Some(1.5),
        };
        // Twenty seconds are missing: too few to be seen.
        let at = at(if n >= 15 { -2 * n - 20 } else { -2 * n });
        let sample = Sample {
            bitrate: Some(120),
            bitrate_out: Some(240),
            srt: numbers(20.0 + n as f64),
            gap: n == 14,
            reset: n == 7,
            ..Sample::new(at, StreamState::Live)
        };
        world.live().record_samples("main", vec![(name("site/front.1"), sample)]).await.expect("recorded");
    }
    let metrics = "metrics=bitrateOut,rtt,recvRateMbps,linkCapacityMbps,lossRate,retransmitRate";
    let history = world.get(&format!("{}&points=1&{metrics}", range(80))).await.json();
    assert_eq!(history["tiers"], json!(["raw"]));
    let values = &history["items"][0]["values"];
    assert_eq!(history["items"][0]["reset"], true, "{history}");
    for (metric, [min, mean, max, last]) in [
        ("bitrateOut", [240.0; 4]),
        ("rtt", [20.0, 34.5, 49.0, 20.0]),
        ("recvRateMbps", [4.25; 4]),
        ("linkCapacityMbps", [90.5; 4]),
        ("lossRate", [0.25; 4]),
        ("retransmitRate", [1.5; 4]),
    ] {
        assert_eq!(values[metric], json!({ "min": min, "mean": mean, "max": max, "last": last }), "{history}");
    }
    assert_eq!(
        history["gaps"],
        json!([
            {"from": at(-80), "to": at(-78), "reason": "notMeasured"},
            {"from": at(-50), "to": at(-28), "reason": "notMeasured"},
        ])
    );
}

#[actix_web::test]
async fn a_host_is_told_as_it_was_measured_and_before_that_by_the_minute() {
    let world = busy().await;
    let end = at(0).timestamp();
    let minutes = (1..=60).rev().map(|n| bucket_of_host(end - n * 60)).collect();
    let batch = vec![(SeriesKey::host("edge-1"), Tier::Minute, minutes)];
    world.state.stores.history.add_history(batch).await.expect("added");
    for n in (0..12).rev() {
        let status = HostStatus { at: at(-10 * n), ..sample::host("edge-1") };
        world.live().publish(vec![Change::Host(Arc::new(status))]).await.expect("told");
    }
    let url = |seconds: i64, points: u32| {
        range(seconds).replace(ADDRESS, "/api/v1/hosts/edge-1/history") + &format!("&points={points}&metrics=cpu")
    };
    for (seconds, points, tiers, wanted) in [
        (100, 5_000, json!(["raw"]), 11),
        (600, 5_000, json!(["1m", "raw"]), 9 + 12),
        (3_600, 10, json!(["1m", "raw"]), 10),
    ] {
        let history = world.get(&url(seconds, points)).await.json();
        assert_eq!((&history["tiers"], count(&history)), (&tiers, wanted), "{seconds} {points}: {history}");
        assert_eq!(history["gaps"], json!([]), "{seconds}");
        assert_eq!(history["items"][0].get("state"), None, "a host has none");
    }
    let last = world.get(&url(100, 5_000)).await.json();
    assert_eq!(last["items"][10]["values"]["cpu"]["last"], 31.0, "{last}");
}

fn bucket_of_host(at: i64) -> Bucket {
    let cpu = CodeBand::of(Metric::Cpu, 10.0, 20.0, 30.0, 20.0).expect("numbers");
    Bucket { at, bands: vec![(Metric::Cpu, cpu)], ..Bucket::default() }
}

#[actix_web::test]
async fn a_wrong_metric_or_format_is_named() {
    let world = busy().await;
    for (query, field, says) in [
        ("metrics=speed", "metrics", "bitrateOut, readers, rtt"),
        ("metrics=cpu", "metrics", "bitrateOut, readers, rtt"),
        ("metrics=rtt,,readers", "metrics", "commas"),
        ("format=xml", "format", "json or csv"),
    ] {
        let answer = world.get(&format!("{ADDRESS}?{query}")).await;
        let problem = answer.json();
        assert_eq!((answer.status, &problem["field"]), (422, &json!(field)), "{query}: {problem}");
        assert!(problem["detail"].as_str().is_some_and(|detail| detail.contains(says)), "{problem}");
    }
}

#[actix_web::test]
async fn what_is_made_up_says_so() {
    let world = world().await;
    let url = format!("{}&points=10", range(3_600));
    assert_eq!(world.get(&url).await.json().get("sampleUntil"), None);
    let until = at(-1_800);
    let world = self::world().await.with_sample_until(until);
    assert_eq!(world.get(&url).await.json()["sampleUntil"], json!(until));
    let csv = world.get(&format!("{url}&metrics=readers&format=csv")).await;
    let text = String::from_utf8_lossy(&csv.body).into_owned();
    assert!(text.starts_with("at,state,reset,readers_min,readers_mean,readers_max,readers_last,sample\r\n"), "{text}");
    let marks: Vec<bool> = text.lines().skip(1).map(|line| line.ends_with(",true")).collect();
    assert_eq!(marks, [[true; 5], [false; 5]].concat(), "{text}");
    let since = world.get(&format!("{}&points=10", range(900))).await.json();
    assert_eq!(since.get("sampleUntil"), None, "nothing of it is made up");
}
