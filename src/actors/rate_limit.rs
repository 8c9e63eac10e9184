//! How often something may happen: a few times at once after a quiet time, and once per interval in the long run. The
//! algorithm is `governor`'s (GCRA); on tokio's clock, which tests can pause.

use std::num::NonZeroU32;
use std::time::{Duration, Instant};

use governor::clock::Clock;
use governor::middleware::NoOpMiddleware;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};

/// A limit of one kind of event.
pub struct RateLimit(RateLimiter<NotKeyed, InMemoryState, TokioClock, NoOpMiddleware<Instant>>);

impl RateLimit {
    /// Once per `interval`, and `burst` times after a quiet time. An interval of zero counts as a nanosecond.
    pub fn new(interval: Duration, burst: NonZeroU32) -> Self {
        let one = Quota::with_period(interval.max(Duration::from_nanos(1)));
        let quota = one.unwrap_or_else(|| Quota::per_second(NonZeroU32::MAX)).allow_burst(burst);
        Self(RateLimiter::direct_with_clock(quota, TokioClock))
    }

    /// Counts one that happens now, or says how long it has to wait.
    pub fn try_now(&self) -> Result<(), Duration> {
        self.0.check().map_err(|until| until.wait_time_from(TokioClock.now()))
    }
}

#[derive(Clone, Debug)]
struct TokioClock;

impl Clock for TokioClock {
    type Instant = Instant;

    fn now(&self) -> Instant {
        tokio::time::Instant::now().into_std()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn two_happen_together_and_then_one_per_interval() {
        let ms = Duration::from_millis;
        let (limit, begin) = (RateLimit::new(ms(50), NonZeroU32::new(2).expect("not 0")), tokio::time::Instant::now());
        // When it is wanted, and when it happens.
        for (now, happens) in [(0, 0), (1, 1), (2, 50), (60, 100), (300, 300), (301, 301), (310, 350), (1000, 1000)] {
            tokio::time::sleep_until(begin + ms(now)).await;
            while let Err(wait) = limit.try_now() {
                tokio::time::sleep(wait).await;
            }
            assert_eq!(begin.elapsed(), ms(happens), "wanted at {now}");
        }
    }
}
