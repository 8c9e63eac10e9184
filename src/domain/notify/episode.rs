//! What a receiver has been told of one kind of trouble of one subject.

use chrono::{DateTime, TimeDelta, Utc};

use crate::domain::incident::{Incident, IncidentKind, Subject};

/// An episode that is over is remembered for so long: what comes back is known to come back, and no incident is told twice.
/// Longer than [`LOOKBACK`](super::LOOKBACK).
pub const KEPT_AFTER_END: TimeDelta = TimeDelta::hours(13);

/// What comes back within this time after its end has come back; later it is news.
pub(super) const COMES_BACK: TimeDelta = TimeDelta::hours(1);

/// A time that lies so far ahead was told by a clock that has been set back since: it counts as long past, as a message that waits
/// for an hour that comes twice would come late.
pub(super) const AHEAD: TimeDelta = TimeDelta::seconds(5);

/// Nothing has to be well for longer, unless the receiver's own time is.
const LONGEST_CALM: TimeDelta = TimeDelta::minutes(30);

/// An episode that one receiver was told of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Episode {
    /// Who was told.
    pub receiver: String,
    /// What goes wrong.
    pub kind: IncidentKind,
    /// Whose.
    pub subject: Subject,
    /// Since when.
    pub since: DateTime<Utc>,
    /// When the newest of its incidents was opened: what was opened later has not been counted.
    pub newest: DateTime<Utc>,
    /// How many incidents it has had.
    pub times: u32,
    /// When the receiver was told last.
    pub told_at: DateTime<Utc>,
    /// When it ended; `None` while it lasts, or may come back.
    pub ended_at: Option<DateTime<Utc>>,
}

impl Episode {
    /// Whether an incident has begun after this episode, which is over. One that lasts though it seems to be older was opened after
    /// the clock was set back.
    pub(super) fn is_news(&self, incident: &Incident) -> bool {
        let was_set_back = self.newest > incident.opened_at + AHEAD;
        incident.opened_at > self.newest || (was_set_back && incident.closed_at.is_none())
    }

    /// How long it has to be well before its end is told: twice as long each time that it came back.
    pub(super) fn calm(&self, resolve_after: TimeDelta) -> TimeDelta {
        let doublings = self.times.saturating_sub(1).min(10);
        let longer = resolve_after.checked_mul(1 << doublings).unwrap_or(TimeDelta::MAX);
        longer.min(LONGEST_CALM.max(resolve_after))
    }
}
