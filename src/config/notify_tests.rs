//! Receivers: what each kind needs and does not take, what is refused, and the defaults of the file in `etc/`.

use std::time::Duration;

use secrecy::ExposeSecret;

use super::settings::{MailSecurity, MessageLength, ReceiverSettings, ReceiverTarget, TimeZone};
use super::tests::{assert_rows, loaded};

const HOOK: &str = "name = \"ops\"\nkind = \"webhook\"\nurl = \"https://h.example/x\"\n";
const MAIL: &str =
    "name = \"ops\"\nkind = \"email\"\nurl = \"smtp://mail.example\"\nfrom = \"a@b.example\"\nto = [\"c@d.example\"]\n";

fn receiver(lines: &str) -> ReceiverSettings {
    loaded(&format!("[[notify.receivers]]\n{lines}"), &[]).notify.receivers.remove(0)
}

#[test]
fn receivers_have_their_defaults_and_what_the_file_in_etc_says_of_them() {
    let text = include_str!("../../etc/streamwarden.toml");
    let (_, section) = text.split_once("#[[notify.receivers]]").expect("the section");
    let (section, _) = section.split_once("\n[ffmpeg]").expect("its end");
    let plain = format!("{:?}", receiver(HOOK));
    let defaults = super::shown::documented();
    for line in section.lines().filter_map(|line| line.strip_prefix('#')) {
        let Some((key, _)) = line.split_once(" = ") else { continue };
        if defaults.contains_key(&format!("notify.receivers[].{key}")) {
            let lines = if key == "quiet_severity" {
                format!("{HOOK}quiet_hours = \"22:00-06:00\"\n")
            } else {
                HOOK.to_owned()
            };
            let (with, without) = (receiver(&format!("{lines}{line}\n")), receiver(&lines));
            assert_eq!(format!("{with:?}"), format!("{without:?}"), "{key} has another default");
        }
    }
    assert!(plain.contains("severity: \"warning\"") && plain.contains("group_wait: 10s"), "{plain}");
    let settings = loaded(
        "",
        &[
            ("STREAMWARDEN_NOTIFY__RECEIVERS__0__NAME", "ops"),
            ("STREAMWARDEN_NOTIFY__RECEIVERS__0__KIND", "ntfy"),
            ("STREAMWARDEN_NOTIFY__RECEIVERS__0__URL", "https://ntfy.sh/a/topic"),
        ],
    );
    let ReceiverTarget::Ntfy(ntfy) = &settings.notify.receivers[0].target else { panic!("ntfy") };
    assert_eq!((ntfy.server.as_str(), ntfy.topic.expose_secret()), ("https://ntfy.sh/a/", "topic"));
}

#[test]
fn each_kind_is_read() {
    for (url, wanted) in [
        ("smtp://mail.example", (MailSecurity::StartTls, 587)),
        ("smtp://mail.example:25", (MailSecurity::StartTls, 25)),
        ("smtps://mail.example", (MailSecurity::Tls, 465)),
        ("smtp://127.0.0.1:1025", (MailSecurity::Plain, 1025)),
        ("smtp://localhost", (MailSecurity::Plain, 25)),
        ("smtp://[::1]", (MailSecurity::Plain, 25)),
        ("smtps://localhost", (MailSecurity::Tls, 465)),
    ] {
        let ReceiverTarget::Email(mail) = receiver(&MAIL.replace("smtp://mail.example", url)).target else {
            panic!("mail")
        };
        assert_eq!((mail.security, mail.port), wanted, "{url}");
    }
    let bot = receiver("name = \"bot\"\nkind = \"telegram\"\ntoken = \"123:AbC-d_e\"\nto = [\"-100123\"]\n").target;
    assert_eq!(bot.to_string(), "chat -100123 of https://api.telegram.org");
    let slack =
        receiver("name = \"s\"\nkind = \"slack\"\nurl = \"https://hooks.slack.com/services/T/B/hunter2\"\n").target;
    assert_eq!(slack.to_string(), "https://hooks.slack.com");
    let all = format!(
        "{HOOK}quiet_hours = \"22:00-06:00\"\nquiet_severity = \"none\"\nlength = \"short\"\nrepeat = \"4h\"\nkinds = [\"serverDown\"]\nline = \"{{subject}}!\"\n"
    );
    let one = receiver(&all);
    assert_eq!(
        (one.quiet_severity, one.length, one.repeat),
        (None, MessageLength::Short, Some(Duration::from_secs(14_400)))
    );
    let zone = |text: &str| loaded(&format!("[notify]\ntime_zone = \"{text}\""), &[]).notify.time_zone;
    assert_eq!(
        [zone("+05:30"), zone("-03:00"), zone("local")],
        [TimeZone::Fixed(330), TimeZone::Fixed(-180), TimeZone::Machine]
    );
}

#[test]
fn hostile_receivers_are_refused_by_field() {
    let long = format!("to = [{}]", vec!["\"a@b.example\""; 101].join(", "));
    let many = "[[notify.receivers]]\nname = \"a\"\n".repeat(101);
    assert_rows(&[(&many, &[], &[("notify.receivers", "has 101 receivers", "at most 100")])]);
    let twice = format!("[[notify.receivers]]\n{HOOK}[[notify.receivers]]\n{HOOK}");
    assert_rows(&[(&twice, &[], &[("notify.receivers[1].name", "another receiver too", "its own name")])]);
    assert_rows(&[("[[notify.receivers]]\n", &[], &[("notify.receivers[0]", "says nothing", "name and kind")])]);
    for (zone, fault) in [
        ("Europe/Berlin", "no time zone"),
        ("+25:00", "no time zone"),
        ("02:00", "no time zone"),
        ("+2:0", "no time zone"),
    ] {
        let toml = format!("[notify]\ntime_zone = \"{zone}\"");
        assert_rows(&[(&toml, &[], &[("notify.time_zone", fault, "local")])]);
    }
    assert_rows(&[(
        "[notify]\npage_url = \"https://u:p@h\"",
        &[],
        &[("notify.page_url", "username or password", "leave it out")],
    )]);
    let mail = |from: &str, to: &str| MAIL.replace(from, to);
    let hook = |more: &str| format!("{HOOK}{more}\n");
    for (lines, key, fault, remedy) in [
        ("kind = \"webhook\"\nurl = \"https://h\"\n".to_owned(), "name", "is missing", "\"ops\""),
        ("name = \"a b\"\nkind = \"slack\"\nurl = \"https://h\"\n".to_owned(), "name", "not a plain name", "letters"),
        ("name = \"a\"\n".to_owned(), "kind", "is missing", "webhook"),
        ("name = \"a\"\nkind = \"emial\"\n".to_owned(), "kind", "\"emial\" is not a kind", "did you mean email"),
        ("name = \"a\"\nkind = \"webhook\"\n".to_owned(), "url", "is missing", "POST"),
        (
            "name = \"a\"\nkind = \"webhook\"\nurl = \"file:///etc/passwd\"\n".to_owned(),
            "url",
            "does not begin with http://",
            "https://",
        ),
        ("name = \"a\"\nkind = \"webhook\"\nurl = \"hunter2\"\n".to_owned(), "url", "is not a URL", "https://"),
        ("name = \"a\"\nkind = \"webhook\"\nurl = \"https://h:0/\"\n".to_owned(), "url", "port 0", "https://"),
        (
            "name = \"a\"\nkind = \"slack\"\nurl = \"http://hooks.slack.com/x\"\n".to_owned(),
            "url",
            "without TLS",
            "https://",
        ),
        (
            "name = \"a\"\nkind = \"ntfy\"\nurl = \"https://ntfy.sh/\"\n".to_owned(),
            "url",
            "does not end in a topic",
            "/topic",
        ),
        (
            "name = \"a\"\nkind = \"telegram\"\nto = [\"1\"]\ntoken = \"../getMe?\"\n".to_owned(),
            "token",
            "not the token of a bot",
            "@BotFather",
        ),
        (
            "name = \"a\"\nkind = \"telegram\"\nto = [\"me\"]\ntoken = \"1:a\"\n".to_owned(),
            "to",
            "is not a chat",
            "number of the chat",
        ),
        (
            "name = \"a\"\nkind = \"telegram\"\nto = [\"1\", \"2\"]\ntoken = \"1:a\"\n".to_owned(),
            "to",
            "names 2 chats",
            "number",
        ),
        (mail("c@d.example", "c@d.example\\r\\nBcc: x@y.example"), "to", "is not a mail address", "ops@example.org"),
        (mail("c@d.example", "nobody"), "to", "\"nobody\" is not a mail address", ""),
        (mail("to = [\"c@d.example\"]", "to = []"), "to", "names 0 addresses", "ops@"),
        (mail("to = [\"c@d.example\"]", &long), "to", "names 101 addresses", "100"),
        (mail("smtp://mail.example", "smtp://u:hunter2@mail.example"), "url", "username or password", "keys username"),
        (mail("smtp://mail.example", "smtp://mail.example/x"), "url", "goes on", "port"),
        (mail("smtp://mail.example", "http://mail.example"), "url", "smtp://", "587"),
        (format!("{MAIL}username = \"u\"\n"), "username", "without password", "both"),
        (format!("{MAIL}token = \"x\"\n"), "token", "of the kind email", "leave it out"),
        (hook("from = \"a@b.example\""), "from", "of the kind webhook", "leave it out"),
        (hook("token = \"a b\""), "token", "is not a token", "without spaces"),
        (hook("signing_secret = \"short\""), "signing_secret", "less than 16", "openssl rand"),
        (hook("severity = \"fatal\""), "severity", "not a severity", "critical"),
        (hook("kinds = [\"cameradown\"]"), "kinds", "not a kind of incident", "did you mean cameraDown"),
        (hook("streams = [\"studio/*\"]"), "streams", "beginning of a name", "without *"),
        (hook("group_wait = \"2h\""), "group_wait", "too long", "1h"),
        (hook("repeat = \"1s\""), "repeat", "too short", "1m"),
        (hook("quiet_hours = \"22-6\""), "quiet_hours", "no stretch of a day", "22:00-06:00"),
        (hook("quiet_severity = \"info\""), "quiet_severity", "without quiet_hours", "both"),
        (hook("group_wait = \"5s\"\nescalate_after = \"15m\""), "group_wait", "beside escalate_after", "leave one"),
        (hook("length = \"medium\""), "length", "not a length", "short"),
        (hook("line = \"{password}\""), "line", "{password}", "{subject}"),
        (hook("line = \"a\\nb\""), "line", "is no line", "one line"),
    ] {
        let toml = format!("[[notify.receivers]]\n{lines}");
        let key = format!("notify.receivers[0].{key}");
        assert_rows(&[(&toml, &[], &[(&key, fault, remedy)])]);
        let (_folder, sources) = super::tests::sources(&toml, &[]);
        let told = super::load(&sources).expect_err("a fault").to_string();
        assert!(!told.contains("hunter2"), "{told}");
    }
}
