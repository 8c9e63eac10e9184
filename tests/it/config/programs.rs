//! `check` says whether passwords that programs are given can be seen by others.

use std::os::unix::fs::PermissionsExt;

use serde_json::Value;

use crate::support::media::program;
use crate::support::room::Room;

fn findings(room: &Room) -> Vec<Value> {
    let ended = room.run(&["check", "--json"], &[]);
    let report: Value = serde_json::from_str(&ended.out).unwrap_or_else(|_| panic!("{}{}", ended.out, ended.err));
    report["findings"].as_array().expect("a list").iter().filter(|one| one["what"] == "passwords").cloned().collect()
}

#[test]
fn a_wrapper_script_is_named_and_a_program_is_not() {
    let room = Room::new();
    let real = program("ffmpeg");
    room.write("ffmpeg", &format!("#!/bin/sh -e\nexec {} \"$@\"\n", real.display()));
    let wrapper = room.path().join("ffmpeg");
    std::fs::set_permissions(&wrapper, std::fs::Permissions::from_mode(0o755)).expect("our own file");
    let configured = |path: &std::path::Path| {
        room.write(
            "etc/streamwarden.toml",
            &format!("[ffmpeg]\nffmpeg = {path:?}\nffprobe = {:?}\n", program("ffprobe")),
        );
    };
    configured(&wrapper);
    let told = findings(&room);
    assert_eq!(told.len(), 1, "{told:?}");
    let text = told[0]["found"].as_str().expect("text");
    assert!(text.contains(&wrapper.display().to_string()), "{text}");
    assert!(text.contains("is a script for /bin/sh -e") && text.contains("name the program itself"), "{text}");
    assert!(!text.contains("ptrace"), "ptrace is allowed: {text}");
    configured(&real);
    assert_eq!(findings(&room), Vec::<Value>::new());
}
