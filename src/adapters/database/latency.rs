//! How quickly a database answers: told once when it becomes slow and once when that is over, and shown in between.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// An answer that takes so long is a slow one: rows of ten thousand cameras take a fifth of it.
const SLOW: Duration = Duration::from_millis(500);

/// Without a slow answer for so long, it is not slow any more.
const CALM: Duration = Duration::from_secs(60);

/// Watches every answer of one database.
#[derive(Debug, Default)]
pub(super) struct LatencyMonitor(Mutex<Option<SlowPeriod>>);

/// A time of slow answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct SlowPeriod {
    since: Instant,
    last: Instant,
    longest: Duration,
}

/// What to tell of an answer.
#[derive(Debug, PartialEq, Eq)]
enum LatencyEvent {
    Nothing,
    Slow,
    Over(SlowPeriod),
}

impl LatencyMonitor {
    /// An answer of the database at `place` came `took` after its question.
    pub(super) fn note(&self, place: &str, took: Duration) {
        match self.take(took, Instant::now()) {
            LatencyEvent::Nothing => {}
            LatencyEvent::Slow => {
                let ms = took.as_millis() as u64;
                log::warn!(database = place, ms = ms; "database degraded: slow answers; look at its load, its locks and its disk");
            }
            LatencyEvent::Over(period) => {
                let (seconds, ms) = ((period.last - period.since).as_secs(), period.longest.as_millis() as u64);
                log::info!(database = place, seconds = seconds, longest_ms = ms; "database recovered: fast answers again");
            }
        }
    }

    fn take(&self, took: Duration, now: Instant) -> LatencyEvent {
        let mut period = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match &mut *period {
            None if took >= SLOW => {
                *period = Some(SlowPeriod { since: now, last: now, longest: took });
                LatencyEvent::Slow
            }
            Some(slow) if took >= SLOW => {
                (slow.last, slow.longest) = (now, slow.longest.max(took));
                LatencyEvent::Nothing
            }
            Some(slow) if now.duration_since(slow.last) >= CALM => {
                let over = *slow;
                *period = None;
                LatencyEvent::Over(over)
            }
            _ => LatencyEvent::Nothing,
        }
    }

    /// For people who ask how the database is; empty when it is quick.
    pub(super) fn words(&self) -> String {
        match &*self.0.lock().unwrap_or_else(PoisonError::into_inner) {
            None => String::new(),
            Some(period) => {
                format!("; slow: the slowest of its last answers took {} ms", period.longest.as_millis())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slowness_is_told_once_and_so_is_its_end() {
        let (latency, start) = (LatencyMonitor::default(), Instant::now());
        let at = |second: u64, ms: u64| latency.take(Duration::from_millis(ms), start + Duration::from_secs(second));
        assert_eq!((at(0, 20), at(1, 499)), (LatencyEvent::Nothing, LatencyEvent::Nothing));
        assert_eq!(latency.words(), "");
        assert_eq!(
            (at(2, 700), at(3, 1_200), at(4, 600)),
            (LatencyEvent::Slow, LatencyEvent::Nothing, LatencyEvent::Nothing)
        );
        assert!(latency.words().contains("slow: the slowest of its last answers took 1200 ms"), "{}", latency.words());
        assert_eq!(
            (at(5, 10), at(63, 10)),
            (LatencyEvent::Nothing, LatencyEvent::Nothing),
            "one quick answer is not the end of it"
        );
        let LatencyEvent::Over(period) = at(64, 10) else { panic!("it is over") };
        assert_eq!(
            (period.last - period.since, period.longest),
            (Duration::from_secs(2), Duration::from_millis(1_200))
        );
        assert_eq!((latency.words(), at(65, 10)), (String::new(), LatencyEvent::Nothing));
        assert_eq!(at(66, 500), LatencyEvent::Slow, "the next one is told again");
    }
}
