//! The whole program and its hosts: measured in process, by an agent alone that posts or writes to Redis, and silent.

use std::fs::File;
use std::process::Stdio;

use nix::sys::signal::Signal;
use reqwest::{Client, StatusCode};
use serde_json::Value;
use streamwarden::demo::demo_server::AnyServer;
use streamwarden::demo::media_server::Options;
use tokio::process::{Child, Command};

use crate::support::media;
use crate::support::processes;
use crate::support::program::{Config, Program};
use crate::support::redis::RedisServer;
use crate::support::room::Room;
use crate::support::wait::eventually;

const PASSWORD: &str = "correct horse battery";

/// A program of this name that measures every second.
fn config(media: &streamwarden::demo::demo_server::AnyServer, node: &str, more: &str) -> Config {
    let environment = vec![("STREAMWARDEN_NODE".to_owned(), node.to_owned())];
    Config { environment, more: format!("[agent]\ninterval = \"1s\"\n{more}"), ..Config::on(media) }
}

/// An agent alone, in the room of another program; dropped, it is killed.
pub(super) struct Agent(Child);

impl Agent {
    /// Called `edge-1`; what it says is added to the file `agent.log`.
    pub(super) fn start(room: &Room, environment: &[(&str, &str)]) -> Self {
        let log = File::options().create(true).append(true).open(room.path().join("agent.log")).expect("a log");
        let mut all = vec![("STREAMWARDEN_NODE", "edge-1"), ("STREAMWARDEN_AGENT__INTERVAL", "1s")];
        all.extend(environment);
        let command = room.command(&["run", "--roles", "agent"], &all);
        let mut command = Command::from(command);
        command.stdin(Stdio::null()).stdout(log.try_clone().expect("cloned")).stderr(log).kill_on_drop(true);
        Self(command.spawn().expect("the agent starts"))
    }

    /// SIGTERM; it has to end in order.
    pub(super) async fn stop(mut self) {
        processes::send(self.0.id().expect("running"), Signal::SIGTERM);
        let status = self.0.wait().await.expect("our child");
        assert!(status.success(), "{status}");
    }
}

pub(super) fn said(room: &Room) -> String {
    std::fs::read_to_string(room.path().join("agent.log")).unwrap_or_default()
}

#[tokio::test]
async fn this_host_is_measured_beside_the_other_roles() {
    let media = media::server(&Options::default()).await;
    let program = Program::start(&config(&media, "here", "")).await;
    let measured = || async {
        let host = program.api.named("/api/v1/hosts", "here").await?;
        (host["cpu"].is_object() && host["networks"].is_array()).then_some(host)
    };
    let host = eventually("the host with rates", measured).await;
    assert_eq!((host["state"].as_str(), host["interval"].as_f64()), (Some("live"), Some(1.0)), "{host}");
    assert!(host["memory"]["used"].as_u64().is_some_and(|used| used > 0) && host["load"]["one"].is_number(), "{host}");
    let process = &host["mediamtx"];
    let is_this = process["pid"].as_u64() == Some(u64::from(std::process::id()));
    assert_eq!(is_this, matches!(media, AnyServer::StandIn(_)), "the stand-in is this process: {host}");
    assert!(process["rss"].as_u64().is_some_and(|rss| rss > 1 << 20) && process["descriptors"].is_number(), "{host}");
    for field in ["cores", "load", "swap", "pressure", "mediamtx"] {
        let is_told = !host[field].is_null() || host["unmeasured"][field].is_string();
        assert!(is_told, "{field} is neither measured nor said to be missing: {host}");
    }
    let history = "/api/v1/hosts/here/history?metrics=cpuUser,memoryUsed";
    let past = || async {
        let points = program.api.items(history).await;
        points.into_iter().find(|point| point["values"]["memoryUsed"]["max"].as_f64().is_some_and(|used| used > 0.0))
    };
    eventually("its history", past).await;
    let (status, _) = program.api.text("/api/v1/hosts/nobody/history").await.expect("an answer");
    assert_eq!(status, StatusCode::NOT_FOUND);
    let (_, metrics) = program.api.text("/metrics").await.expect("an answer");
    for line in ["streamwarden_host_live{host=\"here\"} 1", "streamwarden_host_memory_used_bytes{host=\"here\"} "] {
        assert!(metrics.contains(line), "{line}: {metrics}");
    }
    // An agent that was restarted knows no trend yet; its monitor does.
    let mut edge = host.clone();
    edge["name"] = "edge-2".into();
    let disk = edge["disks"].as_array().and_then(|disks| disks.iter().position(|disk| disk["free"].is_u64()));
    let disk = disk.expect("a disk");
    for (second, forecast, days) in [(0, "filling", 4.0.into()), (1, "unknown", Value::Null)] {
        let at = chrono::Utc::now() + chrono::TimeDelta::seconds(second);
        edge["at"] = at.to_rfc3339().into();
        (edge["disks"][disk]["forecast"], edge["disks"][disk]["daysUntilFull"]) = (forecast.into(), days);
        let sent = program.api.send(reqwest::Method::POST, "/api/v1/hosts", edge.to_string().into_bytes()).await;
        assert_eq!(sent.0, StatusCode::NO_CONTENT, "{}", sent.1);
    }
    let known = program.api.named("/api/v1/hosts", "edge-2").await.expect("a host")["disks"][disk].clone();
    assert_eq!((&known["forecast"], &known["daysUntilFull"]), (&"filling".into(), &4.0.into()), "{known}");
    let ready = program.api.get("/ready").await;
    let hosts = ready["services"].as_array().expect("services").iter().find(|one| one["name"] == "hosts").cloned();
    assert_eq!(hosts.expect("a row")["detail"], "2 hosts measured");
    program.stop().await;
    media.stop().await;
}

/// A token of a running program, by its command line.
fn token(program: &Program, name: &str, role: &str) -> String {
    let made =
        program.room().run(&["token", "add", name, "--role", role, "--json", "--config", "streamwarden.toml"], &[]);
    assert_eq!(made.code, Some(0), "{}", made.err);
    serde_json::from_str::<Value>(&made.out).expect("JSON")["token"].as_str().expect("a token").to_owned()
}

/// What whoever has this token reads.
struct Reader<'a>(&'a Program, String);

impl Reader<'_> {
    async fn get(&self, route: &str) -> Value {
        let client = Client::builder().no_proxy().build().expect("a client");
        let answer = client.get(self.0.api.url(route)).bearer_auth(&self.1).send().await.expect("an answer");
        answer.json().await.unwrap_or_default()
    }

    async fn host(&self, state: &str) -> Value {
        let is_so = || async {
            let hosts = self.get("/api/v1/hosts").await;
            let mut hosts = hosts["items"].as_array()?.iter();
            hosts.find(|host| host["name"] == "edge-1" && host["state"] == state).cloned()
        };
        eventually(&format!("edge-1 {state}"), is_so).await
    }

    async fn incident(&self, is_open: bool) -> Value {
        let found = || async {
            let all = self.get("/api/v1/incidents?kind=hostSilent").await;
            let mut all = all["items"].as_array()?.iter();
            all.find(|one| one["subject"]["name"] == "edge-1" && one["closedAt"].is_null() == is_open).cloned()
        };
        eventually(&format!("an incident, open: {is_open}"), found).await
    }
}

#[tokio::test]
async fn an_agent_alone_posts_with_a_token_and_its_silence_is_an_incident() {
    let media = media::server(&Options::default()).await;
    let room = Room::new();
    let config = config(&media, "monitor", "");
    room.write("streamwarden.toml", &config.toml("data"));
    room.write("password", &format!("{PASSWORD}\n"));
    let user = ["user", "add", "anna", "--role", "operator", "--password-file", "password"];
    let added = room.run(&[&user[..], &["--config", "streamwarden.toml"]].concat(), &[]);
    assert_eq!(added.code, Some(0), "{}", added.err);
    let agent_user = ["user", "add", "bob", "--role", "agent", "--password-file", "password"];
    let refused = room.run(&[&agent_user[..], &["--config", "streamwarden.toml"]].concat(), &[]);
    assert!(refused.code != Some(0) && refused.err.contains("only tokens"), "{}", refused.err);

    // A script may be quicker than the start: it waits, and is let in by the token that the program leaves.
    let wait = ["cameras", "wait", "nobody", "--for", "gone", "--config", "streamwarden.toml"];
    let mut script = room.command(&wait, &[]);
    let waiting = tokio::task::spawn_blocking(move || script.output().expect("it runs"));
    let program = Program::start_in(room, &config).await;
    let waited = waiting.await.expect("it has ended");
    assert!(waited.status.success(), "{}", String::from_utf8_lossy(&waited.stderr));
    let other = token(&program, "other", "agent");
    let (edge, reader) = (token(&program, "edge", "agent"), token(&program, "reader", "viewer"));
    program.room().write("edge.token", &edge);
    let url = program.api.url("");
    let environment = [("STREAMWARDEN_AGENT__POST_URL", &*url), ("STREAMWARDEN_AGENT__TOKEN_FILE", "edge.token")];
    let agent = Agent::start(program.room(), &environment);
    let reader = Reader(&program, reader);
    let host = reader.host("live").await;
    // The check of an agent alone is about the monitor and the token, and about nothing that it does not use.
    program.room().write("wrong.token", "wrong");
    let dead = "http://127.0.0.1:9";
    for (url, file, code, words) in [
        (&*url, "edge.token", 0, "takes measurements"),
        (&*url, "wrong.token", 1, "refuses the token"),
        (dead, "edge.token", 1, "unreachable"),
    ] {
        let environment = [
            ("STREAMWARDEN_ROLES", "agent"),
            ("STREAMWARDEN_AGENT__POST_URL", url),
            ("STREAMWARDEN_AGENT__TOKEN_FILE", file),
        ];
        let checked = program.room().run(&["check"], &environment);
        let said = format!("{}{}", checked.out, checked.err);
        assert!(checked.code == Some(code) && said.contains(words) && !said.contains("http.listen"), "{file}: {said}");
    }
    assert!(host["memory"]["total"].is_number() && host["disks"].is_array(), "{host}");

    // It may do that and nothing else.
    let client = Client::builder().no_proxy().build().expect("a client");
    let status = async |method: reqwest::Method, route: &str, token: &str| {
        let request = client.request(method, program.api.url(route)).bearer_auth(token).json(&host);
        request.send().await.expect("an answer").status()
    };
    assert_eq!(status(reqwest::Method::GET, "/api/v1/hosts", &edge).await, StatusCode::FORBIDDEN);
    assert_eq!(status(reqwest::Method::POST, "/api/v1/hosts", &reader.1).await, StatusCode::FORBIDDEN);
    assert_eq!(status(reqwest::Method::POST, "/api/v1/hosts", "wrong").await, StatusCode::UNAUTHORIZED);
    let taken = status(reqwest::Method::POST, "/api/v1/hosts", &other).await;
    assert_eq!(taken, StatusCode::CONFLICT, "another token tells of this host");
    let audit = reader_of_audit(&program);
    assert!(!audit.contains("/hosts") && !audit.contains("host"), "measurements are no changes of people: {audit}");

    let revoked = program.room().run(&["token", "revoke", "edge", "--config", "streamwarden.toml"], &[]);
    assert_eq!(revoked.code, Some(0), "{}", revoked.err);
    let silent = reader.host("silent").await;
    assert_eq!(silent["memory"], reader.host("silent").await["memory"], "what is shown is of then");
    let incident = reader.incident(true).await;
    let cause = incident["cause"].as_str().expect("a cause").to_owned();
    assert!(cause.contains("since") && incident["subject"]["type"] == "host", "{incident}");
    let told = || async { said(program.room()).contains("refuses the token").then_some(()) };
    eventually("the agent says that its token is refused", told).await;
    assert!(!said(program.room()).contains(&edge), "a secret is told");
    let services = reader.get("/ready").await["services"].clone();
    let hosts =
        services.as_array().expect("services").iter().find(|one| one["name"] == "hosts").cloned().expect("a row");
    assert!(hosts["ok"] == false && hosts["required"] == false, "{hosts}");
    assert!(hosts["detail"].as_str().expect("words").contains("edge-1 (since "), "{hosts}");
    agent.stop().await;

    program.room().write("edge.token", &token(&program, "edge-again", "agent"));
    let agent = Agent::start(program.room(), &environment);
    reader.host("live").await;
    reader.incident(false).await;
    agent.stop().await;
    program.stop().await;
    media.stop().await;
}

fn reader_of_audit(program: &Program) -> String {
    let audit = program.room().run(&["audit", "list", "--config", "streamwarden.toml"], &[]);
    assert_eq!(audit.code, Some(0), "{}", audit.err);
    audit.out
}

#[tokio::test]
async fn an_agent_alone_writes_to_the_redis_of_the_monitor() {
    let server = RedisServer::start();
    let media = media::server(&Options::default()).await;
    let redis = format!("[live]\nredis_url = \"{}\"\n", server.url());
    let program = Program::start(&config(&media, "monitor", &redis)).await;
    let url = server.url();
    let agent = Agent::start(program.room(), &[("REDIS_URL", &url)]);
    let seen = || async {
        program
            .api
            .named("/api/v1/hosts", "edge-1")
            .await
            .filter(|host| host["state"] == "live" && host["cpu"].is_object())
    };
    eventually("the host in the monitor", seen).await;
    let entries = || async {
        let count: u64 = server.ask("XLEN mediamtx:host:edge-1");
        (count >= 2).then_some(())
    };
    eventually("its history in Redis", entries).await;
    let entry: Vec<(String, Vec<String>)> = server.ask("XREVRANGE mediamtx:host:edge-1 + - COUNT 1");
    let fields = &entry[0].1;
    assert!(fields.iter().step_by(2).any(|name| name == "m"), "{fields:?}");
    assert!(fields.iter().skip(1).step_by(2).all(|value| value.parse::<i64>().is_ok()), "integers only: {fields:?}");
    agent.stop().await;
    let silent =
        || async { program.api.named("/api/v1/hosts", "edge-1").await.filter(|host| host["state"] == "silent") };
    eventually("the host silent", silent).await;
    program.stop().await;
    media.stop().await;
}

#[test]
fn an_agent_that_has_nobody_to_tell_does_not_start() {
    let refused = Room::new().run(&["run", "--roles", "agent"], &[]);
    assert_ne!(refused.code, Some(0));
    assert!(refused.err.contains("agent.post_url") && refused.err.contains("live.redis_url"), "{}", refused.err);
}
