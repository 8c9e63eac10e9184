//! Tables: encoders and platforms, good and bad.

use secrecy::ExposeSecret;

use super::settings::{ApiTrust, EncoderSpeech};
use super::tests::{assert_rows, loaded};

#[test]
fn encoders_are_read_with_their_defaults() {
    let toml = "[[health.encoders]]\nname = \"studio\"\nhost = \" 10.0.0.20 \"\n\
                [[health.encoders]]\nname = \"van\"\nhost = \"fd00::7\"\nprotocol = \"text\"\ntext_port = 9978\n\
                rest_port = 8080\ninterval = \"5s\"\nalways_on = true\n\
                feeds_event = \"vimeo/1234567\"\nfeeds_stream = \"main/cam/front\"\n\
                [[health.platforms]]\ntoken = \"t\"\n";
    let env =
        [("STREAMWARDEN_HEALTH__ENCODERS__2__NAME", "env"), ("STREAMWARDEN_HEALTH__ENCODERS__2__HOST", "enc.local")];
    let encoders = loaded(toml, &env).health.encoders;
    let [studio, van, env] = encoders.as_slice() else { panic!("three") };
    assert_eq!((studio.host.as_str(), studio.protocol), ("10.0.0.20", EncoderSpeech::Auto));
    assert_eq!((studio.rest_port, studio.text_port, studio.interval.as_secs(), studio.always_on), (80, 9977, 2, false));
    assert_eq!((van.host.as_str(), van.protocol, van.text_port), ("[fd00::7]", EncoderSpeech::Text, 9978));
    assert_eq!((van.rest_port, van.interval.as_secs(), van.always_on), (8080, 5, true));
    assert_eq!(
        (van.feeds_event.as_deref(), van.feeds_stream.as_deref()),
        (Some("vimeo/1234567"), Some("main/cam/front"))
    );
    assert_eq!((env.host.as_str(), &env.feeds_event, &env.feeds_stream), ("enc.local", &None, &None));
    assert!(loaded("", &[]).health.encoders.is_empty(), "none by default");
    let secure = "[[health.encoders]]\nname = \"a\"\nhost = \"h\"\ntls = true\n";
    let of = |lines: &str| loaded(&format!("{secure}{lines}\n"), &[]).health.encoders.remove(0);
    assert_eq!((of("").rest_port, of("").tls), (443, Some(ApiTrust::Machine)));
    assert_eq!((of("rest_port = 4444").rest_port, studio.tls.as_ref()), (4444, None));
    assert_eq!(of("ca_file = \"x.crt\"").tls, Some(ApiTrust::File("x.crt".into())));
    assert_eq!(of(&format!("fingerprint = \"{}\"", "0a".repeat(32))).tls, Some(ApiTrust::Fingerprint([10; 32])));
}

#[test]
fn encoders_that_cannot_be_meant_are_refused() {
    let of = |lines: &str| format!("[[health.encoders]]\nname = \"a\"\nhost = \"h\"\n{lines}\n");
    for (lines, key, fault, remedy) in [
        ("protocol = \"http\"", "protocol", "\"http\" is not a protocol of encoders", "known: auto, rest, text"),
        ("rest_port = 0", "rest_port", "from 1 to 65535", ""),
        ("text_port = \"x\"", "text_port", "", ""),
        ("interval = \"100ms\"", "interval", "too short", "1s"),
        ("always_on = 3", "always_on", "neither true nor false", "true or false"),
        ("adress = \"x\"", "adress", "no such key", "health.encoders[]"),
        ("tls = 1", "tls", "neither true nor false", "true or false"),
        ("tls = true\nprotocol = \"text\"", "tls", "the text protocol has no TLS", "protocol = \"rest\""),
        ("ca_file = \"x.crt\"", "ca_file", "without TLS", "tls = true"),
        ("tls = true\nfingerprint = \"7D:35\"", "fingerprint", "is not 64 hexadecimal digits", "openssl"),
        ("feeds_event = \"1234567\"", "feeds_event", "is no live event", "like vimeo/1234567"),
        ("feeds_event = \"vimeo/\"", "feeds_event", "is no live event", "like vimeo/1234567"),
        ("feeds_event = \"vimeo/7\"", "feeds_event", "\"vimeo\" is not the name of a platform", "[[health.platforms]]"),
        ("feeds_stream = \"studio\"", "feeds_stream", "is no stream", "like main/studio"),
        ("feeds_stream = \"moon/studio\"", "feeds_stream", "\"moon\" is not the name of a media server", ""),
    ] {
        assert_rows(&[(&of(lines), &[], &[(&format!("health.encoders[0].{key}"), fault, remedy)])]);
    }
    assert_rows(&[
        ("[[health.encoders]]\nhost = \"h\"", &[], &[("health.encoders[0].name", "is missing", "a name")]),
        (
            "[[health.encoders]]\nname = \"a\"",
            &[],
            &[("health.encoders[0].host", "is missing", "host name or address")],
        ),
        (
            "[[health.encoders]]\nname = \"a\"\nhost = \"http://h\"",
            &[],
            &[("health.encoders[0].host", "is not a host", "without scheme")],
        ),
        (
            &(of("") + &of("")),
            &[],
            &[("health.encoders[1].name", "\"a\" is the name of another encoder", "its own name")],
        ),
    ]);
}

#[test]
fn platforms_are_read_with_their_defaults_and_hide_their_tokens() {
    let toml = "[[health.platforms]]\ntoken = \"hunter2\"\n\
                [[health.platforms]]\nname = \"second\"\ntoken = \"hunter3\"\nurl = \"http://127.0.0.1:9/x\"\n\
                events = [\"12\", \"34\"]\ninterval = \"30s\"\n";
    let health = loaded(toml, &[]).health;
    assert!(!format!("{health:?}").contains("hunter"));
    let [vimeo, second] = health.platforms.as_slice() else { panic!("two") };
    assert_eq!(
        (vimeo.name.as_str(), vimeo.kind.as_str(), vimeo.url.as_str()),
        ("vimeo", "vimeo", "https://api.vimeo.com/")
    );
    assert_eq!((vimeo.token.expose_secret(), vimeo.events.len(), vimeo.interval.as_secs()), ("hunter2", 0, 60));
    assert_eq!((second.name.as_str(), second.events.join(" ").as_str()), ("second", "12 34"));
    // The older name alone makes one.
    let of_variable = loaded("", &[("VIMEO_ACCESS_TOKEN", "hunter4")]).health.platforms;
    assert_eq!(
        of_variable.iter().map(|one| (one.name.as_str(), one.token.expose_secret())).collect::<Vec<_>>(),
        [("vimeo", "hunter4")]
    );
}

#[test]
fn platforms_that_cannot_be_meant_are_refused() {
    let of = |lines: &str| format!("[[health.platforms]]\ntoken = \"t\"\n{lines}\n");
    for (lines, key, fault, remedy) in [
        ("kind = \"youtube\"", "kind", "\"youtube\" is not a platform", "known: vimeo"),
        ("url = \"http://api.vimeo.com\"", "url", "in clear", "https://"),
        ("url = \"https://u:hunter2@h\"", "url", "username or password", "token"),
        ("events = [\"https://vimeo.com/event/1\"]", "events", "is not the id of an event", "numbers"),
        ("interval = \"1s\"", "interval", "too short", "10s"),
        ("name = \"a b\"", "name", "holds ' '", "letters"),
    ] {
        assert_rows(&[(&of(lines), &[], &[(&format!("health.platforms[0].{key}"), fault, remedy)])]);
    }
    assert_rows(&[
        ("[[health.platforms]]\nname = \"a\"", &[], &[("health.platforms[0].token", "is missing", "scopes")]),
        (
            "[[health.platforms]]\ntoken = \"a b\"",
            &[],
            &[("health.platforms[0].token", "is not a token", "without spaces")],
        ),
        (
            &(of("") + &of("")),
            &[],
            &[("health.platforms[1].name", "\"vimeo\" is the name of another platform", "its own name")],
        ),
    ]);
}
