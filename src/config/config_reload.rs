//! Two readings of the configuration: which keys differ, and which of them can change while we run.
//!
//! Pure. What is live here is what `app` hands to the managers as settings; everything else is named and waits for the
//! next start.

use std::path::Path;
use std::sync::Arc;

use secrecy::{ExposeSecret, SecretString};

use super::health_rows;
use super::item_rows::{ItemRow, ca_file, fingerprint, of_items, same_secret};
use super::settings::{
    DatabaseSettings, LiveSettings, ObjectsSettings, PostgresSettings, ReceiverSettings, RedisSettings, S3Settings,
    ServerSettings, Settings, Shown, TlsFiles,
};

/// A key whose value is another one now. Never holds the value: it may be a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changed {
    /// Full name: `record.include`, `servers[1].api_url`, `servers[2]` for one that came or went.
    pub key: String,
    /// It takes effect at once; else at the next start.
    pub live: bool,
}

/// A key: whether it differs, and how it is taken over when it can be.
struct Row {
    key: &'static str,
    differs: fn(&Settings, &Settings) -> bool,
    take: Option<fn(&mut Settings, &Settings)>,
}

macro_rules! live {
    ($key:literal, $($field:ident).+) => {
        Row {
            key: $key,
            differs: |old, new| old.$($field).+ != new.$($field).+,
            take: Some(|current, new| current.$($field).+.clone_from(&new.$($field).+)),
        }
    };
}
macro_rules! next_start {
    ($key:literal, $($field:ident).+) => {
        Row { key: $key, differs: |old, new| old.$($field).+ != new.$($field).+, take: None }
    };
}

/// Every key but those of lists of sections, in the order of `etc/streamwarden.toml`.
const ROWS: &[Row] = &[
    next_start!("node", node),
    next_start!("roles", roles),
    next_start!("data_dir", data_dir),
    next_start!("http.listen", http.listen),
    live!("http.allowed_origins", http.allowed_origins),
    live!("http.users", http.users),
    live!("http.tokens", http.tokens),
    live!("http.trusted_proxies", http.trusted_proxies),
    next_start!("http.base_path", http.base_path),
    Row {
        key: "http.tls_cert",
        differs: |old, new| tls(old).map(|it| &it.cert) != tls(new).map(|it| &it.cert),
        take: None,
    },
    Row {
        key: "http.tls_key",
        differs: |old, new| tls(old).map(|it| &it.key) != tls(new).map(|it| &it.key),
        take: None,
    },
    next_start!("http.websocket_clients", http.websocket_clients),
    next_start!("http.websocket_clients_per_address", http.websocket_clients_per_address),
    next_start!("http.status_page.enabled", http.status_page.enabled),
    next_start!("http.status_page.title", http.status_page.title),
    next_start!("http.status_page.login", http.status_page.login),
    next_start!("http.status_page.streams", http.status_page.streams),
    next_start!("http.status_page.servers", http.status_page.servers),
    next_start!("http.status_page.endpoints", http.status_page.endpoints),
    live!("monitor.interval", monitor.interval),
    next_start!("monitor.history", monitor.history),
    next_start!("monitor.history_memory", monitor.history_memory),
    next_start!("monitor.history_1m", monitor.history_1m),
    next_start!("monitor.history_10m", monitor.history_10m),
    next_start!("monitor.labels", monitor.labels),
    next_start!("monitor.readers_gone", monitor.readers_gone),
    next_start!("monitor.disk_limit", monitor.disk_limit),
    next_start!("monitor.disk_full_within", monitor.disk_full_within),
    Row {
        key: "live.redis_url",
        differs: |old, new| !same_secret(redis(old).map(|redis| &redis.url), redis(new).map(|redis| &redis.url)),
        take: None,
    },
    Row { key: "live.redis_ca_file", differs: |old, new| redis_ca_file(old) != redis_ca_file(new), take: None },
    Row {
        key: "live.prefix",
        differs: |old, new| redis(old).zip(redis(new)).is_some_and(|(old, new)| old.prefix != new.prefix),
        take: None,
    },
    Row { key: "database.url", differs: |old, new| address(&old.database) != address(&new.database), take: None },
    Row { key: "database.schema", differs: |old, new| schema(&old.database) != schema(&new.database), take: None },
    Row {
        key: "database.listen_url",
        differs: |old, new| !same_secret(listen_url(&old.database), listen_url(&new.database)),
        take: None,
    },
    Row {
        key: "database.cameras_query",
        differs: |old, new| cameras_query(&old.database) != cameras_query(&new.database),
        take: None,
    },
    next_start!("restream.server", restream.server),
    next_start!("restream.media_host", restream.media_host),
    next_start!("restream.media_port", restream.media_port),
    live!("restream.stall_timeout", restream.stall_timeout),
    live!("restream.refresh", restream.refresh),
    live!("restream.start_rate", restream.start_rate),
    live!("restream.start_rate_per_host", restream.start_rate_per_host),
    live!("restream.probe_timeout", restream.probe_timeout),
    live!("restream.max_probes", restream.max_probes),
    live!("restream.max_stop_fraction", restream.max_stop_fraction),
    live!("restream.allowed_networks", restream.allowed_networks),
    next_start!("restream.require_hidden_arguments", restream.require_hidden_arguments),
    live!("record.segment_duration", record.segment_duration),
    next_start!("record.output_format", record.output_format),
    live!("record.max_concurrent", record.max_concurrent),
    live!("record.include", record.include),
    live!("record.exclude", record.exclude),
    live!("record.on_demand", record.on_demand),
    live!("record.keep_local", record.keep_local),
    live!("record.min_free", record.min_free),
    live!("record.evict_before_upload", record.evict_before_upload),
    next_start!("record.thumbnails", record.thumbnails),
    next_start!("upload.workers", upload.workers),
    live!("upload.max_rate", upload.max_rate),
    live!("upload.window", upload.window),
    live!("objects.keep", retention.keep),
    live!("objects.keep_streams", retention.keep_streams),
    live!("objects.keep_bytes", retention.keep_bytes),
    Row { key: "objects.directory", differs: |old, new| folder(old) != folder(new), take: None },
    Row {
        key: "objects.s3.endpoint_url",
        differs: |old, new| in_bucket(old, new, |one| &one.endpoint_url),
        take: None,
    },
    Row { key: "objects.s3.bucket_name", differs: |old, new| in_bucket(old, new, |one| &one.bucket_name), take: None },
    Row { key: "objects.s3.region", differs: |old, new| in_bucket(old, new, |one| &one.region), take: None },
    Row {
        key: "objects.s3.access_key_id",
        differs: |old, new| in_bucket(old, new, |one| &one.access_key_id),
        take: None,
    },
    Row {
        key: "objects.s3.secret_access_key",
        differs: |old, new| {
            let secret = |settings| bucket(settings).map(|one| &one.secret_access_key);
            !same_secret(secret(old), secret(new))
        },
        take: None,
    },
    Row {
        key: "objects.s3.storage_class",
        differs: |old, new| in_bucket(old, new, |one| &one.storage_class),
        take: None,
    },
    Row { key: "objects.s3.path_style", differs: |old, new| in_bucket(old, new, |one| &one.path_style), take: None },
    next_start!("health.workers", health.workers),
    next_start!("health.interval", health.interval),
    next_start!("health.limit", health.limit),
    next_start!("health.window", health.window),
    next_start!("health.endpoint_workers", health.endpoint_workers),
    next_start!("health.endpoint_window", health.endpoint_window),
    next_start!("health.anomalies.enabled", health.anomalies.enabled),
    next_start!("health.anomalies.metrics", health.anomalies.metrics),
    next_start!("health.anomalies.dwell", health.anomalies.dwell),
    next_start!("health.anomalies.sensitivity", health.anomalies.sensitivity),
    next_start!("health.anomalies.include", health.anomalies.include),
    next_start!("health.anomalies.exclude", health.anomalies.exclude),
    next_start!("agent.interval", agent.interval),
    next_start!("agent.post_url", agent.post_url),
    Row {
        key: "agent.post_fingerprint",
        differs: |old, new| fingerprint(&old.agent.post_trust) != fingerprint(&new.agent.post_trust),
        take: None,
    },
    Row {
        key: "agent.post_ca_file",
        differs: |old, new| ca_file(&old.agent.post_trust) != ca_file(&new.agent.post_trust),
        take: None,
    },
    Row {
        key: "agent.token",
        differs: |old, new| !same_secret(old.agent.token.as_ref(), new.agent.token.as_ref()),
        take: None,
    },
    live!("notify.page_url", notify.page_url),
    live!("notify.time_zone", notify.time_zone),
    next_start!("ffmpeg.ffmpeg", ffmpeg.ffmpeg),
    next_start!("ffmpeg.ffprobe", ffmpeg.ffprobe),
];

const SERVER_ROWS: &[ItemRow<ServerSettings>] = &[
    ("name", |old, new| old.name != new.name),
    ("api_url", |old, new| old.api_url != new.api_url),
    ("rtsp_url", |old, new| old.rtsp_url != new.rtsp_url),
    ("hls_url", |old, new| old.hls_url != new.hls_url),
    ("webrtc_url", |old, new| old.webrtc_url != new.webrtc_url),
    ("api_username", |old, new| old.api_username != new.api_username),
    ("api_password", |old, new| !same_secret(old.api_password.as_ref(), new.api_password.as_ref())),
    ("api_fingerprint", |old, new| fingerprint(&old.api_trust) != fingerprint(&new.api_trust)),
    ("api_ca_file", |old, new| ca_file(&old.api_trust) != ca_file(&new.api_trust)),
    ("rtsp_fingerprint", |old, new| fingerprint(&old.rtsp_trust) != fingerprint(&new.rtsp_trust)),
    ("rtsp_ca_file", |old, new| ca_file(&old.rtsp_trust) != ca_file(&new.rtsp_trust)),
    ("publish_username", |old, new| old.publish_username != new.publish_username),
    ("publish_password", |old, new| !same_secret(old.publish_password.as_ref(), new.publish_password.as_ref())),
];

/// All of them are taken over at once. What only one kind of receiver has is compared with the kind, as `url` and the others are.
const RECEIVER_ROWS: &[ItemRow<ReceiverSettings>] = &[
    ("name", |old, new| old.name != new.name),
    ("kind", |old, new| old.target.kind() != new.target.kind()),
    ("url", |old, new| old.target.address() != new.target.address()),
    ("token", |old, new| old.target.token() != new.target.token()),
    ("signing_secret", |old, new| old.target.signing_secret() != new.target.signing_secret()),
    ("username", |old, new| old.target.username() != new.target.username()),
    ("password", |old, new| old.target.password() != new.target.password()),
    ("from", |old, new| old.target.from() != new.target.from()),
    ("to", |old, new| old.target.to() != new.target.to()),
    ("ca_file", |old, new| old.ca_file != new.ca_file),
    ("severity", |old, new| old.severity != new.severity),
    ("kinds", |old, new| old.kinds != new.kinds),
    ("streams", |old, new| old.streams != new.streams),
    ("group_wait", |old, new| old.group_wait != new.group_wait),
    ("group_interval", |old, new| old.group_interval != new.group_interval),
    ("resolved", |old, new| old.resolved != new.resolved),
    ("resolve_after", |old, new| old.resolve_after != new.resolve_after),
    ("repeat", |old, new| old.repeat != new.repeat),
    ("escalate_after", |old, new| old.escalate_after != new.escalate_after),
    ("quiet_hours", |old, new| old.quiet_hours != new.quiet_hours),
    ("quiet_severity", |old, new| old.quiet_severity != new.quiet_severity),
    ("length", |old, new| old.length != new.length),
    ("line", |old, new| old.line != new.line),
];

/// Keys that differ, in the order of `etc/streamwarden.toml`.
pub fn compare(old: &Settings, new: &Settings) -> Vec<Changed> {
    let differing = ROWS.iter().filter(|row| (row.differs)(old, new));
    let mut changed: Vec<_> =
        differing.map(|row| Changed { key: row.key.to_owned(), live: row.take.is_some() }).collect();
    let servers = of_items("servers", &old.servers, &new.servers, SERVER_ROWS);
    let of_health = health_rows::differing(&old.health, &new.health);
    changed.extend(servers.chain(of_health).map(|key| Changed { key, live: false }));
    let receivers = of_items("notify.receivers", &old.notify.receivers, &new.notify.receivers, RECEIVER_ROWS);
    changed.extend(receivers.map(|key| Changed { key, live: true }));
    changed
}

/// `current` with every value of `new` that can change while we run.
pub fn take_live(current: &Settings, new: &Settings) -> Settings {
    let mut taken = current.clone();
    for take in ROWS.iter().filter_map(|row| row.take) {
        take(&mut taken, new);
    }
    taken.notify.clone_from(&new.notify);
    taken.shown = shown(current, new);
    taken
}

fn tls(settings: &Settings) -> Option<&TlsFiles> {
    settings.http.tls.as_ref()
}

/// What is shown of each key: of one that waits for the next start what it is until then.
fn shown(current: &Settings, new: &Settings) -> Arc<[Shown]> {
    let waiting: Vec<_> = compare(current, new).into_iter().filter(|changed| !changed.live).collect();
    let waits = |key: &str| {
        waiting
            .iter()
            .any(|one| key.strip_prefix(&*one.key).is_some_and(|rest| rest.is_empty() || rest.starts_with('.')))
    };
    let of_new = |key: &str| new.shown.iter().find(|one| one.key == key && !waits(key));
    let is_receiver = |one: &&Shown| one.key.starts_with("notify.receivers[");
    let (others, receivers) =
        (current.shown.iter().filter(|one| !is_receiver(one)), new.shown.iter().filter(is_receiver));
    // There may be more or fewer of them, and they stand behind the keys of their section.
    let mut all: Vec<Shown> = others.map(|one| of_new(&one.key).unwrap_or(one).clone()).collect();
    let place = all.iter().rposition(|one| one.key.starts_with("notify.")).map_or(all.len(), |at| at + 1);
    all.splice(place..place, receivers.cloned());
    all.into()
}

fn redis(settings: &Settings) -> Option<&RedisSettings> {
    if let LiveSettings::Redis(redis) = &settings.live { Some(redis) } else { None }
}

fn redis_ca_file(settings: &Settings) -> Option<&Path> {
    redis(settings).and_then(|redis| redis.ca_file.as_deref())
}

fn folder(settings: &Settings) -> Option<&Path> {
    match &settings.objects {
        ObjectsSettings::Directory(path) => Some(path),
        ObjectsSettings::S3(_) => None,
    }
}

fn bucket(settings: &Settings) -> Option<&S3Settings> {
    match &settings.objects {
        ObjectsSettings::Directory(_) => None,
        ObjectsSettings::S3(bucket) => Some(bucket),
    }
}

/// Whether something differs between two buckets; a bucket in place of a folder is told by its endpoint alone.
fn in_bucket<T: PartialEq>(old: &Settings, new: &Settings, of: impl Fn(&S3Settings) -> &T) -> bool {
    bucket(old).zip(bucket(new)).is_some_and(|(old, new)| of(old) != of(new))
}

/// What `database.url` says; a secret.
fn address(database: &DatabaseSettings) -> (&str, &Path) {
    match database {
        DatabaseSettings::Sqlite(file) => ("", file),
        // A site's own file follows `data_dir`.
        DatabaseSettings::Postgres(PostgresSettings { url, .. }) | DatabaseSettings::Site { url, .. } => {
            (url.expose_secret(), Path::new(""))
        }
    }
}

fn schema(database: &DatabaseSettings) -> Option<&str> {
    match database {
        DatabaseSettings::Postgres(postgres) => postgres.schema.as_deref(),
        DatabaseSettings::Sqlite(_) | DatabaseSettings::Site { .. } => None,
    }
}

fn listen_url(database: &DatabaseSettings) -> Option<&SecretString> {
    match database {
        DatabaseSettings::Postgres(PostgresSettings { listen_url, .. }) | DatabaseSettings::Site { listen_url, .. } => {
            listen_url.as_ref()
        }
        DatabaseSettings::Sqlite(_) => None,
    }
}

fn cameras_query(database: &DatabaseSettings) -> Option<&str> {
    match database {
        DatabaseSettings::Site { cameras_query, .. } => Some(cameras_query),
        DatabaseSettings::Sqlite(_) | DatabaseSettings::Postgres(_) => None,
    }
}

#[cfg(test)]
#[path = "config_reload_tests.rs"]
mod tests;
