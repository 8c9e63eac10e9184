//! What a relay should know, always the latest of it.

use std::sync::Arc;

use tokio::sync::watch;

use super::setup::RestreamSetup;
use crate::domain::camera::CameraSource;
use crate::domain::fleet::CameraFacts;
use crate::domain::probe::Tracks;
use crate::domain::restream::PathView;

/// Written through [`Assignments`](super::assignments::Assignments), read by one relay.
#[derive(Clone, Debug)]
pub(super) struct RelayAssignment {
    /// The configuration.
    pub setup: Arc<RestreamSetup>,
    /// For display.
    pub facts: CameraFacts,
    /// What to relay.
    pub source: Box<CameraSource>,
    /// Whether the media server answers, and why not.
    pub server: Result<(), String>,
    /// Somebody else relays these cameras: nothing of ours may run. `server` says who.
    pub standby: bool,
    /// Whether it has our path.
    pub path: PathView,
    /// What arrives there.
    pub at_path: AtPath,
    /// What is known of this source from an earlier probe.
    pub kept: Option<Tracks>,
    /// How often somebody has requested a probe that went well; `kept` is what it found.
    pub probes_requested: u64,
    /// How often its row was read by itself since its relay was built.
    pub rows_read: u64,
    /// How often somebody has asked for a restart.
    pub restarts_asked: u64,
}

/// What arrives at a path of the server; `None` = nobody knows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct AtPath {
    /// Whether bytes do.
    pub bytes: Option<bool>,
    /// Whether it has a sound track.
    pub sound: Option<bool>,
}

/// The relay's end.
pub(super) type Assigned = watch::Receiver<RelayAssignment>;
