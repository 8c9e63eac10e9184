//! So many starts in any second: a sliding window over the starts that were taken.

use std::collections::VecDeque;
use std::time::Duration;

/// A start becomes a process some milliseconds later, not always equally many. The window is so much longer, so that
/// whoever counts processes finds no second with more of them either.
const SLACK: Duration = Duration::from_millis(50);

/// Starts per second, as the configuration allows them.
const SLOWEST: f64 = 0.01;
/// See [`SLOWEST`].
const FASTEST: f64 = 1000.0;

/// Starts at a rate. Not a token bucket: one that was full lets pass a burst and goes on at its rate, twice the budget
/// in one second. Here the burst is part of the budget.
#[derive(Clone, Debug)]
pub struct Budget {
    /// At most so many starts ...
    starts: usize,
    /// ... in any window of this length: a second and [`SLACK`] for a whole rate, a little more where the number of
    /// starts had to be rounded up.
    window: Duration,
    /// When the last `starts` of them were taken, oldest first.
    taken: VecDeque<Duration>,
}

impl Budget {
    /// Nothing is taken yet. `rate`: starts per second.
    pub fn new(rate: f64) -> Self {
        // A rate of zero or nonsense must slow down, not divide by zero.
        let rate = if rate.is_finite() { rate.clamp(SLOWEST, FASTEST) } else { SLOWEST };
        let starts = rate.ceil();
        Self { starts: starts as usize, window: Duration::from_secs_f64(starts / rate) + SLACK, taken: VecDeque::new() }
    }

    /// Another rate; what was taken counts.
    pub fn set_rate(&mut self, rate: f64) {
        *self = Self { taken: std::mem::take(&mut self.taken), ..Self::new(rate) };
    }

    /// When the next start is free; may be past.
    pub fn free_at(&self) -> Duration {
        let oldest = self.taken.len().checked_sub(self.starts).and_then(|at| self.taken.get(at));
        oldest.map_or(Duration::ZERO, |oldest| *oldest + self.window)
    }

    /// When nothing of what was taken counts any more.
    pub fn whole_at(&self) -> Duration {
        self.taken.back().map_or(Duration::ZERO, |last| *last + self.window)
    }

    /// Takes a start, which must be free.
    pub fn take(&mut self, now: Duration) {
        self.taken.push_back(now);
        let excess = self.taken.len().saturating_sub(self.starts);
        self.taken.drain(..excess);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_as_starts_and_windows() {
        let table = [
            (20.0, 20, 1.05),
            (2.0, 2, 1.05),
            (1.0, 1, 1.05),
            (2.5, 3, 1.25),
            (0.5, 1, 2.05),
            (0.0, 1, 100.05),
            (-3.0, 1, 100.05),
            (f64::NAN, 1, 100.05),
            (f64::INFINITY, 1, 100.05),
            (1e9, 1000, 1.05),
        ];
        for (rate, starts, window) in table {
            let budget = Budget::new(rate);
            assert_eq!(budget.starts, starts, "{rate}");
            assert!((budget.window.as_secs_f64() - window).abs() < 1e-6, "{rate}: {:?}", budget.window);
        }
    }

    #[test]
    fn it_keeps_no_more_than_it_needs() {
        let mut budget = Budget::new(3.0);
        assert_eq!((budget.free_at(), budget.whole_at()), (Duration::ZERO, Duration::ZERO));
        for second in 0..100 {
            budget.take(Duration::from_secs(second));
        }
        assert_eq!(budget.taken.len(), 3);
        assert_eq!(budget.free_at(), Duration::from_millis(98_050));
        assert_eq!(budget.whole_at(), Duration::from_millis(100_050));
        budget.set_rate(1.0);
        assert_eq!(budget.free_at(), Duration::from_millis(100_050), "what was taken counts");
        budget.set_rate(4.0);
        assert_eq!(budget.free_at(), Duration::ZERO, "one more at once");
    }
}
