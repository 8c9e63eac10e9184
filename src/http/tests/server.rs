//! The server's end, asked for and not.

use std::net::TcpListener;
use std::sync::Arc;

use futures_util::FutureExt;

use super::world::World;
use crate::http::server::serve;

#[actix_web::test]
async fn an_end_that_nobody_asked_for_is_told() {
    let world = World::new().await;
    let start = || {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        serve(listener, Arc::clone(&world.state), 4096).expect("a server")
    };
    let server = start();
    let failed = server.failed();
    // As when its accepting thread dies.
    server.handle.stop(false).await;
    failed.await;
    let server = start();
    let failed = server.failed();
    server.stop().await;
    assert!(failed.now_or_never().is_none(), "it was asked to");
}
