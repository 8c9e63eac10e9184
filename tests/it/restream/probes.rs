//! What is known of a source is kept over restarts of ours, and believed for as long as it is the same source.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use streamwarden::base::ErrorKind;
use streamwarden::demo::media_server::Options;
use streamwarden::domain::camera::{CameraState, CameraStatus};
use streamwarden::domain::probe::FaultKind;

use super::harness::{Harness, Source, TIMEOUT, marked, server};
use super::program::{Program, is_live, until, write_config};

/// An ffprobe that notes what it was asked to look at.
fn counting_ffprobe(folder: &Path) {
    let (script, log) = (folder.join("ffprobe"), folder.join("looks"));
    let text = format!(
        "#!/bin/sh\n[ \"$1\" = -version ] || for last; do :; done\n[ \"$1\" = -version ] || echo \"$last\" >> {log:?}\nexec ffprobe \"$@\"\n"
    );
    std::fs::write(&script, text).expect("a script");
    std::fs::set_permissions(&script, std::fs::Permissions::from_mode(0o700)).expect("a program");
    let config = folder.join("streamwarden.toml");
    let more = format!("{}[ffmpeg]\nffprobe = {script:?}\n", std::fs::read_to_string(&config).expect("a file"));
    std::fs::write(config, more).expect("a file");
}

fn probes_at(folder: &Path, url: &str) -> usize {
    let log = std::fs::read_to_string(folder.join("looks")).unwrap_or_default();
    log.lines().filter(|line| *line == url).count()
}

#[actix::test]
async fn a_restart_of_ours_does_not_look_again_at_a_camera_that_is_well() {
    let (source, server) = (Source::start().await, server(&Options::default()).await);
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().canonicalize().expect("a path");
    let mark = path.to_string_lossy().into_owned();
    write_config(&path, &server);
    counting_ffprobe(&path);
    let database = || rusqlite::Connection::open(path.join("streamwarden.db"));
    let kept = || -> Vec<String> {
        let file = database().expect("the file");
        let mut query = file.prepare("SELECT result FROM camera_probes ORDER BY camera").expect("a query");
        query.query_map([], |row| row.get(0)).expect("rows").collect::<Result<_, _>>().expect("text")
    };
    let (gate, off) = (source.url("a").to_string(), "rtsp://127.0.0.1:1/off");
    let insert = format!("INSERT INTO cameras(name, url) VALUES ('gate', '{gate}'), ('off', '{off}')");

    let program = Program::run(&path);
    until("the rows are there", TIMEOUT, async || database().is_ok_and(|file| file.execute_batch(&insert).is_ok()))
        .await;
    until("the relay runs", TIMEOUT, async || is_live(&server, "gate").await).await;
    until("both looks are kept", TIMEOUT, async || kept().len() == 2).await;
    let looks = kept();
    assert!(looks[0].contains("h264") && looks[1].contains("refused"), "{looks:?}");
    assert!(!looks.join(" ").contains("127.0.0.1"), "{looks:?}");
    assert_eq!(probes_at(&path, &gate), 1);
    program.kill();
    until("ffmpeg is gone", TIMEOUT, async || marked(&mark).is_empty()).await;
    until("the path is gone", TIMEOUT, async || !is_live(&server, "gate").await).await;

    let before = probes_at(&path, off);
    let program = Program::run(&path);
    until("the relay runs again", TIMEOUT, async || is_live(&server, "gate").await).await;
    until("a fault is not believed", TIMEOUT, async || probes_at(&path, off) > before).await;
    assert_eq!(probes_at(&path, &gate), 1, "what was found is believed");
    let other = source.url("b").to_string();
    let update = format!("UPDATE cameras SET url = '{other}' WHERE name = 'gate'");
    database().expect("the file").execute_batch(&update).expect("an update");
    until("another source is looked at", TIMEOUT, async || probes_at(&path, &other) == 1).await;
    program.kill();
    until("ffmpeg is gone", TIMEOUT, async || marked(&mark).is_empty()).await;
    server.stop().await;
}

#[actix::test]
async fn a_probe_that_is_asked_for_leaves_a_running_relay_alone_and_is_kept() {
    let source = Source::start().await;
    let mut harness = Harness::open().await;
    let restreams = harness.restream.clone();
    let (good, none) = (source.url("a"), source.url("none"));
    harness.sql(&format!(
        "INSERT INTO cameras(id, name, url, enabled) VALUES (1, 'gate', '{good}', 1), (2, 'off', '{good}', 0), \
         (3, 'lost', '{none}', 0), (4, 'wrong', 'file:/etc/passwd', 1)"
    ));
    harness.state("gate", CameraState::Running).await;
    let pid = harness.pid("gate").await;
    let ask = async |id| restreams.probe_camera(id).await;
    let look = ask(1).await.expect("a look");
    assert!(look.ok && look.ms.is_some(), "{look:?}");
    assert_eq!(look.tracks.expect("tracks").video.as_deref(), Some("h264"));
    assert_eq!(harness.pid("gate").await, pid, "the relay is left alone");
    assert!(ask(2).await.expect("a look").ok, "also a camera that is switched off");
    let lost = ask(3).await.expect("a look").fault.expect("a fault");
    assert_eq!(lost.kind, FaultKind::NotFound, "{lost}");
    assert_eq!(ask(4).await.expect_err("a wrong row").field(), Some("url"));
    assert_eq!(ask(5).await.expect_err("nobody").kind(), ErrorKind::NotFound);
    until("all looks are kept", TIMEOUT, async || {
        harness.ask("SELECT CAST(count(*) AS TEXT) FROM camera_probes") == ["3"]
    })
    .await;

    let test = async |id, json: serde_json::Value| {
        let edit = serde_json::from_value(json).expect("an edit");
        restreams.test_camera(id, edit).await
    };
    assert!(test(None, serde_json::json!({ "url": good })).await.expect("a look").ok);
    assert!(!test(Some(1), serde_json::json!({ "url": none })).await.expect("a look").ok);
    assert!(test(Some(1), serde_json::json!({ "audio": "none" })).await.expect("a look").ok, "the rest is the row's");
    assert_eq!(test(None, serde_json::json!({ "url": "file:x" })).await.expect_err("refused").field(), Some("url"));
    assert_eq!(harness.ask("SELECT CAST(count(*) AS TEXT) FROM camera_probes"), ["3"], "nothing of it is kept");
    harness.stop().await;
}

#[actix::test]
async fn a_relay_that_waits_starts_when_a_probe_finds_its_camera_well() {
    let source = Source::start().await;
    let mut harness = Harness::open().await;
    harness.sql(&format!("INSERT INTO cameras(id, name, url) VALUES (1, 'late', '{}')", source.url("late")));
    let waits = |camera: &CameraStatus| {
        let wait = camera.next_start.map_or(0, |next| (next - chrono::Utc::now()).num_seconds());
        camera.state == CameraState::Backoff && wait >= 4
    };
    harness.camera("late", |camera| camera.is_some_and(waits)).await;
    let mut publisher = source.publish_also("late").await;
    let look = harness.restream.probe_camera(1).await.expect("a look");
    assert!(look.ok, "{look:?}");
    harness.state("late", CameraState::Running).await;
    publisher.kill().expect("our child");
    publisher.wait().expect("our child");
    harness.stop().await;
}

#[actix::test]
async fn no_more_cameras_are_probed_at_once_than_there_are_slots() {
    // It takes connections and says nothing: a look lasts as long as it may.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("rtsp://{}/x", silent.local_addr().expect("an address"));
    let mut harness = Harness::open().await;
    let rows: Vec<String> = (0..6).map(|n| format!("('silent{n}', '{url}')")).collect();
    harness.sql(&format!("INSERT INTO cameras(name, url) VALUES {}", rows.join(", ")));
    let source = Source::start().await;
    harness.sql(&format!("INSERT INTO cameras(name, url) VALUES ('gate', '{}')", source.url("a")));
    until("all are looked at in turn", TIMEOUT, async || {
        assert!(harness.processes().len() <= 3, "{:?}", harness.processes());
        harness.ask("SELECT CAST(count(*) AS TEXT) FROM camera_probes") == ["7"]
    })
    .await;
    harness.state("gate", CameraState::Running).await;
    // Those in line do not hold up the end.
    harness.stop().await;
}
