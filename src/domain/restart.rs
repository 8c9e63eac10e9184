//! When to try again: one policy for supervised actors and for ffmpeg processes.
//!
//! Exponential delay with full jitter; it starts over only after a run that lasted, never on a brief success; a breaker
//! calls what fails too often `degraded`: visible, and still tried at the longest interval.

use std::collections::VecDeque;
use std::time::Duration;

use crate::base::backoff::Backoff;

/// Numbers of the policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RestartPolicy {
    /// Bounds of the delay.
    pub backoff: Backoff,
    /// A run that lasted so long forgives earlier failures.
    pub settled_after: Duration,
    /// So many restarts within `breaker_window` make it degraded.
    pub breaker_count: usize,
    /// See `breaker_count`.
    pub breaker_window: Duration,
}

impl RestartPolicy {
    /// 1 s to 60 s, settled after 60 s, degraded after 10 restarts in 10 minutes (design, section 4).
    pub const STANDARD: Self = Self {
        backoff: Backoff::STANDARD,
        settled_after: Duration::from_secs(60),
        breaker_count: 10,
        breaker_window: Duration::from_secs(600),
    };
}

/// What happened so far. Times are durations since any fixed moment of a monotonic clock.
#[derive(Clone, Debug, Default)]
pub struct RestartHistory {
    failures: u32,
    total: u32,
    recent: VecDeque<Duration>,
}

/// What to do after an end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RestartDelay {
    /// Wait so long.
    pub after: Duration,
    /// The breaker says it fails too often.
    pub degraded: bool,
}

impl RestartHistory {
    /// Notes that a run of length `ran` ended at `now`; says when to try again. `jitter` is uniform in `0.0..=1.0`.
    pub fn ended(&mut self, policy: &RestartPolicy, now: Duration, ran: Duration, jitter: f64) -> RestartDelay {
        if ran >= policy.settled_after {
            self.failures = 0;
            self.recent.clear();
        }
        self.failures = self.failures.saturating_add(1);
        self.total = self.total.saturating_add(1);
        self.recent.push_back(now);
        while self.recent.front().is_some_and(|first| now.saturating_sub(*first) > policy.breaker_window)
            || self.recent.len() > policy.breaker_count
        {
            self.recent.pop_front();
        }
        if self.recent.len() >= policy.breaker_count {
            // Half the longest delay at least: degraded things must not flood the log on lucky jitter.
            let after = policy.backoff.max.mul_f64(0.5 + jitter.clamp(0.0, 1.0) / 2.0);
            return RestartDelay { after, degraded: true };
        }
        RestartDelay { after: policy.backoff.delay(self.failures, jitter), degraded: false }
    }

    /// Failures since the last run that lasted.
    pub fn failures(&self) -> u32 {
        self.failures
    }

    /// All ends noted.
    pub fn total(&self) -> u32 {
        self.total
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const POLICY: RestartPolicy = RestartPolicy::STANDARD;

    fn seconds(n: u64) -> Duration {
        Duration::from_secs(n)
    }

    #[test]
    fn delays_grow_and_start_over_only_after_a_run_that_lasted() {
        let mut history = RestartHistory::default();
        // (now, ran, expected delay at full jitter)
        for (now, ran, wanted) in [(100, 1, 1), (200, 59, 2), (300, 5, 4), (400, 60, 1), (500, 0, 2)] {
            let retry = history.ended(&POLICY, seconds(now), seconds(ran), 1.0);
            assert_eq!(retry, RestartDelay { after: seconds(wanted), degraded: false }, "at {now}");
        }
        assert_eq!((history.failures(), history.total()), (2, 5));
    }

    #[test]
    fn ten_restarts_in_ten_minutes_degrade_and_a_long_run_heals() {
        let mut history = RestartHistory::default();
        for n in 0..9 {
            assert!(!history.ended(&POLICY, seconds(n), seconds(0), 0.0).degraded, "restart {n}");
        }
        assert_eq!(
            history.ended(&POLICY, seconds(9), seconds(0), 0.0),
            RestartDelay { after: seconds(30), degraded: true }
        );
        assert_eq!(history.ended(&POLICY, seconds(9), seconds(0), 1.0).after, seconds(60));
        assert!(!history.ended(&POLICY, seconds(900), seconds(61), 1.0).degraded, "a run that lasted heals");
    }

    #[test]
    fn slow_failures_never_degrade() {
        let mut history = RestartHistory::default();
        for n in 0..100 {
            assert!(!history.ended(&POLICY, seconds(n * 67), seconds(0), 1.0).degraded, "restart {n}");
        }
    }
}
