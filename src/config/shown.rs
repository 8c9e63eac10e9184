//! The configuration in force, key by key with its origin, for `streamwarden config`. Defaults are read out of
//! `etc/streamwarden.toml`, which a test holds to the truth.

use std::collections::BTreeMap;

use secrecy::ExposeSecret;

use super::complaint::ConfigComplaints;
use super::raw::{Raw, RawValue};
use super::read_sources::read;
use super::settings::{DatabaseSettings, LiveSettings, ObjectsSettings, PostgresSettings, Settings, Shown};
use super::sources::Sources;
use super::{check, keys, postgres, redis_url};
use crate::base::redact;

/// The documented file.
const DOCUMENTED: &str = include_str!("../../etc/streamwarden.toml");

/// The list with a default item.
const SERVERS: &str = "servers";

/// What stands for a secret.
const HIDDEN: &str = "***";

/// Every key with its value, in the order of `etc/streamwarden.toml`.
///
/// # Errors
/// All complaints at once: a configuration with a fault is in force nowhere.
pub fn shown(sources: &Sources) -> Result<Vec<Shown>, ConfigComplaints> {
    let (raw, mut complaints, readable) = read(sources);
    if !readable {
        return Err(ConfigComplaints(complaints));
    }
    let settings = check::settings(&raw, &sources.env, sources.host_name.as_deref(), &mut complaints);
    if complaints.is_empty() { Ok(all(&raw, &settings)) } else { Err(ConfigComplaints(complaints)) }
}

/// Every key of checked settings.
pub(super) fn all(raw: &Raw, settings: &Settings) -> Vec<Shown> {
    let documented = documented();
    let mut all = Vec::new();
    let mut lists_done = Vec::new();
    for name in keys::names() {
        let Some((list, _)) = name.split_once("[]") else {
            all.push(one(name.to_owned(), raw, settings, &documented));
            continue;
        };
        if lists_done.contains(&list) {
            continue;
        }
        lists_done.push(list);
        let items =
            (0..items_of(list, raw)).filter(|index| list == SERVERS || raw.mentions(&format!("{list}[{index}].")));
        for index in items {
            let own = keys::names().filter(|name| name.split_once("[]").is_some_and(|(its, _)| its == list));
            let full = own.map(|name| name.replace("[]", &format!("[{index}]")));
            all.extend(full.map(|name| one(name, raw, settings, &documented)));
        }
    }
    all
}

/// Of the servers there is always one.
fn items_of(list: &str, raw: &Raw) -> usize {
    raw.items(list).max(usize::from(list == SERVERS))
}

fn one(key: String, raw: &Raw, settings: &Settings, documented: &BTreeMap<String, String>) -> Shown {
    let Some(entry) = raw.get(&key) else {
        let value = computed(&key, settings).or_else(|| documented.get(&keys::pattern(&key)).cloned());
        return Shown { key, value, origin: "default".to_owned() };
    };
    let value = match &settings.database {
        DatabaseSettings::Postgres(PostgresSettings { url, .. }) | DatabaseSettings::Site { url, .. }
            if key == "database.url" =>
        {
            quoted(&postgres::shown(url.expose_secret()))
        }
        _ if key == "live.redis_url" => match &settings.live {
            LiveSettings::Redis(redis) => quoted(&redis_url::shown(redis.url.expose_secret())),
            LiveSettings::Memory => quoted(HIDDEN),
        },
        DatabaseSettings::Sqlite(file) if key == "database.url" => quoted(&format!("sqlite:{}", file.display())),
        _ if keys::is_secret(&key) => quoted(HIDDEN),
        _ => text(&entry.value),
    };
    Shown { key, value: Some(value), origin: entry.origin.to_string() }
}

/// Defaults that follow from the machine or from other keys.
fn computed(key: &str, settings: &Settings) -> Option<String> {
    if let Some((index, key)) = key.strip_prefix("servers[").and_then(|rest| rest.split_once("].")) {
        let server = settings.servers.get(index.parse::<usize>().ok()?)?;
        return match key {
            "name" => Some(quoted(&server.name)),
            "api_url" => Some(quoted(server.api_url.as_str().trim_end_matches('/'))),
            "rtsp_url" => Some(quoted(server.rtsp_url.as_str().trim_end_matches('/'))),
            _ => None,
        };
    }
    match (key, &settings.database) {
        ("node", _) => Some(quoted(&settings.node)),
        ("data_dir", _) => Some(quoted(&settings.data_dir.display().to_string())),
        ("database.url", DatabaseSettings::Sqlite(file)) => Some(quoted(&format!("sqlite:{}", file.display()))),
        ("restream.server", _) => Some(quoted(&settings.restream.server)),
        ("objects.directory", _) => match &settings.objects {
            ObjectsSettings::Directory(objects) => Some(quoted(&objects.display().to_string())),
            ObjectsSettings::S3(_) => None,
        },
        ("objects.s3.endpoint_url", _) => match &settings.objects {
            ObjectsSettings::Directory(_) => None,
            ObjectsSettings::S3(bucket) => Some(quoted(bucket.endpoint_url.as_str().trim_end_matches('/'))),
        },
        _ => None,
    }
}

fn quoted(text: &str) -> String {
    format!("{text:?}")
}

fn text(value: &RawValue) -> String {
    match value {
        RawValue::Text(text) => quoted(&redact::text(text)),
        RawValue::Integer(number) => number.to_string(),
        RawValue::Float(number) => number.to_string(),
        RawValue::Boolean(flag) => flag.to_string(),
        RawValue::List(items) => format!("[{}]", items.iter().map(text).collect::<Vec<_>>().join(", ")),
        RawValue::Other(name) => (*name).to_owned(),
    }
}

/// Keys of the documented file with their defaults; keys whose line is only an example have none.
pub(super) fn documented() -> BTreeMap<String, String> {
    let (mut defaults, mut section, mut example) = (BTreeMap::new(), String::new(), false);
    for line in DOCUMENTED.lines() {
        if let Some(header) = section_of(line) {
            section = header;
        }
        let comment = line.strip_prefix('#').unwrap_or_default();
        match comment.split_once(" = ").filter(|_| comment.starts_with(|c: char| c.is_ascii_lowercase())) {
            Some((key, value)) if !example => _ = defaults.insert(format!("{section}{key}"), value.to_owned()),
            Some(_) => {}
            None if comment.is_empty() => example = false,
            None => example |= comment.contains("For example:"),
        }
    }
    defaults
}

/// The section that a line begins: `[http]`, `[[servers]]`, and `#[[notify.receivers]]`, of which there is none by default.
pub(super) fn section_of(line: &str) -> Option<String> {
    let line = if line.starts_with("#[[") { &line[1..] } else { line };
    let list = line.strip_prefix("[[").and_then(|rest| rest.strip_suffix("]]"));
    let plain = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    list.map(|name| format!("{name}[].")).or_else(|| plain.map(|name| format!("{name}.")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sources(toml: &str, env: &[(&str, &str)]) -> (tempfile::TempDir, Sources) {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("s.toml");
        std::fs::write(&file, toml).expect("a file");
        let env = env.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        (folder, Sources { file: Some(file), env, host_name: Some("n1".to_owned()), ..Sources::default() })
    }

    #[test]
    fn every_key_has_its_value_and_origin_and_no_secret_is_shown() {
        let toml = "[http]\nlisten = \"127.0.0.1:1\"\n[[servers]]\napi_username = \"u\"\napi_password = \"hunter2\"\n[[health.targets]]\nname = \"cdn\"\nurl = \"rtsp://u:hunter4@h/x\"\n[record]\ninclude = [\"a*\"]\n[[notify.receivers]]\nname = \"hook\"\nkind = \"webhook\"\nurl = \"https://h/hunter5\"\n[[health.encoders]]\nname = \"e\"\nhost = \"h\"\n[[health.platforms]]\ntoken = \"hunter6\"\n[[health.endpoints]]\nname = \"n\"\nurl = \"tcp://h:1\"\n";
        let env = [("PG_DSN", "postgresql://u:hunter3@db/video"), ("SEGMENT_DURATION", "30")];
        let (_folder, sources) = sources(toml, &env);
        let all = shown(&sources).expect("no fault");
        let find = |key: &str| all.iter().find(|one| one.key == key).unwrap_or_else(|| panic!("{key}"));
        for (key, value, origin) in [
            ("http.listen", Some(r#""127.0.0.1:1""#), "s.toml:2"),
            ("servers[0].api_password", Some(r#""***""#), "s.toml:5"),
            ("servers[0].rtsp_url", Some(r#""rtsp://127.0.0.1:8554""#), "default"),
            ("servers[0].publish_password", None, "default"),
            ("record.include", Some(r#"["a*"]"#), "s.toml:10"),
            ("notify.receivers[0].url", Some(r#""***""#), "s.toml:14"),
            ("notify.receivers[0].group_wait", Some(r#""10s""#), "default"),
            ("health.encoders[0].text_port", Some("9977"), "default"),
            ("health.platforms[0].token", Some(r#""***""#), "s.toml:19"),
            ("record.segment_duration", Some(r#""30""#), "environment SEGMENT_DURATION"),
            ("record.keep_local", Some(r#""7d""#), "default"),
            ("restream.media_port", None, "default"),
            ("node", Some(r#""n1""#), "default"),
            ("database.url", Some(r#""postgresql://u:***@db/video""#), "environment PG_DSN"),
        ] {
            let one = find(key);
            assert_eq!(one.value.as_deref(), value, "{key}");
            assert!(one.origin.ends_with(origin), "{key}: {}", one.origin);
        }
        assert!(!format!("{all:?}").contains("hunter"));
        let known: Vec<String> = keys::names().map(|name| name.replace("[]", "[0]")).collect();
        assert_eq!(all.into_iter().map(|one| one.key).collect::<Vec<_>>(), known);
    }

    #[test]
    fn a_configuration_with_a_fault_is_not_shown() {
        let (_folder, sources) = sources("rolls = 1\n", &[]);
        assert_eq!(shown(&sources).expect_err("a fault").0.len(), 1);
    }
}
