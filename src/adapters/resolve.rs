//! Names of cameras into addresses, before anything connects to them: the rule for addresses is `domain::camera::Reach`.

use std::time::Duration;

use tokio::net::lookup_host;
use tokio::time::timeout;

use crate::base::Result;
use crate::domain::camera::{CameraSource, Reach};

/// Longest wait for the addresses of a name.
const PATIENCE: Duration = Duration::from_secs(3);

/// Refuses a source when one of its addresses is none that a camera may have. A name without an address passes: who
/// connects says more of it.
///
/// # Errors
/// `Invalid` for `host`.
pub async fn check(reach: &Reach, source: &CameraSource) -> Result<()> {
    let (host, port) = (source.host.as_str(), source.port());
    // By the system's own resolver, as ffmpeg does: it also reads `2852039166` and `0x7f.1`.
    let found = timeout(PATIENCE, lookup_host((host, port.unwrap_or(0)))).await;
    let Ok(Ok(addresses)) = found else { return Ok(()) };
    addresses.into_iter().try_for_each(|address| reach.check(address.ip(), port))
}
