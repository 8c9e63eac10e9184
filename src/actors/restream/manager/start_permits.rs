//! The start budget at work: relays ask, and are answered when it is their turn.

use std::collections::BTreeMap;
use std::time::Duration;

use actix::{AsyncContext, Context, Handler, ResponseFuture, SpawnHandle};
use tokio::sync::oneshot;
use tokio::time::Instant;

use super::Restreams;
use crate::actors::restream::relay::reports::{AcquirePermit, CancelPermit};
use crate::domain::start_budget::{Rates, StartQueue};

/// Who waits, and how to tell them.
pub(super) struct StartPermits {
    queue: StartQueue,
    answers: BTreeMap<i64, oneshot::Sender<()>>,
    born: Instant,
    /// When it rings, after `born`.
    alarm: Option<(Duration, SpawnHandle)>,
}

impl StartPermits {
    pub(super) fn new(rates: Rates) -> Self {
        Self { queue: StartQueue::new(rates), answers: BTreeMap::new(), born: Instant::now(), alarm: None }
    }

    pub(super) fn set_rates(&mut self, rates: Rates) {
        self.queue.set_rates(rates);
    }

    pub(super) fn waiting(&self) -> usize {
        self.queue.len()
    }

    fn leave(&mut self, id: i64) {
        self.queue.leave(id);
        self.answers.remove(&id);
    }

    /// Grants what the budget allows; returns when the next turn is due, after `born`.
    fn grant(&mut self) -> Option<Duration> {
        let (now, answers) = (self.born.elapsed(), &mut self.answers);
        // Who cannot be told any more must not use up a turn.
        self.queue.grant(now, |id| answers.remove(&id).is_some_and(|answer| answer.send(()).is_ok()));
        self.queue.next_grant()
    }
}

impl Restreams {
    /// Grants what the budget allows and sets the alarm for the rest. One that is too early is left alone, as it only
    /// looks and sets the next: relays that lost their server together ask together.
    pub(super) fn grant_permits(&mut self, ctx: &mut Context<Self>) {
        let Some(due) = self.start_permits.grant() else { return };
        match self.start_permits.alarm.take() {
            Some((at, alarm)) if at <= due => self.start_permits.alarm = Some((at, alarm)),
            early => {
                if let Some((_, alarm)) = early {
                    ctx.cancel_future(alarm);
                }
                let alarm = ctx.run_later(due.saturating_sub(self.start_permits.born.elapsed()), |manager, ctx| {
                    manager.start_permits.alarm = None;
                    manager.grant_permits(ctx);
                });
                self.start_permits.alarm = Some((due, alarm));
            }
        }
    }
}

impl Handler<AcquirePermit> for Restreams {
    type Result = ResponseFuture<bool>;

    fn handle(&mut self, ask: AcquirePermit, ctx: &mut Self::Context) -> Self::Result {
        let (answer, answered) = oneshot::channel();
        self.start_permits.leave(ask.id);
        self.start_permits.queue.ask(ask.id, &ask.host);
        self.start_permits.answers.insert(ask.id, answer);
        self.grant_permits(ctx);
        Box::pin(async move { answered.await.is_ok() })
    }
}

impl Handler<CancelPermit> for Restreams {
    type Result = ();

    fn handle(&mut self, leave: CancelPermit, _: &mut Self::Context) {
        self.start_permits.leave(leave.0);
    }
}
