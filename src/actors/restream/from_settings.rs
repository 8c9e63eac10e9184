//! The setup of the role from checked settings, for this machine.

use std::sync::Arc;

use super::machine::Machine;
use super::setup::{LAST_KNOWN, RestreamSetup, reach};
use crate::adapters::ffmpeg::ffmpeg_version::FfmpegVersion;
use crate::adapters::mediamtx::MediaMtx;
use crate::adapters::mediamtx::rtsp_connection::RtspPlace;
use crate::base::{Error, Result};
use crate::config::Settings;
use crate::domain::start_budget::Rates;

impl RestreamSetup {
    /// Takes what it needs from checked settings. `monitored`: a monitor runs in this process.
    ///
    /// # Errors
    /// `Invalid` when `restream.server` names no server.
    pub fn from_settings(settings: &Settings, version: FfmpegVersion, mark: String, monitored: bool) -> Result<Self> {
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
            probed_by_monitor: monitored && base == server.rtsp_url,
            place: RtspPlace::published(server, base),
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
}
