//! When something happened: told by the clock of the machine, measured by one that nobody can set.
//!
//! Never reads a clock: whoever lets time pass brings it.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

/// A moment on both clocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// What people are told. The clock may be set back or forth at any time.
    pub wall: DateTime<Utc>,
    /// Since any moment that is the same for all of one process, by a clock that only goes on.
    pub steady: Duration,
}

impl Moment {
    /// How much later it is; nothing when it is not.
    pub fn since(self, earlier: Self) -> Duration {
        self.steady.saturating_sub(earlier.steady)
    }

    /// The time to tell for the end of what began `earlier`: a clock that was set meanwhile makes nothing longer, and ends
    /// nothing before it began.
    pub fn end_of(self, earlier: Self) -> DateTime<Utc> {
        let lasted = TimeDelta::from_std(self.since(earlier)).unwrap_or(TimeDelta::MAX);
        earlier.wall.checked_add_signed(lasted).unwrap_or(earlier.wall)
    }
}
