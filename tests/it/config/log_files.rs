//! Log lines on the console and in the file, for people and as JSON.

use serde_json::Value;

use crate::support::room::Room;

/// Our own logging configuration, in a room where `run` must fail: its port is taken.
fn logged(edit: impl Fn(&str) -> String) -> (Room, String) {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let listen = taken.local_addr().expect("an address").to_string();
    let room = Room::new();
    let yaml = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/etc/log4rs.yaml")).expect("our own file");
    room.write("etc/log4rs.yaml", &edit(&yaml));
    let ended = room.run(&["run", "--listen", listen.as_str()], &[("STREAMWARDEN_NODE", "n")]);
    assert_eq!(ended.code, Some(1), "{}", ended.err);
    (room, ended.err)
}

fn file(room: &Room) -> String {
    std::fs::read_to_string(room.path().join("log/streamwarden.log")).expect("a log file")
}

#[test]
fn the_console_and_the_file_get_lines_for_people() {
    let (room, console) = logged(str::to_owned);
    let text = file(&room);
    let line = text.lines().next().expect("a line");
    let (time, rest) = line.split_once(' ').expect("time first");
    chrono::DateTime::parse_from_rfc3339(time).expect("a time");
    assert!(rest.starts_with("INFO  starting version="), "{rest}");
    assert!(rest.ends_with(" node=n configuration=none"), "{rest}");
    // Without the time: each appender looks at the clock when it writes.
    assert!(console.contains(rest), "{console} lacks {rest}");
    assert!(text.contains(" ERROR "), "why it ended stands in the file: {text}");
}

#[test]
fn a_check_says_where_the_file_will_be() {
    let room = Room::new();
    let yaml = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/etc/log4rs.yaml")).expect("our own file");
    room.write("etc/log4rs.yaml", &yaml.replace("path: log/", "path: $ENV{LOGS_DIRECTORY}/"));
    let told = room.run(&["check"], &[("LOGS_DIRECTORY", "journal")]).out;
    assert!(told.contains("logging") && told.contains("journal will be created"), "{told}");
    let told = room.run(&["check"], &[]).out;
    assert!(told.contains("note   logging") && told.contains("LOGS_DIRECTORY is not set here"), "{told}");
    assert_eq!(room.names(), ["etc"], "nothing is created");
}

#[test]
fn json_is_one_word_away() {
    let (room, _) = logged(|yaml| {
        let edited = yaml.replace("kind: line # kind: json", "kind: json #");
        assert_ne!(edited, yaml);
        edited
    });
    for line in file(&room).lines() {
        let record: Value = serde_json::from_str(line).expect("JSON");
        assert!(record["time"].is_string() && record["level"].is_string() && record["message"].is_string());
    }
    let first: Value = serde_json::from_str(file(&room).lines().next().expect("a line")).expect("JSON");
    assert_eq!((&first["message"], &first["attributes"]["node"]), (&"starting".into(), &"n".into()));
}

#[test]
fn a_log_file_that_cannot_be_written_refuses_to_start() {
    let room = Room::new();
    room.write("log", "a file where the folder should be");
    let yaml = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/etc/log4rs.yaml")).expect("our own file");
    room.write("etc/log4rs.yaml", &yaml);
    let ended = room.run(&["run"], &[]);
    assert_eq!(ended.code, Some(2));
    assert!(ended.err.contains("\"file\" cannot write log/streamwarden.log"), "{}", ended.err);
}

#[test]
fn a_start_needs_no_temporary_folder() {
    let room = Room::new();
    let yaml = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/etc/log4rs.yaml")).expect("our own file");
    room.write("etc/log4rs.yaml", &yaml);
    let told = room.run(&["check"], &[("TMPDIR", "/nowhere")]);
    assert!(!told.out.contains("TMPDIR") && !told.err.contains("TMPDIR"), "{}{}", told.out, told.err);
    assert!(!told.out.contains("FAULT  logging") && told.out.contains("logging"), "{}", told.out);
}
