//! The root of the tree: owns the managers, starts consumers first, stops them in reverse.
//!
//! It knows no job: `app` hands it the children in start order. Whoever needs a manager's address asks with [`Find`],
//! each time anew, because a manager may have been rebuilt in between.

use std::marker::PhantomData;
use std::time::Duration;

use actix::{Actor, Addr, Context, Handler, Message};
use serde_json::{Value, json};
use tokio_util::sync::DropGuard;

use super::supervision::stop::StopOrder;
use super::supervision::{Child, ChildSet, Supervised, supervised};

/// The root actor. When it ends, the process ends.
pub struct Root {
    plan: Vec<Child>,
    set: Option<ChildSet<Self>>,
    started: tokio::time::Instant,
    /// Its drop tells the builder that the root has ended, however that came about.
    _ended: DropGuard,
}

impl Root {
    /// A root that starts these managers in this order, and drops `ended` with itself.
    pub fn new(plan: Vec<Child>, ended: DropGuard) -> Self {
        Self { plan, set: None, started: tokio::time::Instant::now(), _ended: ended }
    }
}

impl Actor for Root {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        let mut set = ChildSet::new(ctx, StopOrder::Reverse);
        for child in self.plan.drain(..) {
            set.start(child);
        }
        self.set = Some(set);
    }
}

impl Supervised for Root {
    const KIND: &'static str = "root";

    fn observe(&self) -> Value {
        let up: Duration = self.started.elapsed();
        json!({ "uptimeSeconds": up.as_secs() })
    }

    fn children(&mut self) -> Option<&mut ChildSet<Self>> {
        self.set.as_mut()
    }
}
supervised!(Root, manager);

/// Asks for the address of a running manager.
#[derive(Message)]
#[rtype(result = "Option<Addr<A>>")]
pub struct Find<A: Actor> {
    name: &'static str,
    actor: PhantomData<fn(A)>,
}

impl<A: Actor> Find<A> {
    /// The manager of this name and type.
    pub fn manager(name: &'static str) -> Self {
        Self { name, actor: PhantomData }
    }
}

impl<A: Actor> Handler<Find<A>> for Root {
    type Result = Option<Addr<A>>;

    fn handle(&mut self, find: Find<A>, _: &mut Self::Context) -> Self::Result {
        self.set.as_ref()?.addr(find.name)
    }
}
