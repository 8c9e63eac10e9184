//! A site of several processes: one login and one picture of it behind a balancer, whichever process answers; one Prometheus that
//! counts nothing thrice, and one above it that sees which process is gone.

use std::sync::Arc;

use reqwest::{Client, Method, StatusCode};
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use streamwarden::demo::media_server::Options;

use crate::support::api::Api;
use crate::support::camera::{Behaviour, Camera};
use crate::support::media::server;
use crate::support::nginx;
use crate::support::postgres::{TestServer, shared};
use crate::support::program::{Config, Program};
use crate::support::prometheus::Prometheus;
use crate::support::redis::RedisServer;
use crate::support::room::Room;
use crate::support::wait::eventually;

const PASSWORD: &str = "correct horse battery";
/// Requests that reach each process more than once.
const MANY: usize = 12;

/// Runs a command of the program on the site's database.
fn run(room: &Room, config: &Config, line: &[&str]) -> String {
    let environment: Vec<_> = config.environment.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let line: Vec<&str> = line.iter().copied().chain(["--config", "streamwarden.toml"]).collect();
    let ended = room.run(&line, &environment);
    assert_eq!(ended.code, Some(0), "{line:?}: {}", ended.err);
    ended.out
}

/// Waits until an expression is true there.
async fn holds(prometheus: &Prometheus, expression: &str) {
    eventually(expression, || async { prometheus.query(expression).await.ok().filter(|found| !found.is_empty()) })
        .await;
}

#[actix_web::test]
async fn three_processes_behind_a_balancer_are_one_site_and_a_prometheus_above_sees_each() {
    let database: Arc<TestServer> = shared();
    let url = database.database().expose_secret().to_owned();
    let (redis, media) = (RedisServer::start(), server(&Options::default()).await);
    let camera = Camera::start(Behaviour::default());
    let origin = [("STREAMWARDEN_HTTP__ALLOWED_ORIGINS", "http://video.example.org:1")];
    let on = |node, roles| Config::on(&media).of_site(&redis.url(), &url, node, roles, &origin);
    let room = Room::new();
    let first = on("a", "monitor,health");
    room.write("streamwarden.toml", &first.toml("data"));
    room.write("password", PASSWORD);
    run(&room, &first, &["user", "add", "anna", "--role", "operator", "--password-file", "password"]);
    let token = |name: &str, role: &str| {
        let made = run(&room, &first, &["token", "add", name, "--role", role, "--json"]);
        let made: Value = serde_json::from_str(&made).expect("JSON");
        made["token"].as_str().expect("a token").to_owned()
    };
    let (ours, scraper) = (token("test", "operator"), token("prometheus", "viewer"));
    let mut processes = vec![Program::start_in(room, &first).await];
    for (node, roles) in [("b", "restream"), ("c", "record")] {
        processes.push(Program::start(&on(node, roles)).await);
    }
    for program in &mut processes {
        program.api = Api::with_token(&program.api.url(""), &ours);
    }

    // A round of all three, as nginx gives requests to its servers.
    let addresses: Vec<String> = processes.iter().map(|program| program.address().to_owned()).collect();
    let nginx = nginx::start(&addresses.join("; server "), |site| site.replace("Host $http_host", "Host $host")).await;
    let client = Client::builder().no_proxy().build().expect("a client");
    let at = |route: &str| format!("http://127.0.0.1:{}{route}", nginx.port);
    let ask = async |method: Method, route: &str, cookie: &str, body: Value| {
        let request = client.request(method, at(route)).header("host", "video.example.org");
        let request = request.header("origin", "http://video.example.org:1").header("cookie", cookie);
        let answer = request.json(&body).send().await.expect("an answer");
        let cookie = answer.headers().get("set-cookie").and_then(|cookie| cookie.to_str().ok()).map(str::to_owned);
        let (status, text) = (answer.status(), answer.text().await.expect("a body"));
        (status, cookie, serde_json::from_str::<Value>(&text).unwrap_or(Value::String(text)))
    };
    let (status, cookie, answer) =
        ask(Method::POST, "/api/v1/login", "", json!({ "name": "anna", "password": PASSWORD })).await;
    assert!(status.is_success(), "{status}: {answer}");
    let cookie = cookie.expect("a session");
    let cookie = cookie.split(';').next().expect("a cookie").to_owned();
    let mut nodes = std::collections::BTreeSet::new();
    for _ in 0..MANY {
        let (status, _, answer) = ask(Method::GET, "/api/v1/status", &cookie, Value::Null).await;
        assert_eq!(status, StatusCode::OK, "one login for all: {answer}");
        nodes.insert(answer["node"].to_string());
    }
    assert_eq!(nodes.len(), 3, "each has answered: {nodes:?}");
    let (status, _, answer) =
        ask(Method::POST, "/api/v1/cameras", &cookie, json!({ "name": "gate", "url": camera.url() })).await;
    assert!(status.is_success(), "{status}: {answer}");
    for program in &processes {
        program.live("gate").await;
    }

    let prometheus = Prometheus::start(&addresses.join("\", \""), &scraper, "127.0.0.1:9", &["StreamwardenDown"]).await;
    let above = Prometheus::above(&prometheus).await;
    holds(&above, "count(up{job=\"streamwarden\", site=\"main\"} == 1) == 3").await;
    holds(&above, "count(count by (node) (streamwarden_build_info{site=\"main\"})) == 3").await;
    holds(&above, "streamwarden:cameras_down{site=\"main\"} == 0").await;
    camera.change(|now| now.refuses = Some(("DESCRIBE", "503 Service Unavailable")));
    camera.cut();
    holds(&above, "streamwarden:cameras_down{site=\"main\"} == 1").await;

    // The one that records is gone: nobody who looks is refused, and the place above knows which one it is.
    processes[2].kill().await;
    for _ in 0..MANY {
        let (status, _, answer) = ask(Method::GET, "/api/v1/cameras", &cookie, Value::Null).await;
        assert_eq!((status, answer["items"].as_array().map(Vec::len)), (StatusCode::OK, Some(1)), "{answer}");
    }
    let fired = format!(
        "ALERTS{{alertname=\"StreamwardenDown\", alertstate=\"firing\", site=\"main\", instance=\"{}\"}}",
        addresses[2]
    );
    holds(&above, &fired).await;
    holds(&above, "count(ALERTS{alertname=\"StreamwardenDown\"}) == 1").await;
    // A site whose Prometheus is gone is what only the place above can tell.
    drop(prometheus);
    holds(&above, "up{job=\"sites\"} == 0").await;
    drop((above, nginx));
    for program in processes.drain(..2) {
        program.stop().await;
    }
    drop(processes);
    media.stop().await;
}
