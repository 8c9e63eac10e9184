//! What is not written yet, for the actor and for readers.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::domain::history::{Bucket, Buffer, Reading, SeriesKey, Tier};

/// Buckets that are not in the database yet. Clones are the same.
#[derive(Clone, Debug, Default)]
pub struct HistoryHandle(Arc<Mutex<Buffer>>);

impl HistoryHandle {
    /// Buckets of a series that are not in the database, or not known to be, in order.
    pub fn recent(&self, series: &SeriesKey, tier: Tier) -> Vec<Bucket> {
        self.lock().peek(series, tier)
    }

    /// Adds a reading of what the live store does not tell of.
    pub fn add(&self, series: &SeriesKey, reading: &Reading) {
        self.lock().add(series, reading);
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Buffer> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
