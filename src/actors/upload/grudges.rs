//! Segments that failed and may not be tried again yet, so that one that always fails holds nobody up.

use std::collections::BTreeMap;
use std::time::Duration;

use uuid::Uuid;

use crate::base::backoff::Backoff;

/// More than this many are not remembered: the store is down then, and the worker's own backoff is enough.
const MANY: usize = 50;

/// Segments to be left alone for a while. Times are durations since any fixed moment of a monotonic clock.
#[derive(Debug, Default)]
pub(super) struct Grudges {
    known: BTreeMap<Uuid, Grudge>,
}

#[derive(Debug)]
struct Grudge {
    failures: u32,
    until: Duration,
}

impl Grudges {
    /// This one failed.
    pub(super) fn failed(&mut self, id: Uuid, now: Duration, jitter: f64) {
        if self.known.len() >= MANY && !self.known.contains_key(&id) {
            let first = self.known.iter().min_by_key(|(_, grudge)| grudge.until).map(|(id, _)| *id);
            first.map(|id| self.known.remove(&id));
        }
        let grudge = self.known.entry(id).or_insert(Grudge { failures: 0, until: now });
        grudge.failures += 1;
        grudge.until = now + Backoff::STANDARD.delay(grudge.failures, jitter);
    }

    /// This one is settled.
    pub(super) fn forget(&mut self, id: Uuid) {
        self.known.remove(&id);
    }

    /// How long this one must still be left alone; `None` when it may be tried.
    pub(super) fn wait(&self, id: Uuid, now: Duration) -> Option<Duration> {
        let left = self.known.get(&id)?.until.saturating_sub(now);
        (!left.is_zero()).then_some(left)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_and_end() {
        let mut grudges = Grudges::default();
        let (id, now) = (Uuid::from_u128(1), Duration::from_secs(100));
        assert_eq!(grudges.wait(id, now), None);
        for seconds in [1, 2, 4, 8, 16, 32, 60, 60] {
            grudges.failed(id, now, 1.0);
            assert_eq!(grudges.wait(id, now), Some(Duration::from_secs(seconds)));
            assert_eq!(grudges.wait(id, now + Duration::from_secs(seconds)), None);
        }
        grudges.forget(id);
        assert_eq!(grudges.wait(id, now), None);
    }

    #[test]
    fn they_stay_few() {
        let mut grudges = Grudges::default();
        for n in 0..1000 {
            grudges.failed(Uuid::from_u128(n), Duration::from_secs(n as u64), 1.0);
        }
        assert_eq!(grudges.known.len(), MANY);
        assert!(grudges.wait(Uuid::from_u128(999), Duration::from_secs(999)).is_some());
    }
}
