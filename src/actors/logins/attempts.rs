//! How often somebody may try to log in: per address and per name.

use std::collections::HashMap;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use governor::clock::{Clock, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};

/// So many attempts at once, and one more in this time.
const BURST: NonZeroU32 = NonZeroU32::new(10).expect("not 0");
const ONE_IN: Duration = Duration::from_secs(6);

/// With so many keys those that may try again at once are forgotten.
const MOST_KEYS: usize = 10_000;

/// Who has tried lately.
pub(super) struct Attempts {
    addresses: DefaultKeyedRateLimiter<IpAddr>,
    names: DefaultKeyedRateLimiter<String>,
    /// Addresses that have to wait, and until when.
    waiting: Mutex<HashMap<IpAddr, Instant>>,
}

impl Attempts {
    pub(super) fn new() -> Self {
        let quota = Quota::with_period(ONE_IN).expect("not 0").allow_burst(BURST);
        Self { addresses: RateLimiter::keyed(quota), names: RateLimiter::keyed(quota), waiting: Mutex::default() }
    }

    /// Counts an attempt, or says how long to wait for the next one. An IPv6 network counts as one address, as one person has
    /// all of it.
    pub(super) fn try_now(&self, address: IpAddr, name: &str) -> Result<(), Duration> {
        let address = counted(address);
        if self.addresses.len() + self.names.len() > MOST_KEYS {
            self.addresses.retain_recent();
            self.names.retain_recent();
        }
        let name: String = name.chars().take(64).collect();
        let now = DefaultClock::default().now();
        if let Err(until) = self.addresses.check_key(&address) {
            let (wait, now) = (until.wait_time_from(now), Instant::now());
            let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
            waiting.retain(|_, until| *until > now);
            waiting.insert(address, now + wait);
            return Err(wait);
        }
        self.names.check_key(&name).map_err(|until| until.wait_time_from(now))
    }

    /// Whether this address was refused and has to wait still: then nothing it sends is looked at, not even what is known to be
    /// right, so that nobody finds a password by trying.
    pub(super) fn has_to_wait(&self, address: IpAddr) -> bool {
        let waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.get(&counted(address)).is_some_and(|until| *until > Instant::now())
    }
}

/// What counts as one address.
fn counted(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V6(ip) => IpAddr::V6((ip.to_bits() & (u128::MAX << 64)).into()),
        ip @ IpAddr::V4(_) => ip,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attempts_are_limited_per_address_and_per_name() {
        let ip = |text: &str| text.parse::<IpAddr>().expect(text);
        let attempts = Attempts::new();
        let tried = (0..20).filter(|_| attempts.try_now(ip("10.0.0.1"), "anna").is_ok()).count();
        assert!((10..=11).contains(&tried), "{tried}");
        assert!(attempts.try_now(ip("10.0.0.1"), "bert").is_err(), "one address for many names");
        let wait = attempts.try_now(ip("10.0.0.2"), "anna").expect_err("one name from many addresses");
        assert!(wait <= ONE_IN, "{wait:?}");
        assert!(attempts.try_now(ip("10.0.0.3"), "carl").is_ok());
        assert!(attempts.has_to_wait(ip("10.0.0.1")) && !attempts.has_to_wait(ip("10.0.0.3")));
        let tried =
            (0..20).filter(|n| attempts.try_now(ip(&format!("2001:db8::{n}")), &format!("user{n}")).is_ok()).count();
        assert!((10..=11).contains(&tried), "one network of IPv6: {tried}");
    }
}
