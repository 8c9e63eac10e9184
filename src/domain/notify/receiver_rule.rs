//! What a receiver wants to hear of, and when.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use super::severity::Severity;
use crate::base::upload_window::UploadWindow;
use crate::domain::incident::{IncidentKind, Subject};

/// A stretch of each day in which a receiver wants to hear of less.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QuietHours {
    /// By the clock of the configured time zone.
    pub hours: UploadWindow,
    /// What is at least so bad is told all the same; `None`: nothing is.
    pub severity: Option<Severity>,
}

/// The rule of one receiver.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReceiverRule {
    /// Its name.
    pub name: String,
    /// It hears of what is at least so bad.
    pub severity: Severity,
    /// Only of these kinds; of every kind when empty.
    pub kinds: Vec<IncidentKind>,
    /// Of cameras and streams only those whose names begin with one of these; all when empty. What concerns no single stream (a
    /// server, a disk) is told all the same.
    pub streams: Vec<String>,
    /// The first trouble waits so long for others, so that they are one message. What is over by then was none.
    pub group_wait: TimeDelta,
    /// Least time between two messages.
    pub group_interval: TimeDelta,
    /// An end is told.
    pub resolved: bool,
    /// It has to be well for so long before its end is told.
    pub resolve_after: TimeDelta,
    /// What lasts and is not acknowledged is told again after so long.
    pub repeat: Option<TimeDelta>,
    /// It hears only of what has lasted so long and nobody has acknowledged.
    pub escalate_after: Option<TimeDelta>,
    /// When it hears of less.
    pub quiet: Option<QuietHours>,
}

impl ReceiverRule {
    /// Whether it wants to hear of this at all.
    pub fn wants(&self, kind: IncidentKind, subject: &Subject) -> bool {
        let name = match subject {
            Subject::Camera { name, .. } | Subject::Stream { name, .. } => Some(name),
            Subject::Server { .. }
            | Subject::Host { .. }
            | Subject::Disk { .. }
            | Subject::Service { .. }
            | Subject::Target { .. }
            | Subject::Encoder { .. }
            | Subject::Platform { .. }
            | Subject::LiveEvent { .. } => None,
        };
        let is_of_streams = self.streams.is_empty()
            || name.is_none_or(|name| self.streams.iter().any(|prefix| name.starts_with(prefix.as_str())));
        Severity::of(kind) >= self.severity
            && (self.kinds.is_empty() || self.kinds.contains(&kind))
            && is_of_streams
            // It would hear that it hears nothing.
            && *subject != own_subject(&self.name)
    }

    /// How long a trouble waits before it is told.
    pub(super) fn wait(&self) -> TimeDelta {
        self.escalate_after.unwrap_or(self.group_wait)
    }

    /// When something so bad may be told; `None`: now. `offset` is what the configured time zone is ahead of UTC.
    pub(super) fn quiet_until(
        &self,
        severity: Severity,
        now: DateTime<Utc>,
        offset: TimeDelta,
    ) -> Option<DateTime<Utc>> {
        let quiet = self.quiet.as_ref()?;
        if quiet.severity.is_some_and(|least| severity >= least) {
            return None;
        }
        let local = now.checked_add_signed(offset).unwrap_or(now);
        let ends_in = quiet.hours.closes_in(local)?;
        now.checked_add_signed(TimeDelta::from_std(ends_in.max(Duration::from_secs(1))).ok()?)
    }
}

/// A receiver as the subject of an incident.
pub fn own_subject(receiver: &str) -> Subject {
    Subject::Service { name: format!("receiver {receiver}") }
}
