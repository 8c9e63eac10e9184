//! A wrong configuration: exit 2, every complaint at once, nothing started, nothing left.

use serde_json::Value;

use crate::support::room::Room;

/// Two faults in the file, one on the command line or in the environment, one in the logging configuration.
fn broken() -> Room {
    let room = Room::new();
    room.write("etc/streamwarden.toml", "[http]\nlisen = 1\n[[servers]]\napi_url = \"http://u:hunter2@h\"\n");
    room.write("etc/log4rs.yaml", "appenders: {c: {kind: konsole}}\nroot: {appenders: [c]}\n");
    room
}

#[test]
fn a_wrong_configuration_ends_with_2_and_every_complaint() {
    let room = broken();
    for command in ["run", "check"] {
        let ended = room.run(&[command], &[("UPLOAD_WORKERS", "many")]);
        assert_eq!(ended.code, Some(2), "{}", ended.err);
        assert_eq!(ended.out, "");
        for wanted in [
            "4 errors in the configuration, nothing was started",
            "http.lisen  (etc/streamwarden.toml:2)\n    no such key\n    -> the nearest known key is http.listen",
            "servers[0].api_url  (etc/streamwarden.toml:4)",
            "-> use the keys api_username and api_password",
            "upload.workers  (environment UPLOAD_WORKERS)",
            "logging  (etc/log4rs.yaml)",
            "konsole",
        ] {
            assert!(ended.err.contains(wanted), "{} lacks {wanted}", ended.err);
        }
        assert!(!ended.err.contains("hunter2"));
        assert_eq!(room.names(), ["etc"], "nothing is left");
    }
}

#[test]
fn check_prints_complaints_as_json() {
    let room = broken();
    let ended = room.run(&["check", "--json"], &[("STREAMWARDEN_HTTP__LISTEN", "0.0.0.0")]);
    assert_eq!((ended.code, ended.err.as_str()), (Some(2), ""));
    let printed: Value = serde_json::from_str(&ended.out).expect("JSON");
    let complaints = printed["complaints"].as_array().expect("a list");
    assert_eq!(complaints.len(), 4);
    let listen = complaints.iter().find(|complaint| complaint["key"] == "http.listen").expect("a complaint");
    assert_eq!(listen["place"], "environment STREAMWARDEN_HTTP__LISTEN");
    assert!(listen["fault"].as_str().expect("text").contains("not an address and a port"));
    assert!(listen["remedy"].as_str().is_some());
    assert!(!ended.out.contains("hunter2"));
}

#[test]
fn files_are_found_by_option_variable_and_place() {
    let room = Room::new();
    room.write("etc/streamwarden.toml", "place = 1");
    room.write("variable.toml", "variable = 1");
    room.write("option.toml", "option = 1");
    let variable = ("STREAMWARDEN_CONFIG", "variable.toml");
    for (arguments, environment, wanted) in [
        (vec!["check"], vec![], "etc/streamwarden.toml:1"),
        (vec!["check"], vec![variable], "variable.toml:1"),
        (vec!["check", "--config", "option.toml"], vec![variable], "option.toml:1"),
        (vec!["--config", "option.toml", "check"], vec![], "option.toml:1"),
        (vec!["check", "--config", "missing.toml"], vec![], "missing.toml)\n    cannot be read"),
        (vec!["check", "--log-config", "missing.yaml"], vec![variable], "missing.yaml)\n    cannot be read"),
    ] {
        let ended = room.run(&arguments, &environment);
        assert_eq!(ended.code, Some(2));
        assert!(ended.err.contains(wanted), "{arguments:?}: {}", ended.err);
    }
}

#[test]
fn the_command_line_ends_with_the_documented_codes() {
    let room = Room::new();
    for (arguments, code, wanted) in [
        (vec!["version"], 0, concat!("streamwarden ", env!("CARGO_PKG_VERSION"))),
        (vec!["version", "--json"], 0, "\"name\":\"streamwarden\""),
        (vec!["--help"], 0, "Exit codes:"),
        (vec!["fly"], 2, "fly"),
        (vec!["run", "--roles"], 2, "--roles"),
        (vec!["run", "--roles", "monitr"], 2, "did you mean monitor?"),
        (vec!["run", "--listen", "0.0.0.0:80"], 2, "no login yet"),
        (vec!["demo", "--cameras", "0"], 2, "--cameras"),
    ] {
        let ended = room.run(&arguments, &[]);
        assert_eq!(ended.code, Some(code), "{arguments:?}");
        let printed = format!("{}{}", ended.out, ended.err);
        assert!(printed.contains(wanted), "{arguments:?}: {printed}");
    }
    assert_eq!(room.names(), [""; 0]);
}
