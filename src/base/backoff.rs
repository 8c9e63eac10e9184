//! Capped exponential backoff with full jitter, as arithmetic: the caller brings the random number.
//!
//! "Full jitter" (AWS Architecture Blog, "Exponential Backoff And Jitter"): the delay is uniform between the minimum
//! and the exponential ceiling, so that a fleet that fell together does not come back together.

use std::time::Duration;

/// Bounds of the delay before a restart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backoff {
    /// Ceiling of the first delay, and the floor of every delay's ceiling.
    pub min: Duration,
    /// Ceiling of every delay.
    pub max: Duration,
}

impl Backoff {
    /// 1 s to 60 s, the policy of every supervised thing (design: restart policy).
    pub const STANDARD: Self = Self { min: Duration::from_secs(1), max: Duration::from_secs(60) };

    /// The longest delay before attempt number `failures` (1 = after the first failure).
    pub fn ceiling(&self, failures: u32) -> Duration {
        let doublings = failures.saturating_sub(1).min(32);
        self.min.saturating_mul(1_u32.checked_shl(doublings).unwrap_or(u32::MAX)).min(self.max)
    }

    /// The delay for attempt `failures`; `jitter` is uniform in `0.0..=1.0`.
    ///
    /// Never shorter than half of `min`: a delay of zero would be a busy loop at the first failure.
    pub fn delay(&self, failures: u32, jitter: f64) -> Duration {
        let ceiling = self.ceiling(failures);
        let floor = self.min / 2;
        floor + ceiling.saturating_sub(floor).mul_f64(jitter.clamp(0.0, 1.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ceiling_doubles_and_stops_at_the_cap() {
        let table = [(0, 1), (1, 1), (2, 2), (3, 4), (6, 32), (7, 60), (40, 60), (u32::MAX, 60)];
        for (failures, seconds) in table {
            assert_eq!(Backoff::STANDARD.ceiling(failures), Duration::from_secs(seconds), "failures {failures}");
        }
    }

    #[test]
    fn delay_is_between_half_the_minimum_and_the_ceiling() {
        assert_eq!(Backoff::STANDARD.delay(1, 0.0), Duration::from_millis(500));
        assert_eq!(Backoff::STANDARD.delay(1, 1.0), Duration::from_secs(1));
        assert_eq!(Backoff::STANDARD.delay(9, 1.0), Duration::from_secs(60));
        assert_eq!(Backoff::STANDARD.delay(9, 7.0), Duration::from_secs(60));
    }
}
