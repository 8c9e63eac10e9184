//! Every secret that a site can have, in runs with failures of every kind: looked for wherever somebody could see it.
//!
//! Whatever is secret holds the word `canary`, and nothing else does.

use std::time::Duration;

use futures_util::StreamExt;
use nix::sys::signal::Signal;
use reqwest::Method;
use serde_json::Value;
use streamwarden::demo::media_server::{Credentials, Options};

use crate::restream::peers::Peer;
use crate::restream::sources::{Body, Http};
use crate::support::cameras::Cameras;
use crate::support::media::server;
use crate::support::processes::marked;
use crate::support::program::{Config, Program};
use crate::support::room::{Room, files_below};
use crate::support::wait::eventually;

use super::canary::Watch;

/// Our logging with every detail, for people or as JSON.
fn logging(room: &Room, kind: &str) {
    let yaml = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/etc/log4rs.yaml")).expect("our own file");
    let edited =
        yaml.replace("level: info", "level: debug").replace("kind: line # kind: json", &format!("kind: {kind} #"));
    assert_ne!(edited, yaml);
    room.write("etc/log4rs.yaml", &edited);
}

/// Columns of a camera, and the kinds of fault of which one must come of it; none: its row is refused.
struct Row {
    name: &'static str,
    columns: &'static str,
    values: String,
    faults: &'static [&'static str],
}

fn by_url(name: &'static str, url: &str, faults: &'static [&'static str]) -> Row {
    Row { name, columns: "url", values: format!("'{url}'"), faults }
}

/// What cameras can do wrong.
struct Village {
    silent: Peer,
    refusing: Peer,
    files: Http,
    sound: Http,
    raw: Http,
    _folder: tempfile::TempDir,
}

impl Village {
    fn build() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let endless = |args, kind| Http::serve(Body::Endless { args, kind, cut_after: None });
        Self {
            silent: Peer::silent(),
            refusing: Peer::refusing(),
            files: Http::serve(Body::Folder(folder.path().to_owned())),
            sound: endless("-vn -c:a copy -f adts -", "audio/aac"),
            raw: endless("-an -c:v ffv1 -f matroska -", "video/x-matroska"),
            _folder: folder,
        }
    }

    fn rows(&self, cameras: &Cameras) -> Vec<Row> {
        let [silent, refusing] = [&self.silent, &self.refusing].map(|peer| peer.address);
        let [files, sound, raw] = [&self.files, &self.sound, &self.raw].map(|http| http.address);
        let mut missing = cameras.url_with_login(0, "admin", "canary-missing");
        missing.set_path("missing");
        let login = "admin:canary-login";
        let mut rows = vec![
            by_url("good", cameras.url_with_login(0, "admin", "canary-good").as_str(), &[]),
            by_url("unresolved", &format!("rtsp://{login}@no-such-host.invalid/x"), &["nameNotResolved"]),
            by_url("refused", &format!("rtsp://{login}@127.0.0.1:9/x"), &["refused"]),
            // No connection can be made to everybody: no packet leaves the machine.
            by_url("nowhere", &format!("rtsp://{login}@255.255.255.255/x"), &["noRoute"]),
            by_url("silent", &format!("rtsp://{login}@{silent}/x"), &["silent", "timedOut"]),
            by_url("tls", &format!("rtsps://{login}@{refusing}/x?token=canary-token"), &["tls", "timedOut", "silent"]),
            by_url("tls2", &format!("https://{login}@{files}/x?password=canary-https"), &["tls"]),
            by_url("wrong", &format!("rtsp://{login}@{refusing}/x"), &["unauthorized"]),
            by_url("missing", missing.as_str(), &["notFound"]),
            by_url(
                "missing2",
                &format!("http://{login}@{files}/canary-path-token=canary/x?user=canary-u"),
                &["notFound"],
            ),
            by_url("garbage", &format!("rtsp://{login}@{files}/x"), &["notMedia", "notFound"]),
            by_url("sound", &format!("http://{login}@{sound}/x?usr=admin&pwd=canary-pwd"), &["noVideo"]),
            by_url("raw", &format!("http://{raw}/x?user=canary-user&password=canary-query"), &["codecUnsupported"]),
            by_url("srt", "srt://127.0.0.1:9?streamid=read:x:u:canary-srt&passphrase=canary-phrase", FAILS),
            by_url("rtmp", &format!("rtmp://{login}@127.0.0.1:9/live/x?key=canary-key"), FAILS),
            by_url("encoded", "rtsp://admin:canary%2Dcod%40ed%3A@127.0.0.1:9/x", &["refused"]),
            by_url("path", "rtsp://127.0.0.1:9/user=admin_password=canary-path_channel=1_stream=0.sdp", &["refused"]),
            by_url("no-host", "rtsp://admin:canary-a@/x", &[]),
            by_url("slash", "rtsp://admin:canary/b@h/x", &[]),
            by_url("port", "rtsp://admin:canary-c@h:99999/x", &[]),
            by_url("blank", "rtsp://admin:canary d@h/x", &[]),
            by_url("scheme", "file://admin:canary-e@h/x", &[]),
            by_url("no-scheme", "admin:canary-f@10.0.0.9/x", &[]),
        ];
        let columns = |name, columns, values: &str, faults| Row { name, columns, values: values.to_owned(), faults };
        let place = "kind, host, port, username, password";
        rows.push(columns("columns", place, "'hikvision', '127.0.0.1', 9, 'admin', 'canary c@l:umn/'", &["refused"]));
        rows.push(columns("line", place, "'generic', '127.0.0.1', 9, 'admin', 'canary' || char(10) || 'x'", &[]));
        rows.push(columns("in-host", "host", "'admin:canary-g@127.0.0.1'", &[]));
        rows
    }
}

/// Any failure that has a name.
const FAILS: &[&str] = &["refused", "timedOut", "silent", "notMedia", "unauthorized", "notFound", "other", "noRoute"];

/// Waits until each camera has failed as it should, and until its log says so.
async fn all_have_failed(program: &Program, rows: &[Row]) {
    for row in rows.iter().filter(|row| row.name != "good") {
        if row.faults.is_empty() {
            program.camera_in(row.name, "stopped").await;
            continue;
        }
        let fault = || async {
            let id = program.api.camera(row.name).await?["id"].as_i64()?;
            let runs = program.api.items(&format!("/api/v1/cameras/{id}/log")).await;
            runs.iter().find_map(|run| run["fault"]["kind"].as_str().map(str::to_owned))
        };
        let kind = eventually(row.name, fault).await;
        assert!(row.faults.contains(&kind.as_str()), "{} failed as {kind}", row.name);
    }
}

/// Every answer of the API, those to questions that hold a secret included.
async fn all_answers(program: &Program, watch: &Watch) {
    let cameras = program.api.items("/api/v1/cameras").await;
    assert!(cameras.len() > 20, "all rows are shown");
    let mut routes: Vec<String> =
        "/health /ready /metrics /api/openapi.json /api/v1/status /api/v1/tree /api/v1/streams \
        /api/v1/camera-kinds /api/v1/cameras /api/v1/cameras/plan /api/v1/cameras/export /api/v1/incidents \
        /api/v1/recordings /"
            .split_whitespace()
            .map(str::to_owned)
            .collect();
    for camera in &cameras {
        let id = &camera["id"];
        routes.extend(["", "/settings", "/log", "/probe"].map(|rest| format!("/api/v1/cameras/{id}{rest}")));
    }
    for route in routes {
        let (_, text) = program.api.text(&route).await.expect("an answer");
        assert!(!text.is_empty(), "{route}");
        watch.look_at(&route, text.as_bytes());
    }
    let id = |name: &str| cameras.iter().find(|one| one["name"] == name).expect("it is there")["id"].clone();
    let questions = [
        (Method::POST, "/api/v1/cameras".to_owned(), r#"{"name":"../x","url":"rtsp://a:canary-1@h/x"}"#),
        (Method::POST, "/api/v1/cameras".to_owned(), r#"{"name":"n","url":"file://a:canary-2@h/x"}"#),
        (Method::POST, "/api/v1/cameras".to_owned(), r#"{"name":"n","password":"canary-3"#),
        (Method::POST, "/api/v1/cameras".to_owned(), r#"{"name":"n","passwort":"canary-4"}"#),
        (Method::POST, "/api/v1/cameras".to_owned(), r#"{"name":"good","url":"rtsp://a:canary-5@h/x"}"#),
        (Method::PATCH, format!("/api/v1/cameras/{}", id("refused")), r#"{"url":"canary-6@h"}"#),
        (Method::PATCH, format!("/api/v1/cameras/{}", id("refused")), r#"{"password":"canary\n7"}"#),
        (Method::PATCH, format!("/api/v1/cameras/{}", id("refused")), r#"{"password":["canary-8"]}"#),
        (Method::POST, "/api/v1/cameras/probe".to_owned(), r#"{"name":"n","url":"rtsp://a:canary-9@127.0.0.1:9/x"}"#),
        (Method::POST, format!("/api/v1/cameras/{}/probe", id("refused")), ""),
        (Method::POST, format!("/api/v1/cameras/{}/probe", id("path")), ""),
        (Method::POST, format!("/api/v1/cameras/{}/probe", id("raw")), ""),
        (
            Method::POST,
            "/api/v1/cameras/import?dryRun=true".to_owned(),
            "name,url,password\n../x,rtsp://a:canary-10@h/x,canary-11\n",
        ),
    ];
    for (method, route, body) in questions {
        let kind = if route.contains("import") { "text/csv" } else { "application/json" };
        let request =
            reqwest::Client::builder().no_proxy().build().expect("a client").request(method, program.api.url(&route));
        let answer = request.header("content-type", kind).body(body).send().await.expect("an answer");
        let (status, text) = (answer.status(), answer.text().await.expect("text"));
        assert_ne!(status.as_u16(), 500, "{route} {body}: {text}");
        watch.look_at(&format!("{route} {body}"), text.as_bytes());
    }
}

/// What browsers are told over some seconds.
async fn pushed(program: &Program, watch: &Watch) {
    let address = format!("ws://{}/api/v1/ws", program.address());
    let (mut socket, _) = tokio_tungstenite::connect_async(address).await.expect("a WebSocket");
    let mut messages = 0;
    let listening = async {
        while let Some(Ok(message)) = socket.next().await {
            watch.look_at("a message to browsers", &message.into_data());
            messages += 1;
        }
    };
    let _ = tokio::time::timeout(Duration::from_secs(3), listening).await;
    assert!(messages >= 2, "a snapshot and what follows it");
}

/// What the command line prints.
fn printed(program: &Program, watch: &Watch) {
    let lines = "check|cameras list|cameras list --json|cameras log refused|cameras log path --json|cameras log raw|\
        cameras probe encoded|cameras export|cameras plan|cameras edit in-host --port 0|cameras kinds list";
    for line in lines.split('|') {
        let mut words: Vec<&str> = line.split(' ').collect();
        words.extend(["--config", "streamwarden.toml"]);
        let ended = program.room().run(&words, &[]);
        let text = ended.out + &ended.err;
        assert!(!text.is_empty() && !text.contains("Usage:"), "{line}: {text}");
        watch.look_at(line, text.as_bytes());
    }
}

/// The tables that hold no passwords, row by row.
fn tables(program: &Program, watch: &Watch) {
    let names = program
        .sql("SELECT name FROM sqlite_schema WHERE type = 'table' AND name <> 'cameras' AND name NOT LIKE 'sqlite_%'");
    assert!(names.len() >= 5, "{names:?}");
    for name in names {
        let name = name["name"].as_str().expect("a name");
        let rows = program.sql(&format!("SELECT * FROM {name}"));
        assert!(!["incidents", "camera_probes"].contains(&name) || rows.len() > 5, "{name} has rows: {rows:?}");
        watch.look_at(name, Value::Array(rows).to_string().as_bytes());
    }
}

/// Neither the program nor a child of it leaves a core file.
fn no_cores(program: &Program) {
    let pids = marked(&program.data_dir()).into_iter().map(|process| process.pid).chain([program.pid()]);
    for pid in pids {
        let limits = std::fs::read_to_string(format!("/proc/{pid}/limits")).unwrap_or_default();
        let Some(line) = limits.lines().find(|line| line.starts_with("Max core file size")) else { continue };
        let most = line.split_whitespace().filter_map(|word| word.parse::<u64>().ok()).max();
        assert!(most.is_some_and(|most| most <= 1) && !line.contains("unlimited"), "{pid}: {line}");
    }
}

/// Every file but those whose business it is to keep passwords, which only we may read.
fn files(program: &Program, watch: &Watch) {
    for file in files_below(program.room().path()) {
        let name = file.file_name().expect("a file").to_string_lossy().into_owned();
        if name == "cameras.last.json" {
            use std::os::unix::fs::PermissionsExt;
            let mode = file.metadata().expect("a file").permissions().mode();
            assert_eq!(mode & 0o777, 0o600, "{}", file.display());
        } else if name != "streamwarden.toml" && !name.starts_with("streamwarden.db") {
            watch.look_at(&file.display().to_string(), &std::fs::read(&file).unwrap_or_default());
        }
    }
    assert!(program.log().contains("DEBUG"), "the log was talkative");
}

async fn everywhere(program: &Program, watch: &Watch) {
    pushed(program, watch).await;
    all_answers(program, watch).await;
    printed(program, watch);
    no_cores(program);
    tables(program, watch);
}

#[actix::test]
async fn no_secret_is_seen_in_runs_with_failures_of_every_kind() {
    let api = Some(Credentials::new("api", "canary-api"));
    let publish = Some(Credentials::new("publisher", "canary-publish"));
    let options = Options { api, publish, ..Options::default() };
    let (cameras, media, village) = (Cameras::start(1).await, server(&options).await, Village::build());
    let login = |publish: &str| {
        format!(
            "api_username = \"api\"\napi_password = \"canary-api\"\npublish_username = \"publisher\"\n\
             publish_password = \"{publish}\""
        )
    };
    let config = Config { server: login("canary-publish"), ..Config::on(&media) };
    let room = Room::new();
    logging(&room, "line");
    let mut program = Program::start_in(room, &config).await;
    let watch = Watch::over(&program.data_dir(), program.pid(), &["canary"]);
    let rows = village.rows(&cameras);
    for Row { name, columns, values, .. } in &rows {
        program.sql(&format!("INSERT INTO cameras(name, {columns}) VALUES ('{name}', {values})"));
    }
    program.camera_in("good", "running").await;
    program.recorded("good").await;
    all_have_failed(&program, &rows).await;
    everywhere(&program, &watch).await;
    program.signal(Signal::SIGTERM);
    program.end().await;
    watch.end();
    files(&program, &watch);

    // Again with a wrong password for publishing and for the API, and a log in JSON.
    let wrong = login("canary-wrong").replace("canary-api", "canary-wrong-api");
    program.configure(&Config { server: login("canary-wrong"), ..config.clone() });
    logging(program.room(), "json");
    program.start_again().await;
    let watch = Watch::over(&program.data_dir(), program.pid(), &["canary"]);
    let refused = || async {
        let id = program.api.camera("good").await?["id"].as_i64()?;
        let runs = program.api.items(&format!("/api/v1/cameras/{id}/log")).await;
        runs.iter().any(|run| run["fault"]["kind"] == "publishRefused").then_some(())
    };
    eventually("a refused login of ours", refused).await;
    everywhere(&program, &watch).await;
    program.configure(&Config { server: wrong, ..config });
    watch.look_at(
        "check",
        {
            let ended = program.room().run(&["check", "--config", "streamwarden.toml"], &[]);
            ended.out + &ended.err
        }
        .as_bytes(),
    );
    program
        .stop_and(|program| {
            watch.end();
            files(program, &watch);
        })
        .await;
    media.stop().await;
    cameras.stop().await;
}

#[actix::test]
async fn the_password_of_a_database_that_is_away_is_not_seen() {
    let media = server(&Options::default()).await;
    let more = "[database]\nurl = \"postgresql://warden:canary-dsn@127.0.0.1:9/cams\"".to_owned();
    let room = Room::new();
    logging(&room, "line");
    let program = Program::start_in(room, &Config { more, ..Config::on(&media) }).await;
    let watch = Watch::over(&program.data_dir(), program.pid(), &["canary"]);
    let away = |ready: &(reqwest::StatusCode, String)| ready.0 == 503 && ready.1.contains("127.0.0.1");
    eventually("its absence", || async { program.api.text("/ready").await.filter(away) }).await;
    for route in
        ["/ready", "/metrics", "/api/v1/tree", "/api/v1/incidents", "/api/v1/cameras/1/settings", "/api/v1/status"]
    {
        let (_, text) = program.api.text(route).await.expect("an answer");
        watch.look_at(route, text.as_bytes());
    }
    for line in ["check", "cameras list", "cameras kinds list"] {
        let words: Vec<&str> = line.split(' ').chain(["--config", "streamwarden.toml"]).collect();
        let ended = program.room().run(&words, &[]);
        assert_ne!(ended.code, Some(0), "{line}");
        watch.look_at(line, (ended.out + &ended.err).as_bytes());
    }
    for wrong in [
        "postgresql://warden:canary-dsn@:x/cams",
        "postgres//warden:canary-dsn@h",
        "postgresql://h/c?password=canary-dsn&x",
    ] {
        let more = format!("[database]\nurl = \"{wrong}\"");
        program.configure(&Config { more, ..Config::on(&media) });
        let ended = program.room().run(&["check", "--config", "streamwarden.toml"], &[]);
        watch.look_at(wrong, (ended.out + &ended.err).as_bytes());
    }
    program
        .stop_and(|program| {
            watch.end();
            files(program, &watch);
        })
        .await;
    media.stop().await;
}
