//! Two whole programs on one Redis and one PostgreSQL: one relays, the other records, and each shows and commands all of it.

use reqwest::{Method, StatusCode};
use secrecy::ExposeSecret;
use serde_json::Value;
use streamwarden::demo::media_server::Options;

use crate::support::cameras::Cameras;
use crate::support::media::{Publisher, server};
use crate::support::postgres::{TestServer, shared};
use crate::support::processes::Job;
use crate::support::program::{Config, Program};
use crate::support::redis::RedisServer;
use crate::support::wait::{eventually, timed};

/// Three polls at the interval below, and what a busy machine takes.
const TAKEOVER: std::time::Duration = std::time::Duration::from_secs(6 + 4);

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
    let interval = [("STREAMWARDEN_MONITOR__INTERVAL", "2s")];
    let on = |name, roles| Config::on(&media).of_site(&redis.url(), &url, name, roles, &interval);
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

    // Rows that b writes act at a, at once, and its answers are those of a.
    let yard = serde_json::json!({ "name": "yard", "url": cameras.url(0) }).to_string().into_bytes();
    let (status, added) = b.api.send(Method::POST, "/api/v1/cameras", yard).await;
    assert_eq!((status, &added["name"]), (StatusCode::CREATED, &"yard".into()), "{added}");
    let yard = Job::Relay("yard".to_owned());
    a.process_other_than(&yard, &[]).await;
    let label = br#"{"label":"Hof"}"#.to_vec();
    let (status, edited) = b.api.send(Method::PATCH, "/api/v1/cameras/yard", label).await;
    assert_eq!((status, &edited["label"]), (StatusCode::OK, &"Hof".into()), "{edited}");
    let is_labelled = |camera: &Value| camera["label"] == "Hof";
    eventually("a knows of it", || async { a.api.camera("yard").await.filter(is_labelled) }).await;
    let (status, problem) = b.api.send(Method::PATCH, "/api/v1/cameras/4711", b"{}".to_vec()).await;
    assert_eq!(status, StatusCode::NOT_FOUND, "{problem}");
    let (status, problem) = b.api.send(Method::DELETE, "/api/v1/cameras/yard", Vec::new()).await;
    assert_eq!(status, StatusCode::NO_CONTENT, "{problem}");
    eventually("yard not relayed any more", || async { a.process(&yard).is_none().then_some(()) }).await;
    let gone = |rows: Vec<Value>| rows.iter().all(|row| row["name"] != "yard");
    eventually("yard gone from b", || async { gone(b.api.items("/api/v1/cameras").await).then_some(()) }).await;

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
    // A row is written all the same: a reads it when it comes back.
    let (status, edited) = b.api.send(Method::PATCH, "/api/v1/cameras/gate", br#"{"label":"Tor"}"#.to_vec()).await;
    assert_eq!((status, &edited["label"]), (StatusCode::OK, &"Tor".into()), "{edited}");

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

#[tokio::test]
async fn an_outage_that_one_has_told_of_ends_when_the_other_sees_the_server_again() {
    let (database, redis) = (shared(), RedisServer::start());
    let url = database.database().expose_secret().to_owned();
    let media = server(&Options::default()).await;
    let (rtsp_listen, api_listen) = media.addresses();
    let on = |name| Config::on(&media).of_site(&redis.url(), &url, name, "monitor", &[]);
    let mut a = Program::start(&on("a")).await;
    node(&a, "a", polls).await;
    let b = Program::start(&on("b")).await;
    let down = async || b.api.items("/api/v1/incidents?kind=serverDown&open=true").await;
    media.stop().await;
    eventually("a tells of it", || async { (!down().await.is_empty()).then_some(()) }).await;
    a.kill().await;
    node(&b, "b", polls).await;
    a.start_again().await;
    node(&b, "a", |one| one["state"] == "running").await;
    let media = server(&Options { rtsp_listen, api_listen, ..Options::default() }).await;
    eventually("it is over, whoever has told of it", || async { down().await.is_empty().then_some(()) }).await;
    b.stop().await;
    a.stop().await;
    media.stop().await;
}

#[tokio::test]
async fn sessions_of_a_server_are_listed_and_ended_by_the_program_that_watches_it() {
    let redis = RedisServer::start();
    let (one, two) = (server(&Options::default()).await, server(&Options::default()).await);
    let on = |media, name: &str| {
        let environment = [
            ("LIVE__REDIS_URL", redis.url()),
            ("NODE", name.to_owned()),
            ("ROLES", "monitor".to_owned()),
            ("MONITOR__LABELS", "127.0.0.0/8=this machine".to_owned()),
        ];
        let environment = environment.map(|(key, value)| (format!("STREAMWARDEN_{key}"), value)).to_vec();
        Config { environment, server: format!("name = \"of-{name}\"\n"), ..Config::on(media) }
    };
    let mut a = Program::start(&on(&one, "a")).await;
    let b = Program::start(&on(&two, "b")).await;
    let _publisher = Publisher::to(&one.rtsp_url(), "gate");
    b.live("gate").await;

    // b has no such server in its configuration.
    const ROUTE: &str = "/api/v1/streams/gate/sessions";
    let session = eventually("a publisher, as b tells it", || async {
        let found = b.api.items(ROUTE).await;
        found.into_iter().find(|one| one["state"] == "publish")
    })
    .await;
    assert_eq!((&session["label"], &session["canBeKicked"]), (&"this machine".into(), &true.into()), "{session}");
    let found = b.api.get(ROUTE).await;
    assert_eq!((&found["server"], &found["fault"]), (&"of-a".into(), &Value::Null));
    let id = session["id"].as_str().expect("an id").to_owned();
    assert_eq!(post(&b, &format!("{ROUTE}/{id}/kick")).await.0, StatusCode::NO_CONTENT);
    eventually("it has gone", || async { b.api.stream("gate").await.filter(|one| one["state"] == "offline") }).await;
    let (status, problem) = post(&b, &format!("{ROUTE}/{id}/kick")).await;
    assert_eq!(status, StatusCode::NOT_FOUND, "{problem}");
    let audit = b.api.items("/api/v1/audit").await;
    assert!(audit[0]["target"].as_str().is_some_and(|target| target.contains(&id)), "{audit:?}");

    a.kill().await;
    node(&b, "a", |one| one["state"] == "silent").await;
    let found = b.api.get(ROUTE).await;
    let (fault, known) = (found["fault"].as_str().unwrap_or_default(), found["notKnown"].as_array().map(Vec::len));
    assert!(fault.contains("the node a, which polls the server of-a") && known == Some(8), "{found}");
    let (status, problem) = post(&b, &format!("{ROUTE}/{id}/kick")).await;
    assert!(status == 503 && problem["detail"].as_str().is_some_and(|why| why.contains("silent")), "{problem}");
    b.stop().await;
    one.stop().await;
    two.stop().await;
}
