//! What the planner knows that its next instance has to know too: a planner that is built anew neither takes the table for
//! new nor forgets what waits for a person.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, Utc};

use crate::adapters::last_known::{CameraList, LastKnownFile};
use crate::domain::camera::Kinds;
use crate::domain::change_guard::{BlockedChange, ChangeGuard};

/// Clones are the same memory.
#[derive(Clone)]
pub(in crate::actors::restream) struct PlannerMemory(Arc<Mutex<RememberedPlan>>);

/// Changed in whole steps, so that a panic leaves it as it was before one.
pub(super) struct RememberedPlan {
    /// As they were read last.
    pub kinds: Kinds,
    /// Decides what may stop because of the table.
    pub guard: ChangeGuard,
    /// What the table asks for and nobody has confirmed.
    pub blocked: Option<Blocked>,
    /// What an earlier run had left in the file, until the table was read for the first time.
    pub earlier: Option<CameraList>,
    /// The file has been read.
    pub file_read: bool,
    /// The list that is gone by is as old as this.
    pub since: Option<DateTime<Utc>>,
    /// The file of the last known cameras: locked on the pool for blocking work only, one piece of work at a time.
    pub file: Arc<Mutex<LastKnownFile>>,
}

/// A change of the table that waits for a person, and since when.
#[derive(Clone)]
pub(super) struct Blocked {
    pub change: BlockedChange,
    pub since: DateTime<Utc>,
}

impl PlannerMemory {
    /// Nothing is known but where the file is.
    pub(in crate::actors::restream) fn new(file: LastKnownFile) -> Self {
        Self(Arc::new(Mutex::new(RememberedPlan {
            kinds: Kinds::new(),
            guard: ChangeGuard::default(),
            blocked: None,
            earlier: None,
            file_read: false,
            since: None,
            file: Arc::new(Mutex::new(file)),
        })))
    }

    /// For moments only, and never across an await.
    pub(super) fn lock(&self) -> MutexGuard<'_, RememberedPlan> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
