//! Names of cameras into addresses, before anything connects to them: the rule for addresses is `domain::camera::Reach`.
//!
//! Whoever starts a program that connects to a camera needs a [`CheckedAddress`], and only [`check_address`] gives one.

use std::io;
use std::net::{IpAddr, ToSocketAddrs};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use futures_util::{StreamExt, future, stream};
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;
use tokio::time::{Instant, timeout, timeout_at};

use crate::base::endpoint_url::EndpointUrl;
use crate::base::error::ErrorKind;
use crate::base::{Error, Result};
use crate::domain::camera::sheet::{SheetFault, SheetTarget};
use crate::domain::camera::{CameraSource, Reach};
use crate::domain::probe::{FaultKind, ProbeFault};

/// Somebody waits before a screen for the addresses of a name.
const TIMEOUT: Duration = Duration::from_secs(3);

/// A connection waits so long for them: a resolver asks a second server after 5 s as a rule.
const START_TIMEOUT: Duration = Duration::from_secs(15);

/// And for those of a whole sheet, of which so many are looked up at once.
const SHEET_TIMEOUT: Duration = Duration::from_secs(5);
const SHEET_LOOKUPS: usize = 64;

/// Names looked up at once. Each has a thread for as long as the resolver takes, also when nobody waits any more.
static LOOKUPS: LazyLock<Arc<Semaphore>> = LazyLock::new(|| Arc::new(Semaphore::new(256)));

/// The same of names of endpoints, whose probes leave room for the cameras.
static ENDPOINT_LOOKUPS: LazyLock<Arc<Semaphore>> = LazyLock::new(|| Arc::new(Semaphore::new(32)));

/// Proof that the addresses of a camera were looked at and that it may be connected to.
#[derive(Clone, Debug)]
pub struct CheckedAddress {
    host: String,
    port: Option<u16>,
}

impl CheckedAddress {
    /// Whether it is for the place that this source calls.
    pub fn is_for(&self, source: &CameraSource) -> bool {
        self.host == source.host && self.port == source.port()
    }
}

/// Refuses a source when one of its addresses is none that a camera may have, and one that is the camera's own output. A name without an address, or without one in
/// time, passes: it is looked at again by [`check_address`].
///
/// # Errors
/// `Invalid` for `host` or `url`.
pub async fn check(reach: &Reach, source: &CameraSource) -> Result<()> {
    match addresses(source, TIMEOUT).await {
        Some(found) => judge(reach, source, found),
        // What is known without its addresses.
        None => reach.check_source(source, &[]),
    }
}

/// The same for a connection that is about to be made. A name without an address passes: who connects says more of it. A
/// source that calls us is not called.
///
/// # Errors
/// `Invalid` for `host` or `url`; `Timeout` when the addresses of a name are not known in time.
pub async fn check_address(reach: &Reach, source: &CameraSource) -> Result<CheckedAddress> {
    match addresses(source, START_TIMEOUT).await {
        Some(found) => judge(reach, source, found)?,
        None => {
            let text = format!(
                "the name {} was not resolved within {} s; check the name servers of this machine",
                source.host,
                START_TIMEOUT.as_secs()
            );
            return Err(Error::new(ErrorKind::Timeout, text));
        }
    }
    Ok(CheckedAddress { host: source.host.clone(), port: source.port() })
}

/// The addresses of a host that is no camera, each of which may be called at these ports. A name is looked up each time.
///
/// # Errors
/// `Invalid` for `host`; `NotFound` when the name has no address, `Timeout` when its addresses are not known in time.
pub async fn check_host(reach: &Reach, host: &str, ports: &[u16]) -> Result<Vec<IpAddr>> {
    let remedy = "check the name, and the name servers of this machine";
    let unknown = |why: &str| format!("the name {host} {why}; {remedy}");
    let found = match addresses_of(host, &ENDPOINT_LOOKUPS, START_TIMEOUT).await {
        None => {
            let why = format!("was not resolved within {} s", START_TIMEOUT.as_secs());
            return Err(Error::new(ErrorKind::Timeout, unknown(&why)));
        }
        Some(Err(_)) => return Err(Error::not_found(unknown("has no address"))),
        Some(Ok(found)) if found.is_empty() => return Err(Error::not_found(unknown("has no address"))),
        Some(Ok(found)) => found,
    };
    for port in ports {
        found.iter().try_for_each(|address| reach.check(*address, Some(*port)))?;
    }
    Ok(found)
}

/// Refuses the lines of a sheet whose cameras lead to such an address. Names that are not resolved in time pass, as in
/// [`check`], however many there are.
pub async fn check_lines(reach: &Reach, called: Vec<SheetTarget>) -> Vec<SheetFault> {
    let until = Instant::now() + SHEET_TIMEOUT;
    let looks = called.into_iter().map(|SheetTarget { line, source }| async move {
        let error = timeout_at(until, check(reach, &source)).await.unwrap_or(Ok(())).err()?;
        Some(SheetFault::new(line, error.field(), error.message()))
    });
    stream::iter(looks).buffer_unordered(SHEET_LOOKUPS).filter_map(future::ready).collect().await
}

fn judge(reach: &Reach, source: &CameraSource, found: io::Result<Vec<IpAddr>>) -> Result<()> {
    reach.check_source(source, &found.unwrap_or_default())
}

/// By the system's own resolver, as ffmpeg does: it also reads `2852039166` and `0x7f.1`. `None` when it does not answer in
/// time. Nobody is asked about a literal address.
async fn addresses(source: &CameraSource, limit: Duration) -> Option<io::Result<Vec<IpAddr>>> {
    if source.calls_us() {
        return Some(Ok(Vec::new()));
    }
    addresses_of(&source.host, &LOOKUPS, limit).await
}

async fn addresses_of(host: &str, lookups: &Arc<Semaphore>, limit: Duration) -> Option<io::Result<Vec<IpAddr>>> {
    if let Ok(address) = host.trim_matches(['[', ']']).parse::<IpAddr>() {
        return Some(Ok(vec![address]));
    }
    look_up(host, lookups, limit).await
}

/// Addresses of an endpoint that is probed, the best one first, at least one of them, and each one that may be called: whoever connects
/// to these connects to no other.
///
/// # Errors
/// The name is not known, not known in time, or leads to an address that is not called.
pub async fn endpoint_addresses(
    reach: &Reach,
    url: &EndpointUrl,
    limit: Duration,
) -> std::result::Result<Vec<IpAddr>, ProbeFault> {
    let place = url.origin();
    let found = match url.host.parse::<IpAddr>() {
        Ok(address) => vec![address],
        Err(_) => match look_up(&url.host, &ENDPOINT_LOOKUPS, limit).await {
            Some(found) => found.unwrap_or_default(),
            None => {
                let text = format!(
                    "timeout: the name of {place} was not resolved within {} s; check the name servers of this machine",
                    limit.as_secs_f64()
                );
                return Err(ProbeFault::new(FaultKind::NameNotResolved, text));
            }
        },
    };
    if found.is_empty() {
        let text = format!(
            "the host name of {place} is not known here; check the name, and that the name servers of this machine know it, or use the address"
        );
        return Err(ProbeFault::new(FaultKind::NameNotResolved, text));
    }
    let judged = found.iter().try_for_each(|address| reach.check(*address, url.port));
    judged.map_err(|error| ProbeFault::new(FaultKind::NoRoute, error.message().to_owned()))?;
    let mut addresses = Vec::new();
    // A resolver may name one address for each kind of socket.
    for address in found {
        if !addresses.contains(&address) {
            addresses.push(address);
        }
    }
    Ok(addresses)
}

/// `None`: not in time.
async fn look_up(host: &str, lookups: &Arc<Semaphore>, limit: Duration) -> Option<io::Result<Vec<IpAddr>>> {
    let host = host.to_owned();
    let asked = async {
        let permit = Arc::clone(lookups).acquire_owned().await.map_err(io::Error::other)?;
        let look = move || {
            let found = (host.as_str(), 0).to_socket_addrs();
            drop(permit);
            found.map(|found| found.map(|address| address.ip()).collect())
        };
        spawn_blocking(look).await.map_err(io::Error::other)?
    };
    timeout(limit, asked).await.ok()
}

#[cfg(test)]
mod tests {
    use secrecy::SecretString;

    use super::*;
    use crate::domain::camera::{CameraEdit, Kinds, draft};

    fn source(url: &str) -> CameraSource {
        let edit = CameraEdit { url: Some(Some(SecretString::from(url))), ..CameraEdit::default() };
        draft(None, &edit, &Kinds::new()).expect(url)
    }

    #[tokio::test]
    async fn hosts_are_called_where_cameras_are() {
        let reach = Reach { own_ports: vec![9997], ..Reach::default() };
        for (host, port, wanted) in [
            ("127.0.0.1", 9977, Ok(1)),
            ("[2001:db8::1]", 80, Ok(1)),
            ("127.0.0.1", 9997, Err(ErrorKind::Invalid)),
            ("169.254.169.254", 80, Err(ErrorKind::Invalid)),
            ("no-such-host.invalid", 80, Err(ErrorKind::NotFound)),
        ] {
            let found = check_host(&reach, host, &[80, port]).await;
            assert_eq!(found.map(|all| all.len()).map_err(|error| error.kind()), wanted, "{host}");
        }
    }

    #[tokio::test]
    async fn what_may_be_connected_to_is_cleared_for_that_place_alone() {
        let reach = Reach { own_ports: vec![9997], ..Reach::default() };
        for (url, wanted) in [
            ("rtsp://10.0.0.9/a", true),
            ("rtsp://[2001:db8::1]/a", true),
            ("http://127.0.0.1:8554/a", true),
            ("rtsp://no-such-host.invalid/a", true),
            ("srt://0.0.0.0:9997?mode=listener", true),
            ("http://169.254.169.254/latest", false),
            ("http://2852039166/latest", false),
            ("rtsp://[fe80::1]/a", false),
            ("http://0x7f.1:9997/v3", false),
            ("http://localhost:9997/v3", false),
            ("srt://127.0.0.1:9997", false),
        ] {
            let source = source(url);
            let checked = check_address(&reach, &source).await;
            assert_eq!(checked.is_ok(), wanted, "{url}: {checked:?}");
            assert_eq!(check(&reach, &source).await.is_ok(), wanted, "{url}");
            match checked {
                Ok(checked) => assert!(checked.is_for(&source), "{url}"),
                Err(error) => assert!(error.to_string().contains("restream.allowed_networks"), "{error}"),
            }
        }
        let one = check_address(&reach, &source("rtsp://10.0.0.9/a")).await.expect("checked");
        assert!(one.is_for(&source("rtsp://10.0.0.9/b")));
        assert!(!one.is_for(&source("rtsp://10.0.0.8/a")) && !one.is_for(&source("rtsp://10.0.0.9:8554/a")));
    }
}
