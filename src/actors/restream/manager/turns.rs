//! The start budget at work: relays ask, and are answered when it is their turn.

use std::collections::BTreeMap;
use std::time::Duration;

use actix::{AsyncContext, Context, Handler, ResponseFuture, SpawnHandle};
use tokio::sync::oneshot;
use tokio::time::Instant;

use super::Restreams;
use crate::actors::restream::relay::reports::{AskTurn, LeaveTurn};
use crate::domain::storm::{Rates, StartQueue};

/// Who waits, and how to tell them.
pub(super) struct Turns {
    queue: StartQueue,
    answers: BTreeMap<i64, oneshot::Sender<()>>,
    born: Instant,
    /// When it rings, after `born`.
    alarm: Option<(Duration, SpawnHandle)>,
}

impl Turns {
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
    pub(super) fn grant_turns(&mut self, ctx: &mut Context<Self>) {
        let Some(due) = self.turns.grant() else { return };
        match self.turns.alarm.take() {
            Some((at, alarm)) if at <= due => self.turns.alarm = Some((at, alarm)),
            early => {
                if let Some((_, alarm)) = early {
                    ctx.cancel_future(alarm);
                }
                let alarm = ctx.run_later(due.saturating_sub(self.turns.born.elapsed()), |manager, ctx| {
                    manager.turns.alarm = None;
                    manager.grant_turns(ctx);
                });
                self.turns.alarm = Some((due, alarm));
            }
        }
    }
}

impl Handler<AskTurn> for Restreams {
    type Result = ResponseFuture<bool>;

    fn handle(&mut self, ask: AskTurn, ctx: &mut Self::Context) -> Self::Result {
        let (answer, answered) = oneshot::channel();
        self.turns.leave(ask.id);
        self.turns.queue.ask(ask.id, &ask.host);
        self.turns.answers.insert(ask.id, answer);
        self.grant_turns(ctx);
        Box::pin(async move { answered.await.is_ok() })
    }
}

impl Handler<LeaveTurn> for Restreams {
    type Result = ();

    fn handle(&mut self, leave: LeaveTurn, _: &mut Self::Context) {
        self.turns.leave(leave.0);
    }
}
