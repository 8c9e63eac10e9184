//! Whether the clock on the wall may be believed where recordings are deleted by their age: one that is far ahead would make all of
//! them old at once.
//!
//! Three observers: the clock of the database, a steady clock since the start, and the newest recording. Where one of them speaks against
//! it, nothing is deleted by age for a week, or until the clock is right again; whoever knows that it is right starts the program anew.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

/// What its incident is about: this service.
pub const SERVICE: &str = "clock";
/// A clock that is further ahead is wrong.
const AHEAD: TimeDelta = TimeDelta::hours(1);
/// Nothing was recorded for longer: the clock may have been set while nobody looked.
const UNSEEN: TimeDelta = TimeDelta::days(7);
/// So long a person has time to look.
const GRACE: Duration = Duration::from_secs(7 * 86_400);

/// What was seen of the clock.
#[derive(Clone, Debug, Default)]
pub struct ClockWatch {
    /// The steady clock, and what that on the wall said then; from before a jump while that is in doubt.
    line: Option<(Duration, DateTime<Utc>)>,
    doubt: Option<ClockDoubt>,
}

#[derive(Clone, Debug)]
struct ClockDoubt {
    /// On the steady clock.
    until: Duration,
    /// It ends when the clock is back on its line.
    is_jump: bool,
    why: String,
}

impl ClockWatch {
    /// Looks at the clock on the wall, `steady` after the start. `newest`: the end of the newest recording. `database`: its clock, where it
    /// has one of its own. Returns why nothing may be deleted by age now.
    pub fn look(
        &mut self,
        steady: Duration,
        wall: DateTime<Utc>,
        newest: Option<DateTime<Utc>>,
        database: Option<DateTime<Utc>>,
    ) -> Option<String> {
        if let Some(ahead) = database.map(|database| wall - database).filter(|ahead| *ahead > AHEAD) {
            return Some(sentence(&format!("is {} ahead of that of the database", hours(ahead)), "set it right"));
        }
        let Some((since, then)) = self.line else {
            self.line = Some((steady, wall));
            if let Some(unseen) = newest.map(|newest| wall - newest).filter(|unseen| *unseen > UNSEEN) {
                self.doubt(steady, false, &format!("is {} ahead of the newest recording", hours(unseen)));
            }
            return self.why();
        };
        let passed = TimeDelta::from_std(steady.saturating_sub(since)).unwrap_or(TimeDelta::MAX);
        let is_ahead = wall.signed_duration_since(then) > passed + AHEAD;
        if self.doubt.as_ref().is_some_and(|doubt| doubt.until <= steady || (doubt.is_jump && !is_ahead)) {
            (self.doubt, self.line) = (None, Some((steady, wall)));
        } else if is_ahead && self.doubt.as_ref().is_none_or(|doubt| !doubt.is_jump) {
            let jump = wall.signed_duration_since(then) - passed;
            self.doubt(steady, true, &format!("jumped {} ahead", hours(jump)));
        } else if !is_ahead {
            self.line = Some((steady, wall));
        }
        self.why()
    }

    fn doubt(&mut self, steady: Duration, is_jump: bool, what: &str) {
        let why = sentence(what, "set it right, or restart streamwarden where it is right");
        self.doubt = Some(ClockDoubt { until: steady + GRACE, is_jump, why });
    }

    fn why(&self) -> Option<String> {
        self.doubt.as_ref().map(|doubt| doubt.why.clone())
    }
}

fn sentence(what: &str, remedy: &str) -> String {
    format!("the clock of this machine {what}: no recording is deleted by its age; {remedy}")
}

fn hours(length: TimeDelta) -> String {
    match length.num_days() {
        0..=2 => format!("{} h", length.num_hours()),
        days => format!("{days} days"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: i64 = 3_600;
    const DAY: i64 = 24 * HOUR;

    fn at(second: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000 + second, 0).expect("a time")
    }

    #[test]
    fn a_clock_that_is_far_ahead_is_not_believed_for_a_while() {
        // (steady, wall, newest, database, a word of the refusal), one look after the other.
        type Reading = (i64, i64, Option<i64>, Option<i64>, Option<&'static str>);
        let table: [(&str, &[Reading]); 7] = [
            ("as it should be", &[(0, 0, Some(-60), None, None), (DAY, DAY + 60, None, None, None)]),
            ("nothing is recorded yet", &[(0, 0, None, None, None)]),
            (
                "a jump, and back",
                &[
                    (0, 0, Some(-60), None, None),
                    (60, 400 * DAY, Some(-60), None, Some("jumped 399 days ahead")),
                    (120, 400 * DAY + 60, Some(400 * DAY), None, Some("jumped")),
                    (180, 180, Some(400 * DAY), None, None),
                ],
            ),
            (
                "a jump that stays is believed after a week",
                &[
                    (0, 0, Some(-60), None, None),
                    (60, 2 * DAY, None, None, Some("jumped 47 h ahead")),
                    (6 * DAY, 8 * DAY, None, None, Some("jumped")),
                    (7 * DAY + 60, 9 * DAY, None, None, None),
                    (8 * DAY, 10 * DAY, None, None, None),
                ],
            ),
            (
                "set back: nothing is older for it",
                &[(0, 0, Some(-60), None, None), (60, -DAY, None, None, None), (120, 60 - DAY, None, None, None)],
            ),
            (
                "long after the newest recording",
                &[
                    (0, 0, Some(-30 * DAY), None, Some("30 days ahead of the newest")),
                    (7 * DAY, 7 * DAY, None, None, None),
                ],
            ),
            (
                "the database knows better",
                &[
                    (0, 2 * HOUR, Some(0), Some(0), Some("2 h ahead of that of the database")),
                    (60, 60, Some(0), Some(60), None),
                    (120, DAY, Some(0), Some(120), Some("of the database")),
                ],
            ),
        ];
        for (name, looks) in table {
            let mut watch = ClockWatch::default();
            for (steady, wall, newest, database, wanted) in looks {
                let steady = Duration::from_secs(u64::try_from(*steady).expect("after the start"));
                let found = watch.look(steady, at(*wall), newest.map(at), database.map(at));
                match wanted {
                    Some(word) => assert!(found.as_ref().is_some_and(|why| why.contains(word)), "{name}: {found:?}"),
                    None => assert_eq!(found, None, "{name} after {steady:?}"),
                }
            }
        }
    }
}
