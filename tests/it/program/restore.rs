//! README's *Restore and move*, step by step: database, configuration and object folder on another machine.

use std::process::Command;

use serde_json::Value;
use streamwarden::demo::media_server::Options;

use super::nodes::{ready, stopped};
use crate::support::cameras::Cameras;
use crate::support::media::server;
use crate::support::program::{Config, Program};
use crate::support::room::Room;
use crate::support::wait::eventually;

const STORED: &str = "SELECT count(*) AS n FROM segments WHERE state = 'uploaded'";

fn count(program: &Program, sql: &str) -> u64 {
    program.sql(sql)[0]["n"].as_u64().expect("a count")
}

#[tokio::test]
async fn a_backup_records_and_plays_on_another_machine_once_its_new_spool_is_accepted() {
    let (cameras, media) = (Cameras::start(1).await, server(&Options::default()).await);
    let environment = vec![("STREAMWARDEN_NODE".to_owned(), "site-1".to_owned())];
    let config = Config { environment, ..Config::on(&media) };
    let mut first = Program::start(&config).await;
    first.insert_camera("gate", &cameras.url(0));
    first.recorded("gate").await;
    eventually("two stored segments", || async { (count(&first, STORED) >= 2).then_some(()) }).await;
    stopped(&mut first).await;
    let stored = count(&first, STORED);

    // What README names as the backup, and nothing else.
    let room = Room::new();
    let data = room.path().join("data");
    std::fs::create_dir(&data).expect("a folder");
    let backup = format!(".backup '{}'", data.join("streamwarden.db").display());
    let saved = Command::new("sqlite3").arg(first.data_dir().join("streamwarden.db")).arg(backup).status();
    assert!(saved.expect("sqlite3").success());
    let copied = Command::new("cp").arg("-r").arg(first.data_dir().join("objects")).arg(&data).status();
    assert!(copied.expect("cp").success());
    drop(first);
    room.write("streamwarden.toml", &config.toml("data"));
    let accept = ["accept-folder", "spool", "--config", "streamwarden.toml"];
    let accepted = room.run(&accept, &[("STREAMWARDEN_NODE", "site-1")]);
    assert_eq!(accepted.code, Some(0), "{}{}", accepted.out, accepted.err);
    assert!(accepted.out.contains("is the spool folder of the node \"site-1\""), "{}", accepted.out);

    let second = Program::start_in(room, &config).await;
    ready(&second, true, "\"spool\"").await;
    second.recorded("gate").await;
    eventually("new segments beside the old ones", || async { (count(&second, STORED) > stored).then_some(()) }).await;
    let bad = second.sql("SELECT * FROM segments WHERE state IN ('lost', 'missing')");
    assert_eq!(bad, Vec::<Value>::new());
    let old = second.sql("SELECT id FROM segments WHERE state = 'uploaded' ORDER BY started_at LIMIT 1");
    let media_of = format!("/api/v1/recordings/segments/{}", old[0]["id"].as_str().expect("an id"));
    let played = second.api.text(&media_of).await;
    assert!(played.as_ref().is_some_and(|(status, _)| *status == 200), "{played:?}");
    second.stop().await;
    media.stop().await;
    cameras.stop().await;
}
