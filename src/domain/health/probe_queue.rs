//! Whose turn it is: each target at its own pace, the one that is due longest first, and those that fail never in the way of the others.
//!
//! A target that was well several times running is probed less often, one that failed sooner; both within bounds. A probe of a
//! target that does not answer takes its whole limit, so targets that fail take half of the workers at most: the others are never
//! held up by them.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// Good probes in a row before it is probed less often; each further so many halve the rate again.
const WELL: u32 = 5;
/// A target that is well is probed at its interval times this at the least.
const MOST_CALM: u32 = 4;
/// A target that fails is probed at a fraction of its interval, so often in a row; after that at the interval.
const HASTY: u32 = 4;
const HASTE: u32 = 4;
/// And no sooner than this.
const LEAST: Duration = Duration::from_secs(5);

/// The time until the next probe of a target.
pub fn next_interval(interval: Duration, successes: u32, failures: u32) -> Duration {
    if failures > 0 {
        let soon = (interval / HASTE).max(LEAST).min(interval);
        return if failures <= HASTY { soon } else { interval };
    }
    let calm = 2_u32.saturating_pow(successes / WELL).min(MOST_CALM);
    interval * calm
}

/// What is to be probed and when. Times are since any moment that is the same for all calls.
#[derive(Clone, Debug)]
pub struct ProbeQueue<K> {
    /// By time; what is being probed is not in it.
    due: BTreeSet<(Duration, K)>,
    times: BTreeMap<K, QueuedProbe>,
    workers: usize,
}

#[derive(Clone, Copy, Debug, Default)]
struct QueuedProbe {
    /// When; of one that is being probed: when it was due.
    at: Duration,
    is_running: bool,
    is_failing: bool,
}

impl<K: Ord + Clone> ProbeQueue<K> {
    /// A queue for so many workers.
    pub fn new(workers: usize) -> Self {
        Self { due: BTreeSet::new(), times: BTreeMap::new(), workers: workers.max(1) }
    }

    /// Something to be probed at that time. Nothing new when it is there already.
    pub fn add(&mut self, key: K, at: Duration) {
        if !self.times.contains_key(&key) {
            self.times.insert(key.clone(), QueuedProbe { at, ..QueuedProbe::default() });
            self.due.insert((at, key));
        }
    }

    /// The same, of something that counts as failing until it was well: very many new ones that hang leave room for those that are well.
    pub fn add_unproven(&mut self, key: K, at: Duration) {
        if !self.times.contains_key(&key) {
            self.times.insert(key.clone(), QueuedProbe { at, is_failing: true, ..QueuedProbe::default() });
            self.due.insert((at, key));
        }
    }

    /// Not to be probed any more; what is being probed is forgotten when it ends.
    pub fn remove(&mut self, key: &K) {
        if let Some(entry) = self.times.remove(key) {
            self.due.remove(&(entry.at, key.clone()));
        }
    }

    /// Takes the next one that is due, if any may be probed now.
    pub fn take(&mut self, now: Duration) -> Option<K> {
        let failing = self.times.values().filter(|entry| entry.is_running && entry.is_failing).count();
        let may_fail = failing < (self.workers / 2).max(1);
        let ready = self.due.iter().take_while(|(at, _)| *at <= now);
        let (at, key) = ready.into_iter().find(|(_, key)| may_fail || !self.is_failing(key))?.clone();
        self.due.remove(&(at, key.clone()));
        self.times.entry(key.clone()).or_default().is_running = true;
        Some(key)
    }

    /// Its probe has ended; the next is to be at that time.
    pub fn done(&mut self, key: &K, next: Duration, is_failing: bool) {
        let Some(entry) = self.times.get_mut(key).filter(|entry| entry.is_running) else { return };
        *entry = QueuedProbe { at: next, is_running: false, is_failing };
        self.due.insert((next, key.clone()));
    }

    /// Whoever probed it has died: it is its turn again.
    pub fn give_back(&mut self, key: &K) {
        let Some(entry) = self.times.get_mut(key).filter(|entry| entry.is_running) else { return };
        entry.is_running = false;
        let at = entry.at;
        self.due.insert((at, key.clone()));
    }

    /// When the next one is due.
    pub fn next_due(&self) -> Option<Duration> {
        self.due.first().map(|(at, _)| *at)
    }

    /// When this one is due; `None` while it is being probed.
    pub fn due_at(&self, key: &K) -> Option<Duration> {
        self.times.get(key).filter(|entry| !entry.is_running).map(|entry| entry.at)
    }

    /// How many are due and wait for a worker.
    pub fn waiting(&self, now: Duration) -> usize {
        self.due.iter().take_while(|(at, _)| *at <= now).count()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.times.len()
    }

    /// Whether there is nothing to be probed.
    pub fn is_empty(&self) -> bool {
        self.times.is_empty()
    }

    fn is_failing(&self, key: &K) -> bool {
        self.times.get(key).is_some_and(|entry| entry.is_failing)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn s(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn what_is_well_is_probed_less_and_what_fails_sooner() {
        for (interval, successes, failures, wanted) in [
            (60, 0, 0, 60),
            (60, 4, 0, 60),
            (60, 5, 0, 120),
            (60, 10, 0, 240),
            (60, 1_000_000, 0, 240),
            (60, 0, 1, 15),
            (60, 0, 4, 15),
            (60, 0, 5, 60),
            (8, 0, 1, 5),
            (3, 0, 1, 3),
        ] {
            assert_eq!(next_interval(s(interval), successes, failures), s(wanted), "{interval} {successes} {failures}");
        }
    }

    #[test]
    fn the_one_that_is_due_longest_comes_first_and_nobody_twice() {
        let mut queue = ProbeQueue::new(4);
        [("b", 2), ("a", 5), ("c", 9), ("b", 0)].into_iter().for_each(|(key, at)| queue.add(key, s(at)));
        assert_eq!((queue.take(s(1)), queue.waiting(s(6)), queue.next_due()), (None, 2, Some(s(2))));
        assert_eq!((queue.take(s(6)), queue.take(s(6)), queue.take(s(6))), (Some("b"), Some("a"), None));
        assert_eq!((queue.due_at(&"b"), queue.due_at(&"c")), (None, Some(s(9))));
        queue.done(&"b", s(7), false);
        queue.give_back(&"a");
        assert_eq!(
            (queue.take(s(8)), queue.take(s(8))),
            (Some("a"), Some("b")),
            "what was given back is due since then"
        );
        queue.remove(&"a");
        queue.done(&"a", s(9), false);
        queue.remove(&"c");
        assert_eq!((queue.len(), queue.take(s(99))), (1, None), "removed while it was being probed");
    }

    #[test]
    fn a_thousand_that_hang_do_not_hold_up_one_that_is_well() {
        let mut queue = ProbeQueue::new(4);
        (0..1_000).for_each(|number| queue.add(number, s(0)));
        for number in 0..1_000 {
            assert_eq!(queue.take(s(1)), Some(number));
            queue.done(&number, s(2), true);
        }
        queue.add(5_000, s(100));
        assert_eq!((queue.take(s(100)), queue.take(s(100))), (Some(0), Some(1)));
        assert_eq!(queue.take(s(100)), Some(5_000), "two of four workers are left to the others");
        assert_eq!((queue.take(s(100)), queue.waiting(s(100))), (None, 998));
        let mut new = ProbeQueue::new(4);
        (0..1_000).for_each(|number| new.add_unproven(number, s(0)));
        assert_eq!((new.take(s(1)), new.take(s(1)), new.take(s(1))), (Some(0), Some(1), None));
        new.done(&0, s(2), false);
        assert_eq!((new.take(s(2)), new.take(s(2)), new.take(s(2))), (Some(2), Some(0), None), "one has proved itself");
        let mut alone = ProbeQueue::new(1);
        alone.add(1, s(0));
        assert_eq!(alone.take(s(0)), Some(1));
        alone.done(&1, s(1), true);
        assert_eq!(alone.take(s(1)), Some(1), "one worker probes what fails too");
    }
}
