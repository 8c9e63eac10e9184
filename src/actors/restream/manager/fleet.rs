//! From rows to relays: takes what was read, and starts, updates or ends the relays it touches and no others.

use std::sync::Arc;
use std::time::Duration;

use actix::{AsyncContext, Context};
use chrono::Utc;
use tokio::sync::watch;
use tokio::time::Instant;

use super::Restreams;
use super::commands::no_camera;
use crate::actors::restream::assignment::Assignment;
use crate::actors::restream::relay::Restream;
use crate::actors::restream::relay::reports::Reports;
use crate::actors::supervision::{Child, Restart};
use crate::adapters::live::Change;
use crate::base::{Error, Kind, Result};
use crate::domain::camera::{CameraRow, CameraState, CameraStatus};
use crate::domain::change_guard;
use crate::domain::fleet::{self, Fleet, FleetChange, Plan, Planned};

/// A relay that ends has so long for its kill ladder.
const STOP_WITHIN: Duration = Duration::from_secs(6);

impl Restreams {
    /// Takes all rows as they are now, as far as that stops not too many relays at once.
    pub(super) fn take_rows(&mut self, rows: &[CameraRow], ctx: &mut Context<Self>) {
        self.evaluate(fleet::read_again(rows, &self.kinds, &self.fleet), ctx);
    }

    /// Goes to another fleet.
    pub(super) fn change_fleet(&mut self, after: Fleet, ctx: &mut Context<Self>) {
        let changes = fleet::diff(&self.fleet, &after);
        self.fleet = after;
        for change in changes {
            self.apply(change, ctx);
        }
    }

    /// Takes one row as it is now; `None` when it is gone.
    pub(super) fn take_row(&mut self, id: i64, row: Option<&CameraRow>, ctx: &mut Context<Self>) {
        let after = row.map(|row| Arc::new(Planned::read(row, &self.kinds)));
        let change = fleet::change(id, self.fleet.get(&id).map(Arc::as_ref), after.as_deref());
        if let Some(held) = &mut self.blocked {
            held.plan.note_row(id, after.as_ref());
            let before = self.fleet.get(&id).map(Arc::as_ref);
            if change_guard::would_end(before, after.as_deref())
                && let Some(source) = before.and_then(Planned::source)
            {
                self.guard.ended_by_command(&held.plan, source, self.born.elapsed());
            }
        }
        match after {
            Some(planned) => _ = self.fleet.insert(id, planned),
            None => _ = self.fleet.remove(&id),
        }
        if let Some(change) = change {
            self.rows_taken += 1;
            self.apply(change, ctx);
        }
    }

    /// Whether this row, as it was read by itself, would end what its camera publishes.
    pub(super) fn would_end(&self, id: i64, row: Option<&CameraRow>) -> bool {
        let after = row.map(|row| Planned::read(row, &self.kinds));
        change_guard::would_end(self.fleet.get(&id).map(Arc::as_ref), after.as_ref())
    }

    fn apply(&mut self, change: FleetChange, ctx: &mut Context<Self>) {
        match change {
            FleetChange::Start(id) => self.start_relay(id, ctx),
            FleetChange::Update { id, .. } => self.update_relay(id),
            FleetChange::Stop(id) | FleetChange::Gone(id) => {
                self.ran.forget(id);
                self.end_tracking(id);
                self.end_relay(id, ctx);
            }
            FleetChange::Show(id) => self.show(id),
        }
    }

    fn start_relay(&mut self, id: i64, ctx: &mut Context<Self>) {
        // One that is still on its way out is followed by the new one when it has ended.
        if self.leaving.contains(&id) {
            return;
        }
        let Some((facts, source)) = self.fleet.get(&id).and_then(|planned| match &planned.plan {
            Plan::Run(source) => Some((planned.facts.clone(), source.clone())),
            Plan::Disabled | Plan::Refused(_) => None,
        }) else {
            return;
        };
        let (server, path) = (self.server.answers(), self.server.path(&source.name));
        let at_path = self.server.at_path(&source.name);
        let (setup, kept, slots) = (Arc::clone(&self.setup), self.probes.of(&source), self.probes.slots.line());
        let (probes_requested, rows_read, restarts_asked, standby) = (0, 0, 0, self.server.is_standby());
        let assignment = Assignment {
            setup,
            facts,
            source,
            server,
            standby,
            path,
            at_path,
            kept,
            slots,
            probes_requested,
            rows_read,
            restarts_asked,
        };
        let (assign, assigned) = watch::channel(assignment);
        self.assignments.insert(id, assign);
        let (publisher, manager) = (self.publisher.clone(), ctx.address());
        let runs = self.runs.camera(id);
        let build = move || Restream::new(publisher.clone(), Reports::to(&manager), runs.clone(), assigned.clone());
        if let Some(children) = &mut self.children {
            children.start(Child::new(id.to_string(), Restart::Always, build));
        }
    }

    fn update_relay(&mut self, id: i64) {
        let (Some(planned), Some(assign)) = (self.fleet.get(&id), self.assignments.get(&id)) else { return };
        let Some(source) = planned.source() else { return };
        let (path, kept) = (self.server.path(&source.name), self.probes.of(source));
        let at_path = self.server.at_path(&source.name);
        assign.send_modify(|assignment| {
            assignment.facts = planned.facts.clone();
            assignment.kept = kept;
            *assignment.source = source.clone();
            (assignment.path, assignment.at_path) = (path, at_path);
        });
    }

    fn end_relay(&mut self, id: i64, ctx: &mut Context<Self>) {
        let name = id.to_string();
        match &mut self.children {
            Some(children) if children.contains(&name) => {
                // Not a future of this actor, which looks at each of its futures whenever it wakes.
                actix::spawn(children.remove(&name, Instant::now() + STOP_WITHIN));
                self.leaving.insert(id);
            }
            _ => self.relay_ended(id, ctx),
        }
    }

    /// A relay has ended, or there was none: show what is left of the camera, or start the relay it has got meanwhile.
    pub(super) fn relay_ended(&mut self, id: i64, ctx: &mut Context<Self>) {
        self.leaving.remove(&id);
        self.assignments.remove(&id);
        match self.fleet.get(&id) {
            None => {
                self.runs.forget(id);
                self.tell_all([Change::CameraGone { id }]);
            }
            Some(planned) if planned.source().is_some() => self.start_relay(id, ctx),
            Some(_) => self.show(id),
        }
    }

    /// Shows a camera that has no relay.
    fn show(&mut self, id: i64) {
        if self.leaving.contains(&id) {
            return;
        }
        if let Some(status) = self.status_of(id) {
            match &status.last_error {
                Some(reason) => {
                    log::warn!(camera = status.name.as_str(); "not relayed: {reason}");
                    self.tell_refusal(id, reason);
                }
                None => self.end_tracking(id),
            }
            self.tell_all([Change::Camera(status)]);
        }
    }

    /// The state of a camera as far as the manager knows it.
    pub(super) fn status_of(&self, id: i64) -> Option<CameraStatus> {
        let planned = self.fleet.get(&id)?;
        let state = if planned.source().is_some() { CameraState::Waiting } else { CameraState::Stopped };
        let (last_error, now) = (planned.refusal().map(str::to_owned), Utc::now());
        let down_since = last_error.as_ref().map(|_| now);
        Some(CameraStatus { last_error, down_since, ..planned.facts.status(&self.setup.server, state, now) })
    }

    /// Somebody wants a camera restarted.
    pub(super) fn restart(&mut self, id: i64) -> Result<CameraStatus> {
        let planned = self.fleet.get(&id).ok_or_else(|| no_camera(id))?;
        match &planned.plan {
            Plan::Run(_) => {}
            Plan::Disabled => {
                return Err(Error::new(Kind::Conflict, "the camera is switched off; switch it on instead"));
            }
            Plan::Refused(reason) => {
                return Err(Error::new(Kind::Conflict, format!("the camera cannot run: {reason}")));
            }
        }
        if let Some(assign) = self.assignments.get(&id) {
            assign.send_modify(|assignment| assignment.restarts_asked += 1);
        }
        self.status_of(id).ok_or_else(|| no_camera(id))
    }

    /// Passes on what was heard of the server; a relay that it does not concern is not woken.
    pub(super) fn tell_relays(&mut self) {
        let server = self.server.answers();
        for assign in self.assignments.values() {
            assign.send_if_modified(|assignment| {
                let path = self.server.path(&assignment.source.name);
                let at_path = self.server.at_path(&assignment.source.name);
                let standby = self.server.is_standby();
                let news = assignment.server != server || assignment.standby != standby;
                let changed = news || assignment.path != path || assignment.at_path != at_path;
                if changed {
                    assignment.server.clone_from(&server);
                    assignment.standby = standby;
                    (assignment.path, assignment.at_path) = (path, at_path);
                }
                changed
            });
        }
    }
}
