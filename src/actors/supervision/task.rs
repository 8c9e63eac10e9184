//! A background task as a child of the tree: a listener, a notifier, anything that goes on by itself and is no actor of its
//! own. Its end is an exit like any other, judged by its parent's restart policy.

use std::future::Future;
use std::rc::Rc;

use actix::{Actor, ActorFutureExt, AsyncContext, Context, WrapFuture};
use futures_util::FutureExt;
use futures_util::future::LocalBoxFuture;
use serde_json::Value;

use super::exit::{Exit, Restart};
use super::{Child, Supervised, finish, supervised};

type Begin = Rc<dyn Fn() -> LocalBoxFuture<'static, Exit>>;

/// Runs one future; ends with it.
pub struct Task {
    begin: Begin,
}

impl Child {
    /// A child that runs the future that `begin` makes, afresh for every generation. The future runs on the actors' thread
    /// and must not block; when the child is stopped it is dropped.
    pub fn task<F, W>(name: impl Into<String>, restart: Restart, begin: F) -> Self
    where
        F: Fn() -> W + 'static,
        W: Future<Output = Exit> + 'static,
    {
        let begin: Begin = Rc::new(move || begin().boxed_local());
        Self::new(name, restart, move || Task { begin: Rc::clone(&begin) })
    }
}

impl Actor for Task {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        // Made here and not by the parent: what it begins belongs to this child.
        let work = (self.begin)();
        ctx.spawn(work.into_actor(self).map(|exit, _, ctx| finish(ctx, exit)));
    }
}

impl Supervised for Task {
    const KIND: &'static str = "task";

    fn observe(&self) -> Value {
        Value::Null
    }
}
supervised!(Task);
