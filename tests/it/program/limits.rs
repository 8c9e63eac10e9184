//! What the machine allows: open files, and passwords hidden from `ps`.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::process::{Child, Command, Stdio};

use nix::sys::signal::Signal;
use serde_json::{Value, json};
use streamwarden::demo::media_server::Options;

use crate::support::media::{program, server};
use crate::support::processes;
use crate::support::program::{Config, Program};
use crate::support::room::Room;
use crate::support::wait::eventually;

/// A process that is ended with its test.
struct Ended(Child);

impl Drop for Ended {
    fn drop(&mut self) {
        processes::send(self.0.id(), Signal::SIGTERM);
        let _ = self.0.wait();
    }
}

#[tokio::test]
async fn the_limit_of_open_files_is_raised_as_far_as_it_goes() {
    let media = server(&Options::default()).await;
    let room = Room::new();
    room.write("streamwarden.toml", &Config::on(&media).toml("data"));
    let mut command = Command::new("prlimit");
    command.arg("--nofile=300:5000").arg(env!("CARGO_BIN_EXE_streamwarden"));
    command.args(["run", "--config", "streamwarden.toml"]).current_dir(room.path());
    for name in ["ffmpeg", "ffprobe"] {
        command.env(format!("STREAMWARDEN_FFMPEG__{}", name.to_uppercase()), program(name));
    }
    let console = fs::File::create(room.path().join("console")).expect("a file");
    // `prlimit` becomes the program.
    let child =
        Ended(command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(console).spawn().expect("prlimit starts"));
    let note = room.path().join("data/run.json");
    eventually("it runs", || async { serde_json::from_slice::<Value>(&fs::read(&note).ok()?).ok() }).await;
    let limits = fs::read_to_string(format!("/proc/{}/limits", child.0.id())).expect("limits");
    let files = limits.lines().find(|line| line.starts_with("Max open files")).expect("a limit");
    let numbers: Vec<&str> = files.split_whitespace().filter(|word| word.parse::<u64>().is_ok()).collect();
    assert_eq!(numbers, ["5000", "5000"], "{files}");
    drop(child);
    media.stop().await;
}

/// A script in the place of a program: its arguments cannot be hidden.
fn script(room: &Room, name: &str) -> String {
    let real = program(name);
    room.write(name, &format!("#!/bin/sh\nexec {} \"$@\"\n", real.display()));
    let path = room.path().canonicalize().expect("our folder").join(name);
    fs::set_permissions(&path, Permissions::from_mode(0o755)).expect("a mode");
    path.to_str().expect("a plain path").to_owned()
}

#[tokio::test]
async fn passwords_that_cannot_be_hidden_are_counted_or_the_start_is_refused() {
    let media = server(&Options::default()).await;
    let room = Room::new();
    let (ffmpeg, ffprobe) = (script(&room, "ffmpeg"), script(&room, "ffprobe"));
    let variables =
        [("STREAMWARDEN_FFMPEG__FFMPEG", ffmpeg.as_str()), ("STREAMWARDEN_FFMPEG__FFPROBE", ffprobe.as_str())];
    let required = Config { restream: "require_hidden_arguments = true".to_owned(), ..Config::on(&media) };
    room.write("streamwarden.toml", &required.toml("data"));
    let ended = room.run(&["run", "--config", "streamwarden.toml"], &variables);
    assert_ne!(ended.code, Some(0));
    assert!(ended.err.contains("restream.require_hidden_arguments"), "{}", ended.err);

    let environment = variables.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
    let config = Config { environment, ..Config::on(&media) };
    let program = Program::start_in(room, &config).await;
    // Nobody listens there: each is looked at, with its password in an argument.
    for name in ["a", "b"] {
        let camera = json!({"name": name, "url": "rtsp://viewer:s3cret@127.0.0.1:9/x"});
        let (status, _) =
            program.api.send(reqwest::Method::POST, "/api/v1/cameras", camera.to_string().into_bytes()).await;
        assert_eq!(status, 201);
    }
    let counted = || async {
        let (_, text) = program.api.text("/metrics").await?;
        let line = text.lines().find(|line| line.starts_with("streamwarden_visible_arguments_total "))?;
        line.rsplit(' ').next()?.parse::<u64>().ok().filter(|count| *count >= 2)
    };
    eventually("two starts counted", counted).await;
    let log = program.log_with(0, &["are visible in `ps`"]).await;
    assert_eq!(
        log.lines().filter(|line| line.contains("are visible in `ps`")).count(),
        1,
        "once for each reason: {log}"
    );
    program.stop().await;
    media.stop().await;
}

/// The program below a tracer, and its ffmpegs with it: nobody else may trace them, as where a machine forbids ptrace. The
/// process is the program, the tracer a grandchild.
fn where_ptrace_is_forbidden(room: &Room, arguments: &[&str]) -> Command {
    let mut command = Command::new("strace");
    command.args(["-D", "-f", "-qq", "-e", "trace=none", "-o", "/dev/null", env!("CARGO_BIN_EXE_streamwarden")]);
    command.args(arguments).current_dir(room.path()).stdin(Stdio::null());
    command
}

#[tokio::test]
async fn where_ptrace_is_forbidden_check_and_the_log_say_so_or_the_start_is_refused() {
    let media = server(&Options::default()).await;
    let room = Room::new();
    let programs = format!("[ffmpeg]\nffmpeg = {:?}\nffprobe = {:?}\n", program("ffmpeg"), program("ffprobe"));
    let write = |config: &Config| room.write("streamwarden.toml", &format!("{}\n{programs}", config.toml("data")));
    write(&Config { restream: "require_hidden_arguments = true".to_owned(), ..Config::on(&media) });
    let run = ["run", "--config", "streamwarden.toml"];
    let refused = where_ptrace_is_forbidden(&room, &run).output().expect("strace starts");
    let text = String::from_utf8_lossy(&refused.stderr);
    assert!(!refused.status.success(), "{text}");
    assert!(text.contains("restream.require_hidden_arguments") && text.contains("allow ptrace"), "{text}");

    write(&Config::on(&media));
    let check = ["check", "--json", "--config", "streamwarden.toml"];
    let checked = where_ptrace_is_forbidden(&room, &check).output().expect("strace starts");
    let report: Value = serde_json::from_slice(&checked.stdout).expect("a report");
    let found = report["findings"].as_array().expect("a list").iter().find(|one| one["what"] == "passwords");
    let text = found.and_then(|one| one["found"].as_str()).unwrap_or_else(|| panic!("{report}"));
    assert!(text.contains("does not let us look into our own children"), "{text}");

    // Nobody listens there: it is probed, with its password in an argument.
    room.write("secret", "s3cret");
    let camera =
        "cameras add a --url rtsp://127.0.0.1:9/x --username viewer --password-file secret --config streamwarden.toml";
    let camera: Vec<&str> = camera.split(' ').collect();
    let added = room.run(&camera, &[]);
    assert_eq!(added.code, Some(0), "{}", added.err);
    let console = room.path().join("console");
    let mut command = where_ptrace_is_forbidden(&room, &run);
    command.stdout(Stdio::null()).stderr(fs::File::create(&console).expect("a file"));
    let child = Ended(command.spawn().expect("strace starts"));
    eventually("the log says why", || async {
        let text = fs::read_to_string(&console).expect("our own file");
        text.contains("are visible in `ps` on this machine").then_some(())
    })
    .await;
    drop(child);
    media.stop().await;
}
