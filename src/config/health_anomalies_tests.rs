//! Tables: `health.anomalies`, good and bad.

use super::settings::AnomalySensitivity;
use super::tests::{assert_rows, loaded};

#[test]
fn anomalies_are_read_with_their_defaults() {
    let off = loaded("", &[]).health.anomalies;
    assert!(!off.enabled, "off until it is switched on");
    assert_eq!((off.dwell.as_secs(), off.sensitivity, off.metrics.len()), (300, AnomalySensitivity::Medium, 5));
    let toml = "[health.anomalies]\nenabled = true\nmetrics = [\"rtt\", \"rtt\"]\ndwell = \"10m\"\nsensitivity = \"low\"\n\
                include = [\"cam/*\"]\n";
    let on = loaded(toml, &[("STREAMWARDEN_HEALTH__ANOMALIES__EXCLUDE", "cam/test,x*")]).health.anomalies;
    assert!(on.enabled);
    assert_eq!(
        (on.dwell.as_secs(), on.sensitivity, on.metrics),
        (600, AnomalySensitivity::Low, vec!["rtt".to_owned()])
    );
    assert_eq!((on.include, on.exclude.len()), (vec!["cam/*".to_owned()], 2));
}

#[test]
fn anomalies_that_cannot_be_meant_are_refused() {
    for (line, key, fault, remedy) in [
        ("enabled = \"yes\"", "enabled", "neither true nor false", "true or false"),
        ("metrics = [\"bitrat\"]", "metrics", "\"bitrat\" is not a number that is watched", "did you mean bitrate"),
        ("metrics = []", "metrics", "names no number", "enabled = false"),
        ("dwell = \"5s\"", "dwell", "too short", "1m"),
        ("dwell = \"1d\"", "dwell", "too long", "6h"),
        ("sensitivity = \"hi\"", "sensitivity", "is not a sensitivity", "low, medium, high"),
        ("include = []", "include", "names no stream", "[\"*\"]"),
        ("exclude = [\"a b\"]", "exclude", "holds ' '", "wildcards"),
        ("sensitiviy = \"low\"", "sensitiviy", "no such key", "sensitivity"),
    ] {
        let key = format!("health.anomalies.{key}");
        assert_rows(&[(&format!("[health.anomalies]\n{line}\n"), &[], &[(&key, fault, remedy)])]);
    }
    assert_rows(&[(
        "monitor.history_10m = \"7d\"\nhealth.anomalies.enabled = true\n",
        &[],
        &[("health.anomalies.enabled", "monitor.history_10m keeps 7 days", "29d")],
    )]);
}
