//! Which process polls a server, of those that share a live store: one does, and the others stand by and ask again.

use std::sync::Arc;

use actix::{ActorFutureExt, AsyncContext, Context, WrapFuture};
use tokio::time::timeout;

use super::server_poller::{STORE_TIMEOUT, ServerPoller};
use crate::domain::duty::WorkClaim;

impl ServerPoller {
    /// Polls, unless another process does so, that shares the live store: then this one stands by and asks again.
    pub(super) fn poll(&mut self, ctx: &mut Context<Self>) {
        let (live, server, interval) = (Arc::clone(&self.live), self.watched.name.clone(), self.interval.get());
        let stands_by = self.stands_by;
        let claim = async move {
            let claim = timeout(STORE_TIMEOUT, live.claim(&server, interval)).await.unwrap_or(WorkClaim::Unknown);
            // Where another one was polling, its last findings are what is known.
            let is_others = matches!(claim, WorkClaim::Others(_));
            let latest = if stands_by && !is_others { live.latest().await.ok() } else { None };
            (claim, latest)
        };
        ctx.spawn(claim.into_actor(self).map(|(claim, latest), poller, ctx| {
            let is_ours = !matches!(claim, WorkClaim::Others(_));
            if std::mem::replace(&mut poller.stands_by, !is_ours) != poller.stands_by {
                let server = poller.watched.name.as_str();
                let what = if is_ours {
                    "this process polls the server now"
                } else {
                    "another process polls the server; standing by"
                };
                log::info!(server = server; "{what}");
            }
            if !is_ours {
                poller.leave_to_others();
                return poller.wait(ctx);
            }
            if claim == WorkClaim::Ours {
                poller.polls_alone(ctx);
            }
            if let Some(latest) = latest {
                poller.path_table.resume(latest);
                poller.path_table.tell_all_again();
            }
            poller.ask(ctx);
        }));
    }
}
