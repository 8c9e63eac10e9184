//! When the next frame may leave: at once after a quiet time, and at most one per interval in the long run.

use std::time::Duration;

use tokio::time::Instant;

/// Counts the frames as the generic cell rate algorithm does (ITU-T I.371): two may leave together, because what a poll finds
/// often comes right behind something small, and must not wait for an interval that this has begun.
#[derive(Debug)]
pub(super) struct FramePace {
    interval: Duration,
    /// When the frames that have left would all have been due, one per interval.
    paid_until: Option<Instant>,
}

impl FramePace {
    /// One frame per `interval`.
    pub(super) fn new(interval: Duration) -> Self {
        Self { interval, paid_until: None }
    }

    /// How long the next frame has to wait; zero: it may leave now.
    pub(super) fn wait(&self, now: Instant) -> Duration {
        let ahead = self.paid_until.map_or(Duration::ZERO, |until| until.saturating_duration_since(now));
        ahead.saturating_sub(self.interval)
    }

    /// A frame leaves.
    pub(super) fn left(&mut self, now: Instant) {
        let begin = self.paid_until.map_or(now, |until| until.max(now));
        self.paid_until = Some(begin + self.interval);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_leave_together_and_then_one_per_interval() {
        let ms = Duration::from_millis;
        let (mut pace, begin) = (FramePace::new(ms(50)), Instant::now());
        // When something is to be told, and when it leaves.
        for (now, leaves) in [(0, 0), (1, 1), (2, 50), (60, 100), (300, 300), (301, 301), (310, 350), (1000, 1000)] {
            let wait = pace.wait(begin + ms(now));
            assert_eq!(wait, ms(leaves - now), "at {now}");
            pace.left(begin + ms(now) + wait);
        }
    }

    #[test]
    fn a_second_of_changes_makes_twenty_frames_and_one() {
        let (mut pace, begin) = (FramePace::new(Duration::from_millis(50)), Instant::now());
        let mut frames = 0;
        for millisecond in 0..1_000 {
            let now = begin + Duration::from_millis(millisecond);
            if pace.wait(now).is_zero() {
                pace.left(now);
                frames += 1;
            }
        }
        assert_eq!(frames, 21);
    }
}
