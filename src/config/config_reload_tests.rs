//! Tests of which keys differ and which are taken while it runs.

use std::collections::BTreeSet;

use super::*;
use crate::config::{CliOverrides, Sources, key_names, load};

fn settings(toml: &str) -> Settings {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("s.toml");
    std::fs::write(&file, toml).expect("a file");
    load(&Sources { file: Some(file), cli: CliOverrides::default(), ..Sources::default() }).expect(toml)
}

#[test]
fn every_key_is_compared() {
    let compared: BTreeSet<String> = ROWS
        .iter()
        .map(|row| row.key.to_owned())
        .chain(SERVER_ROWS.iter().map(|(key, _)| format!("servers[].{key}")))
        .chain(health_rows::ENDPOINT_ROWS.iter().map(|(key, _)| format!("health.endpoints[].{key}")))
        .chain(health_rows::TARGET_ROWS.iter().map(|(key, _)| format!("health.targets[].{key}")))
        .chain(health_rows::ENCODER_ROWS.iter().map(|(key, _)| format!("health.encoders[].{key}")))
        .chain(health_rows::PLATFORM_ROWS.iter().map(|(key, _)| format!("health.platforms[].{key}")))
        .chain(RECEIVER_ROWS.iter().map(|(key, _)| format!("notify.receivers[].{key}")))
        .collect();
    assert_eq!(compared, key_names().map(str::to_owned).collect());
}

/// `(changed file, key, live)`, against the defaults.
const TABLE: &[(&str, &str, bool)] = &[
    ("node = \"n\"", "node", false),
    ("roles = [\"monitor\"]", "roles", false),
    ("http.listen = \"127.0.0.1:1\"", "http.listen", false),
    ("http.allowed_origins = [\"https://a.b\"]", "http.allowed_origins", true),
    ("http.trusted_proxies = [\"10.0.0.1\"]", "http.trusted_proxies", true),
    ("http.base_path = \"/cams\"", "http.base_path", false),
    ("http.status_page.title = \"Live\"", "http.status_page.title", false),
    ("http.status_page.streams = [\"a\"]", "http.status_page.streams", false),
    ("monitor.interval = \"3s\"", "monitor.interval", true),
    ("monitor.history = \"1h\"", "monitor.history", false),
    ("monitor.history_memory = \"64M\"", "monitor.history_memory", false),
    ("database.url = \"sqlite:other.db\"", "database.url", false),
    ("database.url = \"postgresql://u:p@h/d\"", "database.url", false),
    ("restream.max_stop_fraction = 0.7", "restream.max_stop_fraction", true),
    ("restream.allowed_networks = [\"169.254.0.0/16\"]", "restream.allowed_networks", true),
    ("restream.require_hidden_arguments = true", "restream.require_hidden_arguments", false),
    ("restream.media_host = \"h\"", "restream.media_host", false),
    ("restream.media_port = 1", "restream.media_port", false),
    ("restream.stall_timeout = \"11s\"", "restream.stall_timeout", true),
    ("restream.refresh = \"31s\"", "restream.refresh", true),
    ("restream.start_rate = 21", "restream.start_rate", true),
    ("restream.start_rate_per_host = 3", "restream.start_rate_per_host", true),
    ("restream.probe_timeout = \"16s\"", "restream.probe_timeout", true),
    ("restream.max_probes = 9", "restream.max_probes", true),
    ("record.segment_duration = \"61s\"", "record.segment_duration", true),
    ("record.max_concurrent = 11", "record.max_concurrent", true),
    ("record.include = [\"a\"]", "record.include", true),
    ("record.exclude = [\"a\"]", "record.exclude", true),
    ("record.on_demand = true", "record.on_demand", true),
    ("record.keep_local = \"1d\"", "record.keep_local", true),
    ("record.min_free = \"2G\"", "record.min_free", true),
    ("record.thumbnails = true", "record.thumbnails", false),
    ("upload.workers = 4", "upload.workers", false),
    ("upload.max_rate = \"2M\"", "upload.max_rate", true),
    ("upload.window = \"22:00-06:00\"", "upload.window", true),
    ("objects.directory = \"o\"", "objects.directory", false),
    ("health.endpoint_window = \"5m\"", "health.endpoint_window", false),
    ("notify.page_url = \"https://v.example\"", "notify.page_url", true),
    ("notify.time_zone = \"+02:00\"", "notify.time_zone", true),
    ("ffmpeg.ffmpeg = \"f\"", "ffmpeg.ffmpeg", false),
    ("ffmpeg.ffprobe = \"f\"", "ffmpeg.ffprobe", false),
];

#[test]
fn each_key_is_named_and_only_live_ones_are_taken() {
    let old = settings("");
    assert_eq!(compare(&old, &settings("")), []);
    for (toml, key, live) in TABLE {
        let new = settings(toml);
        assert_eq!(compare(&old, &new), [Changed { key: (*key).to_owned(), live: *live }], "{toml}");
        let taken = take_live(&old, &new);
        assert_eq!(compare(&taken, &new).is_empty(), *live, "{toml}: taken over");
        assert_eq!(compare(&old, &taken).is_empty(), !*live, "{toml}: nothing else");
        let shown = |settings: &Settings| settings.shown.iter().find(|one| one.key == *key).cloned().expect(key);
        assert_eq!(shown(&taken), shown(if *live { &new } else { &old }), "{toml}: what is in force is shown");
        assert_ne!(shown(&old), shown(&new), "{toml}");
    }
    let site = "database.url = \"postgresql://u:p@h/d\"\n".to_owned();
    let query = "database.cameras_query = \"SELECT 1\"\n";
    let asked = compare(&settings(&site), &settings(&(site.clone() + query)));
    assert_eq!(asked, [Changed { key: "database.cameras_query".to_owned(), live: false }]);
    let moved = compare(&old, &settings("data_dir = \"d\""));
    let keys: Vec<_> = moved.iter().map(|changed| changed.key.as_str()).collect();
    assert_eq!(keys, ["data_dir", "database.url", "objects.directory"], "their defaults follow");
}

#[test]
fn servers_are_compared_one_by_one() {
    let on = |host: &str, name: &str, rest: &str| {
        let urls = format!("api_url = \"http://{host}:1\"\nrtsp_url = \"rtsp://{host}:2\"");
        format!("[[servers]]\nname = {name:?}\n{urls}\n{rest}\n")
    };
    let server = |name: &str, rest: &str| on(name, name, rest);
    let login = |password: &str| format!("api_username = \"u\"\napi_password = {password:?}");
    let old = server("a", &login("one")) + &server("b", "");
    for (new, wanted) in [
        (server("a", &login("two")) + &server("b", ""), vec!["servers[0].api_password"]),
        (server("a", &login("one")), vec!["servers[1]"]),
        (old.clone() + &server("c", ""), vec!["servers[2]"]),
        (
            on("a", "z", &login("one")) + &server("b", "publish_username = \"u\"\npublish_password = \"p\""),
            vec!["restream.server", "servers[0].name", "servers[1].publish_username", "servers[1].publish_password"],
        ),
    ] {
        let changed = compare(&settings(&old), &settings(&new));
        let keys: Vec<_> = changed.iter().map(|changed| changed.key.as_str()).collect();
        assert_eq!(keys, wanted);
        assert!(changed.iter().all(|changed| !changed.live), "{changed:?}");
    }
}

#[test]
fn receivers_are_compared_one_by_one_and_all_taken() {
    let hook = |url: &str, rest: &str| {
        format!("[[notify.receivers]]\nname = \"hook\"\nkind = \"webhook\"\nurl = \"https://{url}\"\n{rest}\n")
    };
    let mail = "[[notify.receivers]]\nname = \"mail\"\nkind = \"email\"\nurl = \"smtp://127.0.0.1\"\nfrom = \"a@b.example\"\nto = [\"c@d.example\"]\n";
    let old = hook("a/secret", "");
    for (new, wanted) in [
        (hook("a/other", ""), vec!["notify.receivers[0].url"]),
        (
            hook("a/secret", "severity = \"critical\"\nrepeat = \"4h\""),
            vec!["notify.receivers[0].severity", "notify.receivers[0].repeat"],
        ),
        (String::new(), vec!["notify.receivers[0]"]),
        (old.clone() + mail, vec!["notify.receivers[1]"]),
    ] {
        let (before, after) = (settings(&old), settings(&new));
        let changed = compare(&before, &after);
        assert!(changed.iter().all(|one| one.live), "{changed:?}");
        assert_eq!(changed.iter().map(|one| one.key.as_str()).collect::<Vec<_>>(), wanted, "{new}");
        let taken = take_live(&before, &after);
        assert_eq!(compare(&taken, &after), []);
        assert_eq!(taken.shown, after.shown, "{new}");
    }
}
