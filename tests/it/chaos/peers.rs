//! Cameras that misbehave: each is told apart from the others, none harms its neighbours, and when it is well again, so
//! is its relay.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use chrono::{DateTime, Utc};
use reqwest::{Method, StatusCode};
use serde_json::Value;

use super::harness::Harness;
use super::long;
use super::proxy::{Manner, Proxy};

/// What is done to one camera, and what is to be said of it.
struct Case {
    name: &'static str,
    manner: Manner,
    words: &'static [&'static str],
    /// Failures to see before it is well again.
    failures: u64,
}

fn cases() -> [Case; 5] {
    // The waits between tries double; ten failures would take many minutes.
    let (every, failures) = if long() { (5, 6) } else { (1, 2) };
    let broken = &["hung up", "broke", "ended", "closed", "reset", "failed", "not such a stream"];
    [
        Case {
            name: "silent",
            manner: Manner::Silent,
            words: &["sends nothing", "no answer", "nothing came"],
            failures,
        },
        Case { name: "refusing", manner: Manner::Refusing, words: &["refuses the user name or password"], failures: 1 },
        Case { name: "garbage", manner: Manner::Garbage, words: &["not such a stream", "does not speak"], failures },
        Case { name: "closed", manner: Manner::Closed, words: broken, failures },
        Case { name: "breaking", manner: Manner::Breaking(Duration::from_secs(every)), words: broken, failures },
    ]
}

#[tokio::test]
async fn cameras_that_misbehave_are_told_apart_and_come_back() {
    let harness = Harness::empty("", |config, _| config.stall_timeout = "3s").await;
    let source = harness.source(0);
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, source.port().expect("a port")));
    let cameras: Vec<_> = cases().into_iter().map(|case| (case, Proxy::to(address))).collect();
    let mut rows: Vec<_> = cameras
        .iter()
        .map(|(case, proxy)| {
            let mut url = proxy.on_the_way_to(&source);
            // One who refuses all is to be told one.
            url.set_username("admin").and_then(|()| url.set_password(Some("wrong"))).expect("a host");
            (case.name.to_owned(), url)
        })
        .collect();
    rows.push(("well".to_owned(), source.clone()));
    // So they are from the beginning: nobody has seen anything else of them.
    for (case, proxy) in &cameras {
        proxy.turn(case.manner);
    }
    harness.insert(&rows);
    for (case, _) in &cameras {
        let told = || async {
            let down = harness.told("cameraDown", case.name, case.words).await;
            let stalled = harness.told("cameraStalled", case.name, case.words).await;
            if down + stalled > 0 { Ok(()) } else { Err(format!("{:#?}", harness.incidents("").await)) }
        };
        harness.until(case.name, told).await;
    }
    get_well(&harness, &cameras).await;
    let before = harness.before().await;
    let well = harness.relays()["well"];
    let all_logins = || cameras.iter().map(|(_, proxy)| proxy.logins()).sum::<usize>();
    let (logins, mut restarts) = (all_logins(), BTreeMap::new());
    for (case, _) in &cameras {
        restarts.insert(case.name, harness.camera(case.name).await["restarts"].as_u64().expect("a number"));
    }

    let begun = Utc::now();
    for (case, proxy) in &cameras {
        proxy.turn(case.manner);
    }
    for (case, _) in &cameras {
        let seen = harness
            .until(case.name, || async { has_failed(case, &harness.camera(case.name).await, restarts[case.name]) })
            .await;
        println!("{}: {}", case.name, seen["lastError"]);
    }
    let refusing = harness.camera("refusing").await;
    assert_eq!(refusing["state"], "backoff", "a wrong password is tried once a minute: {refusing}");
    let logins = all_logins() - logins;
    assert!(logins <= if long() { 10 } else { 2 }, "{logins} logins");
    assert_eq!(harness.relays()["well"], well, "it has nothing to do with them");

    get_well(&harness, &cameras).await;
    harness.in_order(&before).await;
    let incidents = harness.incidents("").await;
    for (case, _) in &cameras {
        // The first cause is the one that stays: the connection was cut.
        let of = incidents.iter().filter(|one| one["subject"]["name"] == case.name);
        let since = |one: &Value| one["openedAt"].as_str().and_then(|at| at.parse::<DateTime<Utc>>().ok());
        let told = of.filter(|one| since(one).is_some_and(|at| at >= begun)).count();
        assert!(told > 0, "{}: {incidents:#?}", case.name);
    }
    assert_eq!(harness.told("cameraDown", "well", &[""]).await, 0);
    assert_eq!(harness.relays()["well"], well);
    harness.close().await;
}

/// Nothing is wrong with them any more, and they are tried.
async fn get_well(harness: &Harness, cameras: &[(Case, Proxy)]) {
    for (_, proxy) in cameras {
        proxy.turn(Manner::Honest);
    }
    if long() {
        return;
    }
    // Nobody wants to wait for the minute.
    for camera in harness.program.api.items("/api/v1/cameras").await {
        let route = format!("/api/v1/cameras/{}/restart", camera["id"]);
        if camera["state"] == "backoff" || camera["state"] == "degraded" {
            let (status, answer) = harness.program.api.send(Method::POST, &route, Vec::new()).await;
            assert_eq!(status, StatusCode::OK, "{answer}");
        }
    }
}

/// Often enough, and with the right words.
fn has_failed(case: &Case, camera: &Value, before: u64) -> Result<Value, String> {
    let often = camera["restarts"].as_u64().is_some_and(|count| count >= before + case.failures);
    let why = camera["lastError"].as_str().unwrap_or("");
    let named = case.words.iter().any(|words| why.contains(words));
    if often && named && !why.contains("wrong") { Ok(camera.clone()) } else { Err(camera.to_string()) }
}
