//! `streamwarden cameras` on a database of its own.

use std::io::Write;
use std::process::Stdio;

use serde_json::Value;

use crate::support::room::{Ended, Room};

/// Whoever listens on the default port of this machine is not asked.
const ALONE: [(&str, &str); 1] = [("STREAMWARDEN_HTTP__LISTEN", "127.0.0.1:0")];

fn json(room: &Room, arguments: &[&str]) -> Value {
    let ended = room.run(arguments, &ALONE);
    assert_eq!(ended.code, Some(0), "{arguments:?}: {}", ended.err);
    serde_json::from_str(&ended.out).expect("JSON")
}

#[test]
fn cameras_are_added_listed_changed_and_removed() {
    let room = Room::new();
    let none = room.run(&["cameras", "list"], &ALONE);
    assert!(none.code == Some(0) && none.out.contains("no cameras yet"), "{}", none.err);
    let says =
        |ended: &Ended| ended.err.contains("no configuration file was found") && ended.err.contains("data_dir ./var");
    assert!(says(&none), "{}", none.err);
    let time = "2026-03-01T10:00:00Z";
    let lock = ["recordings", "lock", "yard", "--from", time, "--to", "2026-03-01T11:00:00Z", "--reason", "x"];
    for typed in [&["cameras", "kinds", "list"][..], &["notify", "list"]] {
        let listed = room.run(typed, &ALONE);
        assert!(listed.code == Some(0) && says(&listed), "{typed:?}: {}", listed.err);
    }
    for typed in [
        &lock[..],
        &["recordings", "locks"],
        &["incidents", "list"],
        &["user", "list"],
        &["maintenance", "list"],
        &["recordings", "reconcile"],
    ] {
        let missing = room.run(typed, &ALONE);
        let says = says(&missing) && missing.err.contains("there is no database ./var/streamwarden.db yet");
        assert!(missing.code == Some(1) && says, "{typed:?}: {}", missing.err);
    }
    assert_eq!(room.names(), [""; 0], "looking makes no database");

    room.write("secret", "hunter2\n");
    let add = ["cameras", "add", "site/gate", "--kind", "hikvision", "--host", "10.0.0.9", "--username", "admin"];
    let mut with_secret = add.to_vec();
    with_secret.extend(["--password-file", "secret", "--json"]);
    let added = json(&room, &with_secret);
    assert_eq!(
        (&added["name"], &added["hasPassword"], &added["enabled"]),
        (&"site/gate".into(), &true.into(), &true.into())
    );

    let again = room.run(&add, &ALONE);
    assert_eq!(again.code, Some(1));
    assert!(again.err.contains("site/gate"), "{}", again.err);

    let edit = [
        "cameras",
        "edit",
        "site/gate",
        "--name",
        "gate",
        "--clear",
        "username,password",
        "--enabled",
        "false",
        "--json",
    ];
    let changed = json(&room, &edit);
    assert_eq!(
        (&changed["id"], &changed["name"], &changed["host"]),
        (&added["id"], &"gate".into(), &"10.0.0.9".into())
    );
    assert_eq!(
        (&changed["username"], &changed["hasPassword"], &changed["enabled"]),
        (&Value::Null, &false.into(), &false.into())
    );

    let listed = room.run(&["cameras", "list"], &ALONE);
    assert_eq!(listed.out.lines().next().expect("a head"), "ID  NAME  STATE  KIND       SOURCE    ENABLED  RECORD");
    assert!(listed.out.contains("gate  -      hikvision  10.0.0.9  no"), "{}", listed.out);

    let id = added["id"].to_string();
    let removed = room.run(&["cameras", "remove", id.as_str()], &ALONE);
    assert_eq!((removed.code, removed.out.trim()), (Some(0), format!("removed camera gate (id {id})").as_str()));
    assert_eq!(json(&room, &["cameras", "list", "--json"])["items"], Value::Array(vec![]));
    assert_eq!(room.run(&["cameras", "remove", "gate"], &ALONE).code, Some(1));
}

#[test]
fn secrets_come_from_files_or_standard_input_and_are_never_printed() {
    let room = Room::new();
    let mut child = room
        .command(&["cameras", "add", "yard", "--url-file", "-", "--json"], &ALONE)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut input = child.stdin.take().expect("a pipe");
    input.write_all(b"rtsp://admin:hunter2@10.0.0.9/live\n").expect("written");
    drop(input);
    let output = child.wait_with_output().expect("it ends");
    assert!(output.status.success());
    let added: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(added["url"], "rtsp://***@10.0.0.9/live");
    let listed = room.run(&["cameras", "list"], &ALONE);
    assert!(listed.out.contains("rtsp://***@10.0.0.9/live") && !listed.out.contains("hunter2"), "{}", listed.out);
}

#[test]
fn wrong_cameras_are_refused_with_the_field_at_fault() {
    let room = Room::new();
    assert_eq!(room.run(&["cameras", "add", "good", "--host", "10.0.0.9"], &ALONE).code, Some(0));
    for (arguments, wanted) in [
        (vec!["add", "../up", "--host", "h"], "name"),
        (vec!["add", "9", "--host", "h"], "name: 9 is a number"),
        (vec!["add", "a", "--host", "h", "--transport", "sctp"], "transport"),
        (vec!["add", "a", "--url", "rtsp://u:hunter2@h/x"], "--url: holds a password"),
        (vec!["add", "a", "--url", "file:///etc/passwd"], "url"),
        (vec!["add", "a", "--host", "h", "--kind", "unheard-of"], "kind"),
        (vec!["add", "a", "--host", "h", "--port", "99999"], "port"),
        (vec!["add", "a", "--host", "h", "--password-file", "missing"], "--password-file"),
        (vec!["edit", "good", "--clear", "name"], "--clear: \"name\" cannot be emptied"),
        (vec!["edit", "good", "--clear", "host", "--host", "h"], "--clear: host is given a value too"),
        (vec!["edit", "nobody", "--host", "h"], "there is no camera \"nobody\""),
    ] {
        let mut line = vec!["cameras"];
        line.extend(arguments);
        let ended = room.run(&line, &ALONE);
        // What was typed is wrong, and nothing was done; a camera that is not there is another matter.
        let code = if wanted.starts_with("there is no camera") { 1 } else { 2 };
        assert_eq!((ended.code, ended.out.as_str()), (Some(code), ""), "{line:?}");
        assert!(ended.err.contains(wanted) && !ended.err.contains("hunter2"), "{line:?}: {}", ended.err);
    }
    let listed = json(&room, &["cameras", "list", "--json"]);
    assert_eq!(listed["items"].as_array().expect("a list").len(), 1, "{listed}");
}

#[test]
fn cameras_go_out_and_come_in_as_a_file() {
    let room = Room::new();
    room.write("in.csv", "\u{feff}name;host;password\r\ngate;10.0.0.9;hunter2\r\ndoor;10.0.0.10;\r\n");
    let dry = json(&room, &["cameras", "import", "in.csv", "--dry-run", "--json"]);
    assert_eq!((&dry["added"], &dry["faults"]), (&2.into(), &Value::Array(vec![])));
    let written = room.run(&["cameras", "import", "in.csv"], &ALONE);
    assert_eq!((written.code, written.out.trim()), (Some(0), "added 2, changed 0, unchanged 0"), "{}", written.err);

    let out = room.run(&["cameras", "export"], &ALONE);
    assert!(out.out.lines().count() == 3 && !out.out.contains("hunter2"), "{}", out.out);
    assert_eq!(json(&room, &["cameras", "export", "--json"])["items"][0]["hasPassword"], true);
    room.write("out.csv", &out.out.replace("10.0.0.10", "10.0.0.11"));
    let again = room.run(&["cameras", "import", "out.csv"], &ALONE);
    assert_eq!(again.out.trim(), "added 0, changed 1, unchanged 1");

    room.write("wrong.csv", "name,host\nnew,10.0.0.1\n../x,10.0.0.1\n");
    let wrong = room.run(&["cameras", "import", "wrong.csv"], &ALONE);
    assert_eq!(wrong.code, Some(1));
    assert!(wrong.out.contains("line 3, name: ") && wrong.out.contains("nothing was written"), "{}", wrong.out);
    let listed = json(&room, &["cameras", "list", "--json"]);
    assert_eq!(listed["items"].as_array().map(Vec::len), Some(2));

    let mut child = room
        .command(&["cameras", "import", "-", "--json"], &ALONE)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the program starts");
    child.stdin.take().expect("a pipe").write_all(b"name,host\nyard,10.0.0.12\n").expect("written");
    let ended = child.wait_with_output().expect("it ends");
    let report: Value = serde_json::from_slice(&ended.stdout).expect("JSON");
    assert_eq!(report["added"], 1);
    assert_eq!(room.run(&["cameras", "import", "none.csv"], &ALONE).code, Some(2));
}

#[test]
fn kinds_are_listed_set_and_removed() {
    let room = Room::new();
    let set = ["cameras", "kinds", "set", "acme", "rtsp://{username}:{password}@{host}:{port=554}/v{channel=1}"];
    let ended = room.run(&set, &ALONE);
    assert_eq!(ended.code, Some(0), "{}", ended.err);
    let listed = room.run(&["cameras", "kinds", "list"], &ALONE);
    assert!(
        listed.out.lines().any(|line| line.starts_with("acme ") && line.contains("/v{channel=1}")),
        "{}",
        listed.out
    );
    let items = json(&room, &["cameras", "kinds", "list", "--json"]);
    let items = items["items"].as_array().expect("items").clone();
    assert!(items.iter().any(|item| item["kind"] == "acme" && item["urlTemplate"] == set[4]), "{items:?}");

    for (arguments, words) in [
        (["cameras", "kinds", "set", "acme", "file:///etc/passwd"], "urlTemplate"),
        (["cameras", "kinds", "set", "Not a word", "rtsp://{host}/"], "kind"),
    ] {
        let refused = room.run(&arguments, &ALONE);
        assert!(refused.code == Some(2) && refused.err.contains(words), "{}", refused.err);
    }
    room.run(&["cameras", "add", "gate", "--kind", "acme", "--host", "10.0.0.9"], &ALONE);
    let used = room.run(&["cameras", "kinds", "remove", "acme"], &ALONE);
    assert!(used.code == Some(1) && used.err.contains("cameras of this kind: 1"), "{}", used.err);
    room.run(&["cameras", "remove", "gate"], &ALONE);
    assert_eq!(json(&room, &["cameras", "kinds", "remove", "acme", "--json"])["kind"], "acme");
    let gone = room.run(&["cameras", "kinds", "remove", "acme"], &ALONE);
    assert!(gone.code == Some(1) && gone.err.contains("acme"), "{}", gone.err);
}
