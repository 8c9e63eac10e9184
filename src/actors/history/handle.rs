//! What is not written yet, for the actor and for readers.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::domain::history::{Bucket, Buffer, Metric, Reading, SeriesKey, Tier};

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

    /// Minutes of streams and endpoints that have ended since somebody asked, see [`Buffer::take_ended`]. One listener alone.
    pub fn ended_minutes(&self) -> Vec<(SeriesKey, Bucket)> {
        self.lock().take_ended()
    }

    /// A number of a stream that a probe has measured, beside what the polls tell.
    pub fn note(&self, series: &SeriesKey, metric: Metric, value: f64) {
        self.lock().note(series, metric, value);
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Buffer> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
