//! Which addresses a camera may have. Whoever may add or test a camera chooses where we connect to; that must not open
//! what only this machine can reach: metadata services, link-local neighbours, and our own control ports.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::CameraSource;
use super::own_output::OwnOutput;
use crate::base::network::Network;
use crate::base::{Error, Result};

/// The rule, by the configuration.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reach {
    /// `restream.allowed_networks`: never refused.
    pub allowed: Vec<Network>,
    /// Ports of this machine that are no cameras: our own HTTP, and the control API of a media server here.
    pub own_ports: Vec<u16>,
    /// Where cameras are published; `None` where none are.
    pub output: Option<OwnOutput>,
}

/// Metadata services outside of the link-local networks: Alibaba, Oracle, Azure, and that of AWS over IPv6.
const METADATA: [&str; 4] = ["100.100.100.200", "192.0.0.192", "168.63.129.16", "fd00:ec2::254"];

const LINK_LOCAL: [&str; 2] = ["169.254.0.0/16", "fe80::/10"];

/// The IPv4 address that an IPv6 one leads to: mapped, compatible (`::a.b.c.d`), by NAT64 (`64:ff9b::/96`, and the networks
/// of one's own `64:ff9b:1::/48`) or by 6to4 (`2002::/16`).
fn embedded(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let [a, b, c, d, e, f, g, h] = address.segments();
    let of = |high: u16, low: u16| Some(Ipv4Addr::from(u32::from(high) << 16 | u32::from(low)));
    match [a, b, c, d, e, f] {
        // `::` and `::1` are addresses of their own.
        [0, 0, 0, 0, 0, 0] if (g, h) != (0, 0) && (g, h) != (0, 1) => of(g, h),
        [0, 0, 0, 0, 0, 0xffff] | [0x64, 0xff9b, 0, 0, 0, 0] | [0x64, 0xff9b, 1, ..] => of(g, h),
        [0x2002, high, low, ..] => of(high, low),
        _ => None,
    }
}

impl Reach {
    /// Refuses a source with an address that no camera may have, and one that is the camera's own path at the media server.
    ///
    /// # Errors
    /// `Invalid` for `host` or `url`.
    pub fn check_source(&self, source: &CameraSource, addresses: &[IpAddr]) -> Result<()> {
        let port = source.port();
        addresses.iter().try_for_each(|address| self.check(*address, port))?;
        self.output.as_ref().map_or(Ok(()), |output| output.check(source, addresses))
    }

    /// Refuses an address that no camera may have, in whatever notation. `Invalid` for `host`, with the key that lets it in.
    pub fn check(&self, address: IpAddr, port: Option<u16>) -> Result<()> {
        let address = address.to_canonical();
        if self.allowed.iter().any(|network| network.contains(address)) {
            return Ok(());
        }
        self.check_one(address, port)?;
        match address {
            IpAddr::V6(outer) => embedded(outer).map_or(Ok(()), |inner| self.check(inner.into(), port)),
            IpAddr::V4(_) => Ok(()),
        }
    }

    fn check_one(&self, address: IpAddr, port: Option<u16>) -> Result<()> {
        let among = |texts: &[&str]| {
            texts.iter().filter_map(|text| text.parse::<Network>().ok()).any(|network| network.contains(address))
        };
        let is_here = address.is_loopback() || address.is_unspecified();
        let what = if among(&LINK_LOCAL) {
            "is a link-local address"
        } else if among(&METADATA) {
            "is the address of a cloud's metadata service"
        } else if is_here && port.is_some_and(|port| self.own_ports.contains(&port)) {
            "with this port is a control port of this program or of its media server"
        } else {
            return Ok(());
        };
        let remedy = "if it is meant, add its network to restream.allowed_networks";
        Err(Error::invalid("host", format!("{address} {what} and is not called; {remedy}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cameras_are_called_and_what_only_this_machine_reaches_is_not() {
        let reach = Reach { own_ports: vec![8080, 9997], ..Reach::default() };
        let table = [
            ("10.0.0.9", Some(554), true),
            ("203.0.113.9", Some(9997), true),
            ("127.0.0.1", Some(554), true),
            ("127.0.0.1", None, true),
            ("239.1.1.1", Some(5000), true),
            ("fd00::1", Some(554), true),
            ("127.0.0.1", Some(8080), false),
            ("127.9.9.9", Some(9997), false),
            ("::1", Some(8080), false),
            ("0.0.0.0", Some(8080), false),
            ("::", Some(8080), false),
            ("::ffff:127.0.0.1", Some(9997), false),
            ("169.254.169.254", Some(80), false),
            ("::ffff:169.254.169.254", Some(80), false),
            ("fe80::1", Some(554), false),
            ("fd00:ec2::254", Some(80), false),
            ("100.100.100.200", Some(80), false),
            ("168.63.129.16", Some(80), false),
            ("::127.0.0.1", Some(8080), false),
            ("::127.0.0.1", Some(554), true),
            ("::a9fe:a9fe", Some(80), false),
            ("::10.0.0.9", Some(554), true),
            ("::0.0.0.0", Some(554), true),
            ("64:ff9b::a9fe:a9fe", Some(80), false),
            ("64:ff9b::127.0.0.1", Some(9997), false),
            ("64:ff9b:1::169.254.169.254", Some(80), false),
            ("64:ff9b::10.0.0.9", Some(554), true),
            ("2002:a9fe:a9fe::", Some(80), false),
            ("2002:7f00:1::1", Some(8080), false),
            ("2002:a00:9::1", Some(554), true),
        ];
        for (address, port, allowed) in table {
            let address: IpAddr = address.parse().expect(address);
            let checked = reach.check(address, port);
            assert_eq!(checked.is_ok(), allowed, "{address} {port:?}: {checked:?}");
            let everything = ["0.0.0.0/0", "::/0"].map(|network| network.parse().expect("a network")).to_vec();
            let open = Reach { allowed: everything, ..reach.clone() };
            assert!(open.check(address, port).is_ok(), "{address}: what the configuration names is let in");
            if let Err(error) = checked {
                assert!(error.field() == Some("host") && error.to_string().contains("restream.allowed_networks"));
            }
        }
    }
}
