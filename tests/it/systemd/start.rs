//! What a unit and `etc/start.sh` give to the program.

use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::Command;

use crate::support::room::Room;

fn text(path: &Path) -> &str {
    path.to_str().expect("text")
}

#[test]
fn a_unit_gives_folders_and_credentials_and_those_it_has_not_count_as_not_set() {
    let room = Room::new();
    let (state, logs, secrets) = (room.path().join("state"), room.path().join("logs"), room.path().join("credentials"));
    let yaml = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/etc/log4rs.yaml")).expect("our own file");
    room.write(
        "etc/log4rs.yaml",
        &yaml
            .replace("path: log/", "path: $ENV{LOGS_DIRECTORY}/")
            .replace("pattern: log/", "pattern: $ENV{LOGS_DIRECTORY}/"),
    );
    room.write("etc/streamwarden.toml", "[[servers]]\napi_url = \"http://127.0.0.1:9\"\napi_username = \"mon\"\n");
    room.write("credentials/streamwarden.api_password", "hunter2\n");
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let listen = taken.local_addr().expect("an address").to_string();
    let credential = |name: &str| text(&secrets.join(name)).to_owned();
    let (password, database) = (credential("streamwarden.api_password"), credential("streamwarden.database_url"));
    let mut environment = vec![
        ("STATE_DIRECTORY", text(&state)),
        ("LOGS_DIRECTORY", text(&logs)),
        ("CREDENTIALS_DIRECTORY", text(&secrets)),
        ("STREAMWARDEN_SERVERS__0__API_PASSWORD_FILE", password.as_str()),
        ("STREAMWARDEN_DATABASE__URL_FILE", database.as_str()),
    ];
    // Its port is taken, so that it ends after it has locked its folder.
    let ended = room.run(&["run", "--listen", &listen], &environment);
    assert_eq!(ended.code, Some(1), "{}", ended.err);
    assert!(ended.err.contains("cannot listen on"), "{}", ended.err);
    assert!(state.join("lock").exists(), "the state folder is where it keeps things");
    assert!(std::fs::read_to_string(logs.join("streamwarden.log")).expect("a log").contains("starting"));
    assert_eq!(room.names(), ["credentials", "etc", "logs", "state"]);

    // The same variable on any other file that is not there is a slip.
    environment[4].1 = "/nowhere/streamwarden.database_url";
    let ended = room.run(&["run", "--listen", &listen], &environment);
    assert_eq!(ended.code, Some(2));
    assert!(ended.err.contains("database.url_file"), "{}", ended.err);
}

#[test]
fn the_console_start_passes_its_database_and_its_options_on() {
    let room = Room::new();
    let script = room.path().join("etc/start.sh");
    room.write("etc/start.sh", include_str!("../../../etc/start.sh"));
    std::fs::set_permissions(&script, std::fs::Permissions::from_mode(0o755)).expect("our own file");
    let run = |arguments: &[&str], environment: &[(&str, &str)]| {
        let mut command = Command::new(&script);
        command.current_dir("/").args(arguments).env_clear().envs(environment.iter().copied());
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
        let output = command.output().expect("it starts");
        (output.status.code(), String::from_utf8(output.stderr).expect("text"))
    };
    let (code, said) = run(&[], &[]);
    assert_eq!((code, said.contains("cargo build --release")), (Some(1), true), "{said}");

    symlink(env!("CARGO_BIN_EXE_streamwarden"), room.path().join("streamwarden")).expect("a link");
    // Wrong ones, so that it ends by itself and says where it has them from.
    room.write("dsn", "mysql://u:hunter2@127.0.0.1:1/x\n");
    let file = text(&room.path().join("dsn")).to_owned();
    for (name, value) in [("PG_DSN", "mysql://u:hunter2@127.0.0.1:1/x"), ("PG_DSN_FILE", file.as_str())] {
        let (code, said) = run(&["--roles", "monitor", "--listen", "127.0.0.1:0"], &[(name, value)]);
        assert_eq!(code, Some(2), "{said}");
        assert!(said.contains(&format!("database.url  (environment {name})")), "{said}");
        assert!(!said.contains("hunter2"), "{said}");
    }
    let (code, said) = run(&["--roles", "nonsense"], &[("PG_DSN", "postgresql://u@127.0.0.1:1/x")]);
    assert_eq!((code, said.contains("\"nonsense\" is not a role")), (Some(2), true), "{said}");
}

#[test]
fn the_console_start_finds_the_program_beside_itself_and_files_count_from_where_one_is() {
    let room = Room::new();
    let script = room.path().join("place/start.sh");
    room.write("place/start.sh", include_str!("../../../etc/start.sh"));
    std::fs::set_permissions(&script, std::fs::Permissions::from_mode(0o755)).expect("our own file");
    symlink(env!("CARGO_BIN_EXE_streamwarden"), room.path().join("place/streamwarden")).expect("a link");
    room.write("here/my.toml", "rolls = 1\n");
    room.write("here/dsn", "mysql://u@127.0.0.1:1/x\n");
    room.write("place/dsn", "postgresql://u@127.0.0.1:1/x\n");
    let here = room.path().join("here").canonicalize().expect("a path");
    for config in [&["--config", "my.toml"][..], &["--config=my.toml"]] {
        let mut command = Command::new(&script);
        command.current_dir(&here).args(config).env_clear().env("PG_DSN_FILE", "dsn");
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
        let output = command.output().expect("it starts");
        let said = String::from_utf8(output.stderr).expect("text");
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.contains(&format!("{}/my.toml:1", here.display())), "{said}");
        assert!(said.contains("database.url  (environment PG_DSN_FILE)"), "{said}");
    }
}
