//! Cameras and streams that are excused: what is asked and written.

use async_trait::async_trait;
use chrono::{DateTime, Utc};

use crate::base::{Error, Result};
use crate::domain::incident::Subject;
use crate::domain::maintenance::Maintenance;

/// What is excused, whichever node asks. Every write is durable when it returns.
#[async_trait]
pub trait MaintenanceStore: Send + Sync {
    /// Everything that is excused at this time, what ends first first.
    async fn maintenance(&self, now: DateTime<Utc>) -> Result<Vec<Maintenance>>;
    /// Excuses a camera or stream, in place of what was said of it before; forgets what is over.
    async fn put_maintenance(&self, maintenance: Maintenance) -> Result<()>;
    /// Ends it before its time. `NotFound` when it is not excused at this time.
    async fn end_maintenance(&self, subject: Subject, now: DateTime<Utc>) -> Result<()>;
}

pub(super) fn not_excused(subject: &Subject) -> Error {
    Error::not_found(format!("{:?} is not in maintenance", subject.name()))
}
