//! Backoff per item: what failed waits for a time of its own, and its neighbours go on.

use std::collections::BTreeMap;
use std::time::Duration;

use super::backoff::Backoff;

/// Items that failed. Times are durations since any fixed moment of a monotonic clock.
#[derive(Debug)]
pub struct ItemBackoff<K> {
    known: BTreeMap<K, FailedItem>,
    backoff: Backoff,
    most: usize,
}

#[derive(Debug)]
struct FailedItem {
    failures: u32,
    until: Duration,
    complaint: String,
}

impl<K: Ord + Clone> ItemBackoff<K> {
    /// Nothing has failed yet. More than `most` items are not remembered: those are forgotten that could have been tried
    /// long ago, as they are gone, else the one whose turn is next.
    pub fn new(backoff: Backoff, most: usize) -> Self {
        Self { known: BTreeMap::new(), backoff, most }
    }

    /// This one failed. True when the complaint is a new one of this item: what lasts is logged once. A failure of
    /// something that waits already was begun before and makes the wait no longer.
    pub fn failed(&mut self, item: &K, complaint: &str, now: Duration, jitter: f64) -> bool {
        if self.is_full() && !self.known.contains_key(item) {
            let long_ago = now.saturating_sub(self.backoff.max * 2);
            self.known.retain(|_, failed| failed.until >= long_ago);
        }
        if self.is_full() && !self.known.contains_key(item) {
            let next = self.known.iter().min_by_key(|(_, failed)| failed.until).map(|(item, _)| item.clone());
            next.map(|item| self.known.remove(&item));
        }
        let start = || FailedItem { failures: 0, until: now, complaint: String::new() };
        let failed = self.known.entry(item.clone()).or_insert_with(start);
        if failed.until <= now {
            failed.failures = failed.failures.saturating_add(1);
            failed.until = now + self.backoff.delay(failed.failures, jitter);
        }
        let is_new = failed.complaint != complaint;
        if is_new {
            complaint.clone_into(&mut failed.complaint);
        }
        is_new
    }

    /// This one works, or is no longer there. True when it had failed before.
    pub fn settled(&mut self, item: &K) -> bool {
        self.known.remove(item).is_some()
    }

    /// How long this one must still be left alone; `None` when it may be tried.
    pub fn wait(&self, item: &K, now: Duration) -> Option<Duration> {
        let left = self.known.get(item)?.until.saturating_sub(now);
        (!left.is_zero()).then_some(left)
    }

    /// Those that must be left alone.
    pub fn waiting(&self, now: Duration) -> impl Iterator<Item = &K> {
        self.known.iter().filter(move |(_, failed)| failed.until > now).map(|(item, _)| item)
    }

    /// When the next of those may be tried that were left alone in a choice made at `chosen`, counted from `now`: at once where
    /// its time has come since. `None` when none was left alone.
    pub fn next_try(&self, chosen: Duration, now: Duration) -> Option<Duration> {
        let left_alone = self.known.values().filter(|failed| failed.until > chosen);
        left_alone.map(|failed| failed.until.saturating_sub(now)).min()
    }

    /// Forgets the items that are not wanted any more.
    pub fn keep(&mut self, wanted: impl Fn(&K) -> bool) {
        self.known.retain(|item, _| wanted(item));
    }

    /// What is wrong with the first of them, when something is.
    pub fn complaint(&self) -> Option<&str> {
        self.known.values().next().map(|failed| failed.complaint.as_str())
    }

    /// No more can be remembered.
    pub fn is_full(&self) -> bool {
        self.known.len() >= self.most
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_and_end() {
        let mut items = ItemBackoff::new(Backoff::STANDARD, 10);
        let mut now = Duration::from_secs(100);
        assert_eq!(items.wait(&1, now), None);
        for seconds in [1, 2, 4, 8, 16, 32, 60, 60] {
            items.failed(&1, "no", now, 1.0);
            assert_eq!(items.wait(&1, now), Some(Duration::from_secs(seconds)));
            assert_eq!(items.wait(&2, now), None, "a neighbour has nothing to do with it");
            assert_eq!((items.waiting(now).count(), items.next_try(now, now)), (1, Some(Duration::from_secs(seconds))));
            items.failed(&1, "no", now, 1.0);
            assert_eq!(items.wait(&1, now), Some(Duration::from_secs(seconds)), "it waited already");
            let chosen = now;
            now += Duration::from_secs(seconds);
            assert_eq!(items.next_try(chosen, now), Some(Duration::ZERO), "its time came while others were tried");
            assert_eq!((items.wait(&1, now), items.next_try(now, now)), (None, None));
        }
        assert!(items.settled(&1) && !items.settled(&1));
        assert_eq!(items.complaint(), None);
    }

    #[test]
    fn a_complaint_is_new_once() {
        let mut items = ItemBackoff::new(Backoff::STANDARD, 10);
        let now = Duration::ZERO;
        for (item, complaint, is_new) in
            [(1, "no", true), (1, "no", false), (2, "no", true), (1, "never", true), (1, "never", false)]
        {
            assert_eq!(items.failed(&item, complaint, now, 1.0), is_new, "{item} {complaint}");
        }
        items.settled(&1);
        assert!(items.failed(&1, "never", now, 1.0), "it had worked in between");
        items.keep(|item| *item == 2);
        assert_eq!((items.wait(&1, now), items.wait(&2, now)), (None, Some(Duration::from_secs(1))));
    }

    #[test]
    fn they_stay_few() {
        let mut items = ItemBackoff::new(Backoff::STANDARD, 50);
        for n in 0..1000_u64 {
            items.failed(&n, "no", Duration::from_secs(n / 100), 1.0);
        }
        assert!(items.is_full() && items.known.len() == 50);
        assert!(items.wait(&999, Duration::from_secs(9)).is_some());
        // Nobody has tried those again: they are gone.
        items.failed(&1000, "no", Duration::from_secs(1000), 1.0);
        assert_eq!(items.known.len(), 1);
    }
}
