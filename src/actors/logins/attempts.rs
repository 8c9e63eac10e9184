//! How often somebody may try to log in: per address and per name.

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::time::Duration;

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
}

impl Attempts {
    pub(super) fn new() -> Self {
        let quota = Quota::with_period(ONE_IN).expect("not 0").allow_burst(BURST);
        Self { addresses: RateLimiter::keyed(quota), names: RateLimiter::keyed(quota) }
    }

    /// Whether this one may try now; it counts. An IPv6 network counts as one address, as one person has all of it.
    pub(super) fn may_try(&self, address: IpAddr, name: &str) -> bool {
        let address = match address {
            IpAddr::V6(ip) => IpAddr::V6((ip.to_bits() & (u128::MAX << 64)).into()),
            ip @ IpAddr::V4(_) => ip,
        };
        if self.addresses.len() + self.names.len() > MOST_KEYS {
            self.addresses.retain_recent();
            self.names.retain_recent();
        }
        let name: String = name.chars().take(64).collect();
        self.addresses.check_key(&address).is_ok() && self.names.check_key(&name).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attempts_are_limited_per_address_and_per_name() {
        let ip = |text: &str| text.parse::<IpAddr>().expect(text);
        let attempts = Attempts::new();
        let tried = (0..20).filter(|_| attempts.may_try(ip("10.0.0.1"), "anna")).count();
        assert!((10..=11).contains(&tried), "{tried}");
        assert!(!attempts.may_try(ip("10.0.0.1"), "bert"), "one address for many names");
        assert!(!attempts.may_try(ip("10.0.0.2"), "anna"), "one name from many addresses");
        assert!(attempts.may_try(ip("10.0.0.3"), "carl"));
        let tried = (0..20).filter(|n| attempts.may_try(ip(&format!("2001:db8::{n}")), &format!("user{n}"))).count();
        assert!((10..=11).contains(&tried), "one network of IPv6: {tried}");
    }
}
