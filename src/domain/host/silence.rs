//! When a host counts as silent.

use std::time::Duration;

/// Measurements that may be missed; the next one is late.
const MISSED: u32 = 3;
/// For a network that stutters.
const MARGIN: Duration = Duration::from_secs(5);
/// Beyond the longest interval there is.
const LONGEST: f64 = 3_600.0;

/// A host that measures every `interval` seconds and is not heard of for so long is silent.
pub fn silent_after(interval: f64) -> Duration {
    Duration::from_secs_f64(if interval.is_finite() { interval.clamp(0.0, LONGEST) } else { LONGEST }) * MISSED + MARGIN
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_measurements_may_be_missed() {
        for (interval, wanted) in [(10.0, 35), (1.0, 8), (0.0, 5), (-1.0, 5), (1e30, 10_805), (f64::NAN, 10_805)] {
            assert_eq!(silent_after(interval), Duration::from_secs(wanted), "{interval}");
        }
    }
}
