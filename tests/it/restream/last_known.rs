//! The last known cameras: what a start goes by while the database is away, and what it compares the table with.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use serde_json::Value;
use streamwarden::demo::media_server::Options;

use super::blocked::cameras_plan;
use super::harness::{Source, TIMEOUT, marked, server};
use super::program::{Program, is_live, until, write_config};

/// What the running program says of an actor that relays cameras.
async fn actor(folder: &Path, name: &str) -> Option<Value> {
    let note: Value = serde_json::from_slice(&std::fs::read(folder.join("run.json")).ok()?).ok()?;
    let http = reqwest::Client::builder().no_proxy().build().expect("a client");
    let answer = http.get(format!("{}/api/v1/tree", note["url"].as_str()?)).send().await.ok()?;
    let tree: Value = serde_json::from_str(&answer.text().await.ok()?).ok()?;
    let of = |above: &Value, name| above["children"].as_array()?.iter().find(|child| child["name"] == name).cloned();
    of(&of(&tree, "restreams")?, name)
}

#[actix::test]
async fn a_start_without_the_database_goes_by_the_last_known_cameras() {
    let (source, server) = (Source::start().await, server(&Options::default()).await);
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().canonicalize().expect("a path");
    let mark = path.to_string_lossy().into_owned();
    write_config(&path, &server);
    let database = || rusqlite::Connection::open(path.join("streamwarden.db"));
    let source_is = async |words: &str| {
        until(words, TIMEOUT, async || {
            actor(&path, "planner")
                .await
                .is_some_and(|state| state["state"]["source"].as_str().is_some_and(|now| now.starts_with(words)))
        })
        .await;
    };

    let program = Program::run(&path);
    let rest: Vec<String> = (1..=3).map(|n| format!("('off{n}', '{}')", source.url("b"))).collect();
    let insert = format!("INSERT INTO cameras(name, url) VALUES ('gate', '{}'), {}", source.url("a"), rest.join(", "));
    until("the rows are there", TIMEOUT, async || database().is_ok_and(|file| file.execute_batch(&insert).is_ok()))
        .await;
    until("the relay runs", TIMEOUT, async || is_live(&server, "gate").await).await;
    let kept = path.join("cameras.last.json");
    until("the list is kept, and who has run", TIMEOUT, async || {
        let list = std::fs::read(&kept).ok().and_then(|text| serde_json::from_slice::<Value>(&text).ok());
        list.is_some_and(|list| list["ran"].as_array().is_some_and(|ran| ran.len() == 4))
    })
    .await;
    assert_eq!(kept.metadata().expect("a file").permissions().mode() & 0o777, 0o600);
    source_is("database").await;
    program.kill();
    until("ffmpeg is gone", TIMEOUT, async || marked(&mark).is_empty()).await;

    let outsider = database().expect("the file");
    // Readers of a WAL are kept out by this mode only.
    let lock = "PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE; UPDATE cameras SET name = name; COMMIT";
    outsider.execute_batch(lock).expect("the lock");
    let program = Program::run(&path);
    source_is("last known since 20").await;
    until("the relay runs", TIMEOUT, async || !marked(&mark).is_empty() && is_live(&server, "gate").await).await;
    let state = async |name| actor(&path, name).await.expect("it answers")["state"].clone();
    let (planner, relays) = (state("planner").await, state("relays").await);
    assert_eq!((&relays["relays"], planner["databaseFault"].is_string()), (&Value::from(4), true), "{planner}");
    let relay = async || {
        let relays = actor(&path, "relays").await.expect("it answers")["children"].clone();
        let gate = relays.as_array().and_then(|all| all.iter().find(|one| one["state"]["camera"] == "gate").cloned());
        gate.expect("a relay")["state"]["pid"].clone()
    };
    let before = relay().await;
    drop(outsider);
    source_is("database").await;
    assert_eq!((before.is_u64(), relay().await), (true, before), "what runs by the list is what the table says");
    program.kill();
    until("ffmpeg is gone", TIMEOUT, async || marked(&mark).is_empty()).await;

    // Emptied while nobody looked: blocked all the same.
    database().expect("the file").execute_batch("DELETE FROM cameras").expect("emptied");
    let program = Program::run(&path);
    until("the plan is blocked", TIMEOUT, async || cameras_plan(&path, false).contains("would stop 4 of 4")).await;
    until("the relay runs", TIMEOUT, async || is_live(&server, "gate").await).await;
    assert!(std::fs::read_to_string(&kept).expect("kept").contains("off3"), "what is blocked is not forgotten");
    program.kill();
    until("ffmpeg is gone", TIMEOUT, async || marked(&mark).is_empty()).await;
    server.stop().await;
}
