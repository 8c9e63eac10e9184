//! Display names of cameras at the command line and in CSV files.

use serde_json::Value;

use crate::support::room::Room;

/// Whoever listens on the default port of this machine is not asked.
const ALONE: [(&str, &str); 1] = [("STREAMWARDEN_HTTP__LISTEN", "127.0.0.1:0")];

#[test]
fn a_label_is_given_listed_carried_by_csv_and_cleared() {
    let room = Room::new();
    let done = |arguments: &[&str]| {
        let ended = room.run(arguments, &ALONE);
        assert_eq!(ended.code, Some(0), "{arguments:?}: {}", ended.err);
        ended.out
    };
    let label = || {
        let listed: Value = serde_json::from_str(&done(&["cameras", "list", "gate", "--json"])).expect("JSON");
        listed["label"].clone()
    };
    done(&["cameras", "add", "gate", "--url", "rtsp://10.0.0.9/x", "--label", "Eingang Süd"]);
    assert_eq!(label(), "Eingang Süd");
    assert!(done(&["cameras", "list"]).lines().next().is_some_and(|head| head.ends_with("LABEL")));

    let csv = done(&["cameras", "export"]);
    assert!(csv.lines().any(|line| line.starts_with("gate,") && line.ends_with(",Eingang Süd")), "{csv}");
    room.write("changed.csv", &csv.replace("Süd", "Nord"));
    let report = done(&["cameras", "import", "changed.csv"]);
    assert!(report.contains("changed 1"), "{report}");
    assert_eq!(label(), "Eingang Nord");

    let refused = room.run(&["cameras", "add", "Eingang Süd", "--host", "10.0.0.9"], &ALONE);
    assert!(refused.code != Some(0) && refused.err.contains("a text for people goes into label"), "{}", refused.err);
    let long = "ü".repeat(201);
    let refused = room.run(&["cameras", "edit", "gate", "--label", &long], &ALONE);
    assert!(refused.code != Some(0) && refused.err.contains("label: has 201 characters"), "{}", refused.err);
    done(&["cameras", "edit", "gate", "--clear", "label"]);
    assert_eq!(label(), Value::Null);
}
