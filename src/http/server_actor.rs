//! The HTTP server as a child of the tree: its end is a failure that the tree judges, and another one is started on the same
//! socket, which stays bound all the time: clients that come meanwhile wait.

use std::net::TcpListener;
use std::sync::Arc;

use actix::{Actor, ActorFutureExt, AsyncContext, Context, WrapFuture};
use futures_util::future::LocalBoxFuture;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::server::{Server, serve};
use super::state::State;
use crate::actors::supervision::{Exit, Supervised, finish, supervised};
use crate::base::{Error, Result};

/// Serves HTTP for as long as it lives.
pub struct ServerActor {
    listener: Arc<TcpListener>,
    state: Arc<State>,
    descriptors: u64,
    server: Option<Server>,
    stopping: bool,
}

impl ServerActor {
    /// A server on this socket, which is kept for the next generation. `descriptors`: how many this process may have.
    pub fn new(listener: Arc<TcpListener>, state: Arc<State>, descriptors: u64) -> Self {
        Self { listener, state, descriptors, server: None, stopping: false }
    }

    fn begin(&self) -> Result<Server> {
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

impl Supervised for ServerActor {
    const KIND: &'static str = "http server";

    fn observe(&self) -> Value {
        json!({ "listen": self.server.as_ref().map(Server::address) })
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
