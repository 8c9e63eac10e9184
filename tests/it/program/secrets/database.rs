//! PostgreSQL: its own password, and the passwords that we write into it.

use reqwest::Method;
use secrecy::ExposeSecret;
use streamwarden::demo::media_server::Options;
use url::Url;

use crate::support::cameras::Cameras;
use crate::support::media::server;
use crate::support::postgres::TestServer;
use crate::support::program::{Config, Program};
use crate::support::room::Room;
use crate::support::wait::eventually;

use super::Watch;
use super::faulty_cameras::{FaultyCameras, all_have_failed};
use super::places::{NEEDLES, asked, everywhere, files, logging, print};

/// The section that names a database.
fn section(url: &str) -> String {
    format!("[database]\nurl = \"{url}\"")
}

/// Waits until the database counts as away.
async fn away(program: &Program) {
    let away = |ready: &(reqwest::StatusCode, String)| ready.0 == 503 && ready.1.contains("127.0.0.1");
    eventually("its absence", || async { program.api.text("/ready").await.filter(away) }).await;
}

#[actix::test]
async fn the_password_of_a_database_that_is_away_is_not_seen() {
    let media = server(&Options::default()).await;
    let room = Room::new();
    logging(&room, "line");
    let more = section("postgresql://warden:canary-dsn@127.0.0.1:9/cams");
    let program = Program::start_in(room, &Config { more, ..Config::on(&media) }).await;
    let watch = Watch::over(&program.data_dir(), program.pid(), &NEEDLES);
    away(&program).await;
    for route in
        ["/ready", "/metrics", "/api/v1/tree", "/api/v1/incidents", "/api/v1/cameras/1/settings", "/api/v1/status"]
    {
        let (_, text) = program.api.text(route).await.expect("an answer");
        watch.look_at(route, text.as_bytes());
    }
    for line in ["check", "cameras list", "cameras kinds list"] {
        assert_ne!(print(&program, &watch, line), Some(0), "{line}");
    }
    for wrong in [
        "postgresql://warden:canary-dsn@:x/cams",
        "postgres//warden:canary-dsn@h",
        "postgresql://h/c?password=canary-dsn&x",
        "postgresql://warden:canary dsn@h/c",
        "host=h user=u password=canary-dsn",
    ] {
        program.configure(&Config { more: section(wrong), ..Config::on(&media) });
        assert_ne!(print(&program, &watch, "check"), Some(0), "{wrong}");
    }
    program
        .stop_and(|program| {
            watch.end();
            files(program, &watch);
        })
        .await;
    media.stop().await;
}

#[actix::test]
async fn no_secret_is_seen_over_postgresql() {
    let database = TestServer::start("");
    let dsn = Url::parse(database.database().expose_secret()).expect("a URL");
    let name = dsn.path().trim_start_matches('/').to_owned();
    let url = format!("postgresql://tester:canary-dsn@127.0.0.1:{}/{name}", database.port());
    let (cameras, media, faulty) = (Cameras::start(1).await, server(&Options::default()).await, FaultyCameras::start());
    let room = Room::new();
    logging(&room, "line");
    let program = Program::start_in(room, &Config { more: section(&url), ..Config::on(&media) }).await;
    let watch = Watch::over(&program.data_dir(), program.pid(), &NEEDLES);
    let rows = faulty.rows(&cameras);
    let sql = |text: &str| database.psql(&name, text).unwrap_or_else(|error| panic!("{text}: {error}"));
    for row in &rows {
        sql(&format!("INSERT INTO cameras(name, {}) VALUES ('{}', {})", row.columns, row.name, row.values));
    }
    // A rule of the site's own: what breaks it is quoted by PostgreSQL, the whole row.
    sql("ALTER TABLE cameras ADD CONSTRAINT site CHECK (password <> 'canary-forbidden')");
    program.camera_in("good", "running").await;
    all_have_failed(&program, &rows).await;
    asked(&program, &watch).await;
    let refused = patched(&program, "refused", r#"{"username":"u","password":"canary-forbidden"}"#).await;
    watch.look_at("a rule of the site", refused.as_bytes());
    everywhere(&program, &watch).await;
    for table in ["incidents", "camera_probes", "camera_kinds", "pg_stat_activity"] {
        let text = sql(&format!("SELECT row_to_json(t) FROM {table} t"));
        assert!(text.len() > 100, "{table} has rows: {text}");
        watch.look_at(table, text.as_bytes());
    }
    database.stop();
    away(&program).await;
    everywhere(&program, &watch).await;
    database.run();
    program
        .stop_and(|program| {
            watch.end();
            files(program, &watch);
        })
        .await;
    media.stop().await;
    cameras.stop().await;
}

/// What a change is answered with; it is refused.
async fn patched(program: &Program, camera: &str, body: &'static str) -> String {
    let id = program.api.camera(camera).await.expect("it is there")["id"].clone();
    let client = reqwest::Client::builder().no_proxy().build().expect("a client");
    let request = client.request(Method::PATCH, program.api.url(&format!("/api/v1/cameras/{id}")));
    let answer = request.header("content-type", "application/json").body(body).send().await.expect("an answer");
    assert!(answer.status().is_client_error(), "{}", answer.status());
    answer.text().await.expect("text")
}
