//! Starts that must fail: with a sentence, a remedy and the right exit code, and with nothing left behind.

use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;

use streamwarden::demo::media_server::Options;

use crate::support::media::server;
use crate::support::processes::marked;
use crate::support::program::{Config, Program};
use crate::support::room::{Room, names};

/// Runs it; it must end with 1 and without processes. Returns what it said.
fn refused(room: &Room, toml: &str) -> String {
    room.write("streamwarden.toml", toml);
    let ended = room.run(&["run", "--config", "streamwarden.toml"], &[]);
    assert_eq!(ended.code, Some(1), "{}", ended.err);
    let data_dir = room.path().canonicalize().expect("our folder").join("data");
    assert_eq!(marked(&data_dir), []);
    assert!(!data_dir.join("run.json").exists(), "nobody listens");
    ended.err
}

#[test]
fn a_taken_port_is_named() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = taken.local_addr().expect("an address");
    let room = Room::new();
    let said = refused(&room, &format!("data_dir = \"data\"\n[http]\nlisten = \"{address}\"\n"));
    assert!(said.contains(&format!("http.listen: cannot listen on {address}")), "{said}");
    assert!(said.contains("name another address or end who uses it"), "{said}");
    assert_eq!(names(&room.path().join("data")), ["lock"], "nothing else has been made");
}

/// A program that answers like an ffmpeg of this version.
fn fake(room: &Room, name: &str, first_line: &str, libavformat: &str) -> String {
    let text = format!("#!/bin/sh\necho '{first_line}'\necho 'libavformat    {libavformat} / {libavformat}'\n");
    room.write(name, &text);
    let path = room.path().join(name);
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).expect("our own file");
    path.to_str().expect("text").to_owned()
}

#[test]
fn ffmpeg_that_is_missing_or_too_old_is_named_with_the_install_line() {
    let room = Room::new();
    let old = fake(&room, "old", "ffmpeg version 4.1.11 Copyright (c) 2000-2022 the FFmpeg developers", "58. 20.100");
    let other = fake(&room, "other", "hello", "1.1.1");
    for (key, program, words) in [
        ("ffmpeg", "/nowhere/ffmpeg", "/nowhere/ffmpeg cannot be started"),
        ("ffprobe", "no-such-ffprobe", "no-such-ffprobe cannot be started"),
        ("ffmpeg", old.as_str(), "version 4.1.11 is older than 4.4"),
        ("ffprobe", old.as_str(), "version 4.1.11 is older than 4.4"),
        ("ffmpeg", other.as_str(), "does not read like ffmpeg's"),
    ] {
        let toml = format!("data_dir = \"data\"\n[http]\nlisten = \"127.0.0.1:0\"\n[ffmpeg]\n{key} = \"{program}\"\n");
        let said = refused(&room, &toml);
        assert!(said.contains(words) && said.contains("apt-get install ffmpeg"), "{words:?} is not in {said}");
        assert_eq!(names(&room.path().join("data")), ["lock"], "nothing else has been made");
    }
}

#[tokio::test]
async fn a_second_one_on_the_same_folder_is_refused_and_the_first_goes_on() {
    let media = server(&Options::default()).await;
    let program = Program::start(&Config::on(&media)).await;
    let second = program.second();
    assert_eq!(second.code, Some(1), "{}", second.err);
    let words = format!("is in use by another streamwarden (process {})", program.pid());
    assert!(second.err.contains(&words), "{}", second.err);
    program.api.get("/health").await;
    program.stop().await;
    media.stop().await;
}
