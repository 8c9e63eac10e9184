//! An address to listen on.

use std::net::{IpAddr, SocketAddr};

use crate::config::complaint::{Complaint, ConfigFault};

/// Checks an address to listen on, as `http.listen` and `--listen` take it. Loopback only: there is no login yet.
///
/// # Errors
/// One complaint with the key `http.listen`.
pub fn listen_address(text: &str) -> Result<SocketAddr, Complaint> {
    parse_listen(text).map_err(|fault| fault.at("http.listen", None))
}

pub(super) fn parse_listen(text: &str) -> Result<SocketAddr, ConfigFault> {
    let numeric = match text.strip_prefix("localhost:") {
        Some(port) => format!("127.0.0.1:{port}"),
        None => text.to_owned(),
    };
    let address: SocketAddr = numeric.parse().map_err(|_| {
        let shown: String = text.chars().take(60).collect();
        ConfigFault::new(
            format!("{shown:?} is not an address and a port"),
            "write 127.0.0.1:8080, [::1]:8080 or localhost:8080; port 0 lets the system choose",
        )
    })?;
    // ::ffff:127.0.0.1 is loopback as well, which `is_loopback` does not know.
    let host = match address.ip() {
        IpAddr::V6(ip) => ip.to_ipv4_mapped().map_or(IpAddr::V6(ip), IpAddr::V4),
        ip => ip,
    };
    if host.is_loopback() {
        return Ok(address);
    }
    Err(ConfigFault::new(
        format!("{address} can be reached from other machines, and this version has no login yet"),
        "listen on 127.0.0.1 or [::1] and let a reverse proxy or an SSH tunnel with its own login bring people in",
    ))
}
