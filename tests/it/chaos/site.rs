//! A site whose cameras are in a table of its own (`database.cameras_query`), where we may read and nobody tells us of
//! changes: they act with the next reading, and with the end of each ffmpeg.

use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use reqwest::{Method, StatusCode};

use super::harness::Harness;
use crate::support::processes::{send, words};
use crate::support::wait::within;

/// Columns have the site's names and types. Some rows have a URL, others what it is made of.
const QUERY: &str = "SELECT no AS id, label AS name, brand AS kind, host(address) AS host, port, input AS channel, \
                     stream_url AS url, active AS enabled FROM cctv.units";

const TABLE: &str = "CREATE SCHEMA cctv; CREATE TABLE cctv.units (no smallint, label varchar(40), brand text, \
                     address inet, port text, input int, stream_url text, active int DEFAULT 1); \
                     CREATE ROLE reader LOGIN; GRANT USAGE ON SCHEMA cctv TO reader; \
                     GRANT SELECT ON cctv.units TO reader";

/// Everything that somebody could have made in a database.
const MADE: &str = "SELECT string_agg(what, ' ' ORDER BY what) FROM (\
                    SELECT 'class ' || oid AS what FROM pg_class UNION ALL SELECT 'proc ' || oid FROM pg_proc UNION ALL \
                    SELECT 'trigger ' || oid FROM pg_trigger UNION ALL SELECT 'schema ' || oid FROM pg_namespace) all_of_it";

/// A site with two cameras: `by/url` and `by/host`.
async fn site(refresh: &str) -> Harness {
    let harness = Harness::empty("", |config, database| {
        config.restream = format!("refresh = \"{refresh}\"");
        config.more = format!("{}\n[database]\ncameras_query = \"{QUERY}\"", config.more);
        for (name, value) in &mut config.environment {
            if name == "PG_DSN" {
                let base = value.split('?').next().unwrap_or_default();
                database.psql(base.rsplit('/').next().unwrap_or_default(), TABLE).expect("made");
                *value = value.replace("tester@", "reader@");
            }
        }
    })
    .await;
    let source = harness.source(1);
    harness.program.sql("INSERT INTO camera_kinds VALUES ('acme', 'rtsp://{host}:{port}/source/{channel}')");
    harness.sql(&format!(
        "INSERT INTO cctv.units VALUES (1, 'by/url', NULL, NULL, NULL, NULL, '{}'), \
         (2, 'by/host', 'acme', '127.0.0.1', '{}', 1, NULL)",
        harness.source(0),
        source.port().expect("a port")
    ));
    // A changed kind is heard of, and the cameras are read with it.
    harness.program.sql("UPDATE camera_kinds SET url_template = url_template WHERE kind = 'acme'");
    harness.ought_to_run(["by/url", "by/host"].map(str::to_owned).into_iter());
    harness
}

/// Waits until the relay of this camera reads there.
async fn reads(harness: &Harness, name: &str, source: &str) -> u32 {
    harness
        .until("another source", || async {
            let pid = harness.relays().get(name).copied().ok_or("no relay")?;
            let args = words(pid, "cmdline");
            if args.iter().any(|arg| arg == source) { Ok(pid) } else { Err(format!("{args:?}")) }
        })
        .await
}

#[tokio::test]
async fn a_table_of_the_site_is_read_every_so_often_and_nothing_is_made_there() {
    let harness = site("1s").await;
    let made = harness.sql(MADE);
    let before = harness.before().await;
    let one = harness.relays()["by/url"];
    // A reading each second, and what a reading and a start take.
    let soon = Duration::from_secs(10);
    for (what, sql, name, runs) in [
        ("disabled", "UPDATE cctv.units SET active = 0 WHERE no = 2".to_owned(), "by/host", false),
        ("enabled", "UPDATE cctv.units SET active = 1 WHERE no = 2".to_owned(), "by/host", true),
        (
            "inserted",
            format!("INSERT INTO cctv.units(no, label, stream_url) VALUES (3, 'new', '{}')", harness.source(2)),
            "new",
            true,
        ),
        ("deleted", "DELETE FROM cctv.units WHERE no = 3".to_owned(), "new", false),
    ] {
        let begun = Instant::now();
        harness.sql(&sql);
        harness
            .until(what, || async {
                let relays = harness.relays();
                if relays.contains_key(name) == runs { Ok(()) } else { Err(format!("{relays:?}")) }
            })
            .await;
        println!("{what}: seen at the processes after {:?}", begun.elapsed());
        within(begun.elapsed(), soon, what);
    }
    harness.sql("UPDATE cctv.units SET input = 3 WHERE no = 2");
    reads(&harness, "by/host", harness.source(3).as_str()).await;

    let (status, problem) = harness.program.api.send(Method::DELETE, "/api/v1/cameras/1", Vec::new()).await;
    assert_eq!(status, StatusCode::NOT_IMPLEMENTED, "{problem}");
    assert!(problem["detail"].as_str().is_some_and(|why| why.contains("change them there")), "{problem}");

    // The site renames a column under our feet, and we die meanwhile.
    let mut harness = harness;
    harness.in_order(&before).await;
    for life in 0..2 {
        harness.sql("ALTER TABLE cctv.units RENAME COLUMN stream_url TO source");
        if life > 0 {
            harness.program.kill().await;
            harness.program.start_again().await;
        }
        harness
            .until("the fault named", || async {
                let (status, text) = harness.program.api.text("/ready").await.expect("an answer");
                let told = text.contains("database.cameras_query") && text.contains("stream_url");
                if status == StatusCode::SERVICE_UNAVAILABLE && told { Ok(()) } else { Err(text) }
            })
            .await;
        let relays = harness.all_running().await;
        assert_eq!(relays["by/url"] == one, life == 0, "those that run go on");
        harness.sql("ALTER TABLE cctv.units RENAME COLUMN source TO stream_url");
        harness
            .until("the fault over", || async {
                let (status, text) = harness.program.api.text("/ready").await.expect("an answer");
                if status == StatusCode::OK { Ok(()) } else { Err(text) }
            })
            .await;
        assert_eq!(harness.all_running().await, relays);
    }
    assert_eq!(harness.sql(MADE), made, "nothing was made in their database");
    harness.close().await;
}

#[tokio::test]
async fn at_each_end_of_an_ffmpeg_its_row_is_read() {
    let harness = site("1h").await;
    let before = harness.before().await;
    let relays = harness.relays();
    // The same.
    send(relays["by/host"], Signal::SIGKILL);
    harness
        .until("another one", || async {
            let now = harness.relays();
            now.get("by/host").filter(|pid| **pid != relays["by/host"]).map(|_| ()).ok_or_else(String::new)
        })
        .await;
    let pid = harness.all_running().await["by/host"];
    assert!(words(pid, "cmdline").contains(&harness.source(1).to_string()));
    // Another.
    harness.sql("UPDATE cctv.units SET input = 2 WHERE no = 2");
    assert_eq!(harness.all_running().await["by/host"], pid, "nobody has told us");
    send(pid, Signal::SIGKILL);
    reads(&harness, "by/host", harness.source(2).as_str()).await;
    let pid = harness.all_running().await["by/host"];
    // Gone.
    harness.sql("DELETE FROM cctv.units WHERE no = 2");
    send(pid, Signal::SIGKILL);
    harness.forget(&["by/host"]);
    harness.in_order(&before).await;
    assert!(harness.program.api.camera("by/host").await.is_none());
    assert_eq!(harness.relays()["by/url"], relays["by/url"], "the other one was not touched");
    harness.close().await;
}
