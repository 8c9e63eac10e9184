//! What relays go through, on its way to becoming incidents.
//!
//! Relays tell of every change of their state; whether that is an incident, since when and why, is decided by
//! `domain::incident::IncidentTracker`, one for each camera.

use std::collections::BTreeMap;
use std::time::Duration;

use actix::{AsyncContext, Context, Handler};

use super::Restreams;
use crate::actors::incidents::now;
use crate::actors::restream::relay::reports::RelayUpdated;
use crate::domain::camera::CameraState;
use crate::domain::incident::{IncidentDecision, IncidentKind, IncidentTracker, ServerObservation, Subject};

/// What is in doubt is looked at again so often.
const DECIDE_EVERY: Duration = Duration::from_secs(1);

/// The trackers of all cameras.
#[derive(Default)]
pub(super) struct IncidentTrackers {
    cameras: BTreeMap<i64, IncidentTracker>,
    deciding: bool,
}

impl Restreams {
    fn camera(&self, id: i64) -> Subject {
        let name = self.fleet.get(&id).map(|planned| planned.facts.name.clone()).unwrap_or_default();
        Subject::camera_of(id, name)
    }

    fn apply_decisions(&self, id: i64, decisions: impl IntoIterator<Item = IncidentDecision>) {
        let subject = self.camera(id);
        decisions.into_iter().for_each(|one| self.incidents.apply(&subject, one));
    }

    /// The camera is gone or switched off: nothing is wrong with it any more.
    pub(super) fn end_tracking(&mut self, id: i64) {
        self.trackers.cameras.remove(&id);
        self.incidents.clear_all(&self.camera(id));
    }

    /// The camera should run and cannot, for this reason in its row.
    pub(super) fn tell_refusal(&self, id: i64, reason: &str) {
        self.apply_decisions(id, [IncidentDecision::Raise(IncidentKind::CameraDown, reason.to_owned(), now())]);
    }

    /// False when it is known that nothing is wrong with this camera.
    pub(super) fn camera_may_be_down(&self, id: i64) -> bool {
        let Some(planned) = self.fleet.get(&id) else { return false };
        let runs = self.trackers.cameras.get(&id).is_some_and(IncidentTracker::runs);
        planned.refusal().is_some() || planned.source().is_some() && !runs
    }

    /// Something new is known of the server. Its own incident is the monitor's to raise.
    pub(super) fn watch_server(&mut self, ctx: &mut Context<Self>) {
        let Some(observation) = self.server.observation() else { return };
        self.ran.server(observation == ServerObservation::Up, self.born.elapsed());
        if observation == ServerObservation::Doubtful {
            // Its API alone may be gone; the port it takes streams at decides.
            self.probe_rtsp(ctx);
        }
        self.decide_pending(ctx);
    }

    /// Decides what was in doubt, now and until nothing is.
    fn decide_pending(&mut self, ctx: &mut Context<Self>) {
        let (observation, now) = (self.server.observation().unwrap_or(ServerObservation::Up), now());
        let cameras = self.trackers.cameras.iter_mut();
        let pending = cameras.filter(|(_, tracker)| tracker.is_pending());
        let decisions: Vec<_> = pending.map(|(id, tracker)| (*id, tracker.decide(observation, now))).collect();
        for (id, decision) in decisions {
            self.apply_decisions(id, decision);
        }
        if !self.trackers.deciding && self.trackers.cameras.values().any(IncidentTracker::is_pending) {
            self.trackers.deciding = true;
            ctx.run_later(DECIDE_EVERY, |manager, ctx| {
                manager.trackers.deciding = false;
                manager.decide_pending(ctx);
            });
        }
    }
}

impl Handler<RelayUpdated> for Restreams {
    type Result = ();

    fn handle(&mut self, updated: RelayUpdated, ctx: &mut Self::Context) {
        let RelayUpdated { id, update } = updated;
        // A relay on its way out has nothing to tell any more.
        let goes_on = self.fleet.get(&id).is_some_and(|planned| planned.source().is_some());
        if !goes_on || self.leaving.contains(&id) {
            return;
        }
        self.note_ran(id, update.state == CameraState::Running, ctx);
        let tracker = self.trackers.cameras.entry(id).or_default();
        let decisions = tracker.observe(update);
        let pending = tracker.is_pending();
        self.apply_decisions(id, decisions);
        if pending {
            self.decide_pending(ctx);
        }
    }
}
