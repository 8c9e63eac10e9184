//! Checked settings: everything in here is usable as it is. Built by `config::check`, or by the demo in code.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use secrecy::SecretString;
use serde::Serialize;
use url::Url;

pub use super::http_settings::{
    ConfiguredToken, ConfiguredUser, HiddenHash, HttpSettings, StatusPageSettings, TlsFiles,
};
pub use super::notify_settings::{
    EmailTarget, MailSecurity, MessageLength, NotifySettings, NtfyTarget, ReceiverSettings, ReceiverTarget,
    TelegramTarget, TimeZone, WebhookTarget,
};
use crate::base::network::{Network, NetworkLabel};
use crate::base::upload_window::UploadWindow;

pub use super::health_settings::{
    AnomalySensitivity, AnomalySettings, EncoderSettings, EncoderSpeech, EndpointSettings, HealthSettings,
    PlatformSettings, TargetPlace, TargetSettings,
};

/// All of it.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Name of this process in logs and leases.
    pub node: String,
    /// Roles to run, by their words (`monitor`, `restream`, `record`, `health`, `agent`); checked against `domain::role` by the caller
    /// that starts them.
    pub roles: Vec<String>,
    /// Folder for everything we keep: SQLite file, spool, objects, pid.
    pub data_dir: PathBuf,
    /// HTTP.
    pub http: HttpSettings,
    /// Servers, at least one, names unique.
    pub servers: Vec<ServerSettings>,
    /// Polling.
    pub monitor: MonitorSettings,
    /// Measuring this host.
    pub agent: AgentSettings,
    /// Live state.
    pub live: LiveSettings,
    /// Database.
    pub database: DatabaseSettings,
    /// Restreaming.
    pub restream: RestreamSettings,
    /// Recording.
    pub record: RecordSettings,
    /// Uploading.
    pub upload: UploadSettings,
    /// Object store.
    pub objects: ObjectsSettings,
    /// How long it keeps recordings.
    pub retention: RetentionSettings,
    /// Probes.
    pub health: HealthSettings,
    /// Who is told of incidents.
    pub notify: NotifySettings,
    /// ffmpeg programs.
    pub ffmpeg: FfmpegSettings,
    /// Every key with its value and origin, for people; without secrets.
    pub shown: Arc<[Shown]>,
}

impl Settings {
    /// Whether this process does that; a word of `roles`.
    pub fn has_role(&self, role: &str) -> bool {
        self.roles.iter().any(|one| one == role)
    }
}

/// A key of the configuration, for people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Shown {
    /// Full name: `servers[0].api_url`.
    pub key: String,
    /// As the file would have it; `***` for a secret, null where there is none.
    pub value: Option<String>,
    /// `default`, `etc/streamwarden.toml:12`, `environment PG_DSN`, `command line --listen`.
    pub origin: String,
}

/// One MediaMTX server.
#[derive(Clone, Debug)]
pub struct ServerSettings {
    /// Unique name.
    pub name: String,
    /// Control API. May have a path, when a reverse proxy keeps the API in a folder; never `/v3`.
    pub api_url: Url,
    /// RTSP base for publishing and reading, without a path and without credentials.
    pub rtsp_url: Url,
    /// Where browsers find its HLS.
    pub hls_url: Option<Url>,
    /// Where browsers find its WebRTC.
    pub webrtc_url: Option<Url>,
    /// Basic auth of the API.
    pub api_username: Option<String>,
    /// Basic auth of the API.
    pub api_password: Option<SecretString>,
    /// Whose certificate a server over https may show: an API, a monitor.
    pub api_trust: ApiTrust,
    /// Whose certificate its RTSP side may show, where `rtsp_url` is `rtsps://`.
    pub rtsp_trust: ApiTrust,
    /// Credentials for publishing and reading over RTSP.
    pub publish_username: Option<String>,
    /// Credentials for publishing and reading over RTSP.
    pub publish_password: Option<SecretString>,
}

/// Whose certificate a server may show: an API, RTSP over TLS, a monitor.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum ApiTrust {
    /// One that an authority of this machine has signed.
    #[default]
    Machine,
    /// The one with this SHA-256 fingerprint, whoever has signed it.
    Fingerprint([u8; 32]),
    /// One that an authority of this PEM file has signed, or that is in it.
    File(PathBuf),
}

/// Measuring this host.
#[derive(Clone, Debug)]
pub struct AgentSettings {
    /// Time between measurements.
    pub interval: Duration,
    /// Where measurements are sent to, besides the live store: the address of a monitor.
    pub post_url: Option<Url>,
    /// Whose certificate that monitor may show.
    pub post_trust: ApiTrust,
    /// What the monitor knows this agent by.
    pub token: Option<SecretString>,
}

/// Polling.
#[derive(Clone, Debug)]
pub struct MonitorSettings {
    /// Time between polls.
    pub interval: Duration,
    /// How long samples are kept at full rate.
    pub history: Duration,
    /// Bytes of memory that they may take.
    pub history_memory: u64,
    /// How long buckets of a minute are kept in the database.
    pub history_1m: Duration,
    /// How long buckets of ten minutes are kept in the database.
    pub history_10m: Duration,
    /// What known addresses are called where sessions are shown.
    pub labels: Vec<NetworkLabel>,
    /// Readers that leave a stream all at once are an incident.
    pub readers_gone: bool,
    /// A disk of a host is nearly full with so many percent used.
    pub disk_limit: u8,
    /// A disk of a host that will be full within this time is nearly full.
    pub disk_full_within: Duration,
}

/// Live state: latest values, history, changes.
#[derive(Clone, Debug, Default)]
pub enum LiveSettings {
    /// In this process.
    #[default]
    Memory,
    /// In this process, and in a Redis that other programs and processes read.
    Redis(RedisSettings),
}

/// A Redis server.
#[derive(Clone, Debug)]
pub struct RedisSettings {
    /// Where it is, as [`redis_url::parse`](super::redis_url::parse) reads it, with the password.
    pub url: SecretString,
    /// PEM file with the authority of its certificate, where the machine does not know it.
    pub ca_file: Option<PathBuf>,
    /// First part of every key and channel.
    pub prefix: String,
}

/// Database.
#[derive(Clone, Debug)]
pub enum DatabaseSettings {
    /// A SQLite file.
    Sqlite(PathBuf),
    /// A PostgreSQL server.
    Postgres(PostgresSettings),
    /// Cameras are read from a table of the site's own, everything else is ours.
    Site {
        /// The site's PostgreSQL server, with the password.
        url: SecretString,
        /// One SELECT that gives the cameras, columns by name.
        cameras_query: String,
        /// The server itself, where `url` leads to a pooler that shares its connections.
        listen_url: Option<SecretString>,
        /// Our SQLite file.
        own: PathBuf,
    },
}

/// A PostgreSQL server that keeps everything of ours.
#[derive(Clone, Debug)]
pub struct PostgresSettings {
    /// Where it is, as [`postgres::parse`](super::postgres::parse) reads it, with the password.
    pub url: SecretString,
    /// Schema of our tables; `None`: the first one of the user's search path.
    pub schema: Option<String>,
    /// The server itself, where `url` leads to a pooler that shares its connections.
    pub listen_url: Option<SecretString>,
}

/// Restreaming.
#[derive(Clone, Debug)]
pub struct RestreamSettings {
    /// Name of the server cameras are published to.
    pub server: String,
    /// Host to publish to instead of that server's `rtsp_url` host.
    pub media_host: Option<String>,
    /// Port to publish to instead of that server's `rtsp_url` port.
    pub media_port: Option<u16>,
    /// No progress for so long = stalled.
    pub stall_timeout: Duration,
    /// The cameras are read again at least so often.
    pub refresh: Duration,
    /// ffmpeg starts per second, whole process.
    pub start_rate: f64,
    /// ffmpeg starts per second and camera host.
    pub start_rate_per_host: f64,
    /// Wall-clock limit of one probe.
    pub probe_timeout: Duration,
    /// At most so many probes at once.
    pub max_probes: usize,
    /// A change of the table may stop this fraction of the relays at once; more is blocked. 1 = never blocked.
    pub max_stop_fraction: f64,
    /// Networks in which cameras are called although they would be refused: link-local ones, our own ports.
    pub allowed_networks: Vec<Network>,
    /// Do not start where passwords in arguments cannot be hidden from `ps`.
    pub require_hidden_arguments: bool,
}

/// Recording.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordSettings {
    /// Length of a segment; cuts happen at the next keyframe.
    pub segment_duration: Duration,
    /// Container; `mp4` (fragmented).
    pub output_format: String,
    /// At most so many streams are recorded at once.
    pub max_concurrent: usize,
    /// Name patterns (`*` and `?`) of streams to record.
    pub include: Vec<String>,
    /// Name patterns of streams not to record; wins over `include`.
    pub exclude: Vec<String>,
    /// Streams that are there only while somebody reads them are recorded too.
    pub on_demand: bool,
    /// Uploaded segments stay in the spool for so long.
    pub keep_local: Duration,
    /// When the disk is full, what is not uploaded yet goes too.
    pub evict_before_upload: bool,
    /// Recording pauses when less is free, in bytes.
    pub min_free: u64,
    /// Small pictures of what is recorded are made for the page.
    pub thumbnails: bool,
}

/// Uploading.
#[derive(Clone, Debug)]
pub struct UploadSettings {
    /// Upload workers.
    pub workers: usize,
    /// Bytes a second of all uploads to a bucket together.
    pub max_rate: Option<u64>,
    /// When uploads go on.
    pub window: Option<UploadWindow>,
}

/// How long the object store keeps recordings; for ever when nothing is given.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RetentionSettings {
    /// Recordings are deleted when they ended so long ago.
    pub keep: Option<Duration>,
    /// Other times for streams whose name matches the pattern; the first one counts.
    pub keep_streams: Vec<(String, Duration)>,
    /// The oldest go while all together have more bytes.
    pub keep_bytes: Option<u64>,
}

/// Object store.
#[derive(Clone, Debug)]
pub enum ObjectsSettings {
    /// A local directory.
    Directory(PathBuf),
    /// A bucket.
    S3(Box<S3Settings>),
}

impl ObjectsSettings {
    /// It is not a folder of this machine.
    pub fn is_bucket(&self) -> bool {
        matches!(self, Self::S3(_))
    }
}

/// A bucket of an S3-compatible server.
#[derive(Clone, Debug)]
pub struct S3Settings {
    /// Scheme, host and port of the server.
    pub endpoint_url: Url,
    /// Its bucket.
    pub bucket_name: String,
    /// As requests are signed for.
    pub region: String,
    /// Who asks.
    pub access_key_id: String,
    /// What requests are signed with.
    pub secret_access_key: SecretString,
    /// One of S3's words; `STANDARD` is not sent.
    pub storage_class: String,
    /// The bucket stands in the path and not in the host name.
    pub path_style: bool,
}

/// The ffmpeg programs.
#[derive(Clone, Debug)]
pub struct FfmpegSettings {
    /// `ffmpeg`, by name or path.
    pub ffmpeg: PathBuf,
    /// `ffprobe`, by name or path.
    pub ffprobe: PathBuf,
}
