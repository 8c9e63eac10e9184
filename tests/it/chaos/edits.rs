//! Rows of PostgreSQL that somebody changes with `psql`: each acts at once, on its own relay and on no other.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use super::harness::Harness;
use super::long;
use crate::support::wait::within;

/// How soon a change has to act: what is promised where nobody else needs the machine; else soon enough to tell that
/// nobody waited for `restream.refresh`.
fn soon() -> Duration {
    Duration::from_secs(if long() { 1 } else { 10 })
}

/// Makes a change and waits until it is seen at the processes.
async fn acts(harness: &Harness, what: &str, sql: &str, seen: impl Fn(&BTreeMap<String, u32>) -> bool) {
    let begun = Instant::now();
    harness.sql(sql);
    harness
        .until(what, || async {
            let relays = harness.relays();
            if seen(&relays) { Ok(()) } else { Err(format!("{relays:?}")) }
        })
        .await;
    println!("{what}: seen at the processes after {:?}", begun.elapsed());
    within(begun.elapsed(), soon(), what);
}

#[tokio::test]
async fn each_row_acts_at_once_and_alone() {
    let (harness, before) = Harness::open(3).await;
    let others = harness.relays();
    for _ in 0..if long() { 10 } else { 1 } {
        let source = harness.source(3);
        let begun = Instant::now();
        harness.sql(&format!("INSERT INTO cameras(name, url) VALUES ('new', '{source}')"));
        harness
            .until("an inserted row", || async {
                let shown = harness.program.api.camera("new").await.ok_or("not shown")?;
                if shown["state"] == "waiting" { Err(shown.to_string()) } else { Ok(()) }
            })
            .await;
        println!("an inserted row: acts after {:?}", begun.elapsed());
        within(begun.elapsed(), soon(), "an inserted row");
        harness.ought_to_run(["new".to_owned()].into_iter());
        let pid = harness.all_running().await["new"];
        let elsewhere = harness.source(0);
        let update = format!("UPDATE cameras SET url = '{elsewhere}' WHERE name = 'new'");
        acts(&harness, "a changed row", &update, |now| now.get("new") != Some(&pid)).await;
        let pid = harness.all_running().await["new"];
        let rename = "UPDATE cameras SET name = 'New' WHERE name = 'new'";
        acts(&harness, "a name in other letters", rename, |now| now.get("new") != Some(&pid)).await;
        harness.forget(&["new"]);
        harness.ought_to_run(["New".to_owned()].into_iter());
        harness.all_running().await;
        let off = "UPDATE cameras SET enabled = false WHERE name = 'New'";
        acts(&harness, "a disabled row", off, |now| !now.contains_key("New")).await;
        let on = "UPDATE cameras SET enabled = true WHERE name = 'New'";
        acts(&harness, "an enabled row", on, |now| now.contains_key("New")).await;
        harness.all_running().await;
        acts(&harness, "a deleted row", "DELETE FROM cameras WHERE name = 'New'", |now| !now.contains_key("New")).await;
        harness.forget(&["New"]);
        harness.in_order(&before).await;
        assert_eq!(harness.relays(), others, "nobody else was touched");
    }
    harness.close().await;
}

#[tokio::test]
async fn what_changes_no_argument_restarts_nobody() {
    let (harness, before) = Harness::open(3).await;
    let login = harness.cameras.url_with_login(1, "viewer", "hunter2");
    harness.sql(&format!("UPDATE cameras SET url = '{login}' WHERE name = 'cam1'"));
    harness
        .until("the login", || async {
            let shown = harness.program.api.get("/api/v1/tree").await.to_string();
            if shown.contains("***@") { Ok(()) } else { Err(shown) }
        })
        .await;
    let relays = harness.all_running().await;
    for (number, change) in [
        "updated_at = now()",
        "name = name",
        "record = NOT record",
        "transport = 'tcp', audio = 'auto'",
        "transport = '', audio = ''",
        // Sound that RTSP carries is copied anyway.
        "audio = 'copy'",
        // The row's own URL counts instead of these.
        "kind = 'hikvision', host = '10.0.0.9', port = 1, channel = '2', substream = '1'",
        "kind = 'unheard of', host = '-i'",
        "password = 'unused'",
        "url = ' ' || url || ' '",
    ]
    .into_iter()
    .enumerate()
    {
        harness.sql(&format!("UPDATE cameras SET {change} WHERE id = id"));
        // A row of the table's own tells that this change has been taken.
        let name = format!("mark{number}");
        harness.sql(&format!("INSERT INTO cameras(name, url, enabled) VALUES ('{name}', 'rtsp://h/x', false)"));
        harness
            .until("the change taken", || async {
                harness.program.api.camera(&name).await.map(|_| ()).ok_or_else(String::new)
            })
            .await;
        assert_eq!(harness.all_running().await, relays, "{change}");
    }
    harness.in_order(&before).await;
    let cameras = harness.program.api.items("/api/v1/cameras").await;
    assert!(cameras.iter().all(|camera| camera["restarts"] == 0), "{cameras:?}");
    assert_eq!(harness.relays(), relays);
    harness.close().await;
}
