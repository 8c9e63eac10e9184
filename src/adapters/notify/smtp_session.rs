//! A conversation with a mail server (RFC 5321) whose answers are bounded.
//!
//! `lettre` reads a line for as long as bytes come, and looks at an answer of many lines anew with each of them: a server that never
//! comes to an end would have gigabytes in memory and a processor of its own within the time of one mail.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use lettre::Message as Mail;
use lettre::transport::smtp::Error as SmtpError;
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{AsyncSmtpConnection, AsyncTokioStream, TlsParameters};
use lettre::transport::smtp::commands::{self, Auth, Data, Rcpt};
use lettre::transport::smtp::extension::{ClientId, Extension, MailParameter};
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpStream, lookup_host};
use tokio::time::{Sleep, sleep, timeout};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// An answer is no longer: it is read anew with each line, so that one of short lines costs the square of it.
const LONGEST_ANSWER: usize = 4 * 1024;
/// What the server says of itself in a TLS handshake, its certificates among it, is no longer.
const LONGEST_HANDSHAKE: usize = 32 * 1024;
/// The first byte of what a client writes during a handshake: a change of the cipher, or a handshake (RFC 8446, 5.1).
const HANDSHAKE: [u8; 2] = [20, 22];
/// Of several addresses of a server each has so long to accept the connection.
const ACCEPTS_WITHIN: Duration = Duration::from_secs(6);
/// The mail is handed over by then: whoever does not answer QUIT is not waited for, and not sent the mail again.
const PARTS_WITHIN: Duration = Duration::from_secs(2);
/// In the order of preference.
const MECHANISMS: [Mechanism; 2] = [Mechanism::Plain, Mechanism::Login];
/// What a server may ask for during a login.
const CHALLENGES: usize = 10;

/// How the connection is made secret.
#[derive(Clone)]
pub(super) enum SmtpSecurity {
    /// Not at all.
    Plain,
    /// By an order (RFC 3207), which the server has to know.
    StartTls(TlsParameters),
    /// From the first byte.
    Tls(Arc<ClientConfig>),
}

/// Where a mail server is, and how it is spoken to.
#[derive(Clone)]
pub(super) struct MailServer {
    pub host: String,
    pub port: u16,
    pub security: SmtpSecurity,
    pub login: Option<Credentials>,
}

/// Why there is no conversation.
#[derive(Debug)]
pub(super) enum SmtpFault {
    /// No connection, or no TLS.
    Connection(io::Error),
    /// What the server has answered, or what of it is no answer.
    Answer(SmtpError),
}

impl From<io::Error> for SmtpFault {
    fn from(error: io::Error) -> Self {
        Self::Connection(error)
    }
}

impl From<SmtpError> for SmtpFault {
    fn from(error: SmtpError) -> Self {
        Self::Answer(error)
    }
}

impl MailServer {
    /// Connects, and logs in where that is wanted. Whoever calls it gives up when it takes too long.
    pub(super) async fn connect(&self) -> Result<AsyncSmtpConnection, SmtpFault> {
        let (tcp, hello) = (Bounded::new(self.reach().await?)?, ClientId::default());
        let mut connection = match &self.security {
            SmtpSecurity::Tls(config) => {
                let name = ServerName::try_from(self.host.clone()).map_err(io::Error::other)?;
                let tls = TlsConnector::from(Arc::clone(config)).connect(name, tcp).await?;
                AsyncSmtpConnection::connect_with_transport(Box::new(Parting::of(Secret(tls))), &hello).await?
            }
            SmtpSecurity::Plain | SmtpSecurity::StartTls(_) => {
                AsyncSmtpConnection::connect_with_transport(Box::new(Parting::of(tcp)), &hello).await?
            }
        };
        if let SmtpSecurity::StartTls(parameters) = &self.security {
            connection.starttls(parameters.clone(), &hello).await?;
        }
        let Some(login) = &self.login else { return Ok(connection) };
        match log_in(&mut connection, login).await {
            Ok(()) => Ok(connection),
            Err(refused) => {
                part(connection).await;
                Err(refused)
            }
        }
    }

    async fn reach(&self) -> io::Result<TcpStream> {
        let mut last = io::Error::new(io::ErrorKind::NotFound, "its name has no address");
        for address in lookup_host((self.host.as_str(), self.port)).await? {
            match timeout(ACCEPTS_WITHIN, TcpStream::connect(address)).await {
                Ok(Ok(tcp)) => return Ok(tcp),
                Ok(Err(error)) => last = error,
                Err(_) => last = io::Error::new(io::ErrorKind::TimedOut, "it accepts no connection"),
            }
        }
        Err(last)
    }
}

// What follows is in `lettre` too, which says good-bye before it tells a refusal and waits for the answer for as long as it takes: who
// waits has given up by then, and the refusal is a time-out.

async fn log_in(connection: &mut AsyncSmtpConnection, login: &Credentials) -> Result<(), SmtpFault> {
    let Some(mechanism) = connection.server_info().get_auth_mechanism(&MECHANISMS) else {
        // Says that there is none, without a word to the server.
        return Ok(connection.auth(&MECHANISMS, login).await.map(drop)?);
    };
    let mut answer = connection.command(Auth::new(mechanism, login.clone(), None)?).await?;
    for _ in 0..CHALLENGES {
        if !answer.has_code(334) {
            return Ok(());
        }
        let next = Auth::new_from_response(mechanism, login.clone(), &answer)?;
        answer = connection.command(next).await?;
    }
    Err(io::Error::other("its login does not come to an end").into())
}

/// Hands over a mail. Its text is ASCII, as [`lettre::Message`] encodes it.
pub(super) async fn hand_over(connection: &mut AsyncSmtpConnection, mail: &Mail) -> Result<(), SmtpError> {
    let envelope = mail.envelope();
    let mut addresses = envelope.from().into_iter().chain(envelope.to()).map(AsRef::<str>::as_ref);
    let parameters = match addresses.all(str::is_ascii) {
        true => Vec::new(),
        false if connection.server_info().supports_feature(Extension::SmtpUtfEight) => {
            vec![MailParameter::SmtpUtfEight]
        }
        // Says that it cannot, without a word to the server.
        false => return connection.send(envelope, &mail.formatted()).await.map(drop),
    };
    connection.command(commands::Mail::new(envelope.from().cloned(), parameters)).await?;
    for to in envelope.to() {
        connection.command(Rcpt::new(to.clone(), Vec::new())).await?;
    }
    connection.command(Data).await?;
    connection.message(&mail.formatted()).await.map(drop)
}

/// Says QUIT.
pub(super) async fn part(mut connection: AsyncSmtpConnection) {
    // Nothing depends on the answer.
    let _ = timeout(PARTS_WITHIN, connection.quit()).await;
}

/// Once the good-bye is said its answer is waited for so long only: `lettre` says it by itself where the server refuses to talk.
#[derive(Debug)]
struct Parting<S> {
    inner: S,
    until: Option<Pin<Box<Sleep>>>,
}

impl<S> Parting<S> {
    fn of(inner: S) -> Self {
        Self { inner, until: None }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Parting<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if let Some(until) = &mut self.until
            && until.as_mut().poll(cx).is_ready()
        {
            // As if the server had ended the connection.
            return Poll::Ready(Ok(()));
        }
        Pin::new(&mut self.inner).poll_read(cx, buf)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Parting<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        if buf == b"QUIT\r\n" && self.until.is_none() {
            self.until = Some(Box::pin(sleep(PARTS_WITHIN)));
        }
        Pin::new(&mut self.inner).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}

impl<S: AsyncTokioStream> AsyncTokioStream for Parting<S> {
    fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.inner.peer_addr()
    }
}

/// Reads no more than [`LONGEST_ANSWER`] for each thing that is written, or [`LONGEST_HANDSHAKE`].
#[derive(Debug)]
struct Bounded {
    tcp: TcpStream,
    peer: SocketAddr,
    left: usize,
}

impl Bounded {
    fn new(tcp: TcpStream) -> io::Result<Self> {
        Ok(Self { peer: tcp.peer_addr()?, tcp, left: LONGEST_ANSWER })
    }
}

impl AsyncRead for Bounded {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if self.left == 0 {
            return Poll::Ready(Err(io::Error::new(io::ErrorKind::InvalidData, "its answer has no end")));
        }
        let before = buf.filled().len();
        ready!(Pin::new(&mut self.tcp).poll_read(cx, buf))?;
        self.left = self.left.saturating_sub(buf.filled().len() - before);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Bounded {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let is_handshake = buf.first().is_some_and(|first| HANDSHAKE.contains(first));
        self.left = if is_handshake { LONGEST_HANDSHAKE } else { LONGEST_ANSWER };
        Pin::new(&mut self.tcp).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tcp).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tcp).poll_shutdown(cx)
    }
}

impl AsyncTokioStream for Bounded {
    fn peer_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.peer)
    }
}

/// TLS from the first byte, as `lettre` takes it.
#[derive(Debug)]
struct Secret(TlsStream<Bounded>);

impl AsyncRead for Secret {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, buf)
    }
}

impl AsyncWrite for Secret {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}

impl AsyncTokioStream for Secret {
    fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.0.get_ref().0.peer_addr()
    }
}
