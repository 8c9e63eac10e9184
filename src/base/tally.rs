//! Counts of this process, for whoever asks how much was done so far: cheap to add to from any thread, never reset.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// How often something was done, how much of it, and how long it took altogether.
#[derive(Debug, Default)]
pub struct Tally {
    count: AtomicU64,
    amount: AtomicU64,
    nanoseconds: AtomicU64,
}

impl Tally {
    /// Nothing yet.
    pub const fn new() -> Self {
        Self { count: AtomicU64::new(0), amount: AtomicU64::new(0), nanoseconds: AtomicU64::new(0) }
    }

    /// Once more.
    pub fn add(&self) {
        self.count.fetch_add(1, Ordering::Relaxed);
    }

    /// Once more, and how long it took.
    pub fn took(&self, time: Duration) {
        self.add();
        self.add_time(time);
    }

    /// Time alone.
    pub fn add_time(&self, time: Duration) {
        // 584 years of it fit.
        let nanoseconds = u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
        self.nanoseconds.fetch_add(nanoseconds, Ordering::Relaxed);
    }

    /// An amount alone: bytes.
    pub fn add_amount(&self, amount: u64) {
        self.amount.fetch_add(amount, Ordering::Relaxed);
    }

    /// How often.
    pub fn count(&self) -> u64 {
        self.count.load(Ordering::Relaxed)
    }

    /// How much.
    pub fn amount(&self) -> u64 {
        self.amount.load(Ordering::Relaxed)
    }

    /// Seconds altogether.
    pub fn seconds(&self) -> f64 {
        Duration::from_nanos(self.nanoseconds.load(Ordering::Relaxed)).as_secs_f64()
    }
}

/// One [`Tally`] for each word. The words are few and known: kinds, servers, never names of streams.
#[derive(Debug, Default)]
pub struct Tallies(Mutex<BTreeMap<String, Arc<Tally>>>);

impl Tallies {
    /// None yet.
    pub const fn new() -> Self {
        Self(Mutex::new(BTreeMap::new()))
    }

    /// That of this word, to be kept by whoever adds to it often.
    pub fn of(&self, word: &str) -> Arc<Tally> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match all.get(word) {
            Some(tally) => Arc::clone(tally),
            None => Arc::clone(all.entry(word.to_owned()).or_default()),
        }
    }

    /// All of them, by word.
    pub fn all(&self) -> Vec<(String, Arc<Tally>)> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.iter().map(|(word, tally)| (word.clone(), Arc::clone(tally))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_word_has_its_own() {
        let tallies = Tallies::new();
        tallies.of("b").took(Duration::from_millis(1_500));
        tallies.of("b").took(Duration::from_millis(500));
        tallies.of("a").add_amount(7);
        let seen: Vec<_> =
            tallies.all().into_iter().map(|(word, one)| (word, one.count(), one.amount(), one.seconds())).collect();
        assert_eq!(seen, [("a".to_owned(), 0, 7, 0.0), ("b".to_owned(), 2, 0, 2.0)]);
    }
}
