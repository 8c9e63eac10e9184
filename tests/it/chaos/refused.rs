//! A PostgreSQL that answers and lets us in no more: our next life names what is wrong, and goes by the last known list
//! until it is mended.

use nix::sys::signal::Signal;
use serde_json::Value;
use url::Url;

use super::long;
use super::stage::Stage;
use crate::support::postgres::TestServer;
use crate::support::processes::send;

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

#[tokio::test]
async fn a_life_that_is_not_let_in_goes_by_the_last_known_list() {
    let mut stage = with_login().await;
    let name = stage.sql("SELECT current_database()");
    stage
        .until("the list kept", || async {
            let kept = std::fs::read_to_string(stage.program.data_dir().join("cameras.last.json")).unwrap_or_default();
            if kept.contains("cam1") { Ok(()) } else { Err(kept) }
        })
        .await;
    let ask = |sql: &str| (sql.to_owned(), "host");
    let back = |sql: &str| sql.to_owned();
    let table = [
        (ask("ALTER ROLE app PASSWORD 'x'"), format!("ALTER ROLE app PASSWORD '{PASSWORD}'"), "our password"),
        (ask(&format!("ALTER DATABASE {name} RENAME TO y")), format!("ALTER DATABASE y RENAME TO {name}"), "createdb"),
        ((back("SELECT 1"), "hostssl"), back("SELECT 1"), "sslmode=require"),
        (ask("ALTER ROLE app RENAME TO z"), back("ALTER ROLE z RENAME TO app"), "no such role"),
        (ask("ALTER ROLE app NOLOGIN"), back("ALTER ROLE app LOGIN"), "may log in"),
        (ask("ALTER ROLE app CONNECTION LIMIT 0"), back("ALTER ROLE app CONNECTION LIMIT -1"), "no connection left"),
        (
            ask(&format!("ALTER DATABASE {name} ALLOW_CONNECTIONS false")),
            format!("ALTER DATABASE {name} ALLOW_CONNECTIONS true"),
            "accepts no connections",
        ),
        ((back("SELECT 1"), "# host"), back("SELECT 1"), "pg_hba.conf"),
    ];
    let count = if long() { table.len() } else { 3 };
    for ((fault, how), remedy, words) in table.into_iter().take(count) {
        stage.program.kill().await;
        stage.database.psql("postgres", &fault).expect("done");
        admit(&stage.database, how);
        let begin = stage.program.log().len();
        stage.program.start_again().await;
        source(&stage, "last known since").await;
        let relays = stage.all_running().await;
        let told = database(&stage, false).await;
        assert!(told.contains(words) && told.contains(&name), "{fault}: {told}");
        let log = stage.log_from(begin);
        assert!(log.contains(words) && !log.contains(PASSWORD), "{fault}: {log}");
        // Without the database it comes back too.
        send(relays["cam0"], Signal::SIGKILL);
        stage
            .until("another one", || async {
                stage.relays().get("cam0").filter(|now| **now != relays["cam0"]).map(|_| ()).ok_or_else(String::new)
            })
            .await;
        let relays = stage.all_running().await;

        stage.database.psql("postgres", &remedy).expect("done");
        admit(&stage.database, "host");
        source(&stage, "database").await;
        database(&stage, true).await;
        assert_eq!(stage.all_running().await, relays, "{remedy}: what runs is what the table says");
    }
    stage.close().await;
}
