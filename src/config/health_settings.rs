//! Checked settings of the health probes.

use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};

/// Probes of streams.
#[derive(Clone, Debug, PartialEq)]
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
