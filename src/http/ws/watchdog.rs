//! Ends connections that no close frame reaches any more.
//!
//! The session actor runs inside the response body, and actix polls a body only while the socket takes bytes. A client
//! that stops reading (a suspended tab, a pulled cable) therefore also stops our pings and our close frame. So a task
//! beside it looks at the time and shuts the socket itself.

use std::cell::Cell;
use std::rc::Rc;
use std::sync::{Arc, Weak};
use std::time::Duration;

use actix_web::HttpRequest;
use tokio::time::Instant;

use super::protocol::{PING_EVERY, SILENCE};
use crate::http::connections::{HttpConnection, Socket};

/// After so long without a sign of life the socket goes, closed politely or not.
const FINAL: Duration = SILENCE.saturating_add(PING_EVERY);

/// When the client was last heard; shared between a session and its watchdog.
#[derive(Clone)]
pub(super) struct LastHeard(Rc<Cell<Instant>>);

impl LastHeard {
    /// Heard now.
    pub(super) fn now() -> Self {
        Self(Rc::new(Cell::new(Instant::now())))
    }

    /// Heard again.
    pub(super) fn again(&self) {
        self.0.set(Instant::now());
    }

    /// When it was.
    pub(super) fn at(&self) -> Instant {
        self.0.get()
    }
}

/// Watches the connection of this request until it ends.
pub(super) fn watch(request: &HttpRequest, last_heard: LastHeard) {
    if let Some(connection) = request.conn_data::<Rc<HttpConnection>>() {
        actix_web::rt::spawn(guard(Arc::downgrade(connection.socket()), last_heard));
    }
}

async fn guard(socket: Weak<Socket>, last_heard: LastHeard) {
    loop {
        tokio::time::sleep(PING_EVERY).await;
        let Some(socket) = socket.upgrade() else { return };
        if last_heard.at().elapsed() >= FINAL {
            log::info!("websocket client does not read, its connection was cut");
            socket.cut();
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncReadExt;

    use super::*;

    async fn connection() -> (Arc<Socket>, tokio::net::TcpStream) {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let client = tokio::net::TcpStream::connect(address).await.expect("a connection");
        let (server, _) = listener.accept().await.expect("a client");
        (Arc::new(Socket::new(server.into_std().expect("a socket"))), client)
    }

    #[actix_web::test]
    async fn a_client_that_is_silent_for_too_long_is_cut_off() {
        let (socket, mut client) = connection().await;
        tokio::time::pause();
        let (last_heard, begun) = (LastHeard::now(), Instant::now());
        let watch = actix_web::rt::spawn(guard(Arc::downgrade(&socket), last_heard.clone()));
        tokio::time::advance(SILENCE).await;
        last_heard.again();
        watch.await.expect("the watch ends");
        assert!(begun.elapsed() >= SILENCE + FINAL, "a sign of life counts");
        assert_eq!(client.read(&mut [0; 8]).await.expect("an end"), 0, "the connection is closed");
    }

    #[actix_web::test]
    async fn a_connection_that_ends_is_not_watched_any_more() {
        let (socket, _client) = connection().await;
        tokio::time::pause();
        let begun = Instant::now();
        let watch = actix_web::rt::spawn(guard(Arc::downgrade(&socket), LastHeard::now()));
        drop(socket);
        watch.await.expect("the watch ends");
        assert!(begun.elapsed() < SILENCE, "the next look ends it");
    }
}
