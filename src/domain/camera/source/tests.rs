//! Sources of rows: what a good row becomes, why a bad one is refused, and what may be shown of either.

use super::*;
use crate::domain::sample;

fn kinds() -> Kinds {
    [
        ("generic", "rtsp://{username}:{password}@{host}:{port=554}/"),
        (
            "dahua",
            "rtsp://{username}:{password}@{host}:{port=554}/cam/realmonitor?channel={channel=1}&subtype={substream=0}",
        ),
        ("broken", "file:///{host}"),
        ("token", "rtsp://{host}:{port=7447}/{password}?t={password}"),
    ]
    .map(|(kind, template)| (kind.to_owned(), template.to_owned()))
    .into()
}

fn row() -> CameraRow {
    CameraRow { host: Some("Cam.local".into()), ..sample::camera_row(7, "site/gate") }
}

fn own(url: &str) -> CameraRow {
    CameraRow { url: Some(url.to_owned().into()), host: None, ..row() }
}

/// A camera in its factory state: a user name, and no password (NULL or an empty text, as databases have it).
fn no_password(password: Option<&str>, row: CameraRow) -> CameraRow {
    CameraRow { username: Some("admin".into()), password: password.map(|text| text.to_owned().into()), ..row }
}

fn source(row: &CameraRow) -> CameraSource {
    CameraSource::from_row(row, &kinds()).expect("a good row")
}

#[test]
fn a_good_row_becomes_a_source() {
    let login = CameraRow { username: Some("ad".into()), password: Some("p@ss".to_owned().into()), ..row() };
    let table = [
        (row(), "rtsp://Cam.local:554/", "rtsp://Cam.local:554/"),
        (login.clone(), "rtsp://ad:p%40ss@Cam.local:554/", "rtsp://***@Cam.local:554/"),
        (
            CameraRow { kind: "token".into(), ..login.clone() },
            "rtsp://Cam.local:7447/p%40ss?t=p%40ss",
            "rtsp://Cam.local:7447/***?***",
        ),
        (
            CameraRow { kind: "dahua".into(), channel: Some("2".into()), ..login.clone() },
            "rtsp://ad:p%40ss@Cam.local:554/cam/realmonitor?channel=2&subtype=0",
            "rtsp://***@Cam.local:554/cam/realmonitor?channel=2&subtype=0",
        ),
        (own("rtsp://a:b@h/x"), "rtsp://a:b@h/x", "rtsp://***@h/x"),
        (own("rtsp://admin@h/x"), "rtsp://admin:@h/x", "rtsp://***@h/x"),
        (own("rtsp://admin:@h/x"), "rtsp://admin:@h/x", "rtsp://***@h/x"),
        (own("rtsp://@h/x"), "rtsp://@h/x", "rtsp://@h/x"),
        (no_password(None, row()), "rtsp://admin:@Cam.local:554/", "rtsp://***@Cam.local:554/"),
        (no_password(Some(""), row()), "rtsp://admin:@Cam.local:554/", "rtsp://***@Cam.local:554/"),
        (no_password(None, own("rtsp://h/live/1")), "rtsp://admin:@h/live/1", "rtsp://***@h/live/1"),
        (no_password(Some(""), own("http://h/v?ch=1")), "http://admin:@h/v?ch=1", "http://***@h/v?ch=1"),
        (
            CameraRow { url: Some("rtsp://h/x".to_owned().into()), ..login.clone() },
            "rtsp://ad:p%40ss@h/x",
            "rtsp://***@h/x",
        ),
        (CameraRow { url: Some("rtsp://u:w@h/x".to_owned().into()), ..login }, "rtsp://u:w@h/x", "rtsp://***@h/x"),
        (CameraRow { host: Some("[fe80::1]".into()), ..row() }, "rtsp://[fe80::1]:554/", "rtsp://[fe80::1]:554/"),
        (own("rtsp://h/user=a_password=b_1"), "rtsp://h/user=a_password=b_1", "rtsp://h/***"),
        (
            own("srt://h:9000?streamid=read:x:u:p&latency=20"),
            "srt://h:9000?streamid=read:x:u:p&latency=20",
            "srt://h:9000?streamid=***&latency=20",
        ),
        (
            own("srt://h:9000?streamid=read:x:u:p@s#w&latency=20"),
            "srt://h:9000?streamid=read:x:u:p@s#w&latency=20",
            "srt://h:9000?streamid=***&latency=20",
        ),
        (own("rtsp://u:1/2@h/x"), "rtsp://u:1/2@h/x", "rtsp://***"),
        (own("udp://@239.1.1.1:5000"), "udp://@239.1.1.1:5000", "udp://@239.1.1.1:5000"),
        (CameraRow { url: Some("  ".to_owned().into()), ..row() }, "rtsp://Cam.local:554/", "rtsp://Cam.local:554/"),
    ];
    for (row, url, shown) in table {
        let source = source(&row);
        assert_eq!((source.url.expose_secret(), source.shown.as_str()), (url, shown));
        assert!(!format!("{source:?}").contains("p%40ss"), "debug output hides secrets");
    }
    assert_eq!(source(&row()).host, "cam.local");
    let secrets = |url: &str| -> Vec<String> {
        source(&own(url)).secrets.iter().map(|secret| secret.expose_secret().to_owned()).collect()
    };
    assert_eq!(secrets("rtsp://a:b%40c@h/x"), ["b%40c", "b@c"]);
    assert_eq!(secrets("http://h/x?user=adm&channel=1&password=p%20w"), ["adm", "p%20w", "p w"]);
    assert_eq!(secrets("rtsp://h/user=a_password=b_channel=1"), ["user=a_password=b_channel=1", "a", "b"]);
    assert_eq!(secrets("rtsp://h/live/token=xyz/1"), ["live/token=xyz/1", "xyz"]);
}

#[test]
fn a_hostile_row_is_refused_with_its_column_and_without_secrets() {
    let long = "x".repeat(1_000_000);
    let secret = || Some(SecretString::from("s3cret\n".to_owned()));
    let table = [
        (CameraRow { name: "../x".into(), ..row() }, "name"),
        (CameraRow { name: long.clone(), ..row() }, "name"),
        (CameraRow { name: "a\0b".into(), ..row() }, "name"),
        (CameraRow { kind: "nokia".into(), ..row() }, "kind"),
        (CameraRow { kind: long.clone(), ..row() }, "kind"),
        (CameraRow { kind: "broken".into(), ..row() }, "url"),
        (CameraRow { host: None, ..row() }, "host"),
        (CameraRow { host: Some(" ".into()), ..row() }, "host"),
        (CameraRow { host: Some("h;reboot".into()), ..row() }, "host"),
        (CameraRow { host: Some("-i".into()), ..row() }, "host"),
        (CameraRow { host: Some("h/../../x".into()), ..row() }, "host"),
        (CameraRow { host: Some("10.0.0.9:554".into()), ..row() }, "host"),
        (CameraRow { host: Some(long.clone()), ..row() }, "host"),
        (CameraRow { port: Some(0), ..row() }, "port"),
        (CameraRow { port: Some(65_536), ..row() }, "port"),
        (CameraRow { port: Some(-1), ..row() }, "port"),
        (CameraRow { username: Some("a\nb".into()), ..row() }, "username"),
        (CameraRow { password: secret(), username: Some("a".into()), ..row() }, "password"),
        (CameraRow { channel: Some(long), ..row() }, "channel"),
        (CameraRow { transport: Some("tcp -f".into()), ..row() }, "transport"),
        (CameraRow { audio: Some("mp3".into()), ..row() }, "audio"),
        (own("file:/etc/passwd"), "url"),
        (own("concat:rtsp://a/b|rtsp://c/d"), "url"),
        (own("-i"), "url"),
        (own("rtsp://h/x\nfile /etc/passwd"), "url"),
    ];
    for (row, field) in table {
        let error = CameraSource::from_row(&row, &kinds()).expect_err(field);
        assert_eq!(error.field(), Some(field), "{error}");
        let text = error.to_string();
        assert!(!text.contains("s3cret") && text.len() < 400, "{text}");
    }
}

#[test]
fn what_is_shown_of_columns_that_cannot_be_read_holds_no_password() {
    let urls = [
        ("rtsp://h:99999/x", "rtsp://h:99999/x"),
        ("10.0.0.9/x", "10.0.0.9/x"),
        ("admin:s3cret@10.0.0.9/x", "***"),
        ("rtsp://admin:s3 cret@h/x", "rtsp://***"),
        ("rtsp://admin:s3/c@ret@/x", "rtsp://***"),
        ("file://admin:s3cret@h/x", "***"),
        ("http://h:x/?p=s3cret", "http://***"),
        ("rtsp://h h/s3cret", "rtsp://***"),
    ];
    for (url, shown) in urls {
        let row = CameraRow { password: Some("s3cret".to_owned().into()), ..own(url) };
        assert_eq!(row.shown_url().as_deref(), Some(shown), "{url}");
    }
    let empty = no_password(Some(""), own("rtsp://h/live/1?ch=2"));
    assert_eq!(empty.shown_url().as_deref(), Some("rtsp://h/live/1?ch=2"), "an empty password hides nothing");
    let hosts = [
        ("Cam.local", "Cam.local"),
        ("[fe80::1]", "[fe80::1]"),
        ("10.0.0.9:554", "10.0.0.9:554"),
        ("admin:s3cret@10.0.0.9", "***"),
        ("rtsp://admin:s3cret@10.0.0.9/x", "rtsp://***"),
        ("10.0.0.9/?p=s3cret", "***"),
    ];
    for (host, shown) in hosts {
        let row = CameraRow { host: Some(host.into()), ..row() };
        assert_eq!(row.shown_host_column().as_deref(), Some(shown), "{host}");
    }
}

#[test]
fn only_what_ffmpeg_sees_makes_a_difference() {
    let base = source(&row());
    let same = [
        CameraRow { record: false, updated_at: Some("later".into()), ..row() },
        CameraRow { audio: Some("auto".into()), transport: Some("tcp".into()), ..row() },
        CameraRow { port: Some(554), channel: Some("9".into()), ..row() },
        CameraRow { url: Some("rtsp://Cam.local:554/".to_owned().into()), host: None, ..row() },
    ];
    for row in same {
        assert!(base.runs_like(&source(&row)), "{row:?}");
    }
    let different = [
        CameraRow { name: "other".into(), ..row() },
        CameraRow { audio: Some("none".into()), ..row() },
        CameraRow { transport: Some("udp".into()), ..row() },
        CameraRow { username: Some("a".into()), ..row() },
        CameraRow { port: Some(8554), ..row() },
    ];
    for row in different {
        assert!(!base.runs_like(&source(&row)), "{row:?}");
    }
    let web = CameraRow { url: Some("http://h/x.ts".to_owned().into()), ..row() };
    let udp = CameraRow { transport: Some("udp".into()), ..web.clone() };
    assert!(source(&web).runs_like(&source(&udp)), "the transport is that of RTSP");
}

#[test]
fn capitals_and_blanks_around_a_word_change_nothing() {
    let table = [
        (own("RTSP://H/Stream1"), "rtsp://H/Stream1"),
        (own("  Rtsp://h/x \n"), "rtsp://h/x"),
        (CameraRow { kind: "Dahua ".into(), ..row() }, "rtsp://Cam.local:554/cam/realmonitor?channel=1&subtype=0"),
    ];
    for (row, url) in table {
        let source = source(&row);
        assert_eq!(source.url.expose_secret(), url);
        assert!(source.shown.starts_with("rtsp://"), "{}", source.shown);
    }
    let loud = CameraRow { transport: Some(" UDP".into()), audio: Some("None ".into()), ..row() };
    let loud = source(&loud);
    assert_eq!((loud.transport, loud.audio), (Transport::Udp, AudioPolicy::None));
    for (row, text) in [
        (CameraRow { kind: "nokia ".into(), ..row() }, "\"nokia \" is not a known kind"),
        (CameraRow { transport: Some("tcpp".into()), ..row() }, "\"tcpp\" is neither tcp nor udp"),
        (CameraRow { audio: Some("mp3".into()), ..row() }, "\"mp3\" is none of auto"),
        (CameraRow { port: Some(-1), ..row() }, "-1 is not a port"),
        (CameraRow { port: Some(CameraRow::NOT_A_NUMBER), ..row() }, "holds something that is not a number"),
        (
            CameraRow { port: Some(CameraRow::NOT_A_NUMBER), port_text: Some("abc ".into()), ..row() },
            "\"abc \" is not a number; use a number from 1 to 65535, or leave it empty",
        ),
    ] {
        let error = CameraSource::from_row(&row, &kinds()).expect_err(text).to_string();
        assert!(error.contains(text), "{error}");
    }
}

#[test]
fn a_login_for_rtmp_is_put_where_servers_look_for_it() {
    let login =
        |url: &str| CameraRow { username: Some("a b".into()), password: Some("p&w".to_owned().into()), ..own(url) };
    let table = [
        ("rtmp://h/live/x", "rtmp://h/live/x?user=a%20b&pass=p%26w&password=p%26w"),
        ("rtmps://h/bcs/x.bcs?channel=0", "rtmps://h/bcs/x.bcs?channel=0&user=a%20b&pass=p%26w&password=p%26w"),
        ("rtmp://h/live/x?user=c&pass=d", "rtmp://h/live/x?user=c&pass=d"),
        ("rtmp://c:d@h/live/x", "rtmp://c:d@h/live/x"),
        ("http://h/x", "http://a%20b:p%26w@h/x"),
    ];
    for (url, called) in table {
        let source = source(&login(url));
        assert_eq!(source.url.expose_secret(), called);
        assert!(source.has_login() && !source.shown.contains("p%26w"), "{}", source.shown);
    }
    assert_eq!(source(&login("rtmp://h/live/x")).shown, "rtmp://h/live/x?***");
}

#[test]
fn what_is_known_of_a_source_without_calling_it() {
    let table = [
        ("rtsp://h/x", false, false),
        ("rtsp://h", true, false),
        ("rtsp://h:554/", true, false),
        ("srt://0.0.0.0:9000?mode=listener", true, true),
        ("srt://0.0.0.0:9000?passphrase=0123456789&mode=listener", true, true),
        ("srt://h:9000?mode=caller", true, false),
    ];
    for (url, no_path, calls_us) in table {
        let source = source(&own(url));
        assert_eq!((source.has_no_path(), source.calls_us()), (no_path, calls_us), "{url}");
    }
    assert!(!source(&own("rtsp://h/x")).has_login() && source(&own("rtsp://a:b@h/x")).has_login());
}

#[test]
fn a_token_in_the_path_is_a_secret_like_a_password() {
    let source = source(&own("rtsp://nvr:7447/Xk2nQ8vB3mZr7LpT"));
    assert_eq!(source.shown, "rtsp://nvr:7447/***");
    let hidden = source.secrets.iter().any(|secret| secret.expose_secret() == "Xk2nQ8vB3mZr7LpT");
    assert!(hidden, "it is taken out of what ffmpeg says");
}
