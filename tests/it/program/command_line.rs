//! The command line as a Unix person expects it: exit codes, names, suggestions, manual pages; nothing runs here.

use std::fs::File;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::support::room::Room;

/// Whoever listens on the default port of this machine is not asked.
const ALONE: [(&str, &str); 1] = [("STREAMWARDEN_HTTP__LISTEN", "127.0.0.1:0")];

#[test]
fn what_cannot_be_written_is_a_failure_and_a_reader_that_went_away_is_none() {
    let room = Room::new();
    room.run(&["cameras", "add", "gate", "--host", "10.0.0.9"], &ALONE);
    for line in [
        "cameras list",
        "cameras list --json",
        "cameras export",
        "cameras kinds",
        "version",
        "config",
        "completions bash",
        "man",
        "check",
        "--help",
        "--version",
        "cameras --help",
    ] {
        let arguments: Vec<&str> = line.split(' ').collect();
        let full = File::options().write(true).open("/dev/full").expect("/dev/full");
        let output = room.command(&arguments, &ALONE).stdout(full).output().expect("it starts");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(1), "{line}: {said}");
        assert!(said.contains("standard output cannot be written"), "{line}: {said}");
    }
    let mut child = room.command(&["cameras", "export"], &ALONE).stdout(Stdio::piped()).spawn().expect("it starts");
    drop(child.stdout.take());
    assert_eq!(child.wait().expect("it ends").code(), Some(0));
}

#[test]
fn names_that_people_try_lead_to_the_command() {
    let room = Room::new();
    for (line, code, words) in [
        ("rnu", 2, "'run'"),
        ("cameras lits", 2, "list"),
        ("cameras add gate --hosst h", 2, "'--host'"),
        ("cameras add gate --host 10.0.0.9 --record off", 0, "added camera gate"),
        ("cameras edit gate", 2, "no change given"),
        ("cameras set gate --enabled perhaps", 2, "write yes or no"),
        ("cameras set gate --enabled no", 0, "changed camera gate"),
        ("cameras show gate", 0, "no       no"),
        ("cameras show nobody", 1, "there is no camera \"nobody\""),
        ("cameras kinds", 0, "hikvision"),
        ("cameras kinds --json", 0, "\"urlTemplate\""),
        ("cameras ls", 0, "gate"),
        ("cameras rm gate --json", 0, "\"name\":\"gate\""),
        ("cameras delete gate", 1, "there is no camera \"gate\""),
        ("run --pg-dsn=postgresql://u@127.0.0.1:1/x?sslmode=nonsense", 2, "sslmode"),
        ("cameras list --pg-dsn sqlite:none.db", 0, "no cameras yet"),
        ("run --help", 0, "--pg-dsn"),
        ("run --help", 0, "--log-level"),
        ("cameras list --log-level loud", 2, "possible values"),
        ("cameras list --api rtsp://127.0.0.1/x", 2, "is not the address of a streamwarden"),
        ("status", 1, "no streamwarden runs"),
        ("health", 1, "no streamwarden runs"),
        ("health --api http://127.0.0.1:1", 1, "http://127.0.0.1:1"),
    ] {
        let ended = room.run(&line.split(' ').collect::<Vec<_>>(), &ALONE);
        let said = format!("{}{}", ended.out, ended.err);
        assert_eq!(ended.code, Some(code), "{line}: {said}");
        assert!(said.contains(words), "{line}: {said}");
    }
}

#[test]
fn a_kind_without_a_path_says_what_it_calls() {
    let room = Room::new();
    let added = room.run(&["cameras", "add", "front", "--host", "127.0.0.1", "--port", "9554"], &ALONE);
    assert_eq!((added.code, added.out.trim()), (Some(0), "added camera front (id 1)"));
    assert!(added.err.contains("calls rtsp://127.0.0.1:9554/") && added.err.contains("--url"), "{}", added.err);
    let with_path = room.run(&["cameras", "add", "yard", "--url", "rtsp://127.0.0.1:9554/stream1"], &ALONE);
    assert_eq!((with_path.code, with_path.err.as_str()), (Some(0), ""));
}

#[test]
fn the_configuration_in_force_is_shown_with_its_origins_and_what_does_nothing_is_named() {
    let room = Room::new();
    room.write("etc/streamwarden.toml", "data_dir = \"data\"\n[http]\nlisten = \"127.0.0.1:0\"\n");
    let environment =
        [("PG_DSN", "postgresql://u:hunter2@127.0.0.1:1/x"), ("REDIS_PASSWORD", "x"), ("S3_BUCKET_NAME", "vod")];
    let shown = room.run(&["config"], &environment);
    assert_eq!(shown.code, Some(0), "{}", shown.err);
    for words in [
        "data_dir = \"data\"",
        "# etc/streamwarden.toml:1",
        "database.url = \"postgresql://u:***@127.0.0.1:1/x\"",
        "# environment PG_DSN",
        "# default",
    ] {
        assert!(shown.out.contains(words), "{words}: {}", shown.out);
    }
    assert!(!shown.out.contains("hunter2"));
    let json = room.run(&["config", "--json"], &environment);
    let json: Value = serde_json::from_str(&json.out).expect("JSON");
    let listen = json["items"].as_array().expect("items").iter().find(|item| item["key"] == "http.listen");
    assert_eq!(listen.map(|item| &item["origin"]), Some(&Value::from("etc/streamwarden.toml:3")));
    let wrong = room.run(&["config"], &[("STREAMWARDEN_NODE", "a b")]);
    assert_eq!(wrong.code, Some(2));

    let checked = room.run(&["check"], &environment);
    for words in ["REDIS_PASSWORD is set and does nothing here", "into REDIS_URL", "S3_BUCKET_NAME is set"] {
        assert!(checked.out.contains(words), "{words}: {}", checked.out);
    }
    // It ends by itself: its data folder is a file.
    room.write("data", "");
    let started = room.run(&["run"], &environment);
    assert!(
        started.code == Some(1) && started.err.contains("S3_BUCKET_NAME is set and does nothing"),
        "{}",
        started.err
    );
}

#[test]
fn completions_and_manual_pages_are_those_of_the_command_line() {
    let room = Room::new();
    let bash = room.run(&["completions", "bash"], &ALONE);
    assert!(bash.code == Some(0) && bash.out.contains("cameras") && bash.out.contains("--pg-dsn"));
    room.write("completions", &bash.out);
    let read = Command::new("bash").arg("-n").arg(room.path().join("completions")).output().expect("bash");
    assert!(read.status.success(), "{}", String::from_utf8_lossy(&read.stderr));
    let page = room.run(&["man"], &ALONE);
    assert!(page.code == Some(0) && page.out.contains(".TH streamwarden"), "{}", page.out);
    assert_eq!(room.run(&["man", "pages"], &ALONE).code, Some(0));
    let pages = crate::support::room::names(&room.path().join("pages"));
    for name in ["streamwarden.1", "streamwarden-status.1", "streamwarden-cameras-add.1"] {
        assert!(pages.iter().any(|page| page == name), "{name}: {pages:?}");
    }
}

/// `build.rs`, compiled by itself and run as cargo does.
#[test]
fn the_version_names_the_commit_of_a_release_and_an_archive_without_git_builds_too() {
    let room = Room::new();
    let program = room.path().join("build");
    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/build.rs");
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let made = Command::new(rustc).args(["--edition", "2024", source, "-o"]).arg(&program).output().expect("rustc");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let git = |arguments: &[&str]| {
        let mut command = Command::new("git");
        command.current_dir(room.path().join("tree")).args(["-c", "user.name=n", "-c", "user.email=e"]).args(arguments);
        assert!(command.output().expect("git").status.success(), "{arguments:?}");
    };
    let built = |folder: &str, profile: &str, more: &[(&str, &str)]| {
        let folder = room.path().join(folder);
        let mut command = Command::new(&program);
        command.current_dir(&folder).env("CARGO_MANIFEST_DIR", &folder).env("CARGO_PKG_VERSION", "1.2.3");
        command.env_remove("BUILD_COMMIT").env("PROFILE", profile).envs(more.iter().copied());
        let output = command.output().expect("it starts");
        assert!(output.status.success());
        let text = String::from_utf8(output.stdout).expect("text");
        let version = text.lines().find_map(|line| line.strip_prefix("cargo:rustc-env=BUILT_VERSION="));
        version.expect("a version").to_owned()
    };
    room.write("archive/file", "x");
    room.write("tree/file", "x");
    room.write("tree/inner/file", "x");
    assert_eq!(built("archive", "release", &[]), "1.2.3", "no git");
    git(&["init", "-q"]);
    git(&["add", "."]);
    git(&["commit", "-qm", "one"]);
    let clean = built("tree", "release", &[]);
    assert!(clean.starts_with("1.2.3 (") && clean.len() == "1.2.3 ()".len() + 12, "{clean}");
    room.write("tree/file", "y");
    assert_eq!(built("tree", "release", &[]), clean.replace(')', "-dirty)"));
    assert_eq!(built("tree/inner", "release", &[]), "1.2.3", "unpacked inside somebody else's repository");
    assert_eq!(built("tree", "debug", &[]), "1.2.3", "development does not ask git");
    assert_eq!(built("archive", "release", &[("BUILD_COMMIT", "abc123")]), "1.2.3 (abc123)");

    let version = room.run(&["version", "--json"], &ALONE);
    let version: Value = serde_json::from_str(&version.out).expect("JSON");
    assert_eq!((&version["name"], version.get("commit").is_some()), (&"streamwarden".into(), true));
}
