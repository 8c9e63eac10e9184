//! The server's end, asked for and not.

use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use actix::{Actor, Addr, Handler, Message, ResponseFuture};
use futures_util::FutureExt;
use tokio_util::sync::CancellationToken;

use super::world::World;
use crate::actors::root::{Find, Root};
use crate::actors::supervision::testkit::{Provoke, ProvokedFault};
use crate::actors::supervision::{Child, ExitReason, Observation, Observe, Restart, Stop};
use crate::http::ServerActor;
use crate::http::http_server::serve;
use crate::http::server_actor::SelfCheck;

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

/// Its server ends, as when its accepting thread dies; the actor has not asked for it.
#[derive(Message)]
#[rtype(result = "()")]
struct EndTheServer;

impl Handler<EndTheServer> for ServerActor {
    type Result = ResponseFuture<()>;

    fn handle(&mut self, _: EndTheServer, _: &mut Self::Context) -> Self::Result {
        Box::pin(self.server.as_ref().expect("it serves").handle.stop(false))
    }
}

/// It takes nobody in any more, and does not say so.
#[derive(Message)]
#[rtype(result = "()")]
struct PauseTheServer;

impl Handler<PauseTheServer> for ServerActor {
    type Result = ResponseFuture<()>;

    fn handle(&mut self, _: PauseTheServer, _: &mut Self::Context) -> Self::Result {
        Box::pin(self.server.as_ref().expect("it serves").handle.pause())
    }
}

async fn http(root: &Addr<Root>) -> Observation {
    root.send(Observe).await.expect("a root").children.remove(0)
}

#[actix_web::test]
async fn a_server_that_ends_is_started_again_on_the_same_socket_and_nobody_is_refused_meanwhile() {
    let world = World::new().await;
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("an address");
    let (listener, state) = (Arc::new(listener), Arc::clone(&world.state));
    let build = move || ServerActor::new(Arc::clone(&listener), Arc::clone(&state), 4096);
    let root =
        Root::new(vec![Child::new("http", Restart::Always, build)], CancellationToken::new().drop_guard()).start();
    // Each on a connection of its own.
    let client = reqwest::Client::builder().no_proxy().pool_max_idle_per_host(0).build().expect("a client");
    let health = || client.get(format!("http://{address}/health")).send();
    assert_eq!(health().await.expect("an answer").status(), 200);

    let actor = root.send(Find::<ServerActor>::manager("http")).await.expect("a root").expect("it serves");
    // The answer may go with the actor.
    let _ = actor.send(EndTheServer).await;
    // Nobody serves now; the socket takes us in, and the next server answers.
    assert_eq!(health().await.expect("an answer").status(), 200);
    let seen = http(&root).await;
    assert_eq!((seen.generation, seen.exit_reason), (2, Some(ExitReason::Failure)));
    assert_eq!(seen.last_exit.as_deref(), Some("failed: it ended by itself"));

    for (fault, generation) in [(ProvokedFault::Panic, 3), (ProvokedFault::Exit, 4)] {
        assert!(root.send(Provoke::at("http", fault)).await.expect("a root"));
        while http(&root).await.generation < generation {
            tokio::task::yield_now().await;
        }
        assert_eq!(health().await.expect("an answer").status(), 200);
    }
    let report = root.send(Stop::within(Duration::from_secs(10))).await.expect("stopped");
    assert!(report.late.is_empty(), "{report:?}");
    while health().await.is_ok() {
        tokio::task::yield_now().await;
    }
}

#[actix_web::test]
async fn a_server_that_takes_nobody_in_is_found_and_started_again() {
    let world = World::new().await;
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("an address");
    let (listener, state) = (Arc::new(listener), Arc::clone(&world.state));
    let check = SelfCheck {
        every: Duration::from_millis(50),
        timeout: Duration::from_secs(1),
        stalled_after: Duration::from_secs(3),
    };
    let build = move || ServerActor::new(Arc::clone(&listener), Arc::clone(&state), 4096).checked(check);
    let root =
        Root::new(vec![Child::new("http", Restart::Always, build)], CancellationToken::new().drop_guard()).start();
    let client = reqwest::Client::builder().no_proxy().pool_max_idle_per_host(0).build().expect("a client");
    let health = || client.get(format!("http://{address}/health")).send();
    assert_eq!(health().await.expect("an answer").status(), 200);
    // It is judged from its first answer to itself on.
    while http(&root).await.state["answersToItself"].as_u64().is_none_or(|answers| answers == 0) {
        tokio::time::sleep(check.every).await;
    }

    let actor = root.send(Find::<ServerActor>::manager("http")).await.expect("a root").expect("it serves");
    actor.send(PauseTheServer).await.expect("it is there");
    while http(&root).await.generation == 1 {
        tokio::time::sleep(check.every).await;
    }
    assert_eq!(health().await.expect("an answer").status(), 200, "of the next one");
    let seen = http(&root).await;
    assert_eq!(seen.exit_reason, Some(ExitReason::Killed));
    assert_eq!(seen.last_exit.as_deref(), Some("no progress: serving HTTP"));
    root.send(Stop::within(Duration::from_secs(10))).await.expect("stopped");
}
