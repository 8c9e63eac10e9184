//! How often something may happen: a few times at once after a quiet time, and at most once per interval in the long run.

use std::time::{Duration, Instant};

/// Counts as the generic cell rate algorithm does (ITU-T I.371).
#[derive(Debug)]
pub struct Pace {
    interval: Duration,
    /// How far ahead of one per interval it may be.
    ahead: Duration,
    /// When all that has happened would have been due, one per interval.
    paid_until: Option<Instant>,
}

impl Pace {
    /// Once per `interval`, and `burst` times (at least once) after a quiet time.
    pub fn new(interval: Duration, burst: u32) -> Self {
        Self { interval, ahead: interval.saturating_mul(burst.saturating_sub(1)), paid_until: None }
    }

    /// How long the next one has to wait; zero: it may happen now.
    pub fn wait(&self, now: Instant) -> Duration {
        let ahead = self.paid_until.map_or(Duration::ZERO, |until| until.saturating_duration_since(now));
        ahead.saturating_sub(self.ahead)
    }

    /// It happens.
    pub fn happens(&mut self, now: Instant) {
        let begin = self.paid_until.map_or(now, |until| until.max(now));
        self.paid_until = Some(begin + self.interval);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_happen_together_and_then_one_per_interval() {
        let ms = Duration::from_millis;
        let (mut pace, begin) = (Pace::new(ms(50), 2), Instant::now());
        // When it is wanted, and when it happens.
        for (now, happens) in [(0, 0), (1, 1), (2, 50), (60, 100), (300, 300), (301, 301), (310, 350), (1000, 1000)] {
            let wait = pace.wait(begin + ms(now));
            assert_eq!(wait, ms(happens - now), "at {now}");
            pace.happens(begin + ms(now) + wait);
        }
    }

    #[test]
    fn a_second_has_twenty_and_one() {
        let (mut pace, begin) = (Pace::new(Duration::from_millis(50), 2), Instant::now());
        let mut count = 0;
        for millisecond in 0..1_000 {
            let now = begin + Duration::from_millis(millisecond);
            if pace.wait(now).is_zero() {
                pace.happens(now);
                count += 1;
            }
        }
        assert_eq!(count, 21);
    }
}
