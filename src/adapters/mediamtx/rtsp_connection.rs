//! A connection to the RTSP side of a server, encrypted where `rtsp_url` is `rtsps://`, and whose certificate it may show there.
//!
//! ffmpeg (up to 8) has no way to be told whom to believe over RTSPS and believes everybody. So [`check_server`] looks at the
//! certificate over a connection of its own before each start of an ffmpeg: that finds a server that is another one, and a
//! certificate that was renewed; not somebody in between who lets this connection through and answers only the next one.

use std::io;
use std::time::Duration;

use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use url::Url;

use super::not_trusted::{RTSP, not_trusted};
use crate::adapters::tls::certificate_trust;
use crate::base::{Error, ErrorKind, Result};
use crate::config::settings::{ApiTrust, ServerSettings};

/// Connecting and the handshake take no longer.
const LIMIT: Duration = Duration::from_secs(5);

/// The RTSP side of a server.
#[derive(Clone, Debug)]
pub struct RtspPlace {
    /// Scheme, host and port.
    pub base: Url,
    /// Whose certificate is taken over `rtsps://`.
    pub trust: ApiTrust,
    /// Name of the server in our configuration.
    pub server: String,
    /// Where `base` is written.
    pub key: &'static str,
}

impl RtspPlace {
    /// Of a server, at its own `rtsp_url`.
    pub fn of(server: &ServerSettings) -> Self {
        let trust = server.rtsp_trust.clone();
        Self { base: server.rtsp_url.clone(), trust, server: server.name.clone(), key: "rtsp_url" }
    }

    /// Of a server, where cameras are published: at `base`, which is not its own where `[restream]` names another host or port.
    pub fn published(server: &ServerSettings, base: Url) -> Self {
        let own = Self::of(server);
        let key = if base == own.base { own.key } else { "restream.media_host and restream.media_port" };
        Self { base, key, ..own }
    }

    /// Whether it is encrypted.
    pub fn is_secure(&self) -> bool {
        self.base.scheme() == "rtsps"
    }

    /// Host and port.
    pub(super) fn host_and_port(&self) -> String {
        let port = self.base.port().unwrap_or(if self.is_secure() { 322 } else { 554 });
        format!("{}:{port}", self.base.host_str().unwrap_or_default())
    }

    /// Connects, and takes only the right certificate.
    pub(super) async fn connect(&self) -> io::Result<Box<dyn RtspStream>> {
        let stream = TcpStream::connect(self.host_and_port()).await?;
        if !self.is_secure() {
            return Ok(Box::new(stream));
        }
        let key = format!("servers.{}.rtsp_ca_file", self.server);
        let config = certificate_trust::client(&key, &self.trust).map_err(io::Error::other)?;
        let host = self.base.host_str().unwrap_or_default().trim_start_matches('[').trim_end_matches(']').to_owned();
        let name = ServerName::try_from(host).map_err(io::Error::other)?;
        Ok(Box::new(TlsConnector::from(config).connect(name, stream).await?))
    }

    /// Why it could not be connected to, with a remedy.
    pub(super) fn fault(&self, error: io::Error) -> Error {
        let (server, origin) = (&self.server, format!("{}://{}", self.base.scheme(), self.host_and_port()));
        let inner = error.get_ref();
        if let Some(fault) = inner.and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
            let text = not_trusted(&RTSP, server, &origin, &self.trust, fault);
            return Error::unavailable(text).with_source(error);
        }
        if let Some(ours) = inner.and_then(|inner| inner.downcast_ref::<Error>()) {
            return Error::new(ours.kind(), ours.to_string());
        }
        let key = self.key;
        let text =
            format!("{origin} cannot be talked to in RTSP ({error}); correct {key}, or look at that server's log");
        Error::unavailable(text).with_source(error)
    }
}

/// Bytes of either sort of connection.
pub(super) trait RtspStream: AsyncRead + AsyncWrite + Unpin + Send {}

impl<T: AsyncRead + AsyncWrite + Unpin + Send> RtspStream for T {}

/// Looks at the certificate of a server over `rtsps://`; of one that is not encrypted nothing is asked.
///
/// # Errors
/// A sentence with a remedy when it is not taken, or does not come.
pub async fn check_server(place: &RtspPlace) -> Result<()> {
    if !place.is_secure() {
        return Ok(());
    }
    match timeout(LIMIT, place.connect()).await {
        Ok(Ok(_)) => Ok(()),
        Ok(Err(error)) => Err(place.fault(error)),
        Err(_) => {
            let text = format!("timeout: no TLS with {} in {} s", place.host_and_port(), LIMIT.as_secs());
            Err(Error::new(ErrorKind::Timeout, format!("{text}; see that server's log")))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::client_tests::settings;
    use super::*;

    #[test]
    fn the_key_that_is_to_be_corrected_is_the_one_that_names_the_place() {
        let server = settings(Url::parse("http://127.0.0.1:9997").expect("url"));
        let own = server.rtsp_url.clone();
        let mut other = own.clone();
        other.set_port(Some(8_555)).expect("a port");
        for (base, says, never) in [
            (own, "correct rtsp_url", "media_host"),
            (other, "correct restream.media_host and restream.media_port", "rtsp_url"),
        ] {
            let fault = RtspPlace::published(&server, base).fault(io::ErrorKind::ConnectionReset.into()).to_string();
            assert!(fault.contains(says) && !fault.contains(never), "{fault}");
        }
    }
}
