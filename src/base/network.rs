//! Networks as people write them: `10.0.0.0/8`, `fd00::/8`, or one address.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use super::visible_text::turns_line;

/// All addresses that begin with the same bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    prefix: u8,
}

impl Network {
    /// Whether the address is in it. An IPv4 address in IPv6 form counts as the IPv4 address.
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.address, address.to_canonical()) {
            (IpAddr::V4(network), IpAddr::V4(address)) => {
                let mask = u32::MAX.checked_shl(u32::from(32 - self.prefix)).unwrap_or(0);
                network.to_bits() & mask == address.to_bits() & mask
            }
            (IpAddr::V6(network), IpAddr::V6(address)) => {
                let mask = u128::MAX.checked_shl(u32::from(128 - self.prefix)).unwrap_or(0);
                network.to_bits() & mask == address.to_bits() & mask
            }
            _ => false,
        }
    }
}

impl FromStr for Network {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const FORM: &str = "is not a network; write 192.168.0.0/16, fe80::/10 or one address";
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text, None),
        };
        let address = address.parse::<IpAddr>().map_err(|_| FORM)?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        let prefix = prefix.map_or(Ok(most), |prefix| prefix.parse::<u8>().map_err(|_| FORM))?;
        if prefix <= most { Ok(Self { address, prefix }) } else { Err(FORM) }
    }
}

impl fmt::Display for Network {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}/{}", self.address, self.prefix)
    }
}

/// What the configuration calls an address or a network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NetworkLabel {
    /// Which addresses.
    pub network: Network,
    /// What they are called.
    pub name: String,
}

impl FromStr for NetworkLabel {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (network, name) = text.split_once('=').ok_or("has no name; write ADDRESS=NAME or NETWORK=NAME")?;
        let (network, name) = (network.trim().parse()?, name.trim());
        let is_plain = !name.is_empty() && !name.chars().any(|one| one.is_control() || turns_line(one));
        let is_plain = is_plain && name.chars().count() <= 64;
        if is_plain { Ok(Self { network, name: name.to_owned() }) } else { Err("has no name of 1 to 64 characters") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_in_their_networks_only() {
        let table = [
            ("169.254.0.0/16", "169.254.169.254", true),
            ("169.254.0.0/16", "169.255.0.1", false),
            ("169.254.0.0/16", "::ffff:169.254.1.1", true),
            ("10.0.0.9", "10.0.0.9", true),
            ("10.0.0.9", "10.0.0.8", false),
            ("0.0.0.0/0", "203.0.113.1", true),
            ("0.0.0.0/0", "fe80::1", false),
            ("fe80::/10", "febf::1", true),
            ("fe80::/10", "fec0::1", false),
            ("::/0", "fd00::1", true),
        ];
        for (network, address, inside) in table {
            let parsed: Network = network.parse().expect(network);
            assert_eq!(parsed.contains(address.parse().expect(address)), inside, "{address} in {network}");
        }
        for bad in ["10.0.0.9", "10.0.0.9=", "10.0.0=x", "=x", "10.0.0.9=two\nlines"] {
            assert!(bad.parse::<NetworkLabel>().is_err(), "{bad}");
        }
        let label: NetworkLabel = " 10.0.0.0/8 = the office = left ".parse().expect("good");
        assert_eq!(label.name, "the office = left");
        for bad in ["", "10.0.0", "10.0.0.0/33", "fe80::/129", "10.0.0.0/x", "host", "10.0.0.0/8/8"] {
            assert!(bad.parse::<Network>().is_err(), "{bad}");
        }
    }
}
