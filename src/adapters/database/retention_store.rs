//! What may not be deleted and what shall be, in the database: what is asked and written.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::base::{Error, Result};
use crate::domain::retention::{Cleanup, RecordingLock};

/// Locks and cleanups, whichever node asks. Every write is durable when it returns.
#[async_trait]
pub trait RetentionStore: Send + Sync {
    /// Every lock, by stream and begin.
    async fn locks(&self) -> Result<Vec<RecordingLock>>;
    /// Adds a lock.
    async fn add_lock(&self, lock: RecordingLock) -> Result<()>;
    /// Removes a lock. `NotFound` when there is none.
    async fn remove_lock(&self, id: Uuid) -> Result<()>;
    /// Whether a part of this segment is locked now.
    async fn is_locked(&self, segment: Uuid) -> Result<bool>;
    /// The clock of the database; `None` where it has none of its own.
    async fn clock(&self) -> Result<Option<DateTime<Utc>>>;
    /// What people have asked to delete and this node has not carried out yet.
    async fn cleanups(&self) -> Result<Vec<Cleanup>>;
    /// Asks for it.
    async fn add_cleanup(&self, cleanup: Cleanup) -> Result<()>;
    /// This node has carried it out; saying so twice is no fault.
    async fn cleanup_done(&self, id: Uuid) -> Result<()>;
}

pub(super) fn no_lock(id: Uuid) -> Error {
    Error::not_found(format!("there is no lock {id}; list them: streamwarden recordings locks"))
}
