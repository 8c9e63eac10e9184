//! `check` against services that are there, and against such that are not.

use std::net::TcpListener;

use serde_json::Value;

use super::program::Room;

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
