//! How fast people may have one host probed.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::time::Instant;

/// Probes that people request at one host are no faster than relays start there, so that nobody scans ports through us: what
/// a probe tells (refused, no answer, no login, no media) is what an operator needs to mend a camera, and is told.
#[derive(Debug, Default)]
pub(super) struct HostRateLimit {
    /// When the next probe of a host may begin.
    next: BTreeMap<String, Instant>,
}

impl HostRateLimit {
    /// Reserves the next place at this host and says how long it is until then; `None` when that is longer than `most`.
    pub(super) fn reserve(&mut self, host: &str, rate: f64, now: Instant, most: Duration) -> Option<Duration> {
        self.next.retain(|_, next| *next > now);
        let wait = self.next.get(host).map_or(Duration::ZERO, |next| next.saturating_duration_since(now));
        if wait > most {
            return None;
        }
        self.next.insert(host.to_owned(), now + wait + Duration::from_secs_f64(1.0 / rate));
        Some(wait)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn probes_of_one_host_are_paced_and_others_are_not_held_up() {
        let (mut limit, now, most) = (HostRateLimit::default(), Instant::now(), Duration::from_secs(2));
        let waits: Vec<_> = (0..6).map(|_| limit.reserve("cam", 2.0, now, most).map(|wait| wait.as_millis())).collect();
        assert_eq!(waits, [Some(0), Some(500), Some(1000), Some(1500), Some(2000), None]);
        assert_eq!(limit.reserve("other", 2.0, now, most), Some(Duration::ZERO));
        assert_eq!(limit.reserve("cam", 2.0, now + Duration::from_secs(3), most), Some(Duration::ZERO));
        assert_eq!(limit.next.len(), 1, "what is over is forgotten");
    }
}
