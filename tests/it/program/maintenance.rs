//! Cameras in maintenance, over the API and the command line: no incident, no trouble, by itself over, kept over a restart.

use serde_json::{Value, json};
use streamwarden::demo::media_server::Options;

use crate::support::media;
use crate::support::program::{Config, Program};
use crate::support::room::{Ended, Room};
use crate::support::wait::eventually;

/// Runs a command of the room.
fn run(room: &Room, arguments: &[&str]) -> Ended {
    let mut all = arguments.to_vec();
    all.extend(["--config", "streamwarden.toml"]);
    room.run(&all, &[])
}

/// The incidents of the camera, the newest first.
async fn incidents(program: &Program) -> Vec<Value> {
    program.api.items("/api/v1/incidents?camera=gate&kind=cameraDown").await
}

async fn newest(program: &Program, wanted: impl Fn(&Value) -> bool) -> Value {
    eventually("an incident as wanted", || async { incidents(program).await.into_iter().next().filter(&wanted) }).await
}

#[tokio::test]
async fn a_camera_in_maintenance_raises_nothing_until_that_is_over_also_after_a_restart() {
    let media = media::server(&Options::default()).await;
    let mut program = Program::start(&Config::on(&media)).await;
    program.insert_camera("gate", &"rtsp://127.0.0.1:9/gate".parse().expect("a url"));
    let first = newest(&program, |one| one["closedAt"].is_null()).await;
    let id = first["id"].as_str().expect("an id").to_owned();

    let seen = run(program.room(), &["incidents", "ack", &id, "--note", "ladder ordered"]);
    assert_eq!((seen.code, seen.out.as_str()), (Some(0), "acknowledged by anonymous\n"), "{}", seen.err);
    let noted = run(program.room(), &["incidents", "note", &id, "it is on its way"]);
    assert_eq!((noted.code, noted.out.as_str()), (Some(0), "noted\n"), "{}", noted.err);
    let listed = run(program.room(), &["incidents", "list", "--open", "--kind", "cameraDown", "--json"]);
    let listed: Value = serde_json::from_str(&listed.out).expect("JSON");
    assert_eq!(listed["items"][0]["notes"][1]["text"], "it is on its way");
    let unseen = run(program.room(), &["incidents", "list", "--unseen", "--kind", "cameraDown"]);
    assert!(unseen.code == Some(0) && !unseen.out.contains("gate"), "{}", unseen.out);

    let set = run(program.room(), &["maintenance", "set", "gate", "--for", "1h", "--reason", "the lens is cleaned"]);
    assert!(set.code == Some(0) && set.out.starts_with("gate is excused until "), "{}{}", set.out, set.err);
    newest(&program, |one| one["closedAt"].is_string()).await;
    let service = async |name: &str| {
        let ready = program.api.get("/ready").await;
        ready["services"].as_array().and_then(|all| all.iter().find(|one| one["name"] == name)).cloned()
    };
    assert_eq!(service("cameras").await.expect("cameras")["detail"], "0 of 0 deliver; 1 in maintenance");
    let status = run(program.room(), &["status"]);
    assert!(status.code == Some(0) && status.out.contains("nothing is down"), "{}", status.out);

    let health = |more: &[&str]| run(program.room(), &[&["health"], more].concat());
    for (more, wanted) in
        [(&[][..], "alive: http://"), (&["--ready"], "ready: http://"), (&["--json"], "{\"ok\":true}")]
    {
        let told = health(more);
        assert!(told.code == Some(0) && told.out.starts_with(wanted), "{more:?}: {}{}", told.out, told.err);
    }

    program.kill().await;
    let told = run(program.room(), &["health"]);
    assert_eq!(told.code, Some(1), "{}{}", told.out, told.err);
    program.start_again().await;
    let camera = program.camera_in("gate", "backoff").await;
    assert!(camera["lastError"].is_string(), "it is tried all the same: {camera}");
    assert_eq!(incidents(&program).await.len(), 1, "nothing new after the restart");
    let listed = run(program.room(), &["maintenance", "list", "--json"]);
    let listed: Value = serde_json::from_str(&listed.out).expect("JSON");
    let (key, reason) = (&listed["items"][0]["key"], &listed["items"][0]["reason"]);
    assert_eq!((key, reason), (&json!(format!("camera:{}", camera["id"])), &json!("the lens is cleaned")));

    // It is over by itself, and the camera is still down.
    program.sql("UPDATE maintenance SET ends_at = strftime('%Y-%m-%dT%H:%M:%f000Z', 'now', '+1 seconds')");
    let again = newest(&program, |one| one["closedAt"].is_null()).await;
    assert!(again["id"] != id.as_str() && again["acknowledged"].is_null(), "{again}");
    assert_eq!(program.api.items("/api/v1/maintenance").await, Vec::<Value>::new());
    let ended = run(program.room(), &["maintenance", "end", "gate"]);
    assert!(ended.code == Some(1) && ended.err.contains("is not in maintenance"), "{}", ended.err);
    let wrong = run(program.room(), &["maintenance", "set", "gate", "--for", "soon", "--reason", "x"]);
    assert!(wrong.code == Some(2) && wrong.err.contains("--for: must be a duration"), "{}", wrong.err);

    program.signal(nix::sys::signal::Signal::SIGTERM);
    program.end().await;
    // Where none runs, the database itself is written.
    let set = run(program.room(), &["maintenance", "set", "gate", "--for", "2h", "--reason", "winter"]);
    assert_eq!(set.code, Some(0), "{}", set.err);
    let listed = run(program.room(), &["maintenance", "list"]);
    assert!(listed.out.contains("winter") && listed.out.contains("command line"), "{}", listed.out);
    let ended = run(program.room(), &["maintenance", "end", "gate"]);
    assert_eq!((ended.code, ended.out.as_str()), (Some(0), "gate is no longer excused\n"), "{}", ended.err);
    media.stop().await;
}
