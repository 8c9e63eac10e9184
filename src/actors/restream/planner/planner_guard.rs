//! A change of the table that would stop too many relays waits here for a person; the rule is `domain::change_guard`.
//!
//! While something is blocked nothing stops because of the table, and what was added to it starts. It ends when the table
//! goes back, or when the change that was shown is confirmed. Commands for one camera pass it by; files of cameras and
//! changed kinds count as the table.

use actix::{ActorFutureExt, Handler, Message, ResponseActFuture, WrapFuture};
use chrono::Utc;
use serde_json::{Value, json};
use tokio::sync::oneshot;

use super::planner_actor::CameraPlanner;
use super::remembered_plan::Blocked;
use crate::actors::incidents::now;
use crate::base::{Error, ErrorKind, Result};
use crate::domain::camera::{CameraRow, Kinds};
use crate::domain::change_guard::{BlockedChange, BlockedChangeView, PlanView};
use crate::domain::fleet;
use crate::domain::incident::{IncidentKind, Subject};

/// What of the table has not been carried out, and why.
#[derive(Message, Clone, Copy, Debug)]
#[rtype(result = "Result<PlanView>")]
pub(in crate::actors::restream) struct ShowPlan {
    /// Reads the table first, so that the answer holds for what was written before the question.
    pub read: bool,
}

/// Carries out the blocked change of this id. `Conflict` when another one, or none, is blocked by now.
#[derive(Message, Clone, Debug)]
#[rtype(result = "Result<PlanView>")]
pub(in crate::actors::restream) struct ApplyPlan(pub String);

impl CameraPlanner {
    /// Takes all rows as they are now, as far as that stops not too many relays at once.
    pub(super) fn evaluate(&mut self, rows: &[CameraRow], kinds: &Kinds) {
        let mut memory = self.memory.lock();
        let earlier = memory.earlier.as_ref().map(|known| fleet::read(&known.rows, &known.kinds));
        let blocked = memory.blocked.as_ref().map(|blocked| &blocked.change);
        let mut guard = memory.guard.clone();
        let most = self.settings.get().max_stop_fraction;
        let ran = |id: i64| self.activity.lately(id);
        let (after, blocked) = self.fleet.read(|fleet| {
            let after = fleet::read_again(rows, kinds, fleet);
            let before = earlier.as_ref().unwrap_or(fleet);
            guard.evaluate(before, after, most, blocked, &ran, self.activity.time())
        });
        memory.guard = guard;
        memory.earlier = None;
        drop(memory);
        self.note_blocked(blocked);
        self.ids.change_to(&self.fleet, after);
    }

    fn note_blocked(&mut self, change: Option<BlockedChange>) {
        let mut memory = self.memory.lock();
        let before = memory.blocked.take();
        let same = before.as_ref().map(|before| &before.change.id) == change.as_ref().map(|change| &change.id);
        let since = before.as_ref().map_or_else(Utc::now, |before| before.since);
        memory.blocked = change.map(|change| Blocked { change, since });
        if same {
            return;
        }
        match &memory.blocked {
            Some(Blocked { change, .. }) => {
                log::error!(plan = change.id.as_str(); "{}; see `streamwarden cameras plan`", change.summary());
            }
            None => log::info!("the table is back to normal; no change is blocked any more"),
        }
        drop(memory);
        self.tell_of_blocked();
    }

    /// The incident says what waits now.
    fn tell_of_blocked(&self) {
        let all = Subject::Service { name: "cameras".to_owned() };
        // Another change is another incident: what a person reads must be what waits.
        self.incidents.clear(IncidentKind::ChangeBlocked, &all);
        let summary = self.memory.lock().blocked.as_ref().map(|blocked| blocked.change.summary());
        if let Some(summary) = summary {
            self.incidents.raise(IncidentKind::ChangeBlocked, &all, &summary, now());
        }
    }

    fn plan_view(&self) -> PlanView {
        let blocked = self.memory.lock().blocked.as_ref().map(|blocked| BlockedChangeView {
            id: blocked.change.id.clone(),
            since: blocked.since,
            summary: blocked.change.summary(),
            running: blocked.change.running,
            would_stop: blocked.change.would_stop.clone(),
        });
        // Those on their way out are none any more.
        let relayed = |fleet: &fleet::Fleet| fleet.values().filter(|planned| planned.source().is_some()).count();
        PlanView { blocked, cameras: self.fleet.read(relayed), running: self.activity.running() }
    }

    /// For the tree.
    pub(super) fn observe_plan(&self) -> Value {
        match &self.memory.lock().blocked {
            Some(Blocked { change, since }) => json!({
                "id": change.id, "since": since, "wouldStop": change.would_stop.len(), "running": change.running,
            }),
            None => Value::Null,
        }
    }
}

impl Handler<ShowPlan> for CameraPlanner {
    type Result = ResponseActFuture<Self, Result<PlanView>>;

    fn handle(&mut self, show: ShowPlan, ctx: &mut Self::Context) -> Self::Result {
        let (tell, told) = oneshot::channel();
        if show.read {
            self.after_reading.push(tell);
            self.refresh(ctx);
        }
        let read = async move {
            if show.read {
                _ = told.await
            }
        };
        Box::pin(read.into_actor(self).map(|(), planner, _| Ok(planner.plan_view())))
    }
}

impl Handler<ApplyPlan> for CameraPlanner {
    type Result = Result<PlanView>;

    fn handle(&mut self, apply: ApplyPlan, ctx: &mut Self::Context) -> Self::Result {
        let confirmed = {
            let mut memory = self.memory.lock();
            let Some(confirmed) = memory.blocked.take_if(|blocked| blocked.change.id == apply.0) else {
                let text = match &memory.blocked {
                    Some(_) => "the plan has changed since it was shown; look at it again and confirm that one",
                    None => "no change is blocked any more; there is nothing to confirm",
                };
                return Err(Error::new(ErrorKind::Conflict, text));
            };
            memory.guard.confirmed();
            confirmed.change
        };
        let stops = confirmed.would_stop.len();
        log::warn!(plan = confirmed.id.as_str(), cameras = stops; "blocked change confirmed, cameras stop");
        self.ids.change_to(&self.fleet, confirmed.after);
        self.tell_of_blocked();
        // The list as it is from now on is to be remembered.
        self.refresh(ctx);
        Ok(self.plan_view())
    }
}
