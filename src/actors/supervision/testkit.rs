//! Makes any actor of the tree panic, hang, stall or exit on demand. Only in builds with the feature `testkit`, which tests and
//! benchmarks have and the program has not.

use std::collections::VecDeque;

use actix::{ActorContext, AsyncContext, Context, Message, ResponseFuture, WrapFuture};

use super::{Supervised, watched};

/// What should happen to the actor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProvokedFault {
    /// Its handler panics.
    Panic,
    /// It never reads its mailbox again.
    Hang,
    /// It reads its mailbox, but its work never advances.
    Stall,
    /// It stops by itself.
    Exit,
}

/// Provokes a fault in the actor at `path` below the receiver; an empty path means the receiver itself.
/// Answers whether such an actor was there.
#[derive(Message, Clone, Debug)]
#[rtype(result = "bool")]
pub struct Provoke {
    /// Names from the receiver downwards.
    pub path: VecDeque<String>,
    /// What should happen.
    pub fault: ProvokedFault,
}

impl Provoke {
    /// `at("restreams/7", Fault::Panic)`.
    pub fn at(path: &str, fault: ProvokedFault) -> Self {
        Self { path: path.split('/').filter(|part| !part.is_empty()).map(str::to_owned).collect(), fault }
    }
}

/// The answer to [`Provoke`] for any supervised actor.
pub fn provoke<A: Supervised>(actor: &mut A, mut provoke: Provoke, ctx: &mut Context<A>) -> ResponseFuture<bool> {
    let Some(name) = provoke.path.pop_front() else {
        match provoke.fault {
            // After the answer, so that whoever provoked it hears that it was reached.
            ProvokedFault::Panic => {
                ctx.run_later(std::time::Duration::ZERO, |_, _| std::panic::panic_any("provoked by the testkit"));
            }
            ProvokedFault::Hang => ctx.wait(std::future::pending::<()>().into_actor(actor)),
            ProvokedFault::Stall => {
                let work = watched("the testkit's work", std::time::Duration::ZERO, std::future::pending::<()>());
                ctx.spawn(work.into_actor(actor));
            }
            ProvokedFault::Exit => {
                ctx.run_later(std::time::Duration::ZERO, |_, ctx| ctx.stop());
            }
        }
        return Box::pin(std::future::ready(true));
    };
    match actor.children().and_then(|set| set.running(&name)).map(|running| running.to.provoke.clone()) {
        None => Box::pin(std::future::ready(false)),
        Some(child) => Box::pin(async move { child.send(provoke).await.unwrap_or(false) }),
    }
}
