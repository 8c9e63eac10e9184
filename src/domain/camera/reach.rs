//! Which addresses a camera may have. Whoever may add or test a camera chooses where we connect to; that must not open
//! what only this machine can reach: metadata services, link-local neighbours, and our own control ports.

use std::net::IpAddr;

use crate::base::network::Network;
use crate::base::{Error, Result};

/// The rule, by the configuration.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reach {
    /// `restream.allowed_networks`: never refused.
    pub allowed: Vec<Network>,
    /// Ports of this machine that are no cameras: our own HTTP, and the control API of a media server here.
    pub own_ports: Vec<u16>,
}

/// Metadata services outside of the link-local networks: Alibaba, Oracle, Azure, and that of AWS over IPv6.
const METADATA: [&str; 4] = ["100.100.100.200", "192.0.0.192", "168.63.129.16", "fd00:ec2::254"];

const LINK_LOCAL: [&str; 2] = ["169.254.0.0/16", "fe80::/10"];

impl Reach {
    /// Refuses an address that no camera may have. `Invalid` for `host`, with the key that lets it in.
    pub fn check(&self, address: IpAddr, port: Option<u16>) -> Result<()> {
        let address = address.to_canonical();
        let among = |texts: &[&str]| {
            texts.iter().filter_map(|text| text.parse::<Network>().ok()).any(|network| network.contains(address))
        };
        if self.allowed.iter().any(|network| network.contains(address)) {
            return Ok(());
        }
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
        let remedy = "if there is a camera, add its network to restream.allowed_networks";
        Err(Error::invalid("host", format!("{address} {what} and is not called; {remedy}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cameras_are_called_and_what_only_this_machine_reaches_is_not() {
        let reach = Reach { allowed: vec![], own_ports: vec![8080, 9997] };
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
