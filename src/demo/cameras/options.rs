//! Which sample cameras there are, and when one drops out.

use std::path::PathBuf;
use std::time::Duration;

/// Which cameras to play.
#[derive(Clone, Debug)]
pub struct SampleOptions {
    /// The ffmpeg program.
    pub ffmpeg: PathBuf,
    /// How many cameras, at least 1.
    pub count: usize,
    /// When one of them goes away; `None` for never.
    pub dropout: Option<Dropout>,
    /// Marks the processes as ours, see `adapters::ffmpeg::child::Launch`.
    pub mark: String,
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
