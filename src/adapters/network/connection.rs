//! A connection of a probe, over TLS where the scheme says so.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use nix::sys::socket::getsockopt;
use nix::sys::socket::sockopt::IpMtu;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::client_tls::{ShownCertificate, configuration};
use super::network_fault::{of_io, of_tls};
use super::question::Question;
use crate::domain::health::NetworkRound;
use crate::domain::probe::{FaultKind, ProbeFault};

/// Of more addresses the others are not tried.
const MOST_ADDRESSES: usize = 3;

/// With or without TLS.
#[derive(Debug)]
pub(super) enum Connection {
    /// Without.
    Plain(TcpStream),
    /// With.
    Secure(Box<TlsStream<TcpStream>>),
}

/// Connects to the first address that answers. The time is that of the one which did.
pub(super) async fn connect(question: &Question<'_>, round: &mut NetworkRound) -> Result<TcpStream, ProbeFault> {
    let port = question.url.port.unwrap_or_default();
    let mut last = io::Error::from(io::ErrorKind::AddrNotAvailable);
    let addresses: Vec<IpAddr> = question.addresses.iter().take(MOST_ADDRESSES).copied().collect();
    for (index, address) in addresses.iter().enumerate() {
        round.address = Some(address.to_string());
        // Each has its share of what is left, so that one that says nothing leaves time for the next.
        let left = question.deadline.saturating_duration_since(Instant::now());
        let share = left / u32::try_from(addresses.len() - index).unwrap_or(1);
        let begun = Instant::now();
        match one(SocketAddr::new(*address, port), share).await {
            Ok(stream) => {
                let took = begun.elapsed().as_secs_f64();
                round.phases.connect_seconds = Some(took);
                round.round_trips.push(Some(took));
                // Known of IPv4 alone.
                round.path_mtu = getsockopt(&stream, IpMtu)
                    .ok()
                    .and_then(|mtu| u32::try_from(mtu).ok())
                    .filter(|_| address.is_ipv4());
                return Ok(stream);
            }
            Err(error) => {
                // A refusal is the answer of a network that works.
                if error.kind() == io::ErrorKind::ConnectionRefused && index + 1 == addresses.len() {
                    round.round_trips.push(Some(begun.elapsed().as_secs_f64()));
                }
                last = error;
            }
        }
    }
    Err(of_io(question.url, &last))
}

async fn one(address: SocketAddr, share: Duration) -> io::Result<TcpStream> {
    let connected = timeout(share, TcpStream::connect(address)).await;
    let stream = connected.map_err(|_| io::Error::from(io::ErrorKind::TimedOut))??;
    // A question is one small packet, and waits for no other.
    let _ = stream.set_nodelay(true);
    Ok(stream)
}

/// The handshake. What was shown is noted even where it is not accepted, or where it does not end.
pub(super) async fn secure(
    question: &Question<'_>,
    stream: TcpStream,
    shown: &ShownCertificate,
    round: &mut NetworkRound,
) -> Result<Connection, ProbeFault> {
    let key = format!("health.endpoints {}: ca_file", question.name);
    let other = |error: &dyn std::fmt::Display| ProbeFault::new(FaultKind::Tls, error.to_string());
    let config = configuration(&key, question.trust, shown).map_err(|error| other(&error))?;
    let name = ServerName::try_from(question.url.host.clone()).map_err(|error| other(&error))?;
    let begun = Instant::now();
    let stream = TlsConnector::from(Arc::new(config)).connect(name, stream).await;
    round.certificate = shown.facts();
    let stream = stream.map_err(|error| of_tls(question.url, &error))?;
    round.phases.tls_seconds = Some(begun.elapsed().as_secs_f64());
    Ok(Connection::Secure(Box::new(stream)))
}

impl AsyncRead for Connection {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_read(context, buffer),
            Self::Secure(stream) => Pin::new(stream).poll_read(context, buffer),
        }
    }
}

impl AsyncWrite for Connection {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_write(context, bytes),
            Self::Secure(stream) => Pin::new(stream).poll_write(context, bytes),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_flush(context),
            Self::Secure(stream) => Pin::new(stream).poll_flush(context),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_shutdown(context),
            Self::Secure(stream) => Pin::new(stream).poll_shutdown(context),
        }
    }
}
