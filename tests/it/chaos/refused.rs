//! A PostgreSQL that is away, hangs, or lets us in no more: our next life names what is wrong, and goes by the last known
//! list until it is mended.

use nix::sys::signal::Signal;
use secrecy::ExposeSecret;
use serde_json::Value;
use url::Url;

use super::harness::Harness;
use super::long;
use crate::support::postgres::TestServer;
use crate::support::processes::send;
use crate::support::room::Room;

const PASSWORD: &str = "canary-4711";

/// Who may log in how; `app` is us.
fn admit(database: &TestServer, how: &str) {
    let lines = format!("{how} all app 127.0.0.1/32 scram-sha-256\nhost all tester 127.0.0.1/32 trust\n");
    std::fs::write(database.data().join("pg_hba.conf"), lines).expect("written");
    database.psql("postgres", "SELECT pg_reload_conf()").expect("read");
}

/// A harness on which the program logs in as `app`, with a password.
async fn with_login() -> Harness {
    let (harness, _) = Harness::with(2, "", |config, database| {
        for (name, value) in &mut config.environment {
            if name == "PG_DSN" {
                let mut url = Url::parse(value).expect("a URL");
                let name = url.path().trim_start_matches('/').to_owned();
                for sql in [
                    format!("CREATE ROLE app LOGIN PASSWORD '{PASSWORD}'"),
                    format!("ALTER DATABASE {name} OWNER TO app"),
                ] {
                    database.psql("postgres", &sql).expect("done");
                }
                url.set_username("app").expect("a host");
                url.set_password(Some(PASSWORD)).expect("a host");
                *value = url.to_string();
            }
        }
        admit(database, "host");
    })
    .await;
    harness
}

/// What is shown of the database, as soon as it is as wanted.
async fn database(harness: &Harness, well: bool) -> String {
    harness
        .until("the state of the database", || async {
            let status = harness.program.api.get("/api/v1/status").await;
            let services = status["services"].as_array().expect("a list");
            let shown = services.iter().find(|service| service["name"] == "database").expect("one of them");
            if shown["ok"] == well { Ok(shown["detail"].to_string()) } else { Err(shown.to_string()) }
        })
        .await
}

/// Where the planner has its cameras from.
async fn source(harness: &Harness, words: &str) {
    harness
        .until("the source of the list", || async {
            let tree = harness.program.api.get("/api/v1/tree").await;
            let of =
                |above: &Value, name| above["children"].as_array()?.iter().find(|one| one["name"] == name).cloned();
            let planner = of(&tree, "restreams").and_then(|role| of(&role, "planner"));
            let source = planner.map_or(Value::Null, |planner| planner["state"]["source"].clone());
            if source.as_str().is_some_and(|now| now.starts_with(words)) { Ok(()) } else { Err(source.to_string()) }
        })
        .await;
}

/// Our next life without the database: what is wrong is named, the cameras run by the last known list, and when it is
/// mended they are what the table says.
async fn live_without(harness: &mut Harness, words: &str, fault: impl Fn(&TestServer), remedy: impl Fn(&TestServer)) {
    harness.program.kill().await;
    fault(&harness.database);
    let begin = harness.program.log().len();
    harness.program.start_again().await;
    source(harness, "last known since").await;
    let relays = harness.all_running().await;
    let told = database(harness, false).await;
    assert!(told.contains(words), "{words}: {told}");
    let log = harness.program.log_with(begin, &[words]).await;
    assert!(!log.contains(PASSWORD), "{words}: {log}");
    // Without the database it comes back too.
    send(relays["cam0"], Signal::SIGKILL);
    harness
        .until("another one", || async {
            harness.relays().get("cam0").filter(|now| **now != relays["cam0"]).map(|_| ()).ok_or_else(String::new)
        })
        .await;
    let relays = harness.all_running().await;
    remedy(&harness.database);
    source(harness, "database").await;
    database(harness, true).await;
    assert_eq!(harness.all_running().await, relays, "{words}: what runs is what the table says");
}

#[tokio::test]
async fn a_life_without_the_database_goes_by_the_last_known_list() {
    let mut harness = with_login().await;
    let name = harness.sql("SELECT current_database()");
    harness
        .until("the list kept", || async {
            let kept =
                std::fs::read_to_string(harness.program.data_dir().join("cameras.last.json")).unwrap_or_default();
            if kept.contains("cam1") { Ok(()) } else { Err(kept) }
        })
        .await;
    let hang = |server: &TestServer| server.pause(Signal::SIGSTOP);
    live_without(&mut harness, "does not answer", hang, |server| server.pause(Signal::SIGCONT)).await;
    live_without(&mut harness, "refuses connections", TestServer::stop, TestServer::run).await;
    for how in ["hostssl", "# host"].iter().take(if long() { 2 } else { 1 }) {
        live_without(&mut harness, "sslmode=require", |server| admit(server, how), |server| admit(server, "host"))
            .await;
    }
    let app = |what: &str| format!("ALTER ROLE app {what}");
    let its = |what: &str| format!("ALTER DATABASE {name} {what}");
    let table = [
        (app("PASSWORD 'x'"), app(&format!("PASSWORD '{PASSWORD}'")), "our password"),
        (its("RENAME TO y"), format!("ALTER DATABASE y RENAME TO {name}"), "createdb"),
        (app("RENAME TO z"), "ALTER ROLE z RENAME TO app".to_owned(), "no such role"),
        (app("NOLOGIN"), app("LOGIN"), "may log in"),
        (app("CONNECTION LIMIT 0"), app("CONNECTION LIMIT -1"), "no connection left"),
        (its("ALLOW_CONNECTIONS false"), its("ALLOW_CONNECTIONS true"), "accepts no connections"),
    ];
    for (fault, remedy, words) in table.iter().take(if long() { 6 } else { 2 }) {
        let run = |sql: &str| {
            let sql = sql.to_owned();
            move |server: &TestServer| _ = server.psql("postgres", &sql).expect("done")
        };
        live_without(&mut harness, words, run(fault), run(remedy)).await;
    }
    harness.close().await;
}

#[tokio::test]
async fn a_schema_of_a_newer_program_is_named_and_left_alone() {
    let harness = with_login().await;
    harness.sql("INSERT INTO streamwarden_schema_history VALUES (99, 'later', 'x', '1')");
    let history = harness.sql("SELECT count(*) FROM streamwarden_schema_history");
    let dsn = harness.database.url("app", &harness.sql("SELECT current_database()"), "");
    let dsn = dsn.expose_secret().replace("app@", &format!("app:{PASSWORD}@"));
    let room = Room::new();
    let words = "has schema version 99, this program knows versions up to";
    for (option, variable) in [("--pg-dsn", ""), ("--pg_dsn", ""), ("", "PG_DSN")] {
        let more = if option.is_empty() { vec![] } else { vec![option, &dsn] };
        let environment = if variable.is_empty() { vec![] } else { vec![(variable, dsn.as_str())] };
        let ended = room.run(&[vec!["run", "--listen", "127.0.0.1:0"], more].concat(), &environment);
        assert_eq!(ended.code, Some(1), "{}", ended.err);
        assert!(ended.err.contains(words) && !ended.err.contains(PASSWORD), "{option}{variable}: {}", ended.err);
    }
    assert_eq!(harness.sql("SELECT count(*) FROM streamwarden_schema_history"), history);
    harness.sql("DELETE FROM streamwarden_schema_history WHERE version = 99");
    harness.close().await;
}
