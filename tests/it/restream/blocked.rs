//! Changes of the table that would stop too many cameras at once: blocked, lifted, confirmed.

use std::path::Path;
use std::process::Command;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use streamwarden::adapters::database::import::import;
use streamwarden::adapters::database::{Condition, sqlite};
use streamwarden::base::ErrorKind;
use streamwarden::demo::media_server::Options;
use streamwarden::domain::camera::CameraState;
use streamwarden::domain::change_guard::PlanView;

use super::harness::{Harness, Source, TIMEOUT, server};
use super::program::{Program, until, write_config};
use crate::support::wait;

/// Waits until what is blocked is as wanted.
async fn plan(harness: &Harness, wanted: impl Fn(&PlanView) -> bool) -> PlanView {
    wait::until("the plan", TIMEOUT, || async {
        let view = harness.restream.plan(false).await.expect("a view");
        if wanted(&view) { Ok(view) } else { Err(format!("{view:?}")) }
    })
    .await
}

#[actix::test]
async fn an_emptied_table_stops_nothing_until_somebody_confirms_it() {
    let source = Source::start().await;
    let mut harness = Harness::open().await;
    let values: Vec<String> = (1..=5).map(|n| format!("('c{n}', '{}')", source.url("a"))).collect();
    harness.sql(&format!("INSERT INTO cameras(name, url) VALUES {}", values.join(", ")));
    harness.sql("CREATE TABLE saved AS SELECT * FROM cameras");
    for n in 1..=5 {
        harness.state(&format!("c{n}"), CameraState::Running).await;
    }
    let mut before = harness.processes();
    before.sort_unstable();

    harness.sql("DELETE FROM cameras");
    let blocked = plan(&harness, |view| view.blocked.is_some()).await.blocked.expect("blocked");
    let names: Vec<&str> = blocked.would_stop.iter().map(|one| one.name.as_str()).collect();
    assert_eq!((blocked.running, names), (5, vec!["c1", "c2", "c3", "c4", "c5"]));
    assert_eq!(blocked.would_stop[0].reason, "its row is gone");

    // What dies meanwhile comes back, though its row is gone; what is added starts.
    let first = harness.pid("c1").await;
    kill(Pid::from_raw(i32::try_from(first).expect("a pid")), Signal::SIGKILL).expect("a signal");
    harness.camera("c1", |camera| camera.is_some_and(|camera| camera.restarts == 1)).await;
    harness.state("c1", CameraState::Running).await;
    harness.sql(&format!("INSERT INTO cameras(id, name, url) VALUES (50, 'extra', '{}')", source.url("b")));
    harness.state("extra", CameraState::Running).await;
    let again = plan(&harness, |view| view.cameras == 6).await.blocked.expect("still blocked");
    assert_eq!((again.id, again.since), (blocked.id.clone(), blocked.since), "the same plan");
    let now = harness.processes();
    assert_eq!(before.iter().filter(|pid| now.contains(pid)).count(), 4, "nothing else was touched");
    let open = "SELECT cause FROM incidents WHERE kind = 'planHeld' AND closed_at IS NULL";
    until("an incident says so", TIMEOUT, async || harness.ask(open).iter().any(|cause| cause.contains("5 of 5")))
        .await;

    harness.sql("INSERT INTO cameras SELECT * FROM saved");
    plan(&harness, |view| view.blocked.is_none()).await;
    let mut after = harness.processes();
    after.sort_unstable();
    let mut now = now;
    now.sort_unstable();
    assert_eq!(after, now, "the table is back and nothing has happened");
    until("the incident is over", TIMEOUT, async || harness.ask(open).is_empty()).await;

    harness.sql("DELETE FROM cameras WHERE id < 50");
    let shown = plan(&harness, |view| view.blocked.is_some()).await.blocked.expect("blocked");
    harness.sql("UPDATE cameras SET enabled = 0");
    let changed = plan(&harness, |view| view.blocked.as_ref().is_some_and(|blocked| blocked.id != shown.id)).await;
    let changed = changed.blocked.expect("blocked");
    assert_eq!(changed.would_stop.last().map(|one| one.reason.as_str()), Some("it is switched off"));
    let restreams = harness.restream.clone();
    let refused = restreams.apply_plan(shown.id).await.expect_err("not what was shown");
    assert_eq!(refused.kind(), ErrorKind::Conflict);
    assert_eq!(harness.processes().len(), 6);
    let view = restreams.apply_plan(changed.id).await.expect("confirmed");
    assert_eq!(view.blocked, None);
    for n in 1..=5 {
        harness.gone(&format!("c{n}")).await;
    }
    harness.state("extra", CameraState::Stopped).await;
    // Those of the deleted are gone from the list before their ffmpegs have ended.
    until("no ffmpeg is left", TIMEOUT, async || harness.processes().is_empty()).await;
    until("the incident is over", TIMEOUT, async || harness.ask(open).is_empty()).await;
    harness.stop().await;
}

#[actix::test]
async fn rows_that_come_back_under_new_ids_keep_their_relays_and_what_is_missing_stays_blocked() {
    let (source, mut harness) = (Source::start().await, Harness::open().await);
    five(&mut harness, &source).await;
    harness.sql("CREATE TABLE saved AS SELECT * FROM cameras");
    let sorted = |mut all: Vec<u32>| {
        all.sort_unstable();
        all
    };
    let before = sorted(harness.processes());
    harness.sql("DELETE FROM cameras");
    plan(&harness, |view| view.blocked.as_ref().is_some_and(|blocked| blocked.would_stop.len() == 5)).await;
    harness.sql("INSERT INTO cameras(name, url) SELECT name, url FROM saved WHERE name <> 'c1' ORDER BY id DESC");
    let blocked =
        plan(&harness, |view| view.blocked.as_ref().is_some_and(|blocked| blocked.would_stop.len() == 1)).await;
    assert_eq!(blocked.blocked.expect("blocked").would_stop[0].name, "c1");
    for n in 1..=5 {
        let name = format!("c{n}");
        let id: i64 = harness.ask(&format!("SELECT CAST(coalesce((SELECT id FROM cameras WHERE name = '{name}'), (SELECT id FROM saved WHERE name = '{name}')) AS TEXT)"))[0].parse().expect("an id");
        assert_eq!(id > 5, n > 1, "the rows have new ids");
        harness
            .camera(&name, |camera| camera.is_some_and(|one| one.id == id && one.state == CameraState::Running))
            .await;
    }
    assert_eq!(sorted(harness.processes()), before, "every relay goes on");

    // The missing one is added by hand, and goes on too; a command names the new id.
    let edit = serde_json::from_value(serde_json::json!({ "name": "c1", "url": source.url("a") })).expect("an edit");
    harness.restream.add_camera(edit).await.expect("added");
    plan(&harness, |view| view.blocked.is_none() && view.running == 5).await;
    assert_eq!(sorted(harness.processes()), before, "it goes on as well");
    let id = harness.ask("SELECT CAST(id AS TEXT) FROM cameras WHERE name = 'c2'")[0].parse().expect("an id");
    harness.restream.restart_camera(id).await.expect("restarted");
    harness
        .camera("c2", |camera| camera.is_some_and(|one| one.restarts > 0 || one.state != CameraState::Running))
        .await;
    harness.state("c2", CameraState::Running).await;
    harness.restream.delete_camera(id, Condition::always()).await.expect("deleted");
    harness.gone("c2").await;
    plan(&harness, |view| view.running == 4).await;

    // Numbered anew from 1, as a view with row numbers does it: every id is another camera's.
    let before = sorted(harness.processes());
    harness.sql("UPDATE cameras SET id = -id; UPDATE cameras SET id = (SELECT count(*) FROM cameras b WHERE b.name <= cameras.name)");
    harness.camera("c1", |camera| camera.is_some_and(|one| one.id == 1 && one.state == CameraState::Running)).await;
    harness.camera("c5", |camera| camera.is_some_and(|one| one.id == 4 && one.state == CameraState::Running)).await;
    assert_eq!(sorted(harness.processes()), before);
    harness.stop().await;
}

/// Five relays that run.
async fn five(harness: &mut Harness, source: &Source) {
    let values: Vec<String> = (1..=5).map(|n| format!("('c{n}', '{}')", source.url("a"))).collect();
    harness.sql(&format!("INSERT INTO cameras(name, url) VALUES {}", values.join(", ")));
    plan(harness, |view| view.running == 5).await;
}

#[actix::test]
async fn other_cameras_under_the_same_names_are_blocked_and_other_passwords_are_not() {
    let (source, mut harness) = (Source::start().await, Harness::open().await);
    five(&mut harness, &source).await;
    harness.sql("UPDATE cameras SET url = replace(url, '//', '//viewer:hunter2@')");
    harness.sql("UPDATE cameras SET record = 0 WHERE name = 'c5'");
    harness.camera("c5", |camera| camera.is_some_and(|camera| !camera.record)).await;
    plan(&harness, |view| view.blocked.is_none() && view.running == 5).await;

    harness.sql("UPDATE cameras SET url = replace(url, '127.0.0.1:', '127.0.0.2:')");
    let blocked = plan(&harness, |view| view.blocked.is_some()).await.blocked.expect("blocked");
    assert_eq!((blocked.running, blocked.would_stop.len()), (5, 5));
    let reason = &blocked.would_stop[0].reason;
    assert_eq!(reason, "its source is another one: host 127.0.0.2 instead of 127.0.0.1");
    harness.sql("UPDATE cameras SET url = replace(url, '127.0.0.2:', '127.0.0.1:')");
    plan(&harness, |view| view.blocked.is_none()).await;

    harness.sql("UPDATE cameras SET url = replace(url, '127.0.0.1:', '127.0.0.2:')");
    let blocked = plan(&harness, |view| view.blocked.is_some()).await.blocked.expect("blocked");
    let confirmed = harness.restream.apply_plan(blocked.id).await.expect("confirmed");
    assert_eq!((confirmed.blocked, confirmed.cameras), (None, 5));
    harness.camera("c1", |camera| camera.is_some_and(|camera| camera.host.as_deref() == Some("127.0.0.2"))).await;
    plan(&harness, |view| view.blocked.is_none() && view.cameras == 5).await;
    harness.stop().await;
}

#[actix::test]
async fn rows_that_are_deleted_one_by_one_are_blocked_and_commands_are_not() {
    let (source, mut harness) = (Source::start().await, Harness::open().await);
    five(&mut harness, &source).await;
    for gone in ["c1", "c2"] {
        harness.sql(&format!("DELETE FROM cameras WHERE name = '{gone}'"));
        harness.gone(gone).await;
    }
    harness.sql("DELETE FROM cameras WHERE name = 'c3'");
    let blocked = plan(&harness, |view| view.blocked.is_some()).await.blocked.expect("blocked");
    assert_eq!((blocked.running, blocked.would_stop.len()), (5, 1));
    assert!(blocked.summary.contains("1 of 5, after 2 within the last 60 s,"), "{}", blocked.summary);
    harness.sql(&format!("INSERT INTO cameras(name, url) VALUES ('c3', '{}')", source.url("a")));
    plan(&harness, |view| view.blocked.is_none()).await;

    let restreams = harness.restream.clone();
    let ids = harness.ask("SELECT CAST(id AS TEXT) FROM cameras");
    assert_eq!(ids.len(), 3);
    for id in ids {
        let id = id.parse().expect("an id");
        restreams.delete_camera(id, Condition::always()).await.expect("deleted");
    }
    plan(&harness, |view| view.blocked.is_none() && view.cameras == 0).await;
    harness.stop().await;
}

#[actix::test]
async fn an_import_past_the_program_is_evaluated_like_the_table() {
    let (source, mut harness) = (Source::start().await, Harness::open().await);
    five(&mut harness, &source).await;
    let database = sqlite::open(harness.folder.path().join("streamwarden.db")).await.expect("opened");
    let file = "name,enabled\nc1,no\nc2,no\nc3,no\nc4,yes\n";
    let report = import(&*database, file.as_bytes(), false, async |_| Vec::new()).await.expect("imported");
    assert_eq!((report.changed, report.unchanged, report.faults.len()), (3, 1, 0));
    let blocked = plan(&harness, |view| view.blocked.is_some()).await.blocked.expect("blocked");
    assert_eq!((blocked.would_stop.len(), blocked.would_stop[0].reason.as_str()), (3, "it is switched off"));
    harness.stop().await;
}

#[actix::test]
async fn an_import_by_the_program_is_evaluated_like_the_table_too() {
    let (source, mut harness) = (Source::start().await, Harness::open().await);
    five(&mut harness, &source).await;
    let file = "name,enabled\nc1,no\nc2,no\nc3,no\nc4,yes\n";
    let restreams = harness.restream.clone();
    let dry = restreams.import_cameras(file.into(), true).await.expect("read");
    assert_eq!((dry.changed, harness.ask("SELECT name FROM cameras WHERE enabled").len()), (3, 5), "nothing written");
    let report = restreams.import_cameras(file.into(), false).await.expect("imported");
    assert_eq!((report.changed, report.unchanged, report.faults.len()), (3, 1, 0));
    let blocked = plan(&harness, |view| view.blocked.is_some()).await.blocked.expect("blocked");
    assert_eq!((blocked.would_stop.len(), blocked.would_stop[0].reason.as_str()), (3, "it is switched off"));
    for name in ["c1", "c2", "c3", "c4", "c5"] {
        harness.state(name, CameraState::Running).await;
    }
    assert_eq!(harness.ask("SELECT name FROM cameras").len(), 5, "it deletes none");
    harness.stop().await;
}

pub fn cameras_plan(folder: &Path, apply: bool) -> String {
    cameras(folder, if apply { &["plan", "--apply"] } else { &["plan"] })
}

/// What `streamwarden cameras ...` prints.
fn cameras(folder: &Path, arguments: &[&str]) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_streamwarden"));
    command.current_dir(folder).args(["cameras", "--config", "streamwarden.toml"]).args(arguments).env_clear();
    let output = command.output().expect("the program");
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

#[actix::test]
async fn the_command_line_shows_and_confirms_what_the_running_process_holds() {
    let (source, server) = (Source::start().await, server(&Options::default()).await);
    let folder = tempfile::tempdir().expect("a folder");
    write_config(folder.path(), &server);
    let sql = |sql: &str| {
        let file = rusqlite::Connection::open(folder.path().join("streamwarden.db"));
        file.is_ok_and(|file| file.execute_batch(sql).is_ok())
    };
    assert!(cameras_plan(folder.path(), false).contains("no streamwarden runs on data_dir"));
    let program = Program::run(folder.path());
    let values: Vec<String> = (1..=5).map(|n| format!("('c{n}', '{}')", source.url("a"))).collect();
    let insert = format!("INSERT INTO cameras(name, url) VALUES {}", values.join(", "));
    until("the rows are there", TIMEOUT, async || sql(&insert)).await;
    let says =
        async |words: &str| until(words, TIMEOUT, async || cameras_plan(folder.path(), false).contains(words)).await;
    says("nothing is blocked; the 5 cameras that are relayed are those of the table, 5 of them run now").await;
    let listed = cameras(folder.path(), &["list"]);
    assert!(listed.starts_with("ID  NAME  STATE") && !listed.contains("  -  "), "{listed}");
    assert!(sql("DELETE FROM cameras"));
    says("would stop 5 of 5").await;
    let applied = cameras_plan(folder.path(), true);
    assert!(applied.contains("its row is gone") && applied.contains("confirmed; 5 cameras stop"), "{applied}");
    says("nothing is blocked; the 0 cameras").await;
    drop(program);
    server.stop().await;
}
