//! Tables: targets of the health probes, good and bad.

use std::time::Duration;

use secrecy::ExposeSecret;

use super::settings::TargetPlace;
use super::tests::{assert_rows, loaded};

#[test]
fn targets_are_read_with_their_defaults() {
    let toml = "[health]\nworkers = 2\ninterval = \"2m\"\n\
                [[health.targets]]\nname = \"cams\"\npath = \"cam/*\"\nserver = \"main\"\n\
                [[health.targets]]\nname = \"cdn\"\nurl = \" rtsp://u:hunter2@h/x \"\ninterval = \"10s\"\nlimit = \"12s\"\n";
    let health = loaded(
        toml,
        &[("STREAMWARDEN_HEALTH__TARGETS__2__NAME", "env"), ("STREAMWARDEN_HEALTH__TARGETS__2__PATH", "x")],
    )
    .health;
    assert_eq!((health.workers, health.window, health.targets.len()), (2, Duration::from_secs(5), 3));
    let [cams, cdn, env] = health.targets.as_slice() else { panic!("three") };
    assert_eq!((cams.interval.as_secs(), cams.limit.as_secs()), (120, 20));
    assert_eq!(cams.place, TargetPlace::Path { server: Some("main".to_owned()), pattern: "cam/*".to_owned() });
    assert_eq!((cdn.interval.as_secs(), cdn.limit.as_secs()), (10, 12));
    assert!(matches!(&cdn.place, TargetPlace::Url(url) if url.expose_secret() == "rtsp://u:hunter2@h/x"));
    assert_eq!((env.name.as_str(), env.interval.as_secs()), ("env", 120));
    assert!(!format!("{health:?}").contains("hunter2"));
    assert!(loaded("", &[]).health.targets.is_empty(), "off until a target is named");
}

#[test]
fn targets_that_cannot_be_meant_are_refused() {
    let of = |lines: &str| format!("[[health.targets]]\nname = \"a\"\n{lines}\n");
    for (lines, key, fault, remedy) in [
        ("", "path", "is missing, and url too", "one of the two"),
        ("path = \"x\"\nurl = \"rtsp://h/x\"", "url", "beside path", "keep one"),
        ("url = \"rtsp://h/x\"\nserver = \"main\"", "server", "there is an url", "leave it out"),
        ("path = \"x\"\nserver = \"mian\"", "server", "\"mian\" is not the name of a server", "known servers: main"),
        ("path = \"rtsp://h/x\"", "path", "is an address", "into url"),
        ("path = \"a b\"", "path", "holds ' '", "wildcards"),
        ("path = \"x\"\ninterval = \"1s\"", "interval", "too short", "5s"),
        ("path = \"x\"\nlimit = \"6s\"", "limit", "is 6 s", "10 s or more"),
        ("path = \"x\"\nlimit = \"2d\"", "limit", "too long", "1h"),
        ("url = \"file:///etc/passwd\"", "url", "not sources", "rtsp://"),
        ("url = \"rtps://u:hunter2@h/x\"", "url", "not sources", "rtsp://"),
        ("url = \"h/x\"", "url", "does not begin", ""),
        ("url = \"rtsp://u:hunter2@/x\"", "url", "names no host", ""),
        ("url = \"rtsp://h:99999/x\"", "url", "port", ""),
        ("url = \"rtsp://h/x\\n-i /etc/passwd\"", "url", "holds '\\n'", "percent-encoded"),
        ("url = \"srt://h\"", "url", "needs a port", ""),
        ("url = \"srt://h:9000?mode=listener\"", "url", "call us", "mode=listener"),
        ("adress = \"x\"\npath = \"x\"", "adress", "no such key", "health.targets[]"),
    ] {
        let key = format!("health.targets[0].{key}");
        assert_rows(&[(&of(lines), &[], &[(&key, fault, remedy)])]);
    }
    assert_rows(&[
        ("[[health.targets]]\npath = \"x\"", &[], &[("health.targets[0].name", "is missing", "a name")]),
        (
            "[[health.targets]]\nname = \"a b\"\npath = \"x\"",
            &[],
            &[("health.targets[0].name", "holds ' '", "letters")],
        ),
        ("[[health.targets]]\nname = \"..\"\npath = \"x\"", &[], &[("health.targets[0].name", "begins with '.'", "")]),
        (
            &(of("path = \"x\"") + &of("path = \"y\"")),
            &[],
            &[("health.targets[1].name", "\"a\" is the name of another target", "its own name")],
        ),
        ("[health]\nworkers = 0", &[], &[("health.workers", "from 1 to 256", "")]),
        ("[health]\nwindow = \"30s\"", &[], &[("health.limit", "is 20 s", "35 s or more")]),
        ("[health]\ntargets = [\"x\"]", &[], &[("health.targets[0]", "is text", "[[health.targets]]")]),
        (
            "[health.targets]\nname = \"x\"",
            &[],
            &[("health.targets", "is a section, expected a list", "[[health.targets]]")],
        ),
    ]);
}
