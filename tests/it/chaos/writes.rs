//! A PostgreSQL that answers and cannot be written, or answers slowly: cameras go on and are shown, every write says why it
//! fails, and the state of the database is there for all to see.

use nix::sys::signal::Signal;
use reqwest::{Method, StatusCode};
use serde_json::Value;

use super::harness::Harness;
use crate::support::processes::send;

async fn database(harness: &Harness) -> Value {
    let status = harness.program.api.get("/api/v1/status").await;
    let services = status["services"].as_array().expect("a list");
    services.iter().find(|service| service["name"] == "database").expect("one of them").clone()
}

async fn is_read_only(harness: &Harness, wanted: bool) {
    let reset = if wanted { "SET default_transaction_read_only = on" } else { "RESET default_transaction_read_only" };
    harness.sql(&format!("ALTER SYSTEM {reset}"));
    harness.sql("SELECT pg_reload_conf()");
    harness
        .until("the state of the database", || async {
            let shown = database(harness).await;
            let says = shown["detail"].as_str().is_some_and(|detail| detail.contains("is read-only"));
            if shown["ok"] == !wanted && says == wanted { Ok(()) } else { Err(shown.to_string()) }
        })
        .await;
}

#[tokio::test]
async fn a_slow_database_is_named_once_and_nobody_stops_for_it() {
    let (harness, before) = Harness::open(2).await;
    let (relays, outsider) = (harness.relays(), harness.outsider().await.expect("a connection"));
    let begin = harness.program.log().len();
    for _ in 0..3 {
        outsider.batch_execute("BEGIN; LOCK TABLE cameras").await.expect("the lock");
        let ready = harness.program.api.text("/ready");
        let unlock = async {
            outsider.batch_execute("SELECT pg_sleep(1)").await.expect("slept");
            outsider.batch_execute("COMMIT").await.expect("the end of the lock");
        };
        let (ready, ()) = tokio::join!(ready, unlock);
        assert_eq!(ready.expect("an answer").0, StatusCode::OK, "late is not never");
    }
    let shown = database(&harness).await;
    let says =
        shown["detail"].as_str().is_some_and(|detail| detail.contains("slow: the slowest of its last answers took "));
    assert!(shown["ok"] == true && says, "{shown}");
    let log = harness.program.log_with(begin, &["database degraded: slow answers"]).await;
    assert_eq!(log.matches("database degraded: slow answers").count(), 1, "{log}");
    drop(outsider);
    harness.in_order(&before).await;
    assert_eq!(harness.relays(), relays, "nothing has happened to them");
    harness.close().await;
}

#[tokio::test]
async fn a_read_only_database_is_named_and_reading_goes_on() {
    let (harness, before) = Harness::open(2).await;
    let (relays, api) = (harness.relays(), &harness.program.api);
    let camera = api.camera("cam0").await.expect("there");
    let route = format!("/api/v1/cameras/{}", camera["id"]);

    is_read_only(&harness, true).await;
    let (ready, _) = api.text("/ready").await.expect("an answer");
    assert_eq!(ready, StatusCode::SERVICE_UNAVAILABLE);
    let settings = api.get(&format!("{route}/settings")).await;
    assert_eq!(settings["name"], "cam0", "what can be read is read");
    for (method, route, body) in [
        (Method::PATCH, route.clone(), r#"{"record":false}"#),
        (Method::POST, "/api/v1/cameras".to_owned(), r#"{"name":"new","host":"127.0.0.1"}"#),
        (Method::DELETE, route.clone(), ""),
    ] {
        let (status, problem) = api.send(method, &route, body.as_bytes().to_vec()).await;
        assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE, "{problem}");
        let detail = problem["detail"].as_str().unwrap_or_default();
        assert!(detail.contains("is read-only") && detail.contains("primary"), "{detail}");
    }
    assert_eq!(harness.relays(), relays, "nothing has happened to them");
    let begin = harness.program.log().len();
    send(relays["cam1"], Signal::SIGKILL);
    harness
        .until("the log names it", || async {
            let log = harness.log_from(begin);
            let told = log.matches("writing incidents failed").count();
            if told == 1 && log.contains("is read-only") { Ok(()) } else { Err(log) }
        })
        .await;
    let relays = harness.all_running().await;

    is_read_only(&harness, false).await;
    harness
        .until("the incidents that have waited", || async {
            let incidents = api.items("/api/v1/incidents").await;
            let is = |kind: &str, subject: &str| {
                let ended = |one: &&Value| one["closedAt"].is_string() && one.to_string().contains(subject);
                incidents.iter().filter(ended).any(|one| one["kind"] == kind)
            };
            let all = is("cameraDown", "cam1") && is("serviceDown", "is read-only");
            if all { Ok(()) } else { Err(format!("{incidents:?}")) }
        })
        .await;
    let (status, changed) = api.send(Method::PATCH, &route, br#"{"record":false}"#.to_vec()).await;
    assert_eq!((status, &changed["record"]), (StatusCode::OK, &Value::Bool(false)));
    harness.in_order(&before).await;
    assert_eq!(harness.relays(), relays);
    harness.close().await;
}
