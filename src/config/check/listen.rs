//! An address to listen on.

use std::net::SocketAddr;

use crate::config::complaint::{Complaint, ConfigFault};

/// Checks an address to listen on, as `--listen` of the demo takes it. Loopback only: nobody has to log in there.
///
/// # Errors
/// One complaint with the key `http.listen`.
pub fn listen_address(text: &str) -> Result<SocketAddr, Complaint> {
    let address = parse_listen(text).map_err(|fault| fault.at("http.listen", None))?;
    if address.ip().to_canonical().is_loopback() {
        return Ok(address);
    }
    let fault = ConfigFault::new(
        format!("{address} can be reached from other machines, and the demo has no login yet"),
        "listen on 127.0.0.1 or [::1]",
    );
    Err(fault.at("http.listen", None))
}

/// Any address; whether somebody could log in there is asked at the start.
pub(super) fn parse_listen(text: &str) -> Result<SocketAddr, ConfigFault> {
    let numeric = match text.strip_prefix("localhost:") {
        Some(port) => format!("127.0.0.1:{port}"),
        None => text.to_owned(),
    };
    let address = numeric.parse().map_err(|_| {
        let shown: String = text.chars().take(60).collect();
        ConfigFault::new(
            format!("{shown:?} is not an address and a port"),
            "write 127.0.0.1:8080, [::1]:8080 or localhost:8080; port 0 lets the system choose",
        )
    })?;
    Ok(address)
}
