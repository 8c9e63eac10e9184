//! Everything restreaming needs to know from outside; its numbers may change while it runs.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use secrecy::SecretString;
use url::{Host, Url};

use super::runner::{Machine, Runner};
use crate::adapters::ffmpeg::argv;
use crate::adapters::ffmpeg::version::Version;
use crate::adapters::mediamtx::MediaMtx;
use crate::base::{Error, Result};
use crate::config::Settings;
use crate::domain::camera::Reach;
use crate::domain::name::StreamName;
use crate::domain::restart::RestartPolicy;
use crate::domain::restream::RelayRules;
use crate::domain::start_budget::Rates;

/// A wrong password is tried at most so often: cameras lock accounts.
const LOGIN_PAUSE: Duration = Duration::from_secs(60);
/// Name of the file that keeps the last known cameras.
pub const LAST_KNOWN: &str = "cameras.last.json";
/// Between two tries with a store that does not answer.
pub(super) const STORE_RETRY: Duration = Duration::from_secs(2);

/// Built by `app` at the start, and anew when the configuration was read again.
#[derive(Clone, Debug)]
pub struct RestreamSetup {
    /// Name of the server that cameras are published to.
    pub server: String,
    /// True when a monitor of this process polls that server: relays then wait for its first answer.
    pub monitored: bool,
    /// `rtsp://host:port` to publish to.
    pub base: Url,
    /// User name and password for publishing.
    pub login: Option<(String, Option<SecretString>)>,
    /// API of that server, to ask who has a path.
    pub api: Arc<MediaMtx>,
    /// Who runs the programs.
    pub runner: Arc<dyn Runner>,
    /// The programs.
    pub ffmpeg: PathBuf,
    /// See `ffmpeg`.
    pub ffprobe: PathBuf,
    /// Version of both.
    pub version: Version,
    /// Marks our child processes, see `adapters::ffmpeg::child`.
    pub mark: String,
    /// The cameras are read again at least so often.
    pub refresh: Duration,
    /// No progress for so long = stalled.
    pub stall_timeout: Duration,
    /// Wall-clock limit of one probe.
    pub probe_timeout: Duration,
    /// At most so many probes at once.
    pub max_probes: usize,
    /// Start budget.
    pub rates: Rates,
    /// A change of the table that would stop a larger fraction of the relays is held.
    pub max_stop_fraction: f64,
    /// File that keeps the last known cameras, for a start without the database.
    pub last_known: PathBuf,
    /// Addresses that cameras may have.
    pub reach: Reach,
}

impl RestreamSetup {
    /// Takes what it needs from checked settings. `monitored`: a monitor runs in this process.
    ///
    /// # Errors
    /// `Invalid` when `restream.server` names no server.
    pub fn from_settings(settings: &Settings, version: Version, mark: String, monitored: bool) -> Result<Self> {
        let restream = &settings.restream;
        let server = settings.servers.iter().find(|server| server.name == restream.server).ok_or_else(|| {
            let known = settings.servers.iter().map(|server| server.name.as_str()).collect::<Vec<_>>().join(", ");
            Error::invalid("restream.server", format!("there is no server of this name; servers are {known}"))
        })?;
        let mut base = server.rtsp_url.clone();
        let unusable = |_| Error::invalid("restream.media_host", "does not fit the server's rtsp_url");
        if let Some(host) = &restream.media_host {
            base.set_host(Some(host)).map_err(unusable)?;
        }
        if let Some(port) = restream.media_port {
            base.set_port(Some(port)).map_err(|()| Error::invalid("restream.media_port", "does not fit rtsp_url"))?;
        }
        Ok(Self {
            server: server.name.clone(),
            monitored,
            base,
            login: server.publish_username.clone().map(|user| (user, server.publish_password.clone())),
            api: Arc::new(MediaMtx::new(server)?),
            runner: Arc::new(Machine),
            ffmpeg: settings.ffmpeg.ffmpeg.clone(),
            ffprobe: settings.ffmpeg.ffprobe.clone(),
            version,
            mark,
            refresh: restream.refresh,
            stall_timeout: restream.stall_timeout,
            probe_timeout: restream.probe_timeout,
            max_probes: restream.max_probes,
            rates: Rates { fleet: restream.start_rate, host: restream.start_rate_per_host },
            max_stop_fraction: restream.max_stop_fraction,
            last_known: settings.data_dir.join(LAST_KNOWN),
            reach: reach(settings),
        })
    }

    /// True when nothing differs that may change while relays run.
    pub fn runs_like(&self, other: &Self) -> bool {
        let numbers = |setup: &Self| {
            let Self { refresh, stall_timeout, probe_timeout, max_probes, rates, max_stop_fraction, .. } = *setup;
            (refresh, stall_timeout, probe_timeout, max_probes, rates, max_stop_fraction)
        };
        numbers(self) == numbers(other) && self.reach == other.reach
    }

    /// The password for publishing.
    pub(super) fn publish_password(&self) -> Option<&SecretString> {
        self.login.as_ref().and_then(|(_, password)| password.as_ref())
    }

    /// User name and password for the server, where both are set.
    pub(super) fn full_login(&self) -> Option<(&str, &SecretString)> {
        self.login.as_ref().and_then(|(user, password)| Some((user.as_str(), password.as_ref()?)))
    }

    /// Where a camera is published; may hold credentials.
    pub(super) fn target(&self, name: &StreamName) -> Result<SecretString> {
        let login = self.login.as_ref().map(|(user, password)| (user.as_str(), password.as_ref()));
        argv::publish_url(&self.base, login, name)
    }

    /// Longest wait of ffmpeg for one read or write: shorter than our own limit, because its words say more.
    pub(super) fn io_timeout(&self) -> Duration {
        self.stall_timeout.mul_f64(0.8)
    }

    /// Numbers of the relays' rules.
    pub(super) fn rules(&self) -> RelayRules {
        RelayRules {
            restart: RestartPolicy::STANDARD,
            stall_timeout: self.stall_timeout,
            start_timeout: self.stall_timeout * 2,
            login_pause: LOGIN_PAUSE,
        }
    }
}

/// Which addresses cameras may have by these settings. What listens on a port that the system chooses is not known yet.
pub fn reach(settings: &Settings) -> Reach {
    let is_here = |url: &Url| match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback() || address.is_unspecified(),
        Some(Host::Ipv6(address)) => address.is_loopback() || address.is_unspecified(),
        None => false,
    };
    let apis = settings.servers.iter().map(|server| &server.api_url).filter(|url| is_here(url));
    let mut own_ports: Vec<u16> = apis.filter_map(Url::port_or_known_default).collect();
    own_ports.push(settings.http.listen.port());
    Reach { allowed: settings.restream.allowed_networks.clone(), own_ports }
}
