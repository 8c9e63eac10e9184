//! The cameras table is emptied, halved, renamed, mixed up, and filled with what nobody should write.

use std::collections::BTreeMap;

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::harness::Harness;
use super::long;

const COUNT: usize = 8;

/// No trigger tells of other tables; this asks the program to look.
const LOOK: &str = "NOTIFY streamwarden_cameras, 'update:cameras'";

/// Waits until a plan is blocked (or none); returns it.
async fn plan(harness: &Harness, blocked: bool) -> Value {
    harness
        .until("the plan", || async {
            let plan = harness.program.api.get("/api/v1/cameras/plan").await;
            if plan["blocked"].is_object() == blocked { Ok(plan["blocked"].clone()) } else { Err(plan.to_string()) }
        })
        .await
}

/// The incident of the blocked plan opens, or ends.
async fn incident(harness: &Harness, open: bool) {
    harness
        .until("the incident", || async {
            let incidents = harness.program.api.items("/api/v1/incidents?kind=planHeld&open=true").await;
            let told = incidents.iter().all(|one| one["cause"].as_str().is_some_and(|why| why.contains("would stop")));
            if incidents.is_empty() != open && told { Ok(()) } else { Err(format!("{incidents:?}")) }
        })
        .await;
}

/// Something that has to be held, and what undoes it: no relay is touched by either.
async fn is_blocked(harness: &Harness, relays: &BTreeMap<String, u32>, change: &str, undo: &str) {
    harness.sql(change);
    let blocked = plan(harness, true).await;
    assert_eq!(blocked["running"], COUNT, "{change}: {blocked}");
    incident(harness, true).await;
    assert_eq!(&harness.all_running().await, relays, "{change}");
    harness.sql(undo);
    plan(harness, false).await;
    incident(harness, false).await;
    assert_eq!(&harness.all_running().await, relays, "{undo}");
}

#[tokio::test]
async fn a_table_that_is_emptied_halved_or_renamed_stops_nobody_by_accident() {
    let (harness, before) = Harness::open(COUNT).await;
    harness.sql("CREATE TABLE saved AS SELECT * FROM cameras");
    let back = "INSERT INTO cameras SELECT * FROM saved WHERE id NOT IN (SELECT id FROM cameras)";
    let relays = harness.relays();
    for _ in 0..if long() { 10 } else { 1 } {
        is_blocked(&harness, &relays, "DELETE FROM cameras", back).await;
        is_blocked(&harness, &relays, "TRUNCATE cameras", back).await;
        is_blocked(&harness, &relays, "DELETE FROM cameras WHERE id > 3", back).await;
        is_blocked(&harness, &relays, "UPDATE cameras SET enabled = false", "UPDATE cameras SET enabled = true").await;
        let mixed = "UPDATE cameras SET name = 'other' || id";
        is_blocked(&harness, &relays, mixed, "UPDATE cameras c SET name = s.name FROM saved s WHERE s.id = c.id").await;
        let broken = "UPDATE camera_kinds SET url_template = 'file:///x'; UPDATE cameras SET url = NULL, host = 'h'";
        let mended = "UPDATE cameras c SET url = s.url, host = NULL FROM saved s WHERE s.id = c.id";
        is_blocked(&harness, &relays, broken, mended).await;
        is_missed(&harness, &relays).await;
        // Somebody's migration has stopped half way.
        let moved = "ALTER TABLE cameras RENAME TO cameras_old; CREATE TABLE cameras (LIKE cameras_old INCLUDING ALL)";
        let moved_back = "DROP TABLE cameras; ALTER TABLE cameras_old RENAME TO cameras";
        is_blocked(&harness, &relays, &format!("{moved}; {LOOK}"), &format!("{moved_back}; {LOOK}")).await;
    }
    harness.in_order(&before).await;

    // Half of them may go; and what is confirmed goes.
    harness.sql("DELETE FROM cameras WHERE id > 4");
    harness.forget(&["cam4", "cam5", "cam6", "cam7"]);
    let half: BTreeMap<_, _> = relays.into_iter().take(4).collect();
    assert_eq!(harness.all_running().await, half);
    plan(&harness, false).await;
    harness.sql("DELETE FROM cameras");
    let blocked = plan(&harness, true).await;
    let confirmation = json!({ "id": blocked["id"] }).to_string().into_bytes();
    let (status, answer) = harness.program.api.send(Method::POST, "/api/v1/cameras/plan/apply", confirmation).await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    harness.forget(&["cam0", "cam1", "cam2", "cam3"]);
    harness.in_order(&before).await;
    harness.sql(back);
    harness.ought_to_run((0..COUNT).map(|n| format!("cam{n}")));
    harness.in_order(&before).await;
    harness.close().await;
}

/// The table has another name: seen by whoever asks and whoever reads, and nothing stops.
async fn is_missed(harness: &Harness, relays: &BTreeMap<String, u32>) {
    let begin = harness.program.log().len();
    harness.sql("ALTER TABLE cameras RENAME TO cameras_old");
    let (status, text) = harness.program.api.text("/ready").await.expect("an answer");
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE, "{text}");
    assert!(text.contains("was it renamed"), "it says what is missing: {text}");
    harness.sql(LOOK);
    harness
        .until("the reading has failed", || async {
            let log = harness.log_from(begin);
            if log.contains("reading the cameras failed, the last known ones keep running") { Ok(()) } else { Err(log) }
        })
        .await;
    assert_eq!(&harness.all_running().await, relays, "they go on");
    harness.sql(&format!("ALTER TABLE cameras_old RENAME TO cameras; {LOOK}"));
    harness
        .until("the table read again", || async {
            let log = harness.log_from(begin);
            if log.contains("database recovered") { Ok(()) } else { Err(log) }
        })
        .await;
    assert_eq!(&harness.all_running().await, relays, "they went on");
    let told = || async {
        if harness.told("serviceDown", "database", &["was it renamed"]).await > 0 { Ok(()) } else { Err(String::new()) }
    };
    harness.until("the incident", told).await;
}

/// Name, and the other columns.
fn hostile_rows() -> Vec<(String, &'static str, String)> {
    let schemes =
        ["file:///etc/passwd", "concat:/etc/passwd|/etc/hosts", "pipe:0", "subfile,,start,0,end,9,,:/etc/passwd"];
    let more = ["data:text/plain,x", "unix:/run/x", "crypto:/etc/passwd", "lavfi:testsrc", "tee:a|b", "-i", "--help"];
    let shell =
        ["rtsp://$(touch owned)/x", "rtsp://h/`touch owned`", "rtsp://h/x;touch owned", "rtsp://h/x\ntouch owned"];
    let url =
        |(number, url): (usize, &&str)| (format!("url{number}"), "url", format!("E'{}'", url.replace('\n', "\\n")));
    let mut rows: Vec<_> = schemes.iter().chain(&more).chain(&shell).enumerate().map(url).collect();
    for (number, name) in
        ["../..", "a/../../b", "-i ", "$(touch owned)", "a\\nb", "\\x01", "a;b", "/etc/passwd"].iter().enumerate()
    {
        rows.push((format!("E'{name}'"), "url", format!("'rtsp://127.0.0.1:1/{number}'")));
    }
    rows.push(("repeat('n', 5000)".into(), "url", "'rtsp://127.0.0.1:1/x'".into()));
    rows.push(("long".into(), "url", "'rtsp://127.0.0.1:1/' || repeat('x', 50000)".into()));
    for (name, column, value) in [
        ("port0", "port", "-1"),
        ("port1", "port", "65536"),
        ("port2", "port", "2147483647"),
        ("host0", "host", "'-i'"),
        ("host1", "host", "'a b'"),
        ("host2", "host", "repeat('h', 5000)"),
        ("host3", "host", "E'h\\nx'"),
        ("kind0", "kind", "'../../x'"),
        ("kind1", "kind", "'evil'"),
        ("transport", "transport", "'-i'"),
        ("audio", "audio", "repeat('a', 5000)"),
        ("user", "username", "E'a\\nb'"),
        ("password", "password", "E'a\\x01b'"),
    ] {
        rows.push((name.into(), column, value.into()));
    }
    rows
}

#[tokio::test]
async fn hostile_rows_are_shown_start_nothing_and_harm_nobody() {
    let (harness, before) = Harness::open(COUNT).await;
    let relays = harness.relays();
    harness.sql("INSERT INTO camera_kinds VALUES ('evil', 'file:///{host}')");
    let rows = hostile_rows();
    for (name, column, value) in &rows {
        let name = if name.contains('\'') { name.clone() } else { format!("'{name}'") };
        let host = if *column == "host" || *column == "url" { "" } else { ", host" };
        let host_value = if host.is_empty() { "" } else { ", '127.0.0.1'" };
        harness.sql(&format!("INSERT INTO cameras(name, {column}{host}) VALUES ({name}, {value}{host_value})"));
    }
    let nul = harness.try_sql("INSERT INTO cameras(name, url) VALUES (E'nul\\x00', 'rtsp://h/x')");
    assert!(nul.is_err(), "PostgreSQL takes no NUL: {nul:?}");
    let many = if long() { 5000 } else { 300 };
    harness
        .sql(&format!("INSERT INTO cameras(name, url) SELECT 'no name ' || n, '-i' FROM generate_series(1, {many}) n"));

    let cameras = harness
        .until("all rows shown", || async {
            let cameras = harness.program.api.items("/api/v1/cameras").await;
            let all = cameras.len() == COUNT + rows.len() + many;
            let decided = cameras.iter().all(|camera| camera["state"] != "waiting" && camera["state"] != "probing");
            if all && decided { Ok(cameras) } else { Err(format!("{} shown", cameras.len())) }
        })
        .await;
    for camera in cameras.iter().filter(|camera| camera["state"] != "running") {
        let why = camera["lastError"].as_str().unwrap_or("");
        assert!(camera["state"] == "stopped" && why.len() > 10 && why.len() < 500, "it says why, in bounds: {camera}");
    }
    assert_eq!(harness.all_running().await, relays, "nothing else runs, and who ran goes on");
    let told = || async {
        let told = harness.told("cameraDown", "port1", &["65536"]).await
            + harness.told("cameraDown", "kind0", &["kind"]).await;
        if told == 2 { Ok(()) } else { Err(told.to_string()) }
    };
    harness.until("the incidents", told).await;
    assert!(!harness.program.room().names().contains(&"owned".to_owned()), "no shell has seen it");
    let log = harness.program.log();
    assert!(log.lines().all(|line| line.len() < 2000 && !line.contains('\x01')), "nor does the log overflow");
    // Of each row its fault, and its incident with the id that other programs search for.
    assert!(log.len() < 2 * 250 * (COUNT + rows.len() + many) + 20_000, "{} bytes of log", log.len());

    harness.sql("DELETE FROM cameras WHERE name NOT LIKE 'cam_'");
    harness
        .until("the hostile rows gone", || async {
            let left = harness.program.api.items("/api/v1/cameras").await.len();
            if left == COUNT { Ok(()) } else { Err(format!("{left} rows")) }
        })
        .await;
    harness.in_order(&before).await;
    assert_eq!(harness.relays(), relays);
    harness.close().await;
}
