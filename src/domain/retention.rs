//! Retention: which stored recordings may go, when, and which may not whatever their age.
//!
//! Only what is in the object store is judged here: what has not been uploaded never goes. The local copy has rules of its own
//! (`record.keep_local`).

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::admission::matches;
use super::recording::Segment;
use crate::base::visible_text::is_blank;
use crate::base::{Error, Result};

/// Longest reason of a lock, in characters.
const LONGEST_REASON: usize = 500;

/// A stretch of a stream that nobody may delete.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RecordingLock {
    /// What it is removed by.
    pub id: Uuid,
    /// Name of the stream, on whatever server.
    pub stream: String,
    /// From then on.
    pub from: DateTime<Utc>,
    /// Until then.
    pub to: DateTime<Utc>,
    /// Why, for whoever looks at it later.
    pub reason: String,
    /// Who said so.
    pub set_by: String,
    /// When that was said.
    pub set_at: DateTime<Utc>,
}

/// Whether one of these locks covers a segment.
pub fn is_locked(locks: &[RecordingLock], segment: &Segment) -> bool {
    locks.iter().any(|lock| lock.covers(segment))
}

impl RecordingLock {
    /// Checks what a person asks for.
    ///
    /// # Errors
    /// `Invalid` naming the field.
    pub fn checked(self) -> Result<Self> {
        let reason = self.reason.trim().to_owned();
        if self.from >= self.to {
            return Err(Error::invalid("from", "must be before to"));
        }
        if is_blank(&reason) || reason.chars().count() > LONGEST_REASON || reason.chars().any(char::is_control) {
            let text = format!("must be one line of 1 to {LONGEST_REASON} characters: say why it is kept");
            return Err(Error::invalid("reason", text));
        }
        Ok(Self { reason, ..self })
    }

    /// Whether a part of this segment is in it.
    pub fn covers(&self, segment: &Segment) -> bool {
        self.stream == segment.stream.as_str() && segment.started_at < self.to && segment.ended_at() > self.from
    }
}

/// What a person has asked to delete.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Cleanup {
    /// Of its row.
    pub id: Uuid,
    /// Only of this stream.
    pub stream: Option<String>,
    /// Stored recordings that ended before.
    pub before: DateTime<Utc>,
    /// Who said so.
    pub set_by: String,
    /// When that was said.
    pub set_at: DateTime<Utc>,
}

/// Rules of the configuration for what is in the object store.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RetentionRules {
    /// Recordings are deleted when they ended so long ago; never when there is none.
    pub keep: Option<Duration>,
    /// Other times for streams whose name matches the pattern; the first one counts.
    pub keep_streams: Vec<(String, Duration)>,
    /// The oldest go while all together are larger.
    pub keep_bytes: Option<u64>,
}

impl RetentionRules {
    /// Recordings of this stream that ended before this are to go, and why.
    pub fn cutoff(&self, stream: &str, cleanups: &[Cleanup], now: DateTime<Utc>) -> Option<(DateTime<Utc>, String)> {
        let own = self.keep_streams.iter().find(|(pattern, _)| matches(pattern, stream)).map(|(_, keep)| *keep);
        let by_age = own.or(self.keep).and_then(|keep| {
            let before = now.checked_sub_signed(TimeDelta::from_std(keep).ok()?)?;
            let key = if own.is_some() { "objects.keep_streams" } else { "objects.keep" };
            Some((before, format!("deleted: older than {key} allows")))
        });
        let asked = cleanups
            .iter()
            .filter(|one| one.stream.as_deref().is_none_or(|only| only == stream))
            .map(|one| (one.before, format!("deleted: {} asked for it", one.set_by)));
        by_age.into_iter().chain(asked).max_by_key(|(before, _)| *before)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::sample;

    fn at(second: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000 + second, 0).expect("a time")
    }

    #[test]
    fn a_stream_goes_by_its_own_rule_or_by_that_of_all_or_by_what_was_asked() {
        let day = Duration::from_secs(86_400);
        let rules = RetentionRules {
            keep: Some(10 * day),
            keep_streams: vec![("yard/*".to_owned(), 2 * day), ("*".to_owned(), 20 * day)],
            keep_bytes: None,
        };
        let all = RetentionRules { keep_streams: Vec::new(), ..rules.clone() };
        let none = RetentionRules::default();
        let asked = |stream: Option<&str>, before| Cleanup {
            id: Uuid::nil(),
            stream: stream.map(str::to_owned),
            before: at(before),
            set_by: "ann".to_owned(),
            set_at: at(0),
        };
        for (rules, stream, cleanups, wanted) in [
            (&none, "gate", vec![], None),
            (&all, "gate", vec![], Some((-864_000, "objects.keep "))),
            (&rules, "yard/1", vec![], Some((-172_800, "objects.keep_streams"))),
            (&rules, "gate", vec![], Some((-1_728_000, "objects.keep_streams"))),
            (&none, "gate", vec![asked(None, -50)], Some((-50, "ann asked"))),
            (&none, "gate", vec![asked(Some("gate"), -50), asked(Some("other"), -10)], Some((-50, "ann asked"))),
            (&all, "gate", vec![asked(None, -900_000)], Some((-864_000, "objects.keep "))),
        ] {
            let found = rules.cutoff(stream, &cleanups, at(0));
            assert_eq!(found.as_ref().map(|(before, _)| *before), wanted.map(|(second, _)| at(second)), "{stream}");
            assert!(found.is_none_or(|(_, why)| why.contains(wanted.expect("there").1)), "{stream}");
        }
    }

    #[test]
    fn a_lock_covers_what_it_touches_and_says_why() {
        let lock = RecordingLock {
            id: Uuid::nil(),
            stream: "gate".to_owned(),
            from: at(10),
            to: at(20),
            reason: " police, case 7 ".to_owned(),
            set_by: "ann".to_owned(),
            set_at: at(0),
        };
        let segment = |stream: &str, start| {
            let session = sample::session(stream);
            Segment { started_at: at(start), duration_ms: 5_000, ..sample::segment(&session, 0) }
        };
        for (stream, start, wanted) in [
            ("gate", 4, false),
            ("gate", 5, false),
            ("gate", 6, true),
            ("gate", 19, true),
            ("gate", 20, false),
            ("yard", 12, false),
        ] {
            assert_eq!(lock.covers(&segment(stream, start)), wanted, "{stream} {start}");
        }
        assert_eq!(lock.clone().checked().expect("fine").reason, "police, case 7");
        for (field, wrong) in [
            ("from", RecordingLock { to: at(10), ..lock.clone() }),
            ("reason", RecordingLock { reason: "  ".to_owned(), ..lock.clone() }),
            ("reason", RecordingLock { reason: "a\nb".to_owned(), ..lock }),
        ] {
            assert_eq!(wrong.checked().expect_err(field).field(), Some(field));
        }
    }
}
