//! The media server stand-in: RTSP over TCP and the `/v3` API of MediaMTX 1.20, for the demo and for tests.
//!
//! Owns its thread, its two listening sockets and everything behind them. It relays real RTP between real programs and
//! tells true numbers; it never decodes, records or configures anything, and `run` cannot reach it. It runs on a
//! thread of its own, so that a busy relay does not delay the supervisors. Talked to by `demo::server` and by tests.
//!
//! One packet's way: `connection` reads it, `dialogue` finds its track, `stream` puts it into the readers' queues, and
//! their `connection`s write it.

mod api;
mod clock;
mod connection;
mod connection_table;
mod credentials;
mod dialogue;
mod entry_point;
mod hub;
mod picture;
mod session;
mod stream;
mod tracks;
mod wire;

use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use actix_web::dev::ServerHandle;
use actix_web::{App, HttpServer, web};
use chrono::Utc;
use tokio_util::sync::CancellationToken;
use url::Url;

use super::own_thread::OwnThread;
use crate::base::{Error, ErrorKind, Result};
pub use api::ApiFault;
use connection::Terms;
pub use credentials::Credentials;
use hub::Hub;

/// What a stand-in listens on and whom it lets in.
#[derive(Clone, Debug)]
pub struct Options {
    /// Address of RTSP; port 0 takes a free one.
    pub rtsp_listen: SocketAddr,
    /// Address of the API; port 0 takes a free one.
    pub api_listen: SocketAddr,
    /// What the API asks for; nothing when `None`.
    pub api: Option<Credentials>,
    /// What publishers are asked for; nothing when `None`. Readers are never asked.
    pub publish: Option<Credentials>,
    /// Paths whose publisher is told as an SRT connection, on a link that is made up: the stand-in speaks RTSP alone.
    pub srt: Vec<String>,
    /// Paths that are configured as on demand. The stand-in starts nothing for them: somebody has to publish.
    pub on_demand: Vec<String>,
    /// A folder with `server.crt` and `server.key`: RTSP is spoken over TLS alone. The stand-in cannot, and does not start.
    pub rtsps: Option<PathBuf>,
    /// A publisher that sends nothing for so long is closed, and its path vanishes (MediaMTX `readTimeout`: 10 s).
    pub read_timeout: Duration,
    /// A client that takes nothing for so long is closed (MediaMTX `writeTimeout`: 10 s).
    pub write_timeout: Duration,
}

impl Default for Options {
    fn default() -> Self {
        let any_port = SocketAddr::from(([127, 0, 0, 1], 0));
        Self {
            rtsp_listen: any_port,
            api_listen: any_port,
            api: None,
            publish: None,
            srt: Vec::new(),
            on_demand: Vec::new(),
            rtsps: None,
            read_timeout: Duration::from_secs(10),
            write_timeout: Duration::from_secs(10),
        }
    }
}

/// A running stand-in. Dropped, it stops.
pub struct MediaServer {
    rtsp: SocketAddr,
    api: SocketAddr,
    fault: Arc<Mutex<Option<ApiFault>>>,
    presence: Presence,
    thread: OwnThread,
}

/// Tells which paths are live, without asking the API.
#[derive(Clone)]
pub struct Presence(Arc<Hub>);

impl Presence {
    /// True while somebody publishes to the path.
    pub fn is_live(&self, path: &str) -> bool {
        self.0.stream(path).is_some()
    }
}

impl MediaServer {
    /// Binds both addresses and starts serving. Fails when an address cannot be had.
    pub fn start(options: Options) -> Result<Self> {
        if options.rtsps.is_some() {
            return Err(Error::new(ErrorKind::Unsupported, "the built-in media server does not speak TLS"));
        }
        let rtsp_socket = bind("rtsp_listen", options.rtsp_listen)?;
        let api_socket = bind("api_listen", options.api_listen)?;
        let rtsp = local_address(&rtsp_socket)?;
        let api = local_address(&api_socket)?;
        let fault = Arc::new(Mutex::new(None));
        let hub = Arc::new(Hub::default());
        let presence = Presence(hub.clone());
        let context = web::Data::new(api::Context {
            hub: hub.clone(),
            users: options.api,
            srt: options.srt,
            on_demand: options.on_demand,
            started: Utc::now(),
            fault: fault.clone(),
        });
        let terms = Arc::new(Terms {
            hub,
            publishers: options.publish,
            read_timeout: options.read_timeout,
            write_timeout: options.write_timeout,
        });
        let thread = OwnThread::spawn("media-server", move |stop| async move {
            if let Err(error) = serve(rtsp_socket, api_socket, terms, context, stop).await {
                log::error!("the media server stand-in failed: {error}");
            }
        })?;
        log::info!("media server stand-in: RTSP on {rtsp}, API on {api}");
        Ok(Self { rtsp, api, fault, presence, thread })
    }

    /// Where to publish to and to read from, without a path.
    pub fn rtsp_url(&self) -> Url {
        url("rtsp", self.rtsp)
    }

    /// Where the API is, without `/v3`.
    pub fn api_url(&self) -> Url {
        url("http", self.api)
    }

    /// Address of RTSP with its real port.
    pub fn rtsp_address(&self) -> SocketAddr {
        self.rtsp
    }

    /// Address of the API with its real port.
    pub fn api_address(&self) -> SocketAddr {
        self.api
    }

    /// Tells which paths are live, for as long as anybody cares.
    pub fn presence(&self) -> Presence {
        self.presence.clone()
    }

    /// Makes the API misbehave from the next request on, or behave again.
    pub fn set_api_fault(&self, fault: Option<ApiFault>) {
        *connection_table::locked(&self.fault) = fault;
    }

    /// Closes every connection and frees both ports before it returns.
    pub async fn stop(self) {
        self.thread.stop().await;
    }
}

/// `scheme://address` as a URL.
pub(super) fn url(scheme: &str, address: SocketAddr) -> Url {
    Url::parse(&format!("{scheme}://{address}")).expect("a scheme and a socket address make a URL")
}

fn bind(field: &str, address: SocketAddr) -> Result<TcpListener> {
    let listener = TcpListener::bind(address).map_err(|error| {
        Error::invalid(field, format!("cannot listen on {address}: {error}; name a free port or 0")).with_source(error)
    })?;
    listener
        .set_nonblocking(true)
        .map_err(|error| Error::internal("a socket cannot be made non-blocking").with_source(error))?;
    Ok(listener)
}

fn local_address(listener: &TcpListener) -> Result<SocketAddr> {
    listener.local_addr().map_err(|error| Error::internal("a socket has no address").with_source(error))
}

/// Serves until told to stop. Runs in the actix system of the server's thread.
async fn serve(
    rtsp: TcpListener,
    api: TcpListener,
    terms: Arc<Terms>,
    context: web::Data<api::Context>,
    stop: CancellationToken,
) -> std::io::Result<()> {
    let http = listen(api, context)?;
    let rtsp = tokio::net::TcpListener::from_std(rtsp)?;
    let accepted = tokio::select! {
        () = stop.cancelled() => Ok(()),
        result = accept(rtsp, terms) => result,
    };
    http.stop(false).await;
    accepted
}

fn listen(socket: TcpListener, context: web::Data<api::Context>) -> std::io::Result<ServerHandle> {
    let server = HttpServer::new(move || App::new().configure(api::configure(context.clone())))
        .workers(1)
        .disable_signals()
        .keep_alive(Duration::from_secs(30))
        .listen(socket)?
        .run();
    let handle = server.handle();
    actix_web::rt::spawn(server);
    Ok(handle)
}

/// Accepts RTSP clients; dropped, it closes all of them.
async fn accept(listener: tokio::net::TcpListener, terms: Arc<Terms>) -> std::io::Result<()> {
    let mut clients = tokio::task::JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((socket, remote)) => {
                    clients.spawn(connection::serve(socket, remote, terms.clone()));
                }
                Err(error) => {
                    log::warn!("cannot accept an RTSP client: {error}");
                    // Out of file descriptors: the next try would fail at once as well.
                    tokio::time::sleep(Duration::from_millis(200)).await;
                }
            },
            Some(_) = clients.join_next(), if !clients.is_empty() => {}
        }
    }
}
