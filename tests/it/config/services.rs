//! `check` against services that are there, and against such that are not.

use std::net::TcpListener;

use serde_json::Value;
use streamwarden::demo::demo_server::AnyServer;
use streamwarden::demo::media_server::{Credentials, Options};

use crate::support::media::server;
use crate::support::room::Room;

/// What was found about one thing.
fn finding<'a>(report: &'a Value, what: &str) -> &'a Value {
    let findings = report["findings"].as_array().expect("a list");
    findings.iter().find(|finding| finding["what"] == what).unwrap_or_else(|| panic!("{what} in {report}"))
}

#[test]
fn services_that_are_not_fit_are_told_with_a_remedy_and_nothing_is_created() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let listen = taken.local_addr().expect("an address").to_string();
    let room = Room::new();
    room.write("full", "a file where the data folder should be");
    // Port 9 is `discard`, which nobody runs.
    room.write(
        "etc/streamwarden.toml",
        "data_dir = \"full\"\n[[servers]]\nname = \"site\"\napi_url = \"http://127.0.0.1:9\"\nrtsp_url = \"rtsp://127.0.0.1:9\"\n",
    );
    let ended = room.run(&["check", "--json"], &[("STREAMWARDEN_HTTP__LISTEN", listen.as_str())]);
    assert_eq!((ended.code, ended.err.as_str()), (Some(1), ""));
    let report: Value = serde_json::from_str(&ended.out).expect("JSON");
    for (what, wanted) in [
        ("data_dir", "is a file"),
        ("http.listen", "in use"),
        ("server site", "refused"),
        ("server site rtsp", "refused"),
    ] {
        let finding = finding(&report, what);
        assert_eq!(finding["verdict"], "fault", "{finding}");
        assert!(finding["found"].as_str().expect("text").contains(wanted), "{finding}");
    }
    assert_eq!(room.names(), ["etc", "full"], "nothing is created");

    let people = room.run(&["check"], &[("STREAMWARDEN_HTTP__LISTEN", listen.as_str())]);
    assert_eq!(people.code, Some(1));
    assert!(people.out.starts_with("configuration: etc/streamwarden.toml\n"), "{}", people.out);
    assert!(people.out.contains("FAULT  http.listen"), "{}", people.out);
    assert!(people.out.contains("->"), "{}", people.out);
}

/// Credentials of the API in these tests.
const LOGIN: (&str, &str) = ("watcher", "hunter2");

/// A room configured for a real media server (or the stand-in) whose API wants a login, with this password.
fn beside(server: &AnyServer, password: &str) -> Room {
    let room = Room::new();
    let (api, rtsp) = (server.api_url(), server.rtsp_url());
    let toml = format!(
        "[http]\nlisten = \"127.0.0.1:0\"\n[[servers]]\napi_url = \"{api}\"\nrtsp_url = \"{rtsp}\"\napi_username = \"{}\"\napi_password_file = \"secret\"\n",
        LOGIN.0
    );
    room.write("etc/streamwarden.toml", &toml);
    room.write("secret", &format!("{password}\n"));
    room
}

async fn media_server() -> AnyServer {
    let api = Some(Credentials::new(LOGIN.0, LOGIN.1));
    server(&Options { api, ..Options::default() }).await
}

#[tokio::test]
async fn services_that_are_fit_are_told_as_they_are() {
    let server = media_server().await;
    let room = beside(&server, LOGIN.1);
    let ended = room.run(&["check", "--json"], &[]);
    let report: Value = serde_json::from_str(&ended.out).expect("JSON");
    assert_eq!(ended.code, Some(0), "{report}");
    for (what, wanted) in [
        ("server main", "0 paths, 0 available"),
        ("server main rtsp", "accepts connections"),
        ("database", "var/streamwarden.db will be created"),
        ("objects", "will be created"),
        ("ffmpeg", "ffmpeg "),
        ("ffprobe", "ffprobe "),
    ] {
        let finding = finding(&report, what);
        assert_eq!(finding["verdict"], "ok", "{finding}");
        assert!(finding["found"].as_str().expect("text").contains(wanted), "{finding}");
    }
    assert_eq!(room.names(), ["etc", "secret"], "nothing is created");

    let added = room.run(&["cameras", "add", "gate", "--host", "10.0.0.9"], &[]);
    assert_eq!(added.code, Some(0), "{}", added.err);
    let people = room.run(&["check"], &[]);
    assert_eq!(people.code, Some(0), "{}", people.out);
    assert!(people.out.contains("cameras: 1") && people.out.contains("All checks passed."), "{}", people.out);
    server.stop().await;
}

#[tokio::test]
async fn a_wrong_password_is_told_and_not_shown() {
    let server = media_server().await;
    let ended = beside(&server, "letmein").run(&["check"], &[]);
    assert_eq!(ended.code, Some(1));
    assert!(ended.out.contains("api_username and api_password"), "{}", ended.out);
    assert!(!ended.out.contains("letmein") && !ended.out.contains(LOGIN.1), "{}", ended.out);
    server.stop().await;
}

#[test]
fn missing_and_foreign_programs_are_told_with_the_install_line() {
    let room = Room::new();
    room.write("etc/streamwarden.toml", "[ffmpeg]\nffmpeg = \"/nowhere/ffmpeg\"\nffprobe = \"/bin/true\"\n");
    let ended = room.run(&["check", "--json"], &[]);
    assert_eq!(ended.code, Some(1));
    let report: Value = serde_json::from_str(&ended.out).expect("JSON");
    for what in ["ffmpeg", "ffprobe"] {
        let finding = finding(&report, what);
        assert_eq!(finding["verdict"], "fault", "{finding}");
        assert!(finding["found"].as_str().expect("text").contains("apt-get install ffmpeg"), "{finding}");
    }
}
