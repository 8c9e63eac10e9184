//! What is not there is not lost: a spool without its disk, and a second node on the same PostgreSQL.

use std::fs;
use std::path::Path;
use std::process::Command;

use nix::sys::signal::Signal;
use secrecy::ExposeSecret;
use serde_json::Value;
use streamwarden::demo::media_server::Options;

use crate::support::cameras::Cameras;
use crate::support::media::server;
use crate::support::postgres::{TestServer, shared};
use crate::support::program::{Config, Program};
use crate::support::room::Room;
use crate::support::wait::eventually;

/// Segments that wait for the store, before the disk goes.
const BACKLOG: usize = 5;

pub(crate) async fn stopped(program: &mut Program) {
    program.signal(Signal::SIGTERM);
    let (status, _) = program.end().await;
    assert!(status.success(), "{status}: {}", program.log());
}

/// Takes a folder away, as an umount does: the mount point stays.
fn unmount(folder: &Path) {
    fs::rename(folder, folder.with_extension("away")).expect("moved");
    fs::create_dir(folder).expect("the mount point");
}

/// Nothing may lie beneath a disk.
fn mount(folder: &Path) {
    fs::remove_dir(folder).expect("nothing was written beneath it");
    fs::rename(folder.with_extension("away"), folder).expect("moved back");
}

pub(crate) async fn ready(program: &Program, ok: bool, words: &str) -> String {
    let wanted = if ok { 200 } else { 503 };
    eventually(&format!("/ready with {wanted} and {words:?}"), || async {
        let (status, text) = program.api.text("/ready").await?;
        (status == wanted && text.contains(words)).then_some(text)
    })
    .await
}

pub(crate) async fn incident(program: &Program, subject: &str, open: bool) -> Value {
    let route = format!("/api/v1/incidents?kind=serviceDown&open={open}");
    eventually(&format!("an incident of {subject}"), || async {
        let found = program.api.items(&route).await.into_iter().find(|one| one["subject"]["name"] == subject)?;
        (open || found["closedAt"].is_string()).then_some(found)
    })
    .await
}

fn states(program: &Program) -> Vec<(String, String)> {
    let rows = program.sql("SELECT id, state FROM segments ORDER BY started_at, id");
    let text = |value: &Value| value.as_str().expect("text").to_owned();
    rows.iter().map(|row| (text(&row["id"]), text(&row["state"]))).collect()
}

#[tokio::test]
async fn a_spool_without_its_disk_costs_no_segment() {
    let (cameras, media) = (Cameras::start(1).await, server(&Options::default()).await);
    let mut program = Program::start(&Config::on(&media)).await;
    let (spool, objects) = (program.data_dir().join("spool"), program.data_dir().join("objects"));
    program.insert_camera("gate", &cameras.url(0));
    program.recorded("gate").await;
    unmount(&objects);
    eventually("a backlog", || async {
        let waiting = states(&program).iter().filter(|(_, state)| state == "sealed").count();
        (waiting >= BACKLOG).then_some(())
    })
    .await;
    ready(&program, false, "mount the disk").await;
    assert_eq!(
        incident(&program, "objects", true).await["cause"].as_str().map(|why| why.contains("mount")),
        Some(true)
    );
    stopped(&mut program).await;
    mount(&objects);
    let before = states(&program);
    assert!(before.iter().all(|(_, state)| state == "sealed" || state == "uploaded"), "{before:?}");

    // A start without the spool's disk: the camera is live, nothing is recorded, no row is touched.
    unmount(&spool);
    program.start_again().await;
    program.live("gate").await;
    ready(&program, false, "the spool folder is not in").await;
    let cause = incident(&program, "spool", true).await["cause"].clone();
    assert!(cause.as_str().is_some_and(|why| why.contains("accept-folder spool")), "{cause}");
    let paused = |stream: &Value| stream["recording"]["state"] == "paused";
    let shown = eventually("a pause", || async { program.api.stream("gate").await.filter(paused) }).await;
    assert!(shown["recording"]["reason"].as_str().is_some_and(|why| why.contains("mount the disk")), "{shown}");
    incident(&program, "objects", false).await;
    assert_eq!(states(&program), before);
    stopped(&mut program).await;
    mount(&spool);

    program.start_again().await;
    let ids: Vec<&String> = before.iter().map(|(id, _)| id).collect();
    eventually("all of it stored", || async {
        let now = states(&program);
        now.iter().filter(|(id, _)| ids.contains(&id)).all(|(_, state)| state == "uploaded").then_some(())
    })
    .await;
    ready(&program, true, "spool").await;
    incident(&program, "spool", false).await;
    let bad = program.sql("SELECT * FROM segments WHERE state IN ('lost', 'missing')");
    assert_eq!(bad, Vec::<Value>::new());
    program.stop().await;
    media.stop().await;
    cameras.stop().await;
}

#[tokio::test]
async fn a_file_that_comes_back_is_stored_and_another_spool_is_taken_only_when_told() {
    let (cameras, media) = (Cameras::start(1).await, server(&Options::default()).await);
    let program = Program::start(&Config::on(&media)).await;
    let (spool, objects) = (program.data_dir().join("spool"), program.data_dir().join("objects"));
    program.insert_camera("gate", &cameras.url(0));
    program.recorded("gate").await;
    unmount(&objects);
    let row = eventually("a sealed segment", || async {
        program.sql("SELECT id, spool_path FROM segments WHERE state = 'sealed' ORDER BY started_at LIMIT 1").pop()
    })
    .await;
    // One file is taken out of the spool by hand, and put back later.
    let file = spool.join(row["spool_path"].as_str().expect("a path"));
    fs::rename(&file, file.with_extension("aside")).expect("moved");
    mount(&objects);
    let of_row = |state: &'static str| {
        let sql = format!(
            "SELECT reason FROM segments WHERE id = '{}' AND state = '{state}'",
            row["id"].as_str().expect("an id")
        );
        let program = &program;
        async move { eventually(state, || async { program.sql(&sql).pop() }).await }
    };
    let why = of_row("missing").await;
    assert!(why["reason"].as_str().is_some_and(|why| why.contains("when it is back")), "{why}");
    let counts = program.api.get("/api/v1/status").await["counts"]["segments"].clone();
    assert!(counts["missing"] == 1 && counts["lost"] == 0, "{counts}");
    fs::rename(file.with_extension("aside"), &file).expect("put back");
    of_row("uploaded").await;

    // Its disk has died; an empty one takes its place when somebody says so, and the running program goes on.
    fs::rename(&spool, spool.with_extension("dead")).expect("moved");
    fs::create_dir(&spool).expect("an empty disk");
    ready(&program, false, "mount the disk").await;
    let told = program.room().run(&["check", "--config", "streamwarden.toml"], &[]);
    assert!(told.code == Some(1) && told.out.contains("the spool folder is not in"), "{}{}", told.out, told.err);
    let done = program.room().run(&["accept-folder", "spool", "--config", "streamwarden.toml"], &[]);
    assert!(done.code == Some(0) && done.out.contains("from now on"), "{}{}", done.out, done.err);
    ready(&program, true, "spool").await;
    program.recorded("gate").await;
    program.stop().await;
    media.stop().await;
    cameras.stop().await;
}

pub(super) fn on(database: &str, node: &str, roles: &str, config: Config) -> Config {
    config.in_environment(&[
        ("STREAMWARDEN_DATABASE__URL", database),
        ("STREAMWARDEN_NODE", node),
        ("STREAMWARDEN_ROLES", roles),
    ])
}

/// A start that comes to nothing, with the reason.
pub(super) fn refused(config: &Config) -> String {
    let room = Room::new();
    room.write("streamwarden.toml", &config.toml("data"));
    let environment: Vec<_> = config.environment.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let checked = room.run(&["check", "--config", "streamwarden.toml"], &environment);
    let ended = room.run(&["run", "--config", "streamwarden.toml"], &environment);
    assert_eq!((ended.code, checked.code), (Some(1), Some(1)), "{}{}{}", ended.err, checked.out, checked.err);
    let told = checked.out.lines().find(|line| line.contains("FAULT")).unwrap_or_default();
    let reason = ended.err.lines().last().unwrap_or_default().to_owned();
    assert!(told.contains("\"a\"") && reason.contains("\"a\""), "{told}\n{reason}");
    reason
}

#[tokio::test]
async fn two_nodes_on_one_postgresql_leave_each_others_rows_alone() {
    let database: std::sync::Arc<TestServer> = shared();
    let url = database.database().expose_secret().to_owned();
    let name = url.rsplit('/').next().and_then(|name| name.split('?').next()).expect("a name").to_owned();
    let psql = |sql: &str| database.psql(&name, sql).expect("psql");
    let (cameras, media) = (Cameras::start(1).await, server(&Options::default()).await);
    let of_a = on(&url, "a", "monitor,restream,record", Config::on(&media));
    let mut a = Program::start(&of_a).await;
    psql(&format!("INSERT INTO cameras (name, url) VALUES ('gate', '{}')", cameras.url(0)));
    a.recorded("gate").await;
    let objects = a.data_dir().join("objects");
    unmount(&objects);
    let backlog = || {
        psql("SELECT count(*) FROM segments WHERE node = 'a' AND state = 'sealed'").parse::<usize>().expect("a count")
    };
    eventually("a backlog of a", || async { (backlog() >= BACKLOG).then_some(()) }).await;

    // B records the same stream of the same server into its own spool, and stores it.
    let b = Program::start(&on(&url, "b", "monitor,record", Config::on(&media))).await;
    let stored_by_b = || async {
        (psql("SELECT count(*) FROM segments WHERE node = 'b' AND state = 'uploaded'") != "0").then_some(())
    };
    eventually("b stores its own", stored_by_b).await;
    assert_eq!(psql("SELECT count(*) FROM sessions WHERE node = 'a' AND ended_at IS NULL"), "1", "a's goes on");
    assert_eq!(psql("SELECT count(*) FROM segments WHERE state IN ('lost', 'missing')"), "0");
    let taken = "SELECT count(*) FROM segments WHERE node = 'a' AND state = 'sealed'";
    assert!(psql(taken).parse::<usize>().expect("a count") >= BACKLOG, "b took none of a's");

    // A second relay, and a second process of the name, say so and start nothing; what runs is not touched.
    assert!(refused(&on(&url, "c", "monitor,restream", Config::on(&media))).contains("roles"));
    assert!(refused(&on(&url, "a", "monitor,record", Config::on(&media))).contains("node"));
    // A killed node's successor starts at once.
    a.kill().await;
    a.start_again().await;
    a.live("gate").await;
    mount(&objects);
    // A kill within the first second of a file leaves nothing of it that could be kept, and the row says so.
    let cut_short = "s.frames = 0 AND s.reason LIKE 'nothing of it could be kept: %'";
    eventually("a stores all of its own", || async {
        let waiting = format!(
            "SELECT count(*) FROM segments AS s JOIN sessions ON sessions.id = s.session WHERE s.node = 'a' \
             AND sessions.ended_at IS NOT NULL AND s.state <> 'uploaded' AND NOT (s.state = 'lost' AND {cut_short})"
        );
        (psql(&waiting) == "0").then_some(())
    })
    .await;
    let lost = format!("SELECT count(*) FROM segments AS s WHERE state IN ('lost', 'missing') AND NOT ({cut_short})");
    assert_eq!(psql(&lost), "0");
    let cut = format!("SELECT count(*) FROM segments AS s WHERE state = 'lost' AND {cut_short}");
    assert!(psql(&cut).parse::<u32>().expect("a count") <= 1, "one kill, one file");
    assert_eq!(psql("SELECT count(DISTINCT node) FROM sessions"), "2");
    // After an ordered stop of a, somebody else may relay at once.
    stopped(&mut a).await;
    let c = Program::start(&on(&url, "c", "monitor,restream", Config::on(&media))).await;
    c.live("gate").await;
    c.stop().await;
    b.stop().await;
    drop(a);
    media.stop().await;
    cameras.stop().await;
}

#[tokio::test]
async fn a_process_on_a_copy_of_a_data_folder_is_refused_while_the_node_lives() {
    let database: std::sync::Arc<TestServer> = shared();
    let url = database.database().expose_secret().to_owned();
    let media = server(&Options::default()).await;
    let config = on(&url, "a", "monitor,record", Config::on(&media));
    let mut first = Program::start(&config).await;
    ready(&first, true, "registered as a").await;
    let room = Room::new();
    let copied = Command::new("cp").arg("-r").arg(first.data_dir()).arg(room.path().join("data")).status();
    assert!(copied.expect("cp").success());
    room.write("streamwarden.toml", &config.toml("data"));
    for node in ["a", "b"] {
        let environment = [
            ("STREAMWARDEN_DATABASE__URL", &*url),
            ("STREAMWARDEN_NODE", node),
            ("STREAMWARDEN_ROLES", "monitor,record"),
        ];
        let ended = room.run(&["run", "--config", "streamwarden.toml"], &environment);
        let reason = ended.err.lines().last().unwrap_or_default().to_owned();
        assert!(ended.code == Some(1) && reason.contains("under the name \"a\""), "{node}: {reason}");
    }
    ready(&first, true, "registered as a").await;
    // A restart of its own after a kill is let in; when the node has ended, so is the copy.
    first.kill().await;
    first.start_again().await;
    ready(&first, true, "registered as a").await;
    first.stop().await;
    let second = Program::start_in(room, &config).await;
    ready(&second, true, "registered as a").await;
    second.stop().await;
    media.stop().await;
}
