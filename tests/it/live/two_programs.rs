//! Two whole programs on one Redis and one PostgreSQL: one relays, the other records, and each shows and commands all of it.

use reqwest::{Method, StatusCode};
use secrecy::ExposeSecret;
use serde_json::Value;
use streamwarden::demo::media_server::Options;

use crate::support::cameras::Cameras;
use crate::support::media::server;
use crate::support::postgres::{TestServer, shared};
use crate::support::processes::Job;
use crate::support::program::{Config, Program};
use crate::support::redis::RedisServer;
use crate::support::wait::{eventually, timed};

/// Three polls at the interval below, and what a busy machine takes.
const TAKEOVER: std::time::Duration = std::time::Duration::from_secs(6 + 4);

fn config(config: Config, redis: &RedisServer, database: &str, node: &str, roles: &str) -> Config {
    let redis = redis.url();
    let environment = [
        ("STREAMWARDEN_DATABASE__URL", database),
        ("STREAMWARDEN_LIVE__REDIS_URL", &redis),
        ("STREAMWARDEN_NODE", node),
        ("STREAMWARDEN_ROLES", roles),
        ("STREAMWARDEN_MONITOR__INTERVAL", "2s"),
    ];
    Config { environment: environment.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec(), ..config }
}

/// Waits until this program shows a node as wanted.
async fn node(program: &Program, name: &str, wanted: impl Fn(&Value) -> bool) -> Value {
    eventually(&format!("the node {name} as wanted"), || async {
        program.api.named("/api/v1/nodes", name).await.filter(&wanted)
    })
    .await
}

fn polls(node: &Value) -> bool {
    node["polls"].as_array().is_some_and(|polls| !polls.is_empty())
}

async fn post(program: &Program, route: &str) -> (StatusCode, Value) {
    program.api.send(Method::POST, route, Vec::new()).await
}

#[tokio::test]
async fn one_relays_and_the_other_records_and_each_shows_and_commands_all_of_it() {
    let database: std::sync::Arc<TestServer> = shared();
    let url = database.database().expose_secret().to_owned();
    let table = url.rsplit('/').next().and_then(|name| name.split('?').next()).expect("a name").to_owned();
    let (redis, cameras) = (RedisServer::start(), Cameras::start(1).await);
    let media = server(&Options::default()).await;
    let on = |name, roles| config(Config::on(&media), &redis, &url, name, roles);
    let mut a = Program::start(&on("a", "restream,monitor")).await;
    node(&a, "a", polls).await;
    let b = Program::start(&on("b", "record,monitor")).await;
    database
        .psql(&table, &format!("INSERT INTO cameras (name, url) VALUES ('gate', '{}')", cameras.url(0)))
        .expect("added");

    // Each shows what the other does.
    for program in [&a, &b] {
        program.live("gate").await;
        program.camera_in("gate", "running").await;
        program.recorded("gate").await;
        let roles = |one: &Value| (one["state"].clone(), one["roles"].clone(), one["isThis"].clone());
        let is_b = program.pid() == b.pid();
        let relays = node(program, "a", |one| one["cameras"] == 1 && polls(one)).await;
        assert_eq!(roles(&relays), ("running".into(), serde_json::json!(["monitor", "restream"]), (!is_b).into()));
        let records = node(program, "b", |one| one["recordings"] == 1).await;
        assert_eq!(roles(&records), ("running".into(), serde_json::json!(["monitor", "record"]), is_b.into()));
        assert!(!polls(&records), "one polls, and that is a: {records}");
    }

    // A command given to b reaches a, and its answer comes back.
    let relay = Job::Relay("gate".to_owned());
    let before = a.process(&relay).expect("it runs");
    let (status, camera) = post(&b, "/api/v1/cameras/gate/restart").await;
    assert_eq!((status, &camera["name"]), (StatusCode::OK, &"gate".into()), "{camera}");
    a.process_other_than(&relay, &[before]).await;
    b.camera_in("gate", "running").await;
    let (status, probed) = post(&b, "/api/v1/cameras/gate/probe").await;
    assert_eq!((status, &probed["ok"]), (StatusCode::OK, &true.into()), "{probed}");
    let log = b.api.items("/api/v1/cameras/gate/log").await;
    assert!(log.iter().any(|run| run["pid"] == before), "{log:?}");
    let (status, problem) = post(&b, "/api/v1/cameras/4711/restart").await;
    assert_eq!(status, StatusCode::NOT_FOUND, "its refusals come back too: {problem}");
    assert_eq!(b.api.get("/api/v1/cameras/plan").await["blocked"], Value::Null);

    // a is killed: b polls, says who is silent, and what a did is not shown as running.
    a.kill().await;
    let (_, took) = timed("b polls", || async { b.api.named("/api/v1/nodes", "b").await.filter(polls) }).await;
    println!("taken over after {took:?}");
    assert!(took < TAKEOVER, "{took:?}");
    let silent = node(&b, "a", |one| one["state"] == "silent").await;
    assert!(silent["silentSince"].is_string(), "{silent}");
    b.camera_in("gate", "waiting").await;
    let (status, ready) = b.api.text("/ready").await.expect("an answer");
    assert!(status == 200 && ready.contains("node a") && ready.contains("silent since"), "{status} {ready}");
    let (status, problem) = post(&b, "/api/v1/cameras/gate/restart").await;
    let why = problem["detail"].as_str().unwrap_or_default();
    assert!(status == 503 && why.contains("the node a") && why.contains("silent since"), "{status} {problem}");

    // It comes back: it relays, and leaves the polling to b.
    a.start_again().await;
    node(&b, "a", |one| one["state"] == "running").await;
    b.camera_in("gate", "running").await;
    b.live("gate").await;
    b.recorded("gate").await;
    let (status, _) = post(&b, "/api/v1/cameras/gate/restart").await;
    assert_eq!(status, StatusCode::OK);
    assert!(!polls(&node(&a, "a", |_| true).await), "b has it");
    b.stop().await;
    a.stop().await;
    media.stop().await;
    cameras.stop().await;
}
