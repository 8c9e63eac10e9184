//! Every section but `servers`: each key with its default and bounds.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};

use super::certificates::trust;
use super::checker::Checker;
use super::servers::server_name;
use super::urls;
use super::values::{duration, flag, fraction, list, networks, path, rate, text, whole};
use crate::base::network::NetworkLabel;
use crate::base::upload_window::UploadWindow;
use crate::config::complaint::ConfigFault;
use crate::config::raw::RawEntry;
use crate::config::settings::{
    AgentSettings, DatabaseSettings, FfmpegSettings, LiveSettings, MonitorSettings, PostgresSettings, RecordSettings,
    RedisSettings, RestreamSettings, ServerSettings, UploadSettings,
};
use crate::config::{keys, redis_url, units};

/// Words `roles` may hold. `domain::role` has the same list; a test compares them, as neither layer sees the other.
pub const ROLES: [&str; 5] = ["monitor", "restream", "record", "health", "agent"];

const fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// No path name we handle is longer, in bytes.
const LONGEST_PATTERN: usize = 200;

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

pub(super) fn node(check: &mut Checker<'_>, host_name: Option<&str>) -> String {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    let given = check.read("node", |entry| {
        let node = text(entry)?;
        if node.len() <= 64 && node.chars().all(allowed) {
            return Ok(node);
        }
        Err(ConfigFault::new("is not a plain name", "use letters, digits, '_', '-' and '.', at most 64"))
    });
    given.unwrap_or_else(|| {
        let host: String = host_name.unwrap_or("").chars().take(64).map(|c| if allowed(c) { c } else { '-' }).collect();
        if host.is_empty() { "streamwarden".to_owned() } else { host }
    })
}

pub(super) fn roles(check: &mut Checker<'_>) -> Vec<String> {
    let given = check.read("roles", |entry| {
        let mut roles = list(entry)?;
        let known = ROLES.join(", ");
        if let Some(unknown) = roles.iter().find(|role| !ROLES.contains(&role.as_str())) {
            let near = keys::nearest(unknown, ROLES.into_iter());
            let remedy = near.map_or_else(
                || format!("known roles: {known}"),
                |near| format!("did you mean {near}? known roles: {known}"),
            );
            let shown: String = unknown.chars().take(40).collect();
            return Err(ConfigFault::new(format!("{shown:?} is not a role"), remedy));
        }
        if roles.is_empty() {
            return Err(ConfigFault::new(
                "names no role, so there is nothing to run",
                format!("name some of: {known}"),
            ));
        }
        roles.sort_by_key(|role| ROLES.iter().position(|known| known == role));
        roles.dedup();
        Ok(roles)
    });
    given.unwrap_or_else(|| ROLES.map(str::to_owned).to_vec())
}

pub(super) fn data_dir(check: &mut Checker<'_>) -> PathBuf {
    check.read("data_dir", path).unwrap_or_else(|| PathBuf::from("./var"))
}

pub(super) fn monitor(check: &mut Checker<'_>) -> MonitorSettings {
    MonitorSettings {
        interval: lasting(check, "monitor.interval", 2, ms(100), seconds(MINUTE)),
        history: lasting(check, "monitor.history", 6 * HOUR, seconds(MINUTE), seconds(30 * DAY)),
        history_memory: check.read("monitor.history_memory", history_memory).unwrap_or(128 << 20),
        history_1m: lasting(check, "monitor.history_1m", 30 * DAY, seconds(HOUR), seconds(3650 * DAY)),
        history_10m: lasting(check, "monitor.history_10m", 365 * DAY, seconds(HOUR), seconds(3650 * DAY)),
        labels: check.read("monitor.labels", labels).unwrap_or_default(),
        readers_gone: check.read("monitor.readers_gone", flag).unwrap_or(false),
        disk_limit: check.read("monitor.disk_limit", |entry| whole(entry, 1..=100)).unwrap_or(90) as u8,
        disk_full_within: lasting(check, "monitor.disk_full_within", 3 * DAY, Duration::ZERO, seconds(365 * DAY)),
    }
}

fn labels(entry: &RawEntry) -> Result<Vec<NetworkLabel>, ConfigFault> {
    let label = |text: &String| {
        let shown: String = text.chars().take(60).collect();
        let fault = |why| {
            ConfigFault::new(
                format!("{shown:?} {why}"),
                "write [\"10.0.0.7=OBS in the studio\", \"10.1.0.0/16=office\"]",
            )
        };
        text.parse::<NetworkLabel>().map_err(fault)
    };
    list(entry)?.iter().map(label).collect()
}

fn history_memory(entry: &RawEntry) -> Result<u64, ConfigFault> {
    let bytes = units::size(&entry.value)?;
    let remedy = "write a size of 32M or more; 1,000 streams take 90M for 6 h at polls every 2 s";
    if bytes < 32 << 20 { Err(ConfigFault::new("is less than 32M", remedy)) } else { Ok(bytes) }
}

pub(super) fn live(check: &mut Checker<'_>) -> LiveSettings {
    let url = check.read("live.redis_url", |entry| {
        let typed = text(entry)?.trim().to_owned();
        redis_url::parse(&typed).map_err(|wrong| ConfigFault::new(wrong.fault, wrong.remedy))?;
        Ok(SecretString::from(typed))
    });
    let ca_file = check.read("live.redis_ca_file", path);
    let prefix = check.read("live.prefix", key_prefix).unwrap_or_else(|| "mediamtx".to_owned());
    let is_plain = url.as_ref().is_some_and(|url| !redis_url::is_tls(url.expose_secret()));
    if ca_file.is_some() && is_plain {
        let remedy = "leave it out, or write rediss:// into live.redis_url";
        check.complain("live.redis_ca_file", ConfigFault::new("works with a rediss:// URL only", remedy));
    }
    url.map_or(LiveSettings::Memory, |url| LiveSettings::Redis(RedisSettings { url, ca_file, prefix }))
}

/// First part of keys, with which no pattern of an ACL can be confused.
fn key_prefix(entry: &RawEntry) -> Result<String, ConfigFault> {
    let prefix = text(entry)?;
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "_-.:".contains(c);
    if prefix.is_empty() || prefix.len() > 100 || prefix.ends_with(':') || !prefix.chars().all(is_plain) {
        let remedy = "use letters, digits, '_', '-', '.' and ':' between its parts, 100 at most: mediamtx";
        return Err(ConfigFault::new("is not the beginning of a key", remedy));
    }
    Ok(prefix)
}

pub(super) fn database(check: &mut Checker<'_>, env: &BTreeMap<String, String>, data_dir: &Path) -> DatabaseSettings {
    let own = data_dir.join("streamwarden.db");
    let place = check.read("database.url", |entry| urls::database(entry, env));
    let schema = check.read("database.schema", schema);
    let listen_url = check.read("database.listen_url", |entry| urls::listen(entry, env));
    let query = check.read("database.cameras_query", cameras_query);
    // Perhaps given, and wrong: that has been complained of.
    let is_complained_of = place.is_none() && check.is_given("database.url");
    let is_server = matches!(place, Some(urls::DatabasePlace::Postgres(_)));
    for (key, is_given) in [("database.schema", schema.is_some()), ("database.listen_url", listen_url.is_some())] {
        if is_given && !is_server && !is_complained_of {
            let remedy = "leave it out, or write postgresql://user:password@host/database into database.url";
            check.complain(key, ConfigFault::new("works with a PostgreSQL database only", remedy));
        }
    }
    match (place, query) {
        (Some(urls::DatabasePlace::Postgres(url)), None) => {
            DatabaseSettings::Postgres(PostgresSettings { url, schema, listen_url })
        }
        (Some(urls::DatabasePlace::Postgres(url)), Some(cameras_query)) => {
            DatabaseSettings::Site { url, cameras_query, listen_url, own }
        }
        (other, query) => {
            if query.is_some() && !is_complained_of {
                let remedy = "write the site's database into database.url: postgresql://user:password@host/database";
                check.complain(
                    "database.cameras_query",
                    ConfigFault::new("works with a PostgreSQL database only", remedy),
                );
            }
            match other {
                Some(urls::DatabasePlace::Sqlite(file)) => DatabaseSettings::Sqlite(file),
                _ => DatabaseSettings::Sqlite(own),
            }
        }
    }
}

/// The name of a schema, as the database keeps it: without quotes.
fn schema(entry: &RawEntry) -> Result<String, ConfigFault> {
    let name = text(entry)?;
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    if !name.starts_with(|c: char| c.is_ascii_lowercase() || c == '_') || !name.chars().all(plain) || name.len() > 63 {
        let remedy = "use a-z, 0-9 and '_', at most 63 of them, as in streamwarden";
        return Err(ConfigFault::new("is not a plain name of a schema", remedy));
    }
    if name.starts_with("pg_") || name == "information_schema" {
        return Err(ConfigFault::new("is a schema of PostgreSQL itself", "use a name of your own, as streamwarden"));
    }
    Ok(name)
}

/// One statement that reads. What it means is judged by the database.
fn cameras_query(entry: &RawEntry) -> Result<String, ConfigFault> {
    let typed = text(entry)?;
    let query = typed.trim().trim_end_matches(';').trim_end();
    let remedy = "write one SELECT that gives columns named id, name and url (or kind, host, username, password, ...)";
    let first = query.split(|c: char| !c.is_ascii_alphabetic()).next().unwrap_or_default().to_ascii_lowercase();
    if !matches!(first.as_str(), "select" | "with" | "table" | "values") {
        return Err(ConfigFault::new("does not begin with SELECT", remedy));
    }
    if query.contains('\0') {
        return Err(ConfigFault::new("holds a NUL character", remedy));
    }
    Ok(query.to_owned())
}

pub(super) fn restream(check: &mut Checker<'_>, servers: &[ServerSettings]) -> RestreamSettings {
    let server = check.read("restream.server", |entry| server_name(entry, servers));
    let first = || servers.first().map(|server| server.name.clone()).unwrap_or_default();
    RestreamSettings {
        server: server.unwrap_or_else(first),
        media_host: check.read("restream.media_host", urls::host),
        media_port: check.read("restream.media_port", |entry| whole(entry, 1..=65_535)).map(|port| port as u16),
        stall_timeout: lasting(check, "restream.stall_timeout", 10, seconds(2), seconds(10 * MINUTE)),
        refresh: lasting(check, "restream.refresh", 30, seconds(1), seconds(HOUR)),
        start_rate: check.read("restream.start_rate", |entry| rate(entry, 0.01..=1000.0)).unwrap_or(20.0),
        start_rate_per_host: check
            .read("restream.start_rate_per_host", |entry| rate(entry, 0.01..=1000.0))
            .unwrap_or(2.0),
        probe_timeout: lasting(check, "restream.probe_timeout", 15, seconds(1), seconds(5 * MINUTE)),
        max_probes: check.read("restream.max_probes", |entry| whole(entry, 1..=1000)).unwrap_or(8) as usize,
        max_stop_fraction: check.read("restream.max_stop_fraction", fraction).unwrap_or(0.5),
        allowed_networks: check.read("restream.allowed_networks", networks).unwrap_or_default(),
        require_hidden_arguments: check.read("restream.require_hidden_arguments", flag).unwrap_or(false),
    }
}

pub(super) fn record(check: &mut Checker<'_>) -> RecordSettings {
    let format = check.read("record.output_format", |entry| match text(entry)?.as_str() {
        "mp4" => Ok("mp4".to_owned()),
        other => {
            let shown: String = other.chars().take(40).collect();
            Err(ConfigFault::new(format!("{shown:?} is not a format recordings are kept in"), "known formats: mp4"))
        }
    });
    let include = check.read("record.include", |entry| {
        let patterns = patterns(entry)?;
        if patterns.is_empty() {
            return Err(ConfigFault::new("admits no stream", "leave record out of roles, or write [\"*\"]"));
        }
        Ok(patterns)
    });
    RecordSettings {
        segment_duration: lasting(check, "record.segment_duration", 60, seconds(1), seconds(HOUR)),
        output_format: format.unwrap_or_else(|| "mp4".to_owned()),
        max_concurrent: count(check, "record.max_concurrent", 10, 10_000),
        include: include.unwrap_or_else(|| vec!["*".to_owned()]),
        exclude: check.read("record.exclude", patterns).unwrap_or_default(),
        on_demand: check.read("record.on_demand", flag).unwrap_or(false),
        keep_local: lasting(check, "record.keep_local", 7 * DAY, Duration::ZERO, seconds(10 * 365 * DAY)),
        min_free: check.read("record.min_free", |entry| units::size(&entry.value)).unwrap_or(1 << 30),
        evict_before_upload: check.read("record.evict_before_upload", flag).unwrap_or(false),
        thumbnails: check.read("record.thumbnails", flag).unwrap_or(false),
    }
}

pub(super) fn upload(check: &mut Checker<'_>) -> UploadSettings {
    UploadSettings {
        workers: count(check, "upload.workers", 3, 64),
        max_rate: check.read("upload.max_rate", bytes_a_second),
        window: check.read("upload.window", window),
    }
}

/// Bytes a second; slower ones would take hours for a segment.
fn bytes_a_second(entry: &RawEntry) -> Result<u64, ConfigFault> {
    const SLOWEST: u64 = 16_000;
    let rate = units::size(&entry.value)?;
    if rate < SLOWEST {
        return Err(ConfigFault::new("is less than 16 kB a second", "write bytes a second, as in \"2M\""));
    }
    Ok(rate)
}

fn window(entry: &RawEntry) -> Result<UploadWindow, ConfigFault> {
    let typed = text(entry)?;
    UploadWindow::parse(&typed).ok_or_else(|| {
        let shown: String = typed.chars().take(40).collect();
        ConfigFault::new(format!("{shown:?} is no stretch of a day"), "write two times in UTC, as in \"22:00-06:00\"")
    })
}

pub(super) fn agent(check: &mut Checker<'_>) -> AgentSettings {
    let interval = lasting(check, "agent.interval", 10, seconds(1), seconds(10 * MINUTE));
    let post_url = check.read("agent.post_url", urls::monitor);
    AgentSettings {
        interval,
        post_trust: trust(check, |name| format!("agent.post_{name}"), "agent.post_url", "https", post_url.as_ref()),
        post_url,
        token: check.read("agent.token", |entry| Ok(SecretString::from(text(entry)?.trim().to_owned()))),
    }
}

pub(super) fn ffmpeg(check: &mut Checker<'_>) -> FfmpegSettings {
    FfmpegSettings {
        ffmpeg: check.read("ffmpeg.ffmpeg", path).unwrap_or_else(|| "ffmpeg".into()),
        ffprobe: check.read("ffmpeg.ffprobe", path).unwrap_or_else(|| "ffprobe".into()),
    }
}

/// A duration with its default in seconds and its bounds.
fn lasting(check: &mut Checker<'_>, key: &str, default: u64, least: Duration, most: Duration) -> Duration {
    check.read(key, |entry| duration(entry, least..=most)).unwrap_or(seconds(default))
}

/// How many of something, at least 1.
fn count(check: &mut Checker<'_>, key: &str, default: usize, most: i64) -> usize {
    check.read(key, |entry| whole(entry, 1..=most)).and_then(|number| usize::try_from(number).ok()).unwrap_or(default)
}

/// Patterns of path names: the characters of a name, `*` for any run of characters, `?` for one.
pub(super) fn patterns(entry: &RawEntry) -> Result<Vec<String>, ConfigFault> {
    let patterns = list(entry)?;
    patterns.iter().try_for_each(|one| pattern(one))?;
    Ok(patterns)
}

/// One of them.
pub(super) fn pattern(pattern: &str) -> Result<(), ConfigFault> {
    let remedy = "use letters, digits, '_', '-', '.', '/', and '*' or '?' as wildcards";
    if pattern.is_empty() {
        return Err(ConfigFault::new("holds an empty pattern", remedy));
    }
    if pattern.len() > LONGEST_PATTERN {
        let fault = format!("holds a pattern of {} letters", pattern.len());
        return Err(ConfigFault::new(fault, format!("names have at most {LONGEST_PATTERN}")));
    }
    if let Some(bad) = pattern.chars().find(|c| !(c.is_ascii_alphanumeric() || "_-./*?".contains(*c))) {
        let shown: String = pattern.chars().take(60).collect();
        return Err(ConfigFault::new(format!("the pattern {shown:?} holds {bad:?}"), remedy));
    }
    Ok(())
}
