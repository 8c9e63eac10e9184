//! A PostgreSQL that is away, hangs, or lets us in no more: our next life names what is wrong, and goes by the last known
//! list until it is mended.

use nix::sys::signal::Signal;
use secrecy::ExposeSecret;
use serde_json::Value;
use url::Url;

use super::long;
use super::stage::Stage;
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

/// A stage on which the program logs in as `app`, with a password.
async fn with_login() -> Stage {
    let (stage, _) = Stage::with(2, "", |config, database| {
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
    stage
}

/// What is shown of the database, as soon as it is as wanted.
async fn database(stage: &Stage, well: bool) -> String {
    stage
        .until("the state of the database", || async {
            let status = stage.program.api.get("/api/v1/status").await;
            let services = status["services"].as_array().expect("a list");
            let shown = services.iter().find(|service| service["name"] == "database").expect("one of them");
            if shown["ok"] == well { Ok(shown["detail"].to_string()) } else { Err(shown.to_string()) }
        })
        .await
}

/// Where the manager has its cameras from.
async fn source(stage: &Stage, words: &str) {
    stage
        .until("the source of the list", || async {
            let tree = stage.program.api.get("/api/v1/tree").await;
            let mut children = tree["children"].as_array().into_iter().flatten();
            let source = children.find(|child| child["name"] == "restreams").map(|one| one["state"]["source"].clone());
            let source = source.unwrap_or(Value::Null);
            if source.as_str().is_some_and(|now| now.starts_with(words)) { Ok(()) } else { Err(source.to_string()) }
        })
        .await;
}

/// Our next life without the database: what is wrong is named, the cameras run by the last known list, and when it is
/// mended they are what the table says.
async fn live_without(stage: &mut Stage, words: &str, fault: impl Fn(&TestServer), remedy: impl Fn(&TestServer)) {
    stage.program.kill().await;
    fault(&stage.database);
    let begin = stage.program.log().len();
    stage.program.start_again().await;
    source(stage, "last known since").await;
    let relays = stage.all_running().await;
    let told = database(stage, false).await;
    assert!(told.contains(words), "{words}: {told}");
    let log = stage.program.log_with(begin, &[words]).await;
    assert!(!log.contains(PASSWORD), "{words}: {log}");
    // Without the database it comes back too.
    send(relays["cam0"], Signal::SIGKILL);
    stage
        .until("another one", || async {
            stage.relays().get("cam0").filter(|now| **now != relays["cam0"]).map(|_| ()).ok_or_else(String::new)
        })
        .await;
    let relays = stage.all_running().await;
    remedy(&stage.database);
    source(stage, "database").await;
    database(stage, true).await;
    assert_eq!(stage.all_running().await, relays, "{words}: what runs is what the table says");
}

#[tokio::test]
async fn a_life_without_the_database_goes_by_the_last_known_list() {
    let mut stage = with_login().await;
    let name = stage.sql("SELECT current_database()");
    stage
        .until("the list kept", || async {
            let kept = std::fs::read_to_string(stage.program.data_dir().join("cameras.last.json")).unwrap_or_default();
            if kept.contains("cam1") { Ok(()) } else { Err(kept) }
        })
        .await;
    let hang = |server: &TestServer| server.pause(Signal::SIGSTOP);
    live_without(&mut stage, "does not answer", hang, |server| server.pause(Signal::SIGCONT)).await;
    live_without(&mut stage, "refuses connections", TestServer::stop, TestServer::run).await;
    for how in ["hostssl", "# host"].iter().take(if long() { 2 } else { 1 }) {
        live_without(&mut stage, "sslmode=require", |server| admit(server, how), |server| admit(server, "host")).await;
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
        live_without(&mut stage, words, run(fault), run(remedy)).await;
    }
    stage.close().await;
}

#[tokio::test]
async fn a_schema_of_a_newer_program_is_named_and_left_alone() {
    let stage = with_login().await;
    stage.sql("INSERT INTO streamwarden_schema_history VALUES (99, 'later', 'x', '1')");
    let history = stage.sql("SELECT count(*) FROM streamwarden_schema_history");
    let dsn = stage.database.url("app", &stage.sql("SELECT current_database()"), "");
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
    assert_eq!(stage.sql("SELECT count(*) FROM streamwarden_schema_history"), history);
    stage.sql("DELETE FROM streamwarden_schema_history WHERE version = 99");
    stage.close().await;
}
