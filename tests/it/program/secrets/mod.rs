//! Every secret that a site can have, in runs with failures of every kind: looked for wherever somebody could see it.

mod database;
mod faulty_cameras;
mod login_secrets;
mod places;

use std::time::Duration;

use nix::sys::signal::Signal;
use serde_json::Value;
use streamwarden::demo::media_server::{Credentials, Options};

use crate::support::cameras::Cameras;
use crate::support::media::server;
use crate::support::processes::{Job, send};
use crate::support::program::{Config, Program};
use crate::support::room::Room;
use crate::support::wait::{eventually, timed};

use super::canary::Watch;
use faulty_cameras::{FaultyCameras, all_have_failed};
use places::{NEEDLES, asked, everywhere, files, logging, print};

/// The tables that hold no passwords, row by row.
fn tables(program: &Program, watch: &Watch) {
    for name in tables_hold_none(program, watch) {
        let rows = program.sql(&format!("SELECT * FROM {name}"));
        assert!(!["incidents", "camera_probes"].contains(&&*name) || rows.len() > 5, "{name} has rows: {rows:?}");
    }
}

/// Looks at those tables. Returns their names.
fn tables_hold_none(program: &Program, watch: &Watch) -> Vec<String> {
    let names = program
        .sql("SELECT name FROM sqlite_schema WHERE type = 'table' AND name <> 'cameras' AND name NOT LIKE 'sqlite_%'");
    assert!(names.len() >= 5, "{names:?}");
    let names: Vec<String> = names.iter().map(|row| row["name"].as_str().expect("a name").to_owned()).collect();
    for name in &names {
        watch.look_at(name, Value::Array(program.sql(&format!("SELECT * FROM {name}"))).to_string().as_bytes());
    }
    names
}

fn login(publish: &str, api: &str) -> String {
    format!(
        "api_username = \"api\"\napi_password = \"{api}\"\npublish_username = \"publisher\"\n\
         publish_password = \"{publish}\""
    )
}

/// Targets of the health probes: one that is refused, one whose secret is in the path, and the paths that want our login.
fn targets() -> String {
    let target =
        |name: &str, place: &str| format!("[[health.targets]]\nname = \"{name}\"\n{place}\ninterval = \"5s\"\n");
    let refused = target("refused-target", "url = \"rtsp://eve:canary-target@127.0.0.1:9/x?token=canary-query\"");
    let key = target("key-target", "url = \"rtmp://127.0.0.1:9/live/x?key=canary-key\"");
    let endpoint = "[[health.endpoints]]\nname = \"refused-endpoint\"\nurl = \"http://127.0.0.1:9/canary-endpoint?canary-endpoint\"\n";
    let platform = "[[health.platforms]]\ntoken = \"canary-platform\"\nurl = \"http://127.0.0.1:9\"\n";
    format!(
        "[health]\nwindow = \"1s\"\nlimit = \"6s\"\n{refused}{key}{}{endpoint}{platform}",
        target("paths", "path = \"*\"")
    )
}

fn options() -> Options {
    let api = Some(Credentials::new("api", "canary-api"));
    let publish = Some(Credentials::new("publisher", "canary-publish"));
    Options { api, publish, ..Options::default() }
}

/// Receivers of notifications that nobody answers for: what fails with them is told in words.
const RECEIVERS: &str = r#"
[[notify.receivers]]
name = "hook"
kind = "webhook"
url = "http://u:canary-hook@127.0.0.1:9/canary-hook?key=canary-hook"
token = "canary-bearer"
signing_secret = "canary-signing-secret"
group_wait = "0s"
[[notify.receivers]]
name = "mail"
kind = "email"
url = "smtp://127.0.0.1:9"
username = "u"
password = "canary-smtp"
from = "a@site.example"
to = ["b@site.example"]
group_wait = "0s"
[[notify.receivers]]
name = "slack"
kind = "slack"
url = "http://127.0.0.1:9/services/canary-slack"
[[notify.receivers]]
name = "bot"
kind = "telegram"
url = "http://127.0.0.1:9"
token = "1:canary-bot"
to = ["-100"]
group_wait = "0s"
[[notify.receivers]]
name = "topic"
kind = "ntfy"
url = "http://127.0.0.1:9/canary-topic"
token = "canary-ntfy"
"#;

/// The relay of this camera dies in this way, and comes back.
async fn hurt(program: &Program, camera: &str, signal: Signal) {
    let job = Job::Relay(camera.to_owned());
    let pid = program.process(&job).expect("it is published");
    send(pid, signal);
    program.process_other_than(&job, &[pid]).await;
    program.camera_in(camera, "running").await;
}

#[actix::test]
async fn no_secret_is_seen_in_runs_with_failures_of_every_kind() {
    let (cameras, media, faulty) = (Cameras::start(1).await, server(&options()).await, FaultyCameras::start());
    let more = format!("{}\n{RECEIVERS}", targets());
    let config = Config { server: login("canary-publish", "canary-api"), more, ..Config::on(&media) };
    let room = Room::new();
    logging(&room, "line");
    let mut program = Program::start_in(room, &config).await;
    let watch = Watch::over(&program.data_dir(), program.pid(), &NEEDLES);
    let rows = faulty.rows(&cameras);
    for row in &rows {
        let (name, columns, values) = (row.name, row.columns, row.values.replace("chr(", "char("));
        program.sql(&format!("INSERT INTO cameras(name, {columns}) VALUES ('{name}', {values})"));
    }
    program.camera_in("good", "running").await;
    program.recorded("good").await;
    // Both the source and the target are shown without their logins, which are there.
    let relay = program.processes().into_iter().find(|process| process.job == Job::Relay("good".to_owned()));
    let masked = relay.expect("it is published").args.iter().filter(|arg| arg.contains("://***@")).count();
    assert_eq!(masked, 2);
    all_have_failed(&program, &rows).await;
    for signal in [Signal::SIGKILL, Signal::SIGSTOP, Signal::SIGABRT] {
        hurt(&program, "good", signal).await;
    }
    // Every receiver has failed, and each says so when it is tried too.
    let failing = || async {
        let all = program.api.items("/api/v1/receivers").await;
        all.iter().all(|one| one["fault"].is_string()).then_some(())
    };
    eventually("receivers that fail", failing).await;
    for name in ["hook", "mail", "slack", "bot", "topic"] {
        let (status, text) =
            program.api.send(reqwest::Method::POST, &format!("/api/v1/receivers/{name}/test"), Vec::new()).await;
        assert!(!status.is_success(), "{name}: {text}");
        watch.look_at(name, text.to_string().as_bytes());
    }
    asked(&program, &watch).await;
    everywhere(&program, &watch).await;
    tables(&program, &watch);
    // It crashes: what is left behind holds no secret either.
    program.signal(Signal::SIGABRT);
    program.end().await;
    timed("the end of its children", || async { program.processes().is_empty().then_some(()) }).await;
    watch.end();
    files(&program, &watch);

    // Again with a wrong password for publishing, and a log in JSON; then the media server goes away.
    program.configure(&Config { server: login("canary-wrong", "canary-api"), ..config.clone() });
    logging(program.room(), "ecs");
    program.start_again().await;
    let watch = Watch::over(&program.data_dir(), program.pid(), &NEEDLES);
    let refused = || async {
        let id = program.api.camera("good").await?["id"].as_i64()?;
        let runs = program.api.items(&format!("/api/v1/cameras/{id}/log")).await;
        runs.iter().any(|run| run["fault"]["kind"] == "publishRefused").then_some(())
    };
    eventually("a refused login of ours", refused).await;
    everywhere(&program, &watch).await;
    media.stop().await;
    away(&program).await;
    everywhere(&program, &watch).await;
    tables(&program, &watch);
    program.signal(Signal::SIGTERM);
    program.end().await;
    watch.end();
    files(&program, &watch);
    cameras.stop().await;
}

/// Waits until the media server counts as away.
async fn away(program: &Program) {
    let away = || async {
        let (_, text) = program.api.text("/ready").await?;
        let ready: Value = serde_json::from_str(&text).ok()?;
        ready["services"]
            .as_array()?
            .iter()
            .any(|service| service["name"] != "database" && service["ok"] == false)
            .then_some(())
    };
    eventually("a media server that is away", away).await;
}

#[actix::test]
async fn the_password_of_an_api_that_refuses_it_is_not_seen() {
    let media = server(&options()).await;
    let room = Room::new();
    logging(&room, "line");
    let config = Config { server: login("canary-publish", "canary-wrong-api"), ..Config::on(&media) };
    let program = Program::start_in(room, &config).await;
    let watch = Watch::over(&program.data_dir(), program.pid(), &NEEDLES);
    away(&program).await;
    for route in ["/ready", "/metrics", "/api/v1/tree", "/api/v1/status", "/api/v1/incidents", "/api/v1/cameras"] {
        let (_, text) = program.api.text(route).await.expect("an answer");
        watch.look_at(route, text.as_bytes());
    }
    tokio::time::timeout(Duration::from_secs(60), async { print(&program, &watch, "check") }).await.expect("in time");
    program
        .stop_and(|program| {
            watch.end();
            files(program, &watch);
        })
        .await;
    media.stop().await;
}
