//! Which sample cameras there are, and when one drops out.

use std::path::PathBuf;
use std::time::Duration;

use url::Url;

use crate::demo::media_server::Presence;

/// Which cameras to play.
#[derive(Clone, Debug)]
pub struct SampleOptions {
    /// The ffmpeg program.
    pub ffmpeg: PathBuf,
    /// How many cameras, at least 1.
    pub count: usize,
    /// When one of them goes away; `None` for never.
    pub dropout: Option<Dropout>,
    /// Where the first camera is sent on to, as somebody outside would publish; `None` for nowhere.
    pub uplink: Option<Uplink>,
    /// Marks the processes as ours, see `adapters::ffmpeg::child::Launch`.
    pub mark: String,
}

/// A stream that is published to a media server and not pulled in by anybody.
#[derive(Clone)]
pub struct Uplink {
    /// Where to: `rtsp://.../path`, or `srt://` of a server that speaks it.
    pub url: Url,
    /// Its path.
    pub path: String,
    /// Tells whether it is there; `None` of a server that nobody looks into.
    pub presence: Option<Presence>,
}

impl std::fmt::Debug for Uplink {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Uplink").field("url", &self.url.as_str()).field("path", &self.path).finish()
    }
}

/// A camera that drops out now and then, so that people see a recovery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dropout {
    /// Time it plays between two dropouts.
    pub every: Duration,
    /// Time it is away.
    pub pause: Duration,
}

impl Default for Dropout {
    fn default() -> Self {
        // Longer than a run that forgives earlier failures (60 s), or its relay would soon count as degraded.
        Self { every: Duration::from_secs(90), pause: Duration::from_secs(8) }
    }
}
