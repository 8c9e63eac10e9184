//! A change of the table that would stop too many relays waits here for a person; the rule is `domain::change_guard`.
//!
//! While something is held nothing stops because of the table, and what was added to it starts. It ends when the table
//! goes back, or when the plan that was shown is confirmed. Commands of the API for one camera pass it by, and those of the
//! command line that go by way of the API; files of cameras and changed kinds count as the table.

use actix::{ActorFutureExt, Context, Handler, Message, ResponseActFuture, WrapFuture};
use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use tokio::sync::oneshot;

use super::Restreams;
use crate::actors::incidents::now;
use crate::base::{Error, Kind, Result};
use crate::domain::change_guard::{BlockedChange, BlockedChangeView, PlanView};
use crate::domain::fleet::Fleet;
use crate::domain::incident::{IncidentKind, Subject};

/// What of the table has not been carried out, and why.
#[derive(Message, Clone, Copy, Debug)]
#[rtype(result = "Result<PlanView>")]
pub struct GetPlan {
    /// Reads the table first, so that the answer holds for what was written before the question.
    pub read: bool,
}

/// Carries out the plan of this id. `Conflict` when another one, or none, is held by now.
#[derive(Message, Clone, Debug)]
#[rtype(result = "Result<PlanView>")]
pub struct ApplyPlan(pub String);

/// A plan and how long it has been waiting.
pub(super) struct Waiting {
    pub plan: BlockedChange,
    since: DateTime<Utc>,
}

impl Restreams {
    /// Takes the cameras as the table has them, as far as that is not held.
    pub(super) fn evaluate(&mut self, after: Fleet, ctx: &mut Context<Self>) {
        let earlier = self.earlier_fleet();
        let held = self.blocked.as_ref().map(|waiting| &waiting.plan);
        let before = earlier.as_ref().unwrap_or(&self.fleet);
        let most = self.setup.max_stop_fraction;
        let time = self.born.elapsed();
        let ran = |id: i64| self.ran.lately(id, time);
        let (now, held) = self.guard.evaluate(before, after, most, held, &ran, time);
        self.note_plan(held);
        self.change_fleet(now, ctx);
    }

    fn note_plan(&mut self, plan: Option<BlockedChange>) {
        let before = self.blocked.take();
        let same = before.as_ref().map(|before| &before.plan.id) == plan.as_ref().map(|plan| &plan.id);
        let since = before.as_ref().map_or_else(Utc::now, |before| before.since);
        self.blocked = plan.map(|plan| Waiting { plan, since });
        if same {
            return;
        }
        match &self.blocked {
            Some(held) => {
                let id = held.plan.id.as_str();
                log::error!(plan = id; "{}; see `streamwarden cameras plan`", held.plan.summary());
            }
            None => log::info!("the table is back to normal; no change is blocked any more"),
        }
        self.tell_of_plan();
    }

    /// The incident says what waits now.
    fn tell_of_plan(&self) {
        let all = Subject::Service { name: "cameras".to_owned() };
        // Another plan is another incident: what a person reads must be what waits.
        self.incidents.clear(IncidentKind::PlanHeld, &all);
        if let Some(held) = &self.blocked {
            self.incidents.raise(IncidentKind::PlanHeld, &all, &held.plan.summary(), now());
        }
    }

    fn plan_view(&self) -> PlanView {
        let held = self.blocked.as_ref().map(|waiting| BlockedChangeView {
            id: waiting.plan.id.clone(),
            since: waiting.since,
            summary: waiting.plan.summary(),
            running: waiting.plan.running,
            would_stop: waiting.plan.would_stop.clone(),
        });
        // Those on their way out are none any more.
        let cameras = self.fleet.values().filter(|planned| planned.source().is_some()).count();
        PlanView { held, cameras, running: self.ran.running() }
    }

    /// For the tree.
    pub(super) fn observe_plan(&self) -> Value {
        match &self.blocked {
            Some(held) => json!({
                "id": held.plan.id, "since": held.since, "wouldStop": held.plan.would_stop.len(),
                "running": held.plan.running,
            }),
            None => Value::Null,
        }
    }
}

impl Handler<GetPlan> for Restreams {
    type Result = ResponseActFuture<Self, Result<PlanView>>;

    fn handle(&mut self, get: GetPlan, ctx: &mut Self::Context) -> Self::Result {
        let (tell, told) = oneshot::channel();
        if get.read {
            self.after_reading.push(tell);
            self.refresh(ctx);
        }
        let read = async move {
            if get.read {
                _ = told.await
            }
        };
        Box::pin(read.into_actor(self).map(|(), manager, _| Ok(manager.plan_view())))
    }
}

impl Handler<ApplyPlan> for Restreams {
    type Result = Result<PlanView>;

    fn handle(&mut self, apply: ApplyPlan, ctx: &mut Self::Context) -> Self::Result {
        let Some(confirmed) = self.blocked.take_if(|held| held.plan.id == apply.0) else {
            let text = match &self.blocked {
                Some(_) => "the plan has changed since it was shown; look at it again and confirm that one",
                None => "nothing is held any more; there is nothing to confirm",
            };
            return Err(Error::new(Kind::Conflict, text));
        };
        self.guard.confirmed();
        let stops = confirmed.plan.would_stop.len();
        log::warn!(plan = confirmed.plan.id.as_str(), cameras = stops; "blocked change confirmed, cameras stop");
        self.change_fleet(confirmed.plan.after, ctx);
        self.tell_of_plan();
        // The list as it is from now on is to be last_known.
        self.refresh(ctx);
        Ok(self.plan_view())
    }
}
