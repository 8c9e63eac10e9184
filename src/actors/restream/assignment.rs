//! What a relay should know, always the latest of it.

use std::sync::Arc;

use tokio::sync::watch;

use super::setup::RestreamSetup;
use crate::domain::camera::CameraSource;
use crate::domain::fleet::CameraFacts;
use crate::domain::restream::PathView;

/// Written by the manager, read by one relay.
#[derive(Clone, Debug)]
pub(super) struct Assignment {
    /// The configuration.
    pub setup: Arc<RestreamSetup>,
    /// For display.
    pub facts: CameraFacts,
    /// What to relay.
    pub source: Box<CameraSource>,
    /// Whether the media server answers, and why not.
    pub server: Result<(), String>,
    /// Whether it has our path.
    pub path: PathView,
    /// How often somebody has asked for a restart.
    pub restarts_asked: u64,
}

/// The relay's end.
pub(super) type Assigned = watch::Receiver<Assignment>;
