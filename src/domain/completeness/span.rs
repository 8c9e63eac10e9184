//! A stretch of time.

use chrono::{DateTime, Utc};

/// From a time up to another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span {
    /// Its begin.
    pub from: DateTime<Utc>,
    /// Its end.
    pub to: DateTime<Utc>,
}

impl Span {
    /// What of it lies within another one.
    pub(super) fn within(self, other: Self) -> Option<Self> {
        let span = Self { from: self.from.max(other.from), to: self.to.min(other.to) };
        (span.from < span.to).then_some(span)
    }

    pub(super) fn milliseconds(self) -> u64 {
        u64::try_from((self.to - self.from).num_milliseconds()).unwrap_or(0)
    }
}
