//! The HTTP server: one app for all worker threads, and its end.

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use actix_web::body::MessageBody;
use actix_web::dev::{ServerHandle, ServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::middleware::{Compress, from_fn};
use actix_web::{App, Error as ActixError, web};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

use super::base_path::{self, BasePath};
use super::body::LARGEST;
use super::connection_limits::ConnectionLimits;
use super::connection_tracking;
use super::connections::{self, Connections};
use super::forwarded::TrustedProxies;
use super::http_state::HttpState;
use super::origin_guard::{self, OriginPolicy};
use super::routes::{self, configure};
use super::security::Accesses;
use super::{headers, page_files};
use crate::adapters::tls::server_certificate;
use crate::base::{Error, Result};

/// Two threads answer a hundred browsers: the work is done by actors and stores.
const WORKERS: usize = 2;

/// Places beyond our own limits, for connections that are just being turned away.
const SPARE: usize = 256;

/// A request's head must have arrived by then, so that silent connections do not fill the workers.
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);

/// An idle connection is kept open for so long.
const KEEP_ALIVE: Duration = Duration::from_secs(30);

/// Requests under way when the program stops may take so long; WebSockets are told to go at once.
pub(super) const STOP_SECONDS: u64 = 3;

/// A running server.
pub(super) struct HttpServer {
    address: SocketAddr,
    pub(super) handle: ServerHandle,
    stopping: CancellationToken,
    /// Why it has ended although nobody asked it to.
    failed: watch::Receiver<Option<String>>,
    task: JoinHandle<()>,
}

/// Serves on this listener until [`HttpServer::stop`]. Call it in an actix system; it takes no signals. `descriptors`: how many
/// this process may have.
///
/// # Errors
/// `Internal` when the listener cannot be used.
pub(super) fn serve(listener: TcpListener, state: Arc<HttpState>, descriptors: u64) -> Result<HttpServer> {
    let limits = ConnectionLimits::for_descriptors(descriptors).beside(state.websocket_clients, descriptors);
    serve_within(listener, state, limits)
}

/// The same with other limits.
pub(super) fn serve_within(
    listener: TcpListener,
    state: Arc<HttpState>,
    limits: ConnectionLimits,
) -> Result<HttpServer> {
    let fault = |error: std::io::Error| {
        Error::internal(format!("the HTTP server cannot be started: {error}")).with_source(error)
    };
    let address = listener.local_addr().map_err(fault)?;
    let origin_policy = OriginPolicy::new(address, state.allowed_origins.clone());
    let stopping = CancellationToken::new();
    let (token, (tell, failed)) = (stopping.clone(), watch::channel(None));
    let connections = Connections::new(limits);
    let sweeper = AbortOnDropHandle::new(tokio::spawn(Arc::clone(&connections).keep_sweeping()));
    let tls = state.certificate.clone().map(server_certificate::configuration).transpose()?;
    let server = actix_web::HttpServer::new(move || app(state.clone(), origin_policy.clone(), limits, token.clone()))
        .workers(WORKERS)
        // Per worker, and the workers need not share evenly: ours are the limits that count.
        .max_connections(limits.total + limits.reserve + SPARE)
        .client_request_timeout(HEAD_TIMEOUT)
        .keep_alive(KEEP_ALIVE)
        .shutdown_timeout(STOP_SECONDS)
        .disable_signals()
        .tls_handshake_timeout(HEAD_TIMEOUT)
        .on_connect(move |connection, data| connections::on_connect(&connections, connection, data));
    let server = match tls {
        Some(tls) => server.listen_rustls_0_23(listener, tls),
        None => server.listen(listener),
    };
    let server = server.map_err(fault)?.run();
    let handle = server.handle();
    let task = actix_web::rt::spawn(watched(server, sweeper, stopping.clone(), tell));
    Ok(HttpServer { address, handle, stopping, failed, task })
}

/// Tells when the server ends although nobody asked it to, or loses what guards it against slow clients. `failed` is dropped
/// in the end, also by a panic.
async fn watched(
    server: impl Future<Output = std::io::Result<()>>,
    sweeper: AbortOnDropHandle<()>,
    stopping: CancellationToken,
    failed: watch::Sender<Option<String>>,
) {
    let mut server = std::pin::pin!(server);
    let ended = tokio::select! {
        ended = &mut server => ended,
        _ = sweeper => {
            failed.send_replace(Some("nobody sweeps slow connections any more".to_owned()));
            // Its threads end only while it is polled.
            server.await
        }
    };
    match ended {
        Err(error) => _ = failed.send_replace(Some(error.to_string())),
        Ok(()) if !stopping.is_cancelled() => _ = failed.send_replace(Some("it ended by itself".to_owned())),
        Ok(()) => {}
    }
}

impl HttpServer {
    /// Where it listens; tells the port that the system chose.
    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Waits until the server has ended although nobody asked it to, and tells why.
    pub(super) fn failed(&self) -> impl Future<Output = String> + 'static {
        let (mut failed, stopping) = (self.failed.clone(), self.stopping.clone());
        async move {
            let why = failed.wait_for(Option::is_some).await.ok().and_then(|why| why.clone());
            match why {
                None if stopping.is_cancelled() => std::future::pending().await,
                why => why.unwrap_or_else(|| "its task panicked".to_owned()),
            }
        }
    }

    /// Takes no more connections, tells WebSockets to go, lets requests finish for a moment, and ends.
    pub(super) async fn stop(self) {
        self.stopping.cancel();
        self.handle.stop(true).await;
        // How it ended is told elsewhere.
        let _ = self.task.await;
    }

    /// As [`Self::stop`], without waiting: for an owner that is gone. Takes no more connections at once.
    pub(super) fn abandon(self) {
        self.stopping.cancel();
        // The command is sent by the call; the server's own task carries it out.
        drop(self.handle.stop(true));
    }
}

/// The app, the same in production and in tests.
pub(super) fn app(
    state: Arc<HttpState>,
    origin_policy: OriginPolicy,
    limits: ConnectionLimits,
    stopping: CancellationToken,
) -> App<
    impl ServiceFactory<
        ServiceRequest,
        Config = (),
        Response = ServiceResponse<impl MessageBody>,
        Error = ActixError,
        InitError = (),
    >,
> {
    let trusted = TrustedProxies(state.trusted_proxies.clone());
    let base = BasePath(state.base_path.clone());
    let accesses = web::Data::new(Accesses(routes::accesses().collect()));
    App::new()
        .app_data(web::Data::from(state))
        .app_data(accesses)
        .app_data(web::Data::new(trusted))
        .app_data(web::Data::new(base))
        .app_data(web::Data::new(origin_policy))
        .app_data(web::Data::new(limits))
        .app_data(web::Data::new(stopping))
        .app_data(web::PayloadConfig::new(LARGEST))
        .configure(configure)
        .default_service(web::to(page_files::fallback))
        // The last one sees a request first and its answer last.
        .wrap(from_fn(origin_guard::guard))
        .wrap(Compress::default())
        .wrap(from_fn(headers::finish))
        .wrap(from_fn(connection_tracking::track))
        .wrap(from_fn(base_path::strip))
}
