//! Everything restreaming needs to know from outside; its numbers may change while it runs.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use secrecy::SecretString;
use url::{Host, Url};

use crate::adapters::ffmpeg::argv;
use crate::adapters::ffmpeg::child::{ProcessEvents, ProcessExit, ProcessLaunch, RunObserver};
use crate::adapters::ffmpeg::ffmpeg_version::FfmpegVersion;
use crate::adapters::mediamtx::MediaMtx;
use crate::adapters::mediamtx::rtsp_connection::RtspPlace;
use crate::base::Result;
use crate::config::Settings;
use crate::domain::camera::{CameraSource, OwnOutput, Reach};
use crate::domain::name::StreamName;
use crate::domain::probe::{ProbeFault, Tracks};
use crate::domain::restart::RestartPolicy;
use crate::domain::restream::{PathView, RelayRules};
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
    /// It also probes the very port that relays publish to while the API does not answer.
    pub probed_by_monitor: bool,
    /// Where cameras are published.
    pub place: RtspPlace,
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
    pub version: FfmpegVersion,
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
    /// A change of the table that would stop a larger fraction of the relays is blocked.
    pub max_stop_fraction: f64,
    /// File that keeps the last known cameras, for a start without the database.
    pub last_known: PathBuf,
    /// Addresses that cameras may have.
    pub reach: Reach,
}

impl RestreamSetup {
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
        argv::publish_url(&self.place.base, login, name)
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
    Reach { allowed: settings.restream.allowed_networks.clone(), own_ports, output: output(settings) }
}

/// Ports of MediaMTX as it comes: RTMP, HLS, SRT.
const USUAL_PORTS: [u16; 3] = [1935, 8888, 8890];

/// Where cameras are published.
fn output(settings: &Settings) -> Option<OwnOutput> {
    let restream = &settings.restream;
    let server = settings.servers.iter().find(|server| server.name == restream.server)?;
    let host = restream.media_host.clone().or_else(|| server.rtsp_url.host_str().map(str::to_owned))?;
    let default_port = if server.rtsp_url.scheme() == "rtsps" { RTSPS_PORT } else { RTSP_PORT };
    let port = restream.media_port.or(server.rtsp_url.port()).unwrap_or(default_port);
    let hls = server.hls_url.as_ref().and_then(Url::port_or_known_default);
    Some(OwnOutput { host, ports: [port].into_iter().chain(hls).chain(USUAL_PORTS).collect() })
}

/// Ports of RTSP where a URL names none.
const RTSP_PORT: u16 = 554;
const RTSPS_PORT: u16 = 322;

/// Starts ffmpeg and probes cameras: this machine, or a simulation that needs no programs. The one seam below the relays:
/// everything above it is the same in both, arguments, progress, rules, budget, database.
pub trait Runner: fmt::Debug + Send + Sync {
    /// Starts a process. Called on the main thread (see the contract of `adapters::ffmpeg::child`).
    ///
    /// # Errors
    /// When it does not start.
    fn spawn(&self, launch: ProcessLaunch) -> Result<(Box<dyn Process>, ProcessEvents)>;

    /// Probes a camera. Dropped half-way nothing of it is left.
    fn probe(
        &self,
        setup: Arc<RestreamSetup>,
        source: Box<CameraSource>,
    ) -> BoxFuture<'static, Result<Tracks, ProbeFault>>;

    /// Whether sound comes at a path of the media server; `None` when nobody can say. Does nothing until it is awaited.
    fn sound(&self, _setup: Arc<RestreamSetup>, _name: StreamName) -> BoxFuture<'static, Option<bool>> {
        async { None }.boxed()
    }

    /// Who has a path of the media server at this moment.
    fn path(&self, _setup: Arc<RestreamSetup>, _name: StreamName) -> BoxFuture<'static, PathView> {
        async { PathView::Unknown }.boxed()
    }

    /// The same, and tells of each process that it starts for it.
    fn probe_observed(
        &self,
        setup: Arc<RestreamSetup>,
        source: Box<CameraSource>,
        _started: Box<dyn FnMut(RunObserver) + Send>,
    ) -> BoxFuture<'static, Result<Tracks, ProbeFault>> {
        self.probe(setup, source)
    }
}

/// A started process. Dropped, it is killed.
pub trait Process: fmt::Debug + Send {
    /// Its id.
    fn pid(&self) -> u32;
    /// Somebody who knows its last words; `None` where nothing is said.
    fn observer(&self) -> Option<RunObserver> {
        None
    }
    /// Whether somebody has suspended it: that nothing comes then is no fault of the camera.
    fn is_suspended(&self) -> bool {
        false
    }
    /// Ends it by a ladder whose steps wait for `grace` each. Not twice.
    fn end(&self, grace: Duration) -> BoxFuture<'static, ProcessExit>;
    /// Its exit.
    fn ended(&self) -> BoxFuture<'static, ProcessExit>;
}
