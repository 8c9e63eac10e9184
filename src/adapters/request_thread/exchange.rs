//! One request on a connection of its own, of which only so much is read as its answer may have.

use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use http::header::{ACCEPT, CONNECTION, HOST, HeaderMap, HeaderValue};
use http::{StatusCode, Uri};
use hyper::body::{Body as _, Incoming};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use reqwest::{Body, Request};
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpStream, lookup_host};
use tokio::time::{Instant, timeout, timeout_at};
use tokio_rustls::TlsConnector;
use tokio_util::task::AbortOnDropHandle;
use url::{Position, Url};

/// What stands before the body of an answer, with all that comes before it (TLS, answers of the kind 1xx), is no longer.
const LONGEST_BEFORE: usize = 128 * 1024;
/// Of several addresses none keeps the others waiting for longer.
const ACCEPTS_WITHIN: Duration = Duration::from_secs(6);

/// How requests are made.
#[derive(Clone)]
pub(in crate::adapters) struct HttpExchange {
    /// Whose certificate is believed, for `https`.
    pub tls: Option<Arc<ClientConfig>>,
    /// The addresses, where they were looked up before.
    pub at: Option<Vec<SocketAddr>>,
    /// Longest time of a request with its answer.
    pub limit: Duration,
    /// So many bytes of a body are read.
    pub longest: usize,
}

/// Why there is no answer, or no whole one.
#[derive(Debug)]
pub(in crate::adapters) enum HttpExchangeFault {
    /// The time is over.
    TimedOut,
    /// No connection.
    Unreachable(io::Error),
    /// No TLS, for this.
    Tls(rustls::Error),
    /// The connection has ended before the answer, or what came is no HTTP.
    Cut,
    /// It is longer than it may be.
    TooLong,
}

/// An answer.
pub(in crate::adapters) struct HttpAnswer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    /// What was read of it.
    pub body: Vec<u8>,
    /// Why that is not all.
    pub end: Result<(), HttpExchangeFault>,
}

impl HttpExchange {
    /// Sends it, follows nothing, and reads the answer.
    pub(in crate::adapters) async fn send(&self, request: Request) -> Result<HttpAnswer, HttpExchangeFault> {
        let until = Instant::now() + self.limit;
        let begun = timeout_at(until, self.begin(request)).await.map_err(|_| HttpExchangeFault::TimedOut)?;
        let (answer, left, driving) = begun?;
        let (head, mut incoming) = answer.into_parts();
        let mut body = Vec::new();
        let read = timeout_at(until, self.read(&mut incoming, &mut body, &left)).await;
        drop(driving);
        Ok(HttpAnswer {
            status: head.status,
            headers: head.headers,
            body,
            end: read.unwrap_or(Err(HttpExchangeFault::TimedOut)),
        })
    }

    async fn begin(
        &self,
        request: Request,
    ) -> Result<(http::Response<Incoming>, Left, AbortOnDropHandle<()>), HttpExchangeFault> {
        let url = request.url().clone();
        let request = in_origin_form(request, &url).ok_or(HttpExchangeFault::Cut)?;
        let (tcp, left) = (self.reach(&url).await.map_err(HttpExchangeFault::Unreachable)?, Left::default());
        left.0.store(LONGEST_BEFORE + self.longest, Ordering::Relaxed);
        let bounded = Bounded { tcp, left: left.clone() };
        let connection: Box<dyn Connection> = match (url.scheme(), &self.tls) {
            ("https", Some(config)) => {
                let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']).to_owned();
                let name = ServerName::try_from(host)
                    .map_err(|error| HttpExchangeFault::Unreachable(io::Error::other(error)))?;
                let connected = TlsConnector::from(Arc::clone(config)).connect(name, bounded).await;
                Box::new(connected.map_err(|error| left.fault(of_tls(error)))?)
            }
            ("http", _) => Box::new(bounded),
            _ => return Err(HttpExchangeFault::Cut),
        };
        let begun = http1::handshake(TokioIo::new(connection)).await;
        let (mut sender, driven) = begun.map_err(|_| left.fault(HttpExchangeFault::Cut))?;
        // What it ends with is told by the answer.
        let driving = AbortOnDropHandle::new(tokio::spawn(async move { drop(driven.await) }));
        let answer = sender.send_request(request).await.map_err(|_| left.fault(HttpExchangeFault::Cut))?;
        Ok((answer, left, driving))
    }

    async fn reach(&self, url: &Url) -> io::Result<TcpStream> {
        let addresses = match &self.at {
            Some(addresses) => addresses.clone(),
            None => {
                let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
                lookup_host((host, url.port_or_known_default().unwrap_or(80))).await?.collect()
            }
        };
        let each = ACCEPTS_WITHIN.min(self.limit / u32::try_from(addresses.len()).unwrap_or(1).max(1));
        let mut last = io::Error::new(io::ErrorKind::NotFound, "its name has no address");
        for address in addresses {
            match timeout(each, TcpStream::connect(address)).await {
                Ok(Ok(tcp)) => return Ok(tcp),
                Ok(Err(error)) => last = error,
                Err(_) => last = io::Error::new(io::ErrorKind::TimedOut, "it accepts no connection"),
            }
        }
        Err(last)
    }

    async fn read(&self, incoming: &mut Incoming, body: &mut Vec<u8>, left: &Left) -> Result<(), HttpExchangeFault> {
        while let Some(frame) = poll_fn(|cx| Pin::new(&mut *incoming).poll_frame(cx)).await {
            let frame = frame.map_err(|_| left.fault(HttpExchangeFault::Cut))?;
            let Ok(piece) = frame.into_data() else { continue };
            let room = self.longest - body.len();
            body.extend_from_slice(&piece[..piece.len().min(room)]);
            if piece.len() > room {
                return Err(HttpExchangeFault::TooLong);
            }
        }
        Ok(())
    }
}

fn of_tls(error: io::Error) -> HttpExchangeFault {
    match error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
        Some(fault) => HttpExchangeFault::Tls(fault.clone()),
        None => HttpExchangeFault::Cut,
    }
}

/// As a server wants it (RFC 9112, 3.2.1), on a connection that is used once.
fn in_origin_form(request: Request, url: &Url) -> Option<http::Request<Body>> {
    let mut request = http::Request::<Body>::try_from(request).ok()?;
    *request.uri_mut() = url[Position::BeforePath..Position::AfterQuery].parse::<Uri>().ok()?;
    let host = url[Position::BeforeHost..Position::AfterPort].parse().ok()?;
    let headers = request.headers_mut();
    headers.insert(HOST, host);
    headers.insert(CONNECTION, HeaderValue::from_static("close"));
    headers.entry(ACCEPT).or_insert(HeaderValue::from_static("*/*"));
    Some(request)
}

/// How many bytes may still come.
#[derive(Clone, Debug, Default)]
struct Left(Arc<AtomicUsize>);

impl Left {
    /// Why the connection came to its end, which seems to be this.
    fn fault(&self, seems: HttpExchangeFault) -> HttpExchangeFault {
        if self.0.load(Ordering::Relaxed) == 0 { HttpExchangeFault::TooLong } else { seems }
    }
}

/// Any stream of bytes.
trait Connection: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Connection for T {}

/// Ends with an error once everything that may come has come.
struct Bounded {
    tcp: TcpStream,
    left: Left,
}

impl AsyncRead for Bounded {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let left = self.left.0.load(Ordering::Relaxed);
        if left == 0 {
            return Poll::Ready(Err(io::Error::new(io::ErrorKind::InvalidData, "its answer has no end")));
        }
        let before = buf.filled().len();
        ready!(Pin::new(&mut self.tcp).poll_read(cx, buf))?;
        self.left.0.store(left.saturating_sub(buf.filled().len() - before), Ordering::Relaxed);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Bounded {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.tcp).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tcp).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tcp).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::TcpListener;
    use std::thread::{JoinHandle, spawn};

    use reqwest::Method;

    use super::*;

    /// Reads a request and sends this, again and again where it is to have no end; tells the request and how many bytes were taken.
    fn server(text: &'static str, endless: bool) -> (Url, JoinHandle<(String, usize)>) {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let url = format!("http://{}/a?b=c", listener.local_addr().expect("its address"));
        let serving = spawn(move || {
            let (mut guest, _) = listener.accept().expect("a guest");
            let (mut asked, mut buffer) = (Vec::new(), [0; 1024]);
            while !asked.windows(4).any(|four| four == b"\r\n\r\n") {
                let count = guest.read(&mut buffer).expect("a request");
                asked.extend_from_slice(&buffer[..count]);
            }
            let block = if endless { text.repeat(65_536 / text.len()) } else { text.to_owned() };
            let mut sent = 0;
            while guest.write_all(block.as_bytes()).is_ok() {
                sent += block.len();
                if !endless {
                    break;
                }
            }
            (String::from_utf8_lossy(&asked).into_owned(), sent)
        });
        (url.parse().expect("an address"), serving)
    }

    fn exchange() -> HttpExchange {
        HttpExchange { tls: None, at: None, limit: Duration::from_secs(60), longest: 10 }
    }

    #[tokio::test]
    async fn an_answer_is_read_and_the_request_is_as_servers_want_it() {
        for (text, status, body, is_whole) in [
            ("HTTP/1.1 204 No Content\r\n\r\n", 204, "", true),
            ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", 200, "ok", true),
            ("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", 200, "ok", true),
            ("HTTP/1.1 302 Found\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n", 302, "", true),
            ("HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\n0123456789ab", 200, "0123456789", false),
        ] {
            let (url, serving) = server(text, false);
            let host = format!("host: 127.0.0.1:{}", url.port().expect("a port"));
            let answer = exchange().send(Request::new(Method::GET, url)).await.expect(text);
            let said = String::from_utf8_lossy(&answer.body).into_owned();
            assert_eq!((answer.status.as_u16(), said.as_str(), answer.end.is_ok()), (status, body, is_whole), "{text}");
            let (asked, _) = serving.join().expect("served");
            assert!(asked.starts_with("GET /a?b=c HTTP/1.1\r\n") && asked.contains(&host), "{asked}");
        }
    }

    // A connection is given up by its task, while the test waits for the server.
    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn what_has_no_end_costs_neither_memory_nor_time() {
        for text in [
            "HTTP/1.1 100 Continue\r\n\r\n",
            "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n",
            "HTTP/1.1 200 OK\r\n\r\nbody and more of it",
            "a",
        ] {
            let (url, serving) = server(text, true);
            let answer = exchange().send(Request::new(Method::POST, url)).await;
            let fault = answer.and_then(|answer| answer.end).expect_err("no end");
            assert!(matches!(fault, HttpExchangeFault::TooLong | HttpExchangeFault::Cut), "{text:?}: {fault:?}");
            // What the buffers of both ends hold, at most.
            let (_, sent) = serving.join().expect("its count");
            assert!(sent < 64 << 20, "{text:?}: {sent}");
        }
    }

    #[tokio::test]
    async fn whoever_says_nothing_or_is_not_there_is_told_as_that() {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let url: Url = format!("http://{}/", listener.local_addr().expect("its address")).parse().expect("an address");
        let short = HttpExchange { limit: Duration::from_millis(200), ..exchange() };
        let silent = short.send(Request::new(Method::GET, url.clone())).await.err();
        assert!(matches!(silent, Some(HttpExchangeFault::TimedOut)), "{silent:?}");
        drop(listener);
        let gone = exchange().send(Request::new(Method::GET, url)).await.err();
        let refused = |error: &io::Error| error.kind() == io::ErrorKind::ConnectionRefused;
        assert!(matches!(&gone, Some(HttpExchangeFault::Unreachable(error)) if refused(error)), "{gone:?}");
        let (url, _serving) = server("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nok", false);
        let cut = exchange().send(Request::new(Method::GET, url)).await.expect("a head");
        assert!(matches!(cut.end, Err(HttpExchangeFault::Cut)), "{:?}", cut.end);
    }
}
