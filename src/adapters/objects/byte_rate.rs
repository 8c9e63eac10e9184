//! A limit of bytes a second that several share.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// The limit; nobody waits while there is none.
#[derive(Debug, Default)]
pub struct ByteRate(Mutex<RateState>);

#[derive(Clone, Copy, Debug, Default)]
struct RateState {
    bytes_per_second: Option<u64>,
    /// Everything that was let through is through by then.
    free: Option<Instant>,
}

impl ByteRate {
    /// From now on so many bytes a second.
    pub fn set(&self, bytes_per_second: Option<u64>) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if state.bytes_per_second != bytes_per_second {
            *state = RateState { bytes_per_second, free: None };
        }
    }

    /// Waits until so many bytes may go; whoever asks first goes first.
    pub async fn take(&self, bytes: u64) {
        let begin = {
            let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            let Some(rate) = state.bytes_per_second else { return };
            let begin = state.free.unwrap_or_else(Instant::now).max(Instant::now());
            state.free = Some(begin + time_of(bytes, rate));
            begin
        };
        tokio::time::sleep_until(begin).await;
    }
}

/// How long so many bytes take.
fn time_of(bytes: u64, rate: u64) -> Duration {
    Duration::from_nanos(u64::try_from(u128::from(bytes) * 1_000_000_000 / u128::from(rate.max(1))).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn several_share_a_limit_that_may_change() {
        let (rate, begun) = (ByteRate::default(), Instant::now());
        rate.take(1_000_000).await;
        assert_eq!(begun.elapsed(), Duration::ZERO, "no limit");
        rate.set(Some(1_000));
        let four = async { tokio::join!(rate.take(500), rate.take(500), rate.take(500), rate.take(500)) };
        four.await;
        assert_eq!(begun.elapsed().as_millis() / 10, 150, "the last one begins when three are through");
        rate.take(0).await;
        assert_eq!(begun.elapsed().as_millis() / 10, 200);
        rate.take(100_000).await;
        rate.set(Some(100_000));
        rate.take(1).await;
        assert_eq!(begun.elapsed().as_millis() / 10, 200, "what is over is over");
        assert_eq!(time_of(u64::MAX, 0), Duration::from_nanos(u64::MAX));
    }
}
