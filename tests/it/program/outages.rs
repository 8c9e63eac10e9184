//! What the program depends on goes away for a while: the media server, the database.

use std::time::{Duration, Instant};

use serde_json::Value;
use streamwarden::demo::media_server::Options;

use crate::support::cameras::Cameras;
use crate::support::media::{server, server_again};
use crate::support::processes::Process;
use crate::support::program::{Config, Program};
use crate::support::room::files_below;
use crate::support::wait::{eventually, timed, within};

const NAMES: [&str; 2] = ["gate", "yard"];

fn pids(program: &Program) -> Vec<u32> {
    let mut pids: Vec<u32> = program.processes().into_iter().map(|process: Process| process.pid).collect();
    pids.sort_unstable();
    pids
}

async fn all_running(program: &Program) {
    for name in NAMES {
        program.live(name).await;
        program.camera_in(name, "running").await;
        program.recorded(name).await;
    }
}

#[tokio::test]
async fn outages_are_shown_and_everything_comes_back() {
    let (cameras, media) = (Cameras::start(2).await, server(&Options::default()).await);
    let program = Program::start(&Config::on(&media)).await;
    for (index, name) in NAMES.iter().enumerate() {
        program.insert_camera(name, &cameras.url(index));
    }
    all_running(&program).await;

    let addresses = media.addresses();
    media.stop().await;
    for name in NAMES {
        let is_unknown = |stream: &Value| stream["state"] == "unknown";
        let (stream, took) =
            timed("an unknown stream", || async { program.api.stream(name).await.filter(is_unknown) }).await;
        within(took, Duration::from_secs(2), "seeing the outage");
        assert!(stream["reason"].as_str().is_some_and(|why| why.contains("connection refused")), "{stream}");
    }
    let waits = |camera: &Value| camera["state"] == "waiting" || camera["state"] == "backoff";
    for name in NAMES {
        timed("a waiting camera", || async { program.api.camera(name).await.filter(waits) }).await;
    }
    let ready = program.api.get("/ready").await;
    let named = ready["services"].as_array().and_then(|all| all.iter().find(|one| one["name"] == "server main"));
    assert!(named.is_some_and(|service| service["ok"] == false), "{ready}");

    let media = server_again(addresses, &Options::default()).await;
    let begun = Instant::now();
    all_running(&program).await;
    println!("media server back: all live and recorded again after {:?}", begun.elapsed());

    the_database_is_locked(&program).await;
    program.stop().await;
    media.stop().await;
    cameras.stop().await;
}

/// Another process holds the database; nothing that runs is touched, the fault is shown, and it is over by itself.
async fn the_database_is_locked(program: &Program) {
    let before = pids(program);
    let file = program.data_dir().join("streamwarden.db");
    let outsider = rusqlite::Connection::open(&file).expect("the file is there");
    outsider.busy_timeout(Duration::from_secs(10)).expect("a timeout");
    outsider.execute_batch("BEGIN EXCLUSIVE; INSERT INTO cameras(name, url) VALUES ('late', '-')").expect("the lock");
    let ready = |status: u16| move |answer: &(reqwest::StatusCode, String)| answer.0 == status;
    let (shown, took) =
        timed("the fault shown", || async { program.api.text("/ready").await.filter(ready(503)) }).await;
    println!("a locked database is shown after {took:?}: {}", shown.1);
    assert!(shown.1.contains("locked"), "{}", shown.1);
    for name in NAMES {
        assert_eq!(program.api.stream(name).await.expect("known")["state"], "live");
    }
    // Segments end while nobody can write that down.
    let on_disk = files_of_open_sessions(program);
    let more = || async { Some(files_of_open_sessions(program)).filter(|now| now.len() >= on_disk.len() + 4) };
    let (on_disk, took) = timed("more segments on disk", more).await;
    println!("locked for {took:?} more, {} segment files", on_disk.len());
    assert_eq!(pids(program), before, "relays and recorders go on");
    outsider.execute_batch("COMMIT").expect("the end of the lock");
    drop(outsider);
    timed("ready again", || async { program.api.text("/ready").await.filter(ready(200)) }).await;
    program.camera_in("late", "stopped").await;
    program.sql("DELETE FROM cameras WHERE name = 'late'");
    assert_eq!(pids(program), before, "relays and recorders have gone on");
    let stored = || async {
        let rows = program.sql("SELECT spool_path FROM segments WHERE state = 'uploaded'");
        on_disk.iter().all(|file| rows.iter().any(|row| row["spool_path"] == file.as_str())).then_some(())
    };
    timed("what was cut meanwhile is stored", stored).await;
    assert_eq!(program.sql("SELECT * FROM segments WHERE state = 'lost'"), Vec::<Value>::new());
}

#[tokio::test]
async fn a_damaged_database_file_at_start_costs_no_camera() {
    let (cameras, media) = (Cameras::start(2).await, server(&Options::default()).await);
    let mut program = Program::start(&Config::on(&media)).await;
    for (index, name) in NAMES.iter().enumerate() {
        program.insert_camera(name, &cameras.url(index));
    }
    all_running(&program).await;
    program.kill().await;
    let (file, aside) = (program.data_dir().join("streamwarden.db"), program.data_dir().join("aside.db"));
    // With the `sqlite3` shell, which leaves no log beside the file.
    program.sql("PRAGMA wal_checkpoint(TRUNCATE)");
    std::fs::rename(&file, &aside).expect("moved");
    std::fs::write(&file, "what a failing disk has left of it ".repeat(100)).expect("written");
    program.start_again().await;
    let ready = |status: u16| move |answer: &(reqwest::StatusCode, String)| answer.0 == status;
    for name in NAMES {
        program.live(name).await;
        program.camera_in(name, "running").await;
    }
    let (_, text) = eventually("the fault", || async { program.api.text("/ready").await.filter(ready(503)) }).await;
    assert!(text.contains("is not a SQLite database"), "{text}");
    let before = pids(&program);
    std::fs::rename(&aside, &file).expect("moved back");
    eventually("ready again", || async { program.api.text("/ready").await.filter(ready(200)) }).await;
    all_running(&program).await;
    let now = pids(&program);
    assert!(before.iter().all(|pid| now.contains(pid)), "{before:?} are among {now:?}");
    program.stop().await;
    media.stop().await;
    cameras.stop().await;
}

/// Files of the sessions that go on, as the catalogue names them.
fn files_of_open_sessions(program: &Program) -> Vec<String> {
    let spool = program.data_dir().join("spool");
    let all = files_below(&spool).into_iter().filter(|file| file.extension().is_some_and(|name| name == "mp4"));
    let open = all.filter(|file| !file.with_file_name("finished").exists());
    open.map(|file| file.strip_prefix(&spool).expect("below it").to_str().expect("text").to_owned()).collect()
}
