//! What is known of a source is kept over restarts of ours, and believed for as long as it is the same source.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use streamwarden::demo::media_server::Options;

use super::program::{Program, is_live, until, write_config};
use super::stage::{PATIENCE, Source, marked, server};

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

fn looks_at(folder: &Path, url: &str) -> usize {
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
    until("the rows are there", PATIENCE, async || database().is_ok_and(|file| file.execute_batch(&insert).is_ok()))
        .await;
    until("the relay runs", PATIENCE, async || is_live(&server, "gate").await).await;
    until("both looks are kept", PATIENCE, async || kept().len() == 2).await;
    let looks = kept();
    assert!(looks[0].contains("h264") && looks[1].contains("refused"), "{looks:?}");
    assert!(!looks.join(" ").contains("127.0.0.1"), "{looks:?}");
    assert_eq!(looks_at(&path, &gate), 1);
    program.kill();
    until("ffmpeg is gone", PATIENCE, async || marked(&mark).is_empty()).await;
    until("the path is gone", PATIENCE, async || !is_live(&server, "gate").await).await;

    let before = looks_at(&path, off);
    let program = Program::run(&path);
    until("the relay runs again", PATIENCE, async || is_live(&server, "gate").await).await;
    until("a fault is not believed", PATIENCE, async || looks_at(&path, off) > before).await;
    assert_eq!(looks_at(&path, &gate), 1, "what was found is believed");
    let other = source.url("b").to_string();
    let update = format!("UPDATE cameras SET url = '{other}' WHERE name = 'gate'");
    database().expect("the file").execute_batch(&update).expect("an update");
    until("another source is looked at", PATIENCE, async || looks_at(&path, &other) == 1).await;
    program.kill();
    until("ffmpeg is gone", PATIENCE, async || marked(&mark).is_empty()).await;
    server.stop().await;
}
