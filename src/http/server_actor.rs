//! The HTTP server as a child of the tree: its end is a failure that the tree judges, and another one is started on the same
//! socket, which stays bound all the time: clients that come meanwhile wait.
//!
//! That it serves is proved by an answer: it asks itself for `/health`, and one that got answers once and gets none any
//! more makes no progress.

use std::cell::Cell;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use actix::{Actor, ActorFutureExt, AsyncContext, Context, WrapFuture};
use futures_util::future::LocalBoxFuture;
use rustls::pki_types::ServerName;
use serde_json::{Value, json};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep, timeout};
use tokio_rustls::TlsConnector;

use super::http_server::{HttpServer, serve};
use super::http_state::HttpState;
use crate::actors::supervision::{Activity, Exit, Supervised, finish, supervised};
use crate::adapters::tls::certificate_trust;
use crate::adapters::tls::server_certificate::CurrentCertificate;
use crate::base::{Error, Result};
use crate::config::settings::ApiTrust;

/// How the server asks itself whether it serves.
#[derive(Clone, Copy, Debug)]
pub(super) struct SelfCheck {
    pub every: Duration,
    /// One question.
    pub timeout: Duration,
    /// Without an answer for so long it does not serve.
    pub stalled_after: Duration,
}

const SELF_CHECK: SelfCheck = SelfCheck {
    every: Duration::from_secs(10),
    timeout: Duration::from_secs(5),
    stalled_after: Duration::from_secs(60),
};

/// Serves HTTP for as long as it lives.
pub struct ServerActor {
    listener: Arc<TcpListener>,
    state: Arc<HttpState>,
    descriptors: u64,
    pub(super) server: Option<HttpServer>,
    stopping: bool,
    self_check: SelfCheck,
    /// How often it has answered itself.
    answers: Rc<Cell<u64>>,
}

impl ServerActor {
    /// A server on this socket, which is kept for the next generation. `descriptors`: how many this process may have.
    pub fn new(listener: Arc<TcpListener>, state: Arc<HttpState>, descriptors: u64) -> Self {
        Self {
            listener,
            state,
            descriptors,
            server: None,
            stopping: false,
            self_check: SELF_CHECK,
            answers: Rc::default(),
        }
    }

    /// The same with other limits.
    #[cfg(test)]
    pub(super) fn checked(mut self, self_check: SelfCheck) -> Self {
        self.self_check = self_check;
        self
    }

    fn begin(&self) -> Result<HttpServer> {
        let again = |error| Error::internal(format!("the HTTP server has no socket: {error}")).with_source(error);
        let listener = self.listener.try_clone().map_err(again)?;
        serve(listener, Arc::clone(&self.state), self.descriptors)
    }
}

impl Actor for ServerActor {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        match self.begin() {
            Ok(server) => {
                let failed = server.failed();
                let certificate = self.state.certificate.clone();
                let asking = keep_asking(server.address(), certificate, self.self_check, Rc::clone(&self.answers));
                ctx.spawn(asking.into_actor(self));
                self.server = Some(server);
                ctx.spawn(failed.into_actor(self).map(|why, actor, ctx| {
                    if !actor.stopping {
                        finish(ctx, Exit::Failure(why));
                    }
                }));
            }
            Err(error) => finish(ctx, Exit::Failure(error.to_string())),
        }
    }
}

/// Asks the server again and again; every answer is progress. Judged from the first answer on: there are hosts that do not
/// let us reach ourselves.
async fn keep_asking(
    address: SocketAddr,
    certificate: Option<CurrentCertificate>,
    check: SelfCheck,
    answers: Rc<Cell<u64>>,
) {
    let activity = Activity::protected("serving HTTP", check.stalled_after);
    loop {
        if matches!(timeout(check.timeout, ask(address, certificate.as_ref())).await, Ok(Ok(()))) {
            activity.record_progress();
            answers.set(answers.get() + 1);
        }
        sleep(check.every).await;
    }
}

/// Whatever the answer says, it is one.
async fn ask(mut address: SocketAddr, certificate: Option<&CurrentCertificate>) -> std::io::Result<()> {
    match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => address.set_ip(Ipv4Addr::LOCALHOST.into()),
        IpAddr::V6(ip) if ip.is_unspecified() => address.set_ip(Ipv6Addr::LOCALHOST.into()),
        _ => {}
    }
    let stream = TcpStream::connect(address).await?;
    let Some(certificate) = certificate else { return answered(stream).await };
    // Ours, and nobody else's.
    let trust = ApiTrust::Fingerprint(certificate.borrow().fingerprint);
    let tls = certificate_trust::configuration("http.tls_cert", &trust).map_err(std::io::Error::other)?;
    let Some(tls) = tls else { return Err(std::io::ErrorKind::Unsupported.into()) };
    let connector = TlsConnector::from(Arc::new(tls));
    answered(connector.connect(ServerName::from(address.ip()), stream).await?).await
}

async fn answered(mut stream: impl AsyncRead + AsyncWrite + Unpin) -> std::io::Result<()> {
    stream.write_all(b"GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").await?;
    stream.read_exact(&mut [0; 5]).await.map(drop)
}

impl Supervised for ServerActor {
    const KIND: &'static str = "http server";

    fn observe(&self) -> Value {
        json!({ "listen": self.server.as_ref().map(HttpServer::address), "answersToItself": self.answers.get() })
    }

    /// Lets requests finish for a moment.
    fn release(&mut self, _: &mut Context<Self>, _: Instant) -> LocalBoxFuture<'static, ()> {
        self.stopping = true;
        match self.server.take() {
            Some(server) => Box::pin(server.stop()),
            None => Box::pin(std::future::ready(())),
        }
    }
}

/// However the actor ends, its server does not outlive it.
impl Drop for ServerActor {
    fn drop(&mut self) {
        if let Some(server) = self.server.take() {
            server.abandon();
        }
    }
}
supervised!(ServerActor);
