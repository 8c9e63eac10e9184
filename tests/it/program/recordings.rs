//! The main job from the row to the picture: inserted, live, recorded, stored, played; recorders killed and frozen;
//! an ordered end. Meanwhile a program that asks nonsense, and passwords that nobody may see.

use std::process::Command;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use futures_util::StreamExt;
use nix::sys::signal::Signal;
use serde_json::Value;
use streamwarden::demo::media_server::{Credentials, Options};

use crate::support::cameras::Cameras;
use crate::support::media::server;
use crate::support::processes::{self, Job};
use crate::support::program::{Config, Program};
use crate::support::room::{Room, files_below};
use crate::support::wait::{eventually, timed, within};

use super::canary::Watch;
use super::nonsense;

const CAMERA_PASSWORD: &str = "canary-of-the-camera";
const PUBLISH_PASSWORD: &str = "canary-of-the-server";
/// So many segments of 2 s are a good run, after whose end the next recorder is not waited for.
const GOOD_RUN: usize = 4;

fn recorder(name: &str) -> Job {
    Job::Recorder(name.to_owned())
}

/// A room where everything is logged, down to the last detail.
fn talkative() -> Room {
    let room = Room::new();
    let yaml = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/etc/log4rs.yaml")).expect("our own file");
    let edited = yaml.replace("level: info", "level: debug");
    assert_ne!(edited, yaml);
    room.write("etc/log4rs.yaml", &edited);
    room
}

#[tokio::test]
async fn cameras_are_recorded_stored_and_played_and_no_password_is_seen() {
    let publish = Some(Credentials::new("publisher", PUBLISH_PASSWORD));
    let options = Options { publish, ..Options::default() };
    let (cameras, media) = (Cameras::start(2).await, server(&options).await);
    let login = format!("publish_username = \"publisher\"\npublish_password = \"{PUBLISH_PASSWORD}\"");
    let config = Config { server: login, ..Config::on(&media) };
    let program = Program::start_in(talkative(), &config).await;
    let watch = Watch::over(&program.data_dir(), program.pid(), &[CAMERA_PASSWORD, PUBLISH_PASSWORD]);

    for (index, name) in ["site/gate", "yard"].iter().enumerate() {
        program.insert_camera(name, &cameras.url_with_login(index, "admin", CAMERA_PASSWORD));
    }
    // Faults that quote addresses: nobody there, and nothing under this path.
    let nowhere = format!("rtsp://admin:{CAMERA_PASSWORD}@127.0.0.1:9/x");
    program.sql(&format!("INSERT INTO cameras(name, url) VALUES ('nowhere', '{nowhere}')"));
    let mut missing = cameras.url_with_login(0, "admin", CAMERA_PASSWORD);
    missing.set_path("missing");
    program.insert_camera("missing", &missing);

    for name in ["site/gate", "yard"] {
        program.live(name).await;
        program.recorded(name).await;
    }
    // It takes a while until a frozen recorder is noticed; the rest goes on meanwhile.
    let frozen = program.process(&recorder("yard")).expect("it runs");
    processes::send(frozen, Signal::SIGSTOP);
    let begun = Instant::now();
    stored(&program, "site/gate", 2).await;
    played(&program, "site/gate").await;
    nonsense::is_refused_with_a_field(&program.api).await;
    a_killed_recorder_is_replaced(&program, "site/gate").await;
    a_frozen_recorder_is_replaced(&program, "yard", frozen).await;
    println!("recorder frozen; media again after {:?}", begun.elapsed());
    a_killed_recorder_is_replaced(&program, "yard").await;
    for name in ["nowhere", "missing"] {
        let fault = |camera: &Value| camera["lastError"].as_str().is_some_and(|why| !why.is_empty());
        eventually("a reason", || async { program.api.camera(name).await.filter(fault) }).await;
    }
    everything_the_api_says(&program, &watch).await;
    ordered_end(program, watch).await;
    media.stop().await;
    cameras.stop().await;
}

/// Waits until so many segments of the stream are in the object store, and looks at the objects.
async fn stored(program: &Program, stream: &str, count: usize) {
    let is_stored = |segment: &&Value| segment["state"] == "uploaded";
    let segments = eventually("stored segments", || async {
        let segments = program.api.segments(stream).await;
        (segments.iter().filter(is_stored).count() >= count).then_some(segments)
    })
    .await;
    for segment in segments.iter().filter(is_stored) {
        let key = segment["objectKey"].as_str().expect("a key");
        assert!(key.starts_with(&format!("{stream}/")) && key.contains("/segment_"), "{key}");
        let object = program.data_dir().join("objects").join(key);
        let bytes = object.metadata().unwrap_or_else(|error| panic!("{}: {error}", object.display())).len();
        assert_eq!(Some(bytes), segment["bytes"].as_u64(), "{key}");
    }
}

/// ffprobe plays the playlist over HTTP and finds every frame that the catalogue counts.
async fn played(program: &Program, stream: &str) {
    // The first segment may be short: it begins with the sound, and the picture with its next key frame.
    let (end, frames) = eventually("more than a moment", || async {
        let segments = program.api.segments(stream).await;
        let mut sealed: Vec<&Value> = segments.iter().filter(|segment| segment["state"] != "writing").collect();
        let start = |segment: &Value| segment["startedAt"].as_str().expect("a time").to_owned();
        sealed.sort_by_key(|segment| start(segment).parse::<DateTime<Utc>>().expect("a time"));
        let end = start(sealed.pop()?);
        let frames: u64 = sealed.iter().map(|segment| segment["frames"].as_u64().expect("a count")).sum();
        (frames >= 40).then_some((end, frames))
    })
    .await;
    let name = stream.replace('/', "%2F");
    let url = program.api.url(&format!("/api/v1/recordings/{name}/playlist.m3u8?to={end}"));
    let probe = tokio::process::Command::new("ffprobe")
        .args(["-v", "error", "-count_frames", "-select_streams", "v:0", "-of", "csv=p=0"])
        .args(["-show_entries", "stream=nb_read_frames", &url])
        .output()
        .await
        .expect("ffprobe");
    // The stream is listed once more below its programme.
    let said = String::from_utf8_lossy(&probe.stdout).lines().next().unwrap_or("").to_owned();
    assert_eq!(said.parse().ok(), Some(frames), "{said} {}", String::from_utf8_lossy(&probe.stderr));
}

async fn session_of(program: &Program, stream: &str) -> Value {
    program.api.stream(stream).await.expect("known")["recording"]["session"].clone()
}

async fn a_killed_recorder_is_replaced(program: &Program, name: &str) {
    eventually("a good run", || async {
        let session = session_of(program, name).await;
        let segments = program.api.segments(name).await;
        let closed = segments.iter().filter(|one| one["session"] == session && one["state"] != "writing");
        (closed.count() >= GOOD_RUN).then_some(())
    })
    .await;
    let again = || {
        let log = program.log();
        let told = |line: &&str| line.contains("recording begins again in 0 ms") && line.contains(name);
        log.lines().filter(told).count()
    };
    let before = again();
    let (pid, session) = (program.process(&recorder(name)).expect("it runs"), session_of(program, name).await);
    processes::send(pid, Signal::SIGKILL);
    let begun = Instant::now();
    let (_, took) = program.process_other_than(&recorder(name), &[pid]).await;
    // Beside other work the system takes its time; it is not ours that adds to it.
    eventually("that it began at once", || async { (again() == before + 1).then_some(()) }).await;
    program.recorded(name).await;
    println!("{name}: recorder killed; the next one after {took:?}, media after {:?}", begun.elapsed());
    assert_ne!(session_of(program, name).await, session, "a new session");
}

async fn a_frozen_recorder_is_replaced(program: &Program, name: &str, frozen: u32) {
    program.process_other_than(&recorder(name), &[frozen]).await;
    program.recorded(name).await;
    timed("its end", || async { (!processes::is_alive(frozen)).then_some(()) }).await;
}

/// Every answer that a browser or Prometheus can get.
async fn everything_the_api_says(program: &Program, watch: &Watch) {
    let routes = "/health /ready /metrics /api/openapi.json /api/v1/status /api/v1/tree /api/v1/streams \
        /api/v1/streams/site%2Fgate /api/v1/streams/yard/history /api/v1/camera-kinds /api/v1/cameras /api/v1/cameras/1 \
        /api/v1/cameras/3 /api/v1/recordings /api/v1/recordings/yard/segments /api/v1/recordings/yard/playlist.m3u8 /";
    for route in routes.split_whitespace() {
        let (status, text) = program.api.text(route).await.expect("an answer");
        assert!(route == "/" || status.is_success(), "{route}: {status} {text}");
        watch.look_at(route, text.as_bytes());
    }
    let address = format!("ws://{}/api/v1/ws", program.address());
    let (mut socket, _) = tokio_tungstenite::connect_async(address).await.expect("a WebSocket");
    let message = socket.next().await.expect("a message").expect("a message").into_data();
    assert!(message.starts_with(b"{") && message.len() > 500, "the snapshot");
    watch.look_at("the snapshot", &message);
}

/// SIGTERM: everything stops within the deadline, the last segments are sealed, and what was said held no password.
async fn ordered_end(program: Program, watch: Watch) {
    let (database, room) = (program.data_dir().join("streamwarden.db"), program.room().path().to_owned());
    let took = program.stop_and(|program| {
        watch.end();
        for file in files_below(&room) {
            // The database is where passwords of cameras are kept, with the list for a start without it; the
            // configuration file is where ours is.
            let name = file.file_name().expect("a file").to_string_lossy().into_owned();
            let keeps_secrets = ["streamwarden.toml", "cameras.last.json"].contains(&name.as_str());
            if !name.starts_with("streamwarden.db") && !keeps_secrets {
                watch.look_at(&file.display().to_string(), &std::fs::read(&file).unwrap_or_default());
            }
        }
        assert!(program.log().contains("DEBUG"), "the log was talkative");
        let rows = |sql: &str| {
            let done = Command::new("sqlite3").arg(&database).arg(sql).output().expect("sqlite3");
            String::from_utf8(done.stdout).expect("text").trim().to_owned()
        };
        assert_eq!(rows("SELECT * FROM segments WHERE state = 'writing'"), "", "all are sealed");
        // A kill right after a cut leaves a file without a whole fragment.
        let other_losses = "SELECT * FROM segments WHERE state = 'lost' AND reason NOT LIKE '%SIGKILL%'";
        assert_eq!(rows(other_losses), "", "nothing else is lost");
        assert_eq!(rows("SELECT * FROM sessions WHERE ended_at IS NULL"), "", "all sessions are closed");
        let stopped = "SELECT stream FROM sessions WHERE end_reason = 'the program was stopped' ORDER BY stream";
        assert_eq!(rows(stopped), "site/gate\nyard", "recorders end before the relays that they live on");
        let sealed: usize = rows("SELECT count(*) FROM segments").parse().expect("a number");
        assert!(sealed > 6, "{sealed} segments");
    });
    let took = took.await;
    println!("stopped in order in {took:?}");
    within(took, Duration::from_secs(10), "the ordered stop");
}
