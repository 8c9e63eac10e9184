//! Our own supervision, because `actix::Supervisor` does not survive a panic and restarts the same broken instance.
//!
//! A child is a name, a factory and a restart policy. It runs as a task of its own with an [`child::ExitGuard`] in it,
//! whose `Drop` tells the parent however the task ends: returned, panicked or aborted. The parent's [`set::ChildSet`] judges
//! the typed [`Exit`] by the child's [`Restart`] policy, asks `domain::restart` when, and builds a fresh instance of a new
//! generation. Every run of a set has a number of its own; an exit of another run is ignored, also under the same name.
//! A parent's end is its children's, unless it has a [`Keep`] from which its next instance adopts them.
//!
//! Health is progress: at every heartbeat a child has to read its mailbox, and what it has declared as its work ([`watched`],
//! [`Activity`]) has to advance within its limit. A child that does neither is killed and restarted.
//!
//! **What happens to queued messages at a restart.** The mailbox ends with the instance; nothing is carried over. Whoever
//! *asked* (`send`) and has no answer yet gets `MailboxError::Closed` at once and says so (the API: 503, "try again"): a
//! command may be the very one that the actor died of, and must not run later without anybody waiting for it. Between two
//! generations there is no address: `Find` gives `None`, with the same answer. What was *told* (`do_send`, streams) is lost,
//! so no actor may depend on having heard something: `started` reads the present state (live store, database, a handle
//! like `IncidentsHandle` or `Setting` that outlives the actor) and subscribes anew. [`Handle::ask`] asks again whoever comes
//! next, for questions that may be put twice; [`Handle::ask_once`] waits for the next instance where there is none, and is lost
//! with the one that had the question.
//!
//! Every supervised actor implements [`Supervised`] and is declared with [`supervised!`], which gives it the same
//! handlers: [`Observe`], [`Stop`], [`Ping`](observe::Ping), and with the feature `testkit` (tests only) `Provoke`.
//! Managers add `, manager`. A background task that is no actor becomes a child with [`Child::task`].
//!
//! Never here: anything about cameras, streams or recordings.

pub mod child;
pub mod exit;
pub mod keep;
mod kinds;
pub mod observe;
mod progress;
mod roster;
pub mod set;
pub mod setting;
pub mod stop;
mod stopping;
pub mod supervision_handle;
mod task;
#[cfg(feature = "testkit")]
pub mod testkit;
#[cfg(test)]
mod tests;

use actix::{Actor, Context};
use futures_util::future::LocalBoxFuture;
use tokio::time::Instant;

pub use child::{Child, ChildExited};
pub use exit::{Exit, ExitReason, Restart};
pub use keep::Keep;
pub use kinds::{Kind, kinds};
pub use observe::{AskUnresponsive, Health, Observation, Observe};
pub use progress::{Activity, answer_ping, finish, reported, watched};
pub use set::ChildSet;
pub use setting::{Adjusted, Setting};
pub use stop::{Stop, StopReport};
pub use stopping::Stopping;
pub use supervision_handle::Handle;

/// What every actor of the tree can do.
pub trait Supervised: Actor<Context = Context<Self>> {
    /// Kind of actor in the tree and in logs (`recorder`, `hub`).
    const KIND: &'static str;

    /// Messages that may wait in the mailbox before a sender has to wait. Tells among parent and child do not count.
    const MAILBOX: usize = 64;

    /// State for the tree: small, serialisable, without secrets.
    fn observe(&self) -> serde_json::Value;

    /// The children, when it has any.
    fn children(&mut self) -> Option<&mut ChildSet<Self>> {
        None
    }

    /// Lets go of everything (processes, sessions, files) before `deadline`. Runs after the children have stopped; the
    /// actor still handles messages meanwhile. May be called twice, with another deadline (see [`Stopping`]).
    fn release(&mut self, ctx: &mut Context<Self>, deadline: Instant) -> LocalBoxFuture<'static, ()> {
        let _ = (ctx, deadline);
        Box::pin(std::future::ready(()))
    }

    /// Children that run on other threads and that only others can end: shown in the tree, never restarted from here.
    fn remote_children(&self) -> Vec<Observation> {
        Vec::new()
    }

    /// A child ended for good (its policy says so, or it was removed). Called once for every child.
    fn child_ended(&mut self, name: &str, ctx: &mut Context<Self>) {
        let _ = (name, ctx);
    }
}

/// Gives an actor the handlers that every actor of the tree has. `supervised!(Hub)`; `supervised!(Monitor, manager)`
/// for an actor whose `children()` returns a set.
macro_rules! supervised {
    ($actor:ty) => {
        $crate::actors::supervision::supervised!(@ $actor, |_| None);
    };
    (@ $actor:ty, $unresponsive:expr) => {
        impl $crate::actors::supervision::child::Managed for $actor {
            fn recipients(addr: &actix::Addr<Self>) -> $crate::actors::supervision::child::Recipients {
                $crate::actors::supervision::child::Recipients {
                    observe: addr.clone().recipient(),
                    ping: addr.clone().recipient(),
                    stop: addr.clone().recipient(),
                    unresponsive: {
                        let find: fn(&actix::Addr<Self>) -> Option<actix::Recipient<_>> = $unresponsive;
                        find(addr)
                    },
                    #[cfg(feature = "testkit")]
                    provoke: addr.clone().recipient(),
                }
            }
        }
        impl actix::Handler<$crate::actors::supervision::observe::Observe> for $actor {
            type Result = actix::ResponseFuture<$crate::actors::supervision::observe::View>;
            fn handle(
                &mut self,
                _: $crate::actors::supervision::observe::Observe,
                _: &mut Self::Context,
            ) -> Self::Result {
                $crate::actors::supervision::observe::view(self)
            }
        }
        impl actix::Handler<$crate::actors::supervision::observe::Ping> for $actor {
            type Result = ();
            fn handle(&mut self, _: $crate::actors::supervision::observe::Ping, _: &mut Self::Context) {
                $crate::actors::supervision::answer_ping();
            }
        }
        impl actix::Handler<$crate::actors::supervision::stop::Stop> for $actor {
            type Result = actix::ResponseActFuture<Self, $crate::actors::supervision::stop::StopReport>;
            fn handle(&mut self, stop: $crate::actors::supervision::stop::Stop, _: &mut Self::Context) -> Self::Result {
                $crate::actors::supervision::stop::stop(self, stop)
            }
        }
        #[cfg(feature = "testkit")]
        impl actix::Handler<$crate::actors::supervision::testkit::Provoke> for $actor {
            type Result = actix::ResponseFuture<bool>;
            fn handle(
                &mut self,
                provoke: $crate::actors::supervision::testkit::Provoke,
                ctx: &mut Self::Context,
            ) -> Self::Result {
                $crate::actors::supervision::testkit::provoke(self, provoke, ctx)
            }
        }
    };
    ($actor:ty, manager) => {
        $crate::actors::supervision::supervised!(@ $actor, |addr| Some(addr.clone().recipient()));
        impl actix::Handler<$crate::actors::supervision::observe::AskUnresponsive> for $actor {
            type Result = actix::ResponseFuture<Vec<String>>;
            fn handle(
                &mut self,
                ask: $crate::actors::supervision::observe::AskUnresponsive,
                _: &mut Self::Context,
            ) -> Self::Result {
                match $crate::actors::supervision::Supervised::children(self) {
                    Some(set) => Box::pin(set.unresponsive(ask)),
                    None => Box::pin(std::future::ready(Vec::new())),
                }
            }
        }
        impl actix::Handler<$crate::actors::supervision::child::ChildExited> for $actor {
            type Result = ();
            fn handle(&mut self, exited: $crate::actors::supervision::child::ChildExited, ctx: &mut Self::Context) {
                $crate::actors::supervision::set::on_exit(self, exited, ctx);
            }
        }
        impl actix::Handler<$crate::actors::supervision::set::ChildDue> for $actor {
            type Result = ();
            fn handle(&mut self, due: $crate::actors::supervision::set::ChildDue, ctx: &mut Self::Context) {
                $crate::actors::supervision::set::on_due(self, &due, ctx);
            }
        }
    };
}
pub(crate) use supervised;
