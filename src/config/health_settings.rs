//! Checked settings of the health probes.

use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use url::Url;

use super::settings::ApiTrust;

/// Probes of streams and endpoints, encoders and platforms.
#[derive(Clone, Debug)]
pub struct HealthSettings {
    /// Probes at once.
    pub workers: usize,
    /// So much of a stream is measured by each.
    pub window: Duration,
    /// Time between two probes of a target that says nothing else.
    pub interval: Duration,
    /// Limit of a probe of a target that says nothing else.
    pub limit: Duration,
    /// What is probed.
    pub targets: Vec<TargetSettings>,
    /// Probes of endpoints at once.
    pub endpoint_workers: usize,
    /// So far back go latency, jitter and loss of an endpoint.
    pub endpoint_window: Duration,
    /// What is asked over the network.
    pub endpoints: Vec<EndpointSettings>,
    /// Numbers of streams that are watched for anomalies.
    pub anomalies: AnomalySettings,
    /// Hardware encoders that are asked.
    pub encoders: Vec<EncoderSettings>,
    /// Platforms that are asked.
    pub platforms: Vec<PlatformSettings>,
}

/// What is watched for anomalies.
#[derive(Clone, Debug, PartialEq)]
pub struct AnomalySettings {
    /// Whether anything is.
    pub enabled: bool,
    /// Words of numbers.
    pub metrics: Vec<String>,
    /// A number has to be unusual for so long.
    pub dwell: Duration,
    /// How far it has to leave what is usual.
    pub sensitivity: AnomalySensitivity,
    /// Patterns of names of streams that are watched.
    pub include: Vec<String>,
    /// Patterns of names of those that are not; wins over `include`.
    pub exclude: Vec<String>,
}

/// How far a number has to leave what is usual.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AnomalySensitivity {
    /// Far.
    Low,
    /// In between.
    Medium,
    /// Not far.
    High,
}

/// One endpoint.
#[derive(Clone)]
pub struct EndpointSettings {
    /// Unique, among targets too.
    pub name: String,
    /// Its address; may hold a token.
    pub url: SecretString,
    /// Time between two probes.
    pub interval: Duration,
    /// A probe that takes longer is ended.
    pub limit: Duration,
    /// Failed probes in a row that are an outage.
    pub down_after: u32,
    /// Good ones in a row that end it.
    pub up_after: u32,
    /// Share of round trips lost from which on it is degraded.
    pub max_loss: f64,
    /// Median of the round trips from which on it is degraded.
    pub max_latency: Option<Duration>,
    /// It is degraded when its certificate is valid for a shorter time.
    pub certificate_left: Duration,
    /// Whose certificate it may show.
    pub trust: ApiTrust,
}

impl EndpointSettings {
    /// Its address.
    pub fn url(&self) -> &str {
        self.url.expose_secret()
    }

    fn key(&self) -> impl PartialEq + '_ {
        let times = (self.interval, self.limit, self.max_latency, self.certificate_left);
        (&self.name, self.url(), times, self.down_after, self.up_after, self.max_loss, &self.trust)
    }
}

impl PartialEq for EndpointSettings {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl std::fmt::Debug for EndpointSettings {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let times = (self.interval, self.limit, self.max_latency, self.certificate_left);
        let limits = (self.down_after, self.up_after, self.max_loss);
        out.debug_tuple("EndpointSettings").field(&self.name).field(&times).field(&limits).field(&self.trust).finish()
    }
}

/// One target.
#[derive(Clone, Debug, PartialEq)]
pub struct TargetSettings {
    /// Unique.
    pub name: String,
    /// Where it is.
    pub place: TargetPlace,
    /// Time between two probes.
    pub interval: Duration,
    /// A probe that takes longer is ended.
    pub limit: Duration,
}

/// Where a target is.
#[derive(Clone, Debug)]
pub enum TargetPlace {
    /// Paths of the media servers.
    Path {
        /// Name of the server; `None`: of all.
        server: Option<String>,
        /// Name of a path, or a pattern of names.
        pattern: String,
    },
    /// An address; may hold a password.
    Url(SecretString),
}

impl PartialEq for TargetPlace {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Path { server, pattern }, Self::Path { server: its, pattern: other }) => {
                (server, pattern) == (its, other)
            }
            (Self::Url(url), Self::Url(other)) => url.expose_secret() == other.expose_secret(),
            _ => false,
        }
    }
}

/// A hardware encoder.
#[derive(Clone, Debug, PartialEq)]
pub struct EncoderSettings {
    /// Unique.
    pub name: String,
    /// Host name or address.
    pub host: String,
    /// How it is spoken to.
    pub protocol: EncoderSpeech,
    /// Its REST interface is encrypted, and whose certificate it may show.
    pub tls: Option<ApiTrust>,
    /// Port of its REST interface.
    pub rest_port: u16,
    /// Port of its text protocol.
    pub text_port: u16,
    /// Time between two questions.
    pub interval: Duration,
    /// It should always stream.
    pub always_on: bool,
    /// The live event that it feeds: `platform/id`.
    pub feeds_event: Option<String>,
    /// The stream that it feeds: `server/name`.
    pub feeds_stream: Option<String>,
}

/// How an encoder is spoken to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EncoderSpeech {
    /// As it speaks.
    Auto,
    /// By REST.
    Rest,
    /// By the text protocol.
    Text,
}

/// A platform that streams are sent to.
#[derive(Clone, Debug)]
pub struct PlatformSettings {
    /// Unique.
    pub name: String,
    /// Which one: `vimeo`.
    pub kind: String,
    /// Its interface.
    pub url: Url,
    /// Lets us ask.
    pub token: SecretString,
    /// Ids of the live events that are watched; empty: all that are not over.
    pub events: Vec<String>,
    /// Time between two questions.
    pub interval: Duration,
}
