//! When a target was out: since when, how long, how often; and when that is told as an incident.
//!
//! One failure may be a packet that was lost: an incident is raised by the second in a row, and begins with the first. The first
//! success ends it, where the [`OutageRule`] says nothing else; within [`FLAPS`] of such an end it takes two, so that a target that comes and goes is one incident and not
//! many.

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::moment::Moment;

/// A target that was out so shortly before has to be well twice.
const FLAPS: Duration = Duration::from_secs(600);
/// Then so often in a row.
const CLEARED_BY_FLAPPING: u32 = 2;

/// How often in a row makes an incident, and ends it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutageRule {
    /// Failures in a row that make an incident.
    pub raised_by: u32,
    /// Good probes in a row that end it.
    pub cleared_by: u32,
}

impl Default for OutageRule {
    fn default() -> Self {
        Self { raised_by: 2, cleared_by: 1 }
    }
}

/// A time in which a target was out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Outage {
    /// Its first failed probe.
    pub from: DateTime<Utc>,
    /// The first good probe after it; null while it lasts.
    pub to: Option<DateTime<Utc>>,
}

/// What a result means for whoever tells of incidents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OutageEvent {
    /// Nothing.
    Nothing,
    /// It is out, since then.
    Raise(Moment),
    /// It is well.
    Clear,
}

/// The outages of one target.
#[derive(Clone, Debug, Default)]
pub struct OutageLog {
    rule: OutageRule,
    /// The first failure of those in a row.
    since: Option<Moment>,
    failures: u32,
    successes: u32,
    raised: bool,
    /// When the last incident ended.
    cleared: Option<Moment>,
    last: Option<Outage>,
    count: u64,
}

impl OutageLog {
    /// Without any outage yet.
    pub fn by(rule: OutageRule) -> Self {
        Self { rule, ..Self::default() }
    }

    /// A probe has failed.
    pub fn failed(&mut self, at: Moment) -> OutageEvent {
        self.successes = 0;
        self.failures = self.failures.saturating_add(1);
        let since = *self.since.get_or_insert(at);
        if self.failures < self.rule.raised_by && !self.raised {
            return OutageEvent::Nothing;
        }
        if self.failures >= self.rule.raised_by && self.last.as_ref().is_none_or(|last| last.to.is_some()) {
            self.count += 1;
            self.last = Some(Outage { from: since.wall, to: None });
        }
        self.raised = true;
        OutageEvent::Raise(since)
    }

    /// A probe was good.
    pub fn succeeded(&mut self, at: Moment) -> OutageEvent {
        self.failures = 0;
        self.successes = self.successes.saturating_add(1);
        let since = self.since.take();
        if let (Some(last), Some(since)) = (&mut self.last, since)
            && last.to.is_none()
        {
            last.to = Some(at.end_of(since));
        }
        let flaps = self.cleared.is_some_and(|cleared| at.since(cleared) < FLAPS);
        let wanted = if flaps { self.rule.cleared_by.max(CLEARED_BY_FLAPPING) } else { self.rule.cleared_by };
        if self.raised && self.successes < wanted {
            return OutageEvent::Nothing;
        }
        if std::mem::take(&mut self.raised) {
            self.cleared = Some(at);
        }
        // Told each time, for what an earlier run has left open.
        OutageEvent::Clear
    }

    /// It is not probed any more: what lasts is over, whoever has seen it end.
    pub fn stopped(&mut self, at: Moment) {
        self.succeeded(at);
        (self.successes, self.raised, self.cleared) = (0, false, None);
    }

    /// Failures in a row.
    pub fn failures(&self) -> u32 {
        self.failures
    }

    /// Good probes in a row.
    pub fn successes(&self) -> u32 {
        self.successes
    }

    /// Whether an incident lasts.
    pub fn is_raised(&self) -> bool {
        self.raised
    }

    /// The outage that lasts.
    pub fn current(&self) -> Option<&Outage> {
        self.last.as_ref().filter(|last| last.to.is_none())
    }

    /// The last one that is over.
    pub fn last_over(&self) -> Option<&Outage> {
        self.last.as_ref().filter(|last| last.to.is_some())
    }

    /// How many there were.
    pub fn count(&self) -> u64 {
        self.count
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: u64) -> Moment {
        let wall = DateTime::from_timestamp(1_800_000_000 + second as i64, 0).expect("a time");
        Moment { wall, steady: Duration::from_secs(second) }
    }

    /// Results as `+` and `-`, one every so many seconds, and what is told of each: `.`, `R`, `C`.
    fn told(results: &str, every: u64) -> (String, OutageLog) {
        told_by(OutageLog::default(), results, every)
    }

    fn told_by(mut log: OutageLog, results: &str, every: u64) -> (String, OutageLog) {
        let told = results.chars().enumerate().map(|(number, result)| {
            let now = at(number as u64 * every);
            match if result == '+' { log.succeeded(now) } else { log.failed(now) } {
                OutageEvent::Nothing => '.',
                OutageEvent::Raise(_) => 'R',
                OutageEvent::Clear => 'C',
            }
        });
        (told.collect(), log)
    }

    #[test]
    fn two_in_a_row_raise_and_flapping_is_one() {
        for (results, every, wanted, outages) in [
            ("+++", 60, "CCC", 0),
            ("+-+", 60, "C.C", 0),
            ("+--+", 60, "C.RC", 1),
            ("---", 60, ".RR", 1),
            // Out again a minute after its end: still one that was told, and two good ones end it.
            ("--+--+-+-++", 60, ".RC.R.R.R.C", 2),
            // An hour after it, it is another one and ends at once.
            ("--+--+", 3600, ".RC.RC", 2),
        ] {
            let (found, log) = told(results, every);
            assert_eq!((found.as_str(), log.count()), (wanted, outages), "{results}");
        }
    }

    #[test]
    fn a_rule_of_its_own_says_how_often_in_a_row() {
        for (results, wanted) in [("--+---+-+--++", "..C..R.R.RR.C"), ("---++", "..R.C")] {
            let rule = OutageRule { raised_by: 3, cleared_by: 2 };
            assert_eq!(told_by(OutageLog::by(rule), results, 60).0, wanted, "{results}");
        }
    }

    #[test]
    fn an_outage_begins_with_its_first_failure_and_ends_with_the_first_success() {
        let (_, log) = told("+---", 60);
        assert_eq!(log.current(), Some(&Outage { from: at(60).wall, to: None }));
        let (_, log) = told("+---+-", 60);
        let over = Outage { from: at(60).wall, to: Some(at(240).wall) };
        assert_eq!((log.current(), log.last_over(), log.failures()), (None, Some(&over), 1));
    }
}
