//! The program is killed while it works: nothing of it lives on, and what it had sealed is stored by the next one.

use std::collections::BTreeMap;
use std::fs;

use serde_json::Value;
use streamwarden::demo::media_server::Options;

use crate::support::cameras::Cameras;
use crate::support::media::server;
use crate::support::program::{Config, GONE_WITHIN, Program};
use crate::support::wait::{eventually, within};

const NAMES: [&str; 3] = ["gate", "yard", "hall"];

/// State of every segment in the catalogue, by its key; read like an outsider.
fn catalogue(program: &Program) -> BTreeMap<String, String> {
    let rows = program.sql("SELECT object_key, state FROM segments");
    let text = |value: &Value| value.as_str().expect("text").to_owned();
    rows.iter().map(|row| (text(&row["object_key"]), text(&row["state"]))).collect()
}

/// Whether the newest file of every stream holds more than its head.
fn open_files_have_media(program: &Program) -> bool {
    let rows = program.sql("SELECT spool_path FROM segments WHERE state = 'writing'");
    let length = |row: &Value| {
        let file = program.data_dir().join("spool").join(row["spool_path"].as_str().expect("a path"));
        file.metadata().map_or(0, |file| file.len())
    };
    rows.len() == NAMES.len() && rows.iter().all(|row| length(row) > 20_000)
}

fn count(segments: &BTreeMap<String, String>, wanted: &[&str]) -> usize {
    segments.values().filter(|state| wanted.contains(&state.as_str())).count()
}

#[tokio::test]
async fn a_killed_program_leaves_no_ffmpeg_and_the_next_one_stores_every_sealed_segment() {
    let (cameras, media) = (Cameras::start(NAMES.len()).await, server(&Options::default()).await);
    let mut program = Program::start(&Config::on(&media)).await;
    for (index, name) in NAMES.iter().enumerate() {
        program.insert_camera(name, &cameras.url(index));
    }
    let stored = |segments: &BTreeMap<String, String>| count(segments, &["uploaded"]) >= 3;
    eventually("stored segments", || async { Some(catalogue(&program)).filter(stored) }).await;

    // The disk of the object store goes away, so that sealed segments pile up.
    let (objects, away) = (program.data_dir().join("objects"), program.data_dir().join("unmounted"));
    fs::rename(&objects, &away).expect("the object store");
    let piled_up = |segments: &BTreeMap<String, String>| count(segments, &["sealed", "uploading"]) >= 6;
    eventually("sealed segments", || async { Some(catalogue(&program)).filter(piled_up) }).await;

    // Files that are being written have a fragment by then.
    eventually("open files with media", || async { open_files_have_media(&program).then_some(()) }).await;

    let took = program.kill().await;
    println!("killed: no child lives after {took:?}");
    within(took, GONE_WITHIN, "the end of all children");
    let left = catalogue(&program);
    assert!(count(&left, &["sealed", "uploading"]) >= 6);

    fs::rename(&away, &objects).expect("the object store");
    program.start_again().await;
    let all_stored = |segments: &BTreeMap<String, String>| left.keys().all(|key| segments[key] == "uploaded");
    let now = eventually("everything stored", || async { Some(catalogue(&program)).filter(all_stored) }).await;
    assert_eq!(count(&now, &["lost"]), 0, "{now:#?}");
    for key in left.keys() {
        assert!(objects.join(key).is_file(), "{key} is in the object store");
    }
    for name in NAMES {
        program.live(name).await;
        program.recorded(name).await;
    }
    // One session of each stream before, one after.
    let goes_on = |segments: &BTreeMap<String, String>| files_of_sessions(segments).len() >= 2 * NAMES.len();
    let now = eventually("new sessions", || async { Some(catalogue(&program)).filter(goes_on) }).await;
    for (session, files) in files_of_sessions(&now) {
        let numbered: Vec<String> = (0..files.len()).map(|number| format!("segment_{number:03}.mp4")).collect();
        assert_eq!(files, numbered, "{session}");
    }
    program.stop().await;
    media.stop().await;
    cameras.stop().await;
}

/// Names of the files of every session, in order.
fn files_of_sessions(segments: &BTreeMap<String, String>) -> BTreeMap<&str, Vec<&str>> {
    let mut sessions: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for key in segments.keys() {
        let (session, file) = key.rsplit_once('/').expect("a key");
        sessions.entry(session).or_default().push(file);
    }
    sessions
}
