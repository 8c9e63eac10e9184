//! The start budget at work: relays acquire a permit for each start, and are answered when it is granted.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use actix::{Actor, AsyncContext, Context, Handler, Message, ResponseFuture, SpawnHandle};
use serde_json::{Value, json};
use tokio::sync::oneshot;
use tokio::time::Instant;

use super::setup::RestreamSetup;
use crate::actors::supervision::{Adjusted, Handle, Setting, Supervised, supervised};
use crate::domain::start_budget::StartQueue;

/// A relay wants to start; answered with true when it may, with false when it has to ask again.
#[derive(Message, Clone, Debug)]
#[rtype(result = "bool")]
pub(super) struct AcquirePermit {
    pub id: i64,
    /// Host of the camera.
    pub host: String,
}

/// A relay does not want to start any more.
#[derive(Message, Debug)]
#[rtype(result = "()")]
pub(super) struct CancelPermit(pub i64);

/// Grants the starts of relays. Built anew it knows of nobody: all who wait ask again.
pub(super) struct StartBudget {
    settings: Setting<Arc<RestreamSetup>>,
    handle: Handle<Self>,
    queue: StartQueue,
    waiting: BTreeMap<i64, oneshot::Sender<()>>,
    born: Instant,
    /// When it rings, after `born`.
    alarm: Option<(Duration, SpawnHandle)>,
}

impl StartBudget {
    pub(super) fn new(settings: Setting<Arc<RestreamSetup>>, handle: Handle<Self>) -> Self {
        let queue = StartQueue::new(settings.get().rates);
        Self { settings, handle, queue, waiting: BTreeMap::new(), born: Instant::now(), alarm: None }
    }

    fn leave(&mut self, id: i64) {
        self.queue.leave(id);
        self.waiting.remove(&id);
    }

    /// Grants what the budget allows and sets the alarm for the rest. One that is too early is left alone, as it only
    /// looks and sets the next: relays that lost their server together ask together.
    fn grant(&mut self, ctx: &mut Context<Self>) {
        let (now, waiting) = (self.born.elapsed(), &mut self.waiting);
        // Who cannot be told any more must not use up a permit.
        self.queue.grant(now, |id| waiting.remove(&id).is_some_and(|answer| answer.send(()).is_ok()));
        let Some(due) = self.queue.next_grant() else { return };
        match self.alarm.take() {
            Some((at, alarm)) if at <= due => self.alarm = Some((at, alarm)),
            early => {
                if let Some((_, alarm)) = early {
                    ctx.cancel_future(alarm);
                }
                let alarm = ctx.run_later(due.saturating_sub(self.born.elapsed()), |budget, ctx| {
                    budget.alarm = None;
                    budget.grant(ctx);
                });
                self.alarm = Some((due, alarm));
            }
        }
    }
}

impl Actor for StartBudget {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        ctx.add_message_stream(self.settings.changes());
        self.handle.now_at(ctx.address());
    }
}

impl Handler<AcquirePermit> for StartBudget {
    type Result = ResponseFuture<bool>;

    fn handle(&mut self, acquire: AcquirePermit, ctx: &mut Self::Context) -> Self::Result {
        let (answer, answered) = oneshot::channel();
        self.leave(acquire.id);
        self.queue.ask(acquire.id, &acquire.host);
        self.waiting.insert(acquire.id, answer);
        self.grant(ctx);
        // Not a future of this actor, which looks at each of its futures whenever it wakes. It ends with the actor.
        Box::pin(async move { answered.await.is_ok() })
    }
}

impl Handler<CancelPermit> for StartBudget {
    type Result = ();

    fn handle(&mut self, release: CancelPermit, _: &mut Self::Context) {
        self.leave(release.0);
    }
}

impl Handler<Adjusted> for StartBudget {
    type Result = ();

    fn handle(&mut self, _: Adjusted, ctx: &mut Self::Context) {
        self.queue.set_rates(self.settings.get().rates);
        self.grant(ctx);
    }
}

impl Supervised for StartBudget {
    const KIND: &'static str = "startBudget";

    fn observe(&self) -> Value {
        let rates = self.settings.get().rates;
        json!({ "waiting": self.queue.len(), "startRate": rates.fleet, "startRatePerHost": rates.host })
    }
}

supervised!(StartBudget);
