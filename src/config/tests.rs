//! Tables: what each layer, key and fault comes to. Files of the tests live in a temporary folder.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use tempfile::TempDir;

use super::settings::ApiTrust;
use super::{CliOverrides, Complaint, ConfigComplaints, DatabaseSettings, Settings, Sources, load};

/// A file with this text, these variables, nothing on the command line.
pub(super) fn sources(toml: &str, env: &[(&str, &str)]) -> (TempDir, Sources) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("s.toml");
    std::fs::write(&file, toml).expect("a writable folder");
    let env = env.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    (folder, Sources { file: Some(file), cli: CliOverrides::default(), env, host_name: Some("host-1".to_owned()) })
}

pub(super) fn loaded(toml: &str, env: &[(&str, &str)]) -> Settings {
    let (_folder, sources) = sources(toml, env);
    load(&sources).unwrap_or_else(|complaints| panic!("{toml}: {complaints}"))
}

fn complaints(toml: &str, env: &[(&str, &str)]) -> Vec<Complaint> {
    let (_folder, sources) = sources(toml, env);
    load(&sources).expect_err(toml).0
}

#[test]
fn nothing_configured_gives_the_defaults_of_the_design() {
    let settings = load(&Sources { host_name: Some("host 1".to_owned()), ..Sources::default() }).expect("defaults");
    assert_eq!(settings.node, "host-1");
    assert_eq!(settings.roles, super::ROLES);
    assert_eq!(settings.data_dir, PathBuf::from("./var"));
    assert_eq!(settings.http.listen.to_string(), "127.0.0.1:8080");
    let [server] = settings.servers.as_slice() else { panic!("one server") };
    assert_eq!((server.name.as_str(), server.api_url.as_str()), ("main", "http://127.0.0.1:9997/"));
    assert_eq!(server.rtsp_url.as_str(), "rtsp://127.0.0.1:8554");
    assert!(server.api_username.is_none() && server.publish_password.is_none());
    assert_eq!(settings.monitor.interval, Duration::from_secs(2));
    assert_eq!(settings.monitor.history, Duration::from_secs(6 * 3_600));
    assert_eq!(settings.monitor.history_memory, 128 << 20);
    assert!(matches!(&settings.database, DatabaseSettings::Sqlite(file) if file.ends_with("var/streamwarden.db")));
    assert_eq!((settings.restream.server.as_str(), settings.restream.media_port), ("main", None));
    assert_eq!((settings.restream.start_rate, settings.restream.start_rate_per_host), (20.0, 2.0));
    assert_eq!(settings.record.segment_duration, Duration::from_secs(60));
    assert_eq!((settings.record.max_concurrent, settings.record.min_free), (10, 1 << 30));
    assert_eq!(settings.record.include, ["*"]);
    assert_eq!(settings.upload.workers, 3);
}

/// Text of the file, variables, and for each complaint: key, part of the fault, part of the remedy.
pub(super) type Row<'a> = (&'a str, &'a [(&'a str, &'a str)], &'a [(&'a str, &'a str, &'a str)]);

pub(super) fn assert_rows(rows: &[Row<'_>]) {
    for (toml, env, wanted) in rows {
        let told = complaints(toml, env);
        assert_eq!(told.len(), wanted.len(), "{toml:?} {env:?}: {}", ConfigComplaints(told));
        for (complaint, (key, fault, remedy)) in told.iter().zip(*wanted) {
            assert_eq!(complaint.key, *key, "{complaint}");
            assert!(complaint.fault.contains(fault), "{complaint} lacks {fault}");
            assert!(complaint.remedy.contains(remedy), "{complaint} lacks {remedy}");
        }
    }
}

#[test]
fn the_shape_of_the_file_is_checked() {
    assert_rows(&[
        ("[http]\nlisten = \n", &[], &[("file", "not TOML", "correct")]),
        ("a = 1\na = 2\n", &[], &[("file", "not TOML: duplicate key", "")]),
        ("[http]\nlisten = 8080", &[], &[("http.listen", "is a number, expected text", "quotes")]),
        ("[http]\nlisten = true", &[], &[("http.listen", "is true or false", "")]),
        ("[http]\nlisten = 1979-05-27", &[], &[("http.listen", "is a date", "")]),
        ("[node]\nx = 1", &[], &[("node", "is a section", "")]),
        ("http = 3", &[], &[("http", "is a number, expected a section", "[http]")]),
        ("[servers]\nname = \"a\"", &[], &[("servers", "is a section, expected a list", "[[servers]]")]),
        ("servers = [1]", &[], &[("servers[0]", "is a number, expected a section", "[[servers]]")]),
        ("[htpp]\nlisten = 1", &[], &[("htpp", "no such key", "nearest known key is http")]),
        ("[http]\nlisen = 1", &[], &[("http.lisen", "no such key", "nearest known key is http.listen")]),
        ("[http]\nlisten_file = \"x\"", &[], &[("http.listen_file", "no such key", "")]),
        ("\"http.listen\" = \"127.0.0.1:1\"", &[], &[("http.listen", "no such key", "plain words")]),
        ("\"servers[9999999999].name\" = \"x\"", &[], &[("servers[9999999999].name", "no such key", "")]),
        ("roles = \"monitor\"", &[], &[("roles", "is text, expected a list", "[")]),
        ("roles = [1]", &[], &[("roles", "holds a number", "")]),
        ("[upload]\nworkers = \"3\"", &[], &[("upload.workers", "is text, expected a whole number", "without quotes")]),
        (
            "",
            &[("STREAMWARDEN_HTTP_LISTEN", "x")],
            &[("STREAMWARDEN_HTTP_LISTEN", "no key", "STREAMWARDEN_HTTP__LISTEN")],
        ),
        ("", &[("STREAMWARDEN_SERVERS__1000000__NAME", "x")], &[("STREAMWARDEN_SERVERS__1000000__NAME", "no key", "")]),
    ]);
}

#[test]
fn values_are_checked() {
    let long = format!("[record]\ninclude = [\"{}\"]", "x".repeat(100_000));
    assert_rows(&[(&long, &[], &[("record.include", "100000 letters", "at most 200")])]);
    assert_rows(&[
        ("[http]\nusers = [\"anna operator hunter2\"]", &[], &[("http.users", "not an argon2id hash", "user hash")]),
        ("[http]\nusers = [\"anna boss $x\"]", &[], &[("http.users", "neither viewer nor operator", "")]),
        ("[http]\nusers = [\"hunter2\"]", &[], &[("http.users", "not a name, a role and a hash", "")]),
        ("[http]\nusers = [\"a b viewer $x\"]", &[], &[("http.users", "not a name, a role", "")]),
        ("[http]\ntokens = [\"obs viewer hunter2\"]", &[], &[("http.tokens", "not a SHA-256", "sha256sum")]),
        ("[http]\nlisten = \"8080\"", &[], &[("http.listen", "not an address and a port", "127.0.0.1:8080")]),
        ("[http]\nlisten = \"127.0.0.1:99999\"", &[], &[("http.listen", "not an address", "")]),
        ("[http]\nallowed_origins = [\"*\"]", &[], &[("http.allowed_origins", "every web page", "")]),
        ("[http]\nallowed_origins = [\"https://a/b\"]", &[], &[("http.allowed_origins", "not an origin", "")]),
        ("[http]\ntrusted_proxies = [\"nginx\"]", &[], &[("http.trusted_proxies", "not a network", "one address")]),
        ("[http]\nbase_path = \"cams\"", &[], &[("http.base_path", "does not begin with a slash", "\"/cams\"")]),
        ("[http]\nbase_path = \"/a//b\"", &[], &[("http.base_path", "is not a path of letters", "\"/cams\"")]),
        ("[http]\nbase_path = \"/a/../b\"", &[], &[("http.base_path", "is not a path of letters", "\"/cams\"")]),
        ("[http]\nbase_path = \"/a?b\"", &[], &[("http.base_path", "is not a path of letters", "\"/cams\"")]),
        ("[http]\nbase_path = \"/api/x\"", &[], &[("http.base_path", "begins like an address", "\"/cams\"")]),
        ("[http]\nbase_path = \"/status\"", &[], &[("http.base_path", "begins like an address", "\"/cams\"")]),
        (
            "[http.status_page]\nenabled = true",
            &[],
            &[("http.status_page.enabled", "shows nothing", "http.status_page.streams")],
        ),
        ("[http.status_page]\nenabled = 1", &[], &[("http.status_page.enabled", "neither true nor false", "")]),
        ("[http.status_page]\nservers = [\"a b\"]", &[], &[("http.status_page.servers", "holds ' '", "wildcards")]),
        ("[http.status_page]\ntitle = \"a\\nb\"", &[], &[("http.status_page.title", "line break", "one line")]),
        ("[http]\ntls_cert = \"a.pem\"", &[], &[("http.tls_cert", "without http.tls_key", "both, or neither")]),
        ("[http]\ntls_key = \"a.pem\"", &[], &[("http.tls_key", "without http.tls_cert", "both, or neither")]),
        ("node = \"a b\"", &[], &[("node", "not a plain name", "letters")]),
        ("node = \"\"", &[], &[("node", "is empty", "leave the key out")]),
        ("roles = [\"recorder\"]", &[], &[("roles", "\"recorder\" is not a role", "mean record?")]),
        ("roles = []", &[], &[("roles", "no role", "monitor, restream, record")]),
        ("[monitor]\ninterval = \"0s\"", &[], &[("monitor.interval", "too short", "100ms to 1m")]),
        ("[monitor]\ninterval = \"3y\"", &[], &[("monitor.interval", "too long", "")]),
        ("[monitor]\ninterval = \"soon\"", &[], &[("monitor.interval", "not a duration", "500ms")]),
        ("[restream]\nserver = \"x\"", &[], &[("restream.server", "not the name of a server", "known servers: main")]),
        ("[restream]\nmedia_host = \"a:1\"", &[], &[("restream.media_host", "not a host", "without scheme and port")]),
        ("[restream]\nmedia_port = 0", &[], &[("restream.media_port", "from 1 to 65535", "")]),
        ("[restream]\nstart_rate = 0", &[], &[("restream.start_rate", "not a rate", "")]),
        ("[restream]\nstart_rate = nan", &[], &[("restream.start_rate", "not a rate", "")]),
        ("[restream]\nmax_probes = 0", &[], &[("restream.max_probes", "from 1 to 1000", "")]),
        (
            "[restream]\nallowed_networks = [\"10.0.0\"]",
            &[],
            &[("restream.allowed_networks", "is not a network", "fe80::/10")],
        ),
        (
            "[restream]\nrequire_hidden_arguments = 1",
            &[],
            &[("restream.require_hidden_arguments", "neither", "true or false")],
        ),
        ("[restream]\nmax_stop_fraction = 50", &[], &[("restream.max_stop_fraction", "not a fraction", "0.5")]),
        ("[record]\noutput_format = \"avi\"", &[], &[("record.output_format", "\"avi\"", "mp4")]),
        ("[record]\nmax_concurrent = 0", &[], &[("record.max_concurrent", "from 1", "")]),
        ("[record]\nmax_concurrent = 1.5", &[], &[("record.max_concurrent", "1.5 is not a whole number", "")]),
        ("[record]\nmax_concurrent = 99999999999999999999", &[], &[("record.max_concurrent", "whole number", "")]),
        ("[record]\ninclude = [\"a b\"]", &[], &[("record.include", "' '", "wildcards")]),
        ("[record]\ninclude = []", &[], &[("record.include", "no stream", "roles")]),
        ("[record]\nexclude = [\"\"]", &[], &[("record.exclude", "empty pattern", "")]),
        ("[monitor]\nhistory_memory = \"1M\"", &[], &[("monitor.history_memory", "less than 32M", "1,000 streams")]),
        ("[record]\nmin_free = \"1GB\"", &[], &[("record.min_free", "not a size", "20G")]),
        ("[database]\nurl = \"sqlite:\"", &[], &[("database.url", "names no file", "sqlite:FILE")]),
        ("[database]\nurl = \"sqlite::memory:\"", &[], &[("database.url", "keep nothing", "")]),
        ("[database]\nurl = \"sqlite://x.db\"", &[], &[("database.url", "two slashes", "")]),
        ("[database]\nurl = \"x.db\"", &[], &[("database.url", "not the URL", "sqlite:FILE")]),
        (
            "",
            &[("PG_DSN", "postgresql+asyncpg://u:hunter2@h/d")],
            &[("database.url", "not the URL", "postgresql://user")],
        ),
        ("", &[("PG_DSN", "postgresql:")], &[("database.url", "not the URL", "postgresql://user")]),
        ("data_dir = \"\"", &[], &[("data_dir", "is empty", "")]),
        ("[ffmpeg]\nffmpeg = \"a\\u0000b\"", &[], &[("ffmpeg.ffmpeg", "NUL", "")]),
    ]);
}

#[test]
fn servers_are_checked() {
    let two = |second: &str| format!("[[servers]]\nname = \"a\"\n[[servers]]\n{second}");
    let keyed = |name: &str| format!("servers[0].{name}");
    for (toml, key, fault, remedy) in [
        ("name = \"a b\"", "name", "holds ' '", "letters"),
        ("name = \"a/b\"", "name", "holds '/'", "letters"),
        ("api_url = \"ftp://h\"", "api_url", "begins with ftp://", "http://127.0.0.1:9997"),
        ("api_url = \"h:9997\"", "api_url", "begins with h://", "http://127.0.0.1:9997"),
        ("api_url = \"127.0.0.1\"", "api_url", "not a URL", "http://127.0.0.1:9997"),
        ("api_url = \"http://u:hunter2@h\"", "api_url", "username or password", "api_username and api_password"),
        ("api_url = \"http://h/v3\"", "api_url", "goes on with \"/v3\"", "http://127.0.0.1:9997"),
        ("api_url = \"http://h/?a=b\"", "api_url", "goes on with a query", "http://127.0.0.1:9997"),
        ("rtsp_url = \"rtsp://h/cam\"", "rtsp_url", "goes on with \"/cam\"", "rtsp://127.0.0.1:8554"),
        ("api_url = \"http://h:0\"", "api_url", "port 0", ""),
        (
            "rtsp_url = \"rtsp://u:hunter2@h\"",
            "rtsp_url",
            "username or password",
            "publish_username and publish_password",
        ),
        ("rtsp_url = \"rtsp://\"", "rtsp_url", "names no host", "rtsp://127.0.0.1:8554"),
        ("rtsp_url = \"http://h\"", "rtsp_url", "expected rtsp://", ""),
        ("hls_url = \"rtsp://h\"", "hls_url", "expected http:// or https://", "https://media.example.org:8888"),
        ("webrtc_url = \"https://u:hunter2@h\"", "webrtc_url", "username or password", "every browser"),
        ("webrtc_url = \"h:8889\"", "webrtc_url", "begins with h://", "https://media.example.org:8889"),
        ("api_username = \"u\"", "api_username", "without api_password", "both"),
        ("api_password = \"hunter2\"", "api_password", "without api_username", "both"),
        (
            "api_fingerprint = \"ab\"\napi_url = \"https://h\"",
            "api_fingerprint",
            "64 hexadecimal digits",
            "openssl x509",
        ),
        ("api_ca_file = \"/x\"", "api_ca_file", "without TLS", "https://"),
        (
            "rtsp_fingerprint = \"ab\"\nrtsp_url = \"rtsps://h:8322\"",
            "rtsp_fingerprint",
            "64 hexadecimal digits",
            "openssl x509",
        ),
        ("rtsp_ca_file = \"/x\"", "rtsp_ca_file", "rtsp_url without TLS", "rtsps://"),
        ("rtsp_ca_file = \"/x\"\nrtsp_url = \"rtsp://h\"", "rtsp_ca_file", "rtsp_url without TLS", "rtsps://"),
        ("api_passwort = \"hunter2\"", "api_passwort", "no such key", "servers[].api_password"),
    ] {
        assert_rows(&[(&format!("[[servers]]\n{toml}"), &[], &[(&keyed(key), fault, remedy)])]);
    }
    let pinned = |written: &str| {
        let toml = format!("[[servers]]\napi_url = \"https://h\"\napi_fingerprint = \"{written}\"\n");
        loaded(&toml, &[]).servers.remove(0).api_trust
    };
    let digits = "0A".repeat(32);
    for written in [digits.clone(), digits.to_lowercase(), vec!["0A"; 32].join(":")] {
        assert_eq!(pinned(&written), ApiTrust::Fingerprint([10; 32]), "{written}");
    }
    let both = format!("[[servers]]\napi_url = \"https://h\"\napi_ca_file = \"x\"\napi_fingerprint = \"{digits}\"");
    assert_rows(&[(&both, &[], &[("servers[0].api_ca_file", "beside api_fingerprint", "keep one")])]);
    let agent = "[agent]\npost_url = \"http://h\"\npost_ca_file = \"x\"\npost_fingerprint = \"ab\"";
    assert_rows(&[(
        agent,
        &[],
        &[
            ("agent.post_fingerprint", "agent.post_url without TLS", "https://"),
            ("agent.post_ca_file", "agent.post_url without TLS", "https://"),
            ("agent.post_ca_file", "beside post_fingerprint", "keep one"),
            ("agent.post_fingerprint", "64 hexadecimal digits", "openssl x509"),
        ],
    )]);
    let monitor = |key: &str| loaded(&format!("[agent]\npost_url = \"https://h\"\npost_{key}\n"), &[]).agent.post_trust;
    assert_eq!(monitor(&format!("fingerprint = \"{digits}\"")), ApiTrust::Fingerprint([10; 32]));
    assert_eq!(monitor("ca_file = \"x.crt\""), ApiTrust::File("x.crt".into()));
    let same = two("name = \"a\"\napi_url = \"http://b:1\"");
    let api = two("name = \"b\"\napi_url = \"http://127.0.0.1:9997/\"");
    let bare = two("name = \"b\"");
    assert_rows(&[
        (&same, &[], &[("servers[1].name", "another server too", "its own name")]),
        (&api, &[], &[("servers[1].api_url", "API of \"a\" too", "keep one")]),
        (&bare, &[], &[("servers[1].api_url", "is missing", "only the first")]),
        (&two(""), &[], &[("servers[1]", "says nothing", "")]),
        ("", &[("STREAMWARDEN_SERVERS__999__NAME", "x")], &[("servers[1]", "says nothing", "without a gap")]),
        (
            "[[servers]]\napi_username = \"u\"\napi_password = \"hunter2\"\napi_password_file = \"/x\"",
            &[],
            &[("servers[0].api_password", "given twice", "keep one")],
        ),
        (
            "[[servers]]\napi_username = \"u\"\napi_password_file = \"/nowhere/secret\"",
            &[],
            &[("servers[0].api_password_file", "cannot be read", "readable text file")],
        ),
    ]);
}

#[test]
fn a_redis_is_checked() {
    let ca = "[live]\nredis_url = \"redis://h\"\nredis_ca_file = \"x\"";
    assert_rows(&[
        ("[live]\nredis_url = \"hunter2\"", &[], &[("live.redis_url", "is not the URL of a Redis", "redis://")]),
        ("[live]\nredis_url = \"rediss://h#insecure\"", &[], &[("live.redis_url", "of anybody", "redis_ca_file")]),
        ("[live]\nredis_ur = 1", &[], &[("live.redis_ur", "no such key", "live.redis_url")]),
        (ca, &[], &[("live.redis_ca_file", "rediss:// URL only", "rediss://")]),
        ("[live]\nprefix = \"a b\"", &[], &[("live.prefix", "is not the beginning of a key", "letters")]),
        ("", &[("REDIS_PORT", "x")], &[("live.redis_url", "is not the URL of a Redis", "redis://")]),
    ]);
}

#[test]
fn every_complaint_comes_at_once_with_its_place() {
    let toml = "rolls = 1\n[http]\nlisten = \"0.0.0.0\"\n[monitor]\ninterval = \"x\"\n";
    let (_folder, sources) = sources(toml, &[("UPLOAD_WORKERS", "none"), ("STREAMWARDEN_NOD", "x")]);
    let told = load(&sources).expect_err("five complaints");
    let file = sources.file.expect("a file").display().to_string();
    let places: BTreeMap<_, _> =
        told.0.iter().map(|it| (it.key.as_str(), it.place.clone().unwrap_or_default())).collect();
    assert_eq!(places["rolls"], format!("{file}:1"));
    assert_eq!(places["http.listen"], format!("{file}:3"));
    assert_eq!(places["monitor.interval"], format!("{file}:5"));
    assert_eq!(places["upload.workers"], "environment UPLOAD_WORKERS");
    assert_eq!(places["STREAMWARDEN_NOD"], "environment STREAMWARDEN_NOD");
    assert_eq!(told.0.len(), 5);
    assert!(told.to_string().starts_with("5 errors in the configuration"));
}

#[test]
fn no_complaint_repeats_a_secret() {
    for (toml, env) in [
        ("[[servers]]\napi_password = hunter2", vec![]),
        ("[[servers]]\napi_password = \"hunter2", vec![]),
        ("[[servers]]\napi_password = [\"hunter2\"]", vec![]),
        ("[[servers]]\napi_url = \"http://u:hunter2@h:bad\"", vec![]),
        ("[[servers]]\nrtsp_url = \"rtsp://u:hunter2@h/x?password=hunter2\"", vec![]),
        ("[restream]\nmedia_host = \"rtsp://u:hunter2@h\"", vec![]),
        ("[http]\nallowed_origins = [\"https://u:hunter2@h\"]", vec![]),
        ("[monitor]\ninterval = \"rtsp://u:hunter2@h\"", vec![]),
        ("", vec![("PG_DSN", "hunter2")]),
        ("", vec![("PG_DSN", "mysql://u:hunter2@h/d")]),
        ("", vec![("STREAMWARDEN_SERVERS__0__API_PASWORD", "hunter2")]),
    ] {
        let told = ConfigComplaints(complaints(toml, &env)).to_string();
        assert!(!told.contains("hunter2"), "{told}");
    }
}
