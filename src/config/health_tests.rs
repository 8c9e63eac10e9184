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

#[test]
fn endpoints_are_read_with_their_defaults() {
    let toml = "[[health.endpoints]]\nname = \"gw\"\nurl = \"icmp://10.0.0.1\"\n\
                [[health.endpoints]]\nname = \"site\"\nurl = \" https://h/x?token=hunter2 \"\ninterval = \"10s\"\nlimit = \"500ms\"\n\
                down_after = 1\nup_after = 5\nmax_loss = 0.05\nmax_latency = \"80ms\"\ncertificate_left = \"0s\"\nca_file = \"c\"\n";
    let health = loaded(toml, &[("STREAMWARDEN_HEALTH__ENDPOINT_WORKERS", "9")]).health;
    assert_eq!((health.endpoint_workers, health.endpoint_window.as_secs(), health.endpoints.len()), (9, 600, 2));
    let [gw, site] = health.endpoints.as_slice() else { panic!("two") };
    assert_eq!((gw.interval.as_secs(), gw.limit.as_secs(), gw.down_after, gw.up_after), (30, 5, 3, 2));
    assert_eq!((gw.max_loss, gw.max_latency, gw.certificate_left.as_secs()), (0.2, None, 14 * 86_400));
    assert_eq!((site.url(), site.limit.as_millis(), site.up_after), ("https://h/x?token=hunter2", 500, 5));
    assert!(site.certificate_left.is_zero() && site.max_latency.is_some());
    assert!(!format!("{health:?}").contains("hunter2"));
}

#[test]
fn endpoints_that_cannot_be_meant_are_refused() {
    let of = |lines: &str| format!("[[health.endpoints]]\nname = \"a\"\n{lines}\n");
    for (lines, key, fault, remedy) in [
        ("", "url", "is missing", "icmp://10.0.0.1"),
        ("url = \"10.0.0.1\"", "url", "does not say how", "icmp://"),
        ("url = \"file:///etc/passwd\"", "url", "no probe speaks", "srt://"),
        ("url = \"http://eve:hunter2@h/\"", "url", "user name or a password", "leave them out"),
        ("url = \"tcp://h\"", "url", "needs a port", "tcp://host:9000"),
        ("url = \"http://h/\\r\\nX: 1\"", "url", "holds '\\r'", "percent-encoded"),
        ("url = \"icmp://h\"\nlimit = \"300ms\"", "limit", "four echo requests", "1s"),
        ("url = \"icmp://h\"\nlimit = \"2m\"", "limit", "too long", "1m"),
        ("url = \"icmp://h\"\ninterval = \"1ms\"", "interval", "too short", "1s"),
        ("url = \"icmp://h\"\ndown_after = 0", "down_after", "from 1 to 100", ""),
        ("url = \"icmp://h\"\nmax_loss = 0", "max_loss", "is nothing", "0.05"),
        ("url = \"icmp://h\"\nmax_loss = 5", "max_loss", "fraction", ""),
        ("url = \"http://h\"\nca_file = \"c\"", "ca_file", "without TLS", "https://"),
        ("url = \"tls://h:1\"\nfingerprint = \"x\"", "fingerprint", "64 hexadecimal", "openssl"),
        ("url = \"tls://h:1\"\nlatency = \"1s\"", "latency", "no such key", "max_latency"),
    ] {
        let key = format!("health.endpoints[0].{key}");
        assert_rows(&[(&of(lines), &[], &[(&key, fault, remedy)])]);
    }
    let good = of("url = \"icmp://h\"");
    let target = "[[health.targets]]\nname = \"a\"\npath = \"x\"\n";
    assert_rows(&[
        ("[[health.endpoints]]\nurl = \"icmp://h\"", &[], &[("health.endpoints[0].name", "is missing", "a name")]),
        (&(good.clone() + &good), &[], &[("health.endpoints[1].name", "another endpoint", "its own name")]),
        (&(target.to_owned() + &good), &[], &[("health.endpoints[0].name", "a target", "its own name")]),
        ("[health]\nendpoint_workers = 0", &[], &[("health.endpoint_workers", "from 1 to 1024", "")]),
    ]);
}
