//! What the recovery remembers from pass to pass.

use std::time::Duration;

use actix::SpawnHandle;

use crate::actors::record::recovery::Findings;
use crate::base::Error;
use crate::base::backoff::Backoff;
use crate::base::item_backoff::ItemBackoff;
use crate::base::single_flight::SingleFlight;

/// Delays between tries of one folder that cannot be finished.
const LEFT: Backoff = Backoff { min: Duration::from_secs(1), max: Duration::from_secs(300) };
/// More folders than these that cannot be finished are tried again at once.
const MOST_LEFT: usize = 1000;

/// What the recovery is doing.
pub(super) struct Recovery {
    pub(super) passing: SingleFlight,
    /// What the pass has found and may work on.
    pub(super) chosen: Option<(Findings, RecoveryPass)>,
    /// Something was left undone since the last look.
    pub(super) wanted: bool,
    pub(super) failures: u32,
    /// Folders of runs that could not be finished, and folders that could not be read.
    pub(super) left: ItemBackoff<String>,
    /// A pass is due because of them.
    pub(super) retry: Option<SpawnHandle>,
    /// Segments sealed by it.
    pub(super) sealed: usize,
    pub(super) trouble: Option<String>,
}

impl Default for Recovery {
    fn default() -> Self {
        Self {
            passing: SingleFlight::default(),
            chosen: None,
            wanted: false,
            failures: 0,
            left: ItemBackoff::new(LEFT, MOST_LEFT),
            retry: None,
            sealed: 0,
            trouble: None,
        }
    }
}

/// What a pass brought.
#[derive(Default)]
pub(super) struct RecoveryPass {
    /// When it was chosen what is tried, on the manager's clock.
    pub(super) chosen: Duration,
    /// Segments sealed.
    pub(super) sealed: usize,
    /// What was finished: base folders of runs, ids of sessions.
    pub(super) done: Vec<String>,
    /// What could not be finished, by base folder or session id, and why.
    pub(super) left: Vec<(String, Error)>,
}
