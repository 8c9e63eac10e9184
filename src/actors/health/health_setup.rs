//! What the role needs to know from outside.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use secrecy::SecretString;

use crate::adapters::ffmpeg::argv;
use crate::adapters::ffmpeg::ffmpeg_version::FfmpegVersion;
use crate::adapters::mediamtx::rtsp_connection::RtspPlace;
use crate::base::{Error, Result};
use crate::config::settings::{HealthSettings, ServerSettings, TargetPlace};
use crate::domain::admission::StreamKey;
use crate::domain::camera::{CameraEdit, CameraSource, Kinds, Reach, draft};
use crate::domain::health::{ProbePlace, ProbeTarget};
use crate::domain::name::StreamName;

/// Built by `app` at the start.
#[derive(Clone, Debug)]
pub struct HealthSetup {
    /// Probes at once.
    pub workers: usize,
    /// So much of a stream is measured.
    pub window: Duration,
    /// What is probed.
    pub targets: Vec<ProbeTarget>,
    /// Media servers, by name.
    pub servers: BTreeMap<String, ReadServer>,
    /// The program.
    pub ffprobe: PathBuf,
    /// Its version.
    pub version: FfmpegVersion,
    /// Marks our child processes, see `adapters::ffmpeg::child`.
    pub mark: String,
    /// Addresses that targets may have.
    pub reach: Reach,
    /// Is told how many frames a second a path has.
    pub frame_rates: FrameRates,
}

/// Takes frames per second of a stream.
type TakeRate = dyn Fn(&StreamKey, f64) + Send + Sync;

/// Whoever keeps what probes have counted.
#[derive(Clone)]
pub struct FrameRates(Arc<TakeRate>);

impl FrameRates {
    /// Somebody who is told.
    pub fn to(told: impl Fn(&StreamKey, f64) + Send + Sync + 'static) -> Self {
        Self(Arc::new(told))
    }

    pub(super) fn tell(&self, stream: &StreamKey, frames_per_second: f64) {
        (self.0)(stream, frames_per_second);
    }
}

impl std::fmt::Debug for FrameRates {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("FrameRates")
    }
}

/// A media server, as it is read from.
#[derive(Clone, Debug)]
pub struct ReadServer {
    /// Its RTSP side.
    pub place: RtspPlace,
    /// User name and password.
    pub login: Option<(String, Option<SecretString>)>,
}

impl ReadServer {
    /// As the configuration says.
    pub fn of(server: &ServerSettings) -> Self {
        let login = server.publish_username.clone().map(|user| (user, server.publish_password.clone()));
        Self { place: RtspPlace::of(server), login }
    }
}

impl HealthSetup {
    /// The target of this name.
    pub(super) fn target(&self, name: &str) -> Option<&ProbeTarget> {
        self.targets.iter().find(|target| target.name == name)
    }

    /// Where a path is read, with its server.
    ///
    /// # Errors
    /// `NotFound` for a server of another process, of which we know no address.
    pub(super) fn source_of(&self, key: &StreamKey) -> Result<(CameraSource, &RtspPlace)> {
        let server = self.servers.get(&key.server).ok_or_else(|| {
            Error::not_found(format!("the server {} is not in the configuration of this process", key.server))
        })?;
        let login = server.login.as_ref().map(|(user, password)| (user.as_str(), password.as_ref()));
        let url = argv::publish_url(&server.place.base, login, &key.name)?;
        Ok((source(&key.name, url)?, &server.place))
    }
}

fn source(name: &StreamName, url: SecretString) -> Result<CameraSource> {
    let edit = CameraEdit { name: Some(name.to_string()), url: Some(Some(url)), ..CameraEdit::default() };
    draft(None, &edit, &Kinds::new())
}

/// The targets of checked settings.
///
/// # Errors
/// `Invalid` naming the target.
pub fn targets(settings: &HealthSettings) -> Result<Vec<ProbeTarget>> {
    let target = |(index, one): (usize, &crate::config::settings::TargetSettings)| {
        let field = format!("health.targets[{index}]");
        let place = match &one.place {
            TargetPlace::Path { server, pattern } => {
                ProbePlace::Paths { server: server.clone(), pattern: pattern.clone() }
            }
            TargetPlace::Url(url) => {
                let name = StreamName::parse(&one.name).map_err(|error| error.at(format!("{field}.name")))?;
                let source = source(&name, url.clone()).map_err(|error| error.at(format!("{field}.url")))?;
                ProbePlace::Address(Box::new(source.with_hidden_key()))
            }
        };
        Ok(ProbeTarget { name: one.name.clone(), place, interval: one.interval, limit: one.limit })
    };
    settings.targets.iter().enumerate().map(target).collect()
}
