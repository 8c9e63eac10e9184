//! Which cameras have really run lately. Only they count when a change of the table is evaluated: a camera in backoff for a
//! month is stopped by nothing.
//!
//! While the media server is down time stands still here: every camera is down then through no fault of its own, and a
//! table that is emptied meanwhile must be blocked all the same.

use std::collections::BTreeMap;
use std::time::Duration;

/// A camera counts for so long after it ran last.
pub const RAN_WITHIN: Duration = Duration::from_secs(600);

/// Memory of who ran when. Times are since any fixed moment.
#[derive(Clone, Debug, Default)]
pub struct RecentlyRunning {
    cameras: BTreeMap<i64, Last>,
    /// Since when the server has been down.
    down_since: Option<Duration>,
    /// How long it had been down before that, all together.
    down: Duration,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Last {
    Running,
    /// When it ran last, by the clock that stands still with the server.
    At(Duration),
}

impl RecentlyRunning {
    /// Time without that in which the server was down.
    fn clock(&self, now: Duration) -> Duration {
        self.down_since.unwrap_or(now).min(now).saturating_sub(self.down)
    }

    /// The camera runs now, or does not.
    pub fn note(&mut self, id: i64, runs: bool, now: Duration) {
        let clock = self.clock(now);
        match (runs, self.cameras.get(&id)) {
            (true, _) => _ = self.cameras.insert(id, Last::Running),
            (false, Some(Last::Running)) => _ = self.cameras.insert(id, Last::At(clock)),
            (false, _) => {}
        }
    }

    /// It ran before we looked, as an earlier run of ours has left word of.
    pub fn ran_before(&mut self, id: i64, now: Duration) {
        let clock = self.clock(now);
        self.cameras.entry(id).or_insert(Last::At(clock));
    }

    /// Cameras have other ids from now on.
    pub fn renumber(&mut self, moved: &BTreeMap<i64, i64>) {
        super::renumber(&mut self.cameras, moved);
    }

    /// The camera is gone.
    pub fn forget(&mut self, id: i64) {
        self.cameras.remove(&id);
    }

    /// The media server takes streams, or does not.
    pub fn server(&mut self, is_up: bool, now: Duration) {
        match (is_up, self.down_since) {
            (false, None) => self.down_since = Some(now),
            (true, Some(since)) => {
                self.down += now.saturating_sub(since);
                self.down_since = None;
            }
            _ => {}
        }
    }

    /// Whether it runs, or ran in the last [`RAN_WITHIN`].
    pub fn lately(&self, id: i64, now: Duration) -> bool {
        match self.cameras.get(&id) {
            Some(Last::Running) => true,
            Some(Last::At(last)) => self.clock(now).saturating_sub(*last) < RAN_WITHIN,
            None => false,
        }
    }

    /// Everybody of whom [`Self::lately`] is true, by id.
    pub fn all_lately(&self, now: Duration) -> Vec<i64> {
        self.cameras.keys().copied().filter(|id| self.lately(*id, now)).collect()
    }

    /// How many run at this moment.
    pub fn running(&self) -> usize {
        self.cameras.values().filter(|last| **last == Last::Running).count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn minutes(minutes: u64) -> Duration {
        Duration::from_secs(60 * minutes)
    }

    #[test]
    fn a_camera_counts_while_it_runs_and_some_minutes_longer() {
        let mut ran = RecentlyRunning::default();
        ran.note(1, false, minutes(0));
        ran.note(2, true, minutes(0));
        ran.ran_before(3, minutes(0));
        assert_eq!((ran.all_lately(minutes(0)), ran.running()), (vec![2, 3], 1), "1 has only been tried");
        assert_eq!(ran.all_lately(minutes(11)), [2], "3 has not come back");
        ran.note(2, false, minutes(20));
        // Told again and again that it still does not run.
        ran.note(2, false, minutes(25));
        assert!(ran.lately(2, minutes(29)) && !ran.lately(2, minutes(30)));
        ran.note(3, true, minutes(30));
        ran.ran_before(3, minutes(30));
        assert_eq!(ran.running(), 1, "what is known now is not overwritten by what was");
        ran.forget(3);
        assert!(!ran.lately(3, minutes(30)));
    }

    #[test]
    fn a_server_that_is_down_makes_no_camera_forgotten() {
        let mut ran = RecentlyRunning::default();
        ran.note(1, true, minutes(0));
        ran.server(false, minutes(5));
        ran.server(false, minutes(6));
        ran.note(1, false, minutes(6));
        assert!(ran.lately(1, minutes(600)), "ten hours of a broken server");
        ran.server(true, minutes(600));
        assert!(ran.lately(1, minutes(609)), "it has time to come back");
        assert!(!ran.lately(1, minutes(610)));
        ran.server(false, minutes(700));
        ran.server(true, minutes(800));
        assert!(!ran.lately(1, minutes(801)));
    }
}
