//! Which addresses are likely to be behind the same switch.

use std::net::IpAddr;

/// The network of an address, as people write it: 256 addresses of IPv4, a /64 of IPv6. `None` for names, and for this host itself.
pub(super) fn range_of(host: &str) -> Option<String> {
    let address: IpAddr = host.trim_start_matches('[').trim_end_matches(']').parse().ok()?;
    match address {
        address if address.is_loopback() => None,
        IpAddr::V4(address) => {
            let [a, b, c, _] = address.octets();
            Some(format!("{a}.{b}.{c}.0/24"))
        }
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            Some(format!("{a:x}:{b:x}:{c:x}:{d:x}::/64"))
        }
    }
}

/// Whether it is this host.
pub(super) fn is_loopback(host: &str) -> bool {
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_one_network_have_one_range() {
        for (host, range) in [
            ("10.0.3.17", Some("10.0.3.0/24")),
            ("10.0.3.255", Some("10.0.3.0/24")),
            ("10.0.4.17", Some("10.0.4.0/24")),
            ("fd00:1:2:3:4::5", Some("fd00:1:2:3::/64")),
            ("[fd00:1:2:3::9]", Some("fd00:1:2:3::/64")),
            ("127.0.0.1", None),
            ("::1", None),
            ("gate.example.org", None),
            ("", None),
        ] {
            assert_eq!(range_of(host).as_deref(), range, "{host}");
        }
        assert!(
            is_loopback("localhost") && is_loopback("127.0.0.9") && !is_loopback("10.0.3.1") && !is_loopback("gate")
        );
    }
}
