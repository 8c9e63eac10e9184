//! The supervisor of the relays: one for each camera that should run.
//!
//! It carries out what the planner has decided: it takes the cameras that have changed and makes of each what it should be,
//! and shows those without a relay. It keeps no list of its own: built anew it adopts the relays that run and looks at every
//! camera once.

use std::sync::Arc;
use std::time::Duration;

use actix::{Actor, AsyncContext, Context, Handler, StreamHandler};
use serde_json::{Value, json};
use tokio::time::Instant;

use super::assignments::Assignments;
use super::camera_incidents::CameraIncidents;
use super::desired_fleet::{DesiredFleet, FleetChanged};
use super::program_runs::RunLogs;
use super::relay::Restream;
use super::relay::links::RelayLinks;
use super::setup::{RestreamSetup, STORE_RETRY};
use crate::actors::single_flight::{Ended, Flight, Late, Rules, Work};
use crate::actors::supervision::stop::StopOrder;
use crate::actors::supervision::{Adjusted, Child, ChildSet, Keep, Restart, Setting, Supervised, supervised};
use crate::adapters::live::publisher::LivePublisher;
use crate::adapters::live::{Change, Latest, SharedLive};
use crate::base::Result;
use crate::base::single_flight::{FlightRetry, SingleFlight};
use crate::domain::camera::CameraSource;
use crate::domain::fleet::{CameraFacts, CameraPlan, Planned};

/// A relay that ends has so long for its kill ladder.
const STOP_WITHIN: Duration = Duration::from_secs(6);

/// What the relays and their supervisor work with.
#[derive(Clone)]
pub(super) struct RelayParts {
    pub settings: Setting<Arc<RestreamSetup>>,
    pub live: SharedLive,
    pub publisher: LivePublisher,
    pub fleet: DesiredFleet,
    pub assignments: Assignments,
    pub incidents: CameraIncidents,
    pub runs: RunLogs,
    pub links: RelayLinks,
}

/// Holds the relays.
pub(super) struct Relays {
    parts: RelayParts,
    keep: Keep,
    children: Option<ChildSet<Self>>,
    removing: SingleFlight,
    /// Cameras that the live store shows and nobody has are looked for, or were.
    orphans_asked: bool,
}

impl Relays {
    /// `keep` holds the relays while this actor is built anew.
    pub(super) fn new(parts: RelayParts, keep: Keep) -> Self {
        Self { parts, keep, children: None, removing: SingleFlight::default(), orphans_asked: false }
    }

    /// Looks at every camera, and at every relay whose camera may be gone.
    fn reconcile_all(&mut self) {
        let fleet = self.parts.fleet.clone();
        // They are among those below.
        fleet.take_changed();
        let assignments = &self.parts.assignments;
        let relays: Vec<i64> =
            self.children.iter().flat_map(ChildSet::names).filter_map(|child| assignments.camera_of(child)).collect();
        let orphans = relays.into_iter().filter(|id| !fleet.contains(*id));
        for id in orphans.chain(fleet.all()) {
            self.reconcile(id);
        }
    }

    /// Makes of a camera what it should be.
    fn reconcile(&mut self, id: i64) {
        let Some(children) = &mut self.children else { return };
        let name = self.parts.assignments.child_of(id).unwrap_or_default();
        // One that is still on its way out is looked at again when it has ended.
        if children.is_leaving(&name) {
            return;
        }
        let planned = self.parts.fleet.get(id);
        let source = planned.as_ref().and_then(|planned| Some((&planned.facts, planned.source()?)));
        match (source, children.contains(&name)) {
            (Some((facts, source)), true) => {
                self.parts.incidents.track(id, &facts.name);
                let kept = self.parts.links.known.of(source);
                self.parts.assignments.set_source(id, facts, source, kept);
            }
            (Some((facts, source)), false) => self.start(id, facts, source),
            (None, true) => {
                self.parts.incidents.untrack(id);
                let camera = self.parts.assignments.camera_name(id).unwrap_or_default();
                log::info!(camera = camera.as_str(); "stopping the relay: {}", no_relay_reason(planned.as_deref()));
                // Not a future of this actor, which looks at each of its futures whenever it wakes.
                actix::spawn(children.remove(&name, Instant::now() + STOP_WITHIN));
            }
            (None, false) => self.show(id),
        }
    }

    fn start(&mut self, id: i64, facts: &CameraFacts, source: &CameraSource) {
        let RelayParts { settings, publisher, assignments, incidents, runs, links, .. } = &self.parts;
        let kept = links.known.of(source);
        let (child, assigned) = assignments.begin(id, settings.get(), facts.clone(), Box::new(source.clone()), kept);
        incidents.track(id, &facts.name);
        let (publisher, links, runs) = (publisher.clone(), links.clone(), runs.camera(id));
        let build = move || Restream::new(publisher.clone(), links.clone(), runs.clone(), assigned.clone());
        if let Some(children) = &mut self.children {
            children.start(Child::new(child, Restart::Always, build));
        }
    }

    /// Shows a camera that has no relay, or that it is gone.
    fn show(&self, id: i64) {
        let Some(status) = self.parts.fleet.status(id, &self.parts.settings.get().server) else {
            self.parts.incidents.untrack(id);
            self.parts.runs.forget(id);
            self.publish([Change::CameraGone { id }]);
            return;
        };
        match &status.last_error {
            Some(reason) => {
                log::warn!(camera = status.name.as_str(); "not relayed: {reason}");
                self.parts.incidents.refused(id, &status.name, reason);
            }
            None => self.parts.incidents.untrack(id),
        }
        self.publish([Change::Camera(status)]);
    }

    /// Once the table is known, what else is shown belongs to nobody.
    fn remove_orphans(&mut self, ctx: &mut Context<Self>) {
        if self.parts.fleet.is_complete() && !std::mem::replace(&mut self.orphans_asked, true) {
            RemoveOrphans::ask(self, ctx);
        }
    }

    /// For everybody. Relays tell through the same publisher, so that none of their states comes after their camera's end.
    fn publish(&self, changes: impl IntoIterator<Item = Change>) {
        self.parts.publisher.tell(changes);
    }
}

/// Why a camera that had a relay has none any more.
fn no_relay_reason(planned: Option<&Planned>) -> &str {
    match planned.map(|planned| &planned.plan) {
        None => "its camera was deleted",
        Some(CameraPlan::Refused(reason)) => reason,
        Some(_) => "its camera is switched off",
    }
}

/// Takes away cameras that the live store still shows though their rows went while nobody looked.
struct RemoveOrphans;

impl Flight for RemoveOrphans {
    type Owner = Relays;
    type Subject = ();
    type Output = Latest;
    const RULES: Rules = Rules {
        what: "reading the live store for cameras that are gone",
        limit: Duration::from_secs(5),
        late: Late::GiveUp,
        retry: FlightRetry::Every(STORE_RETRY),
        level: log::Level::Warn,
    };

    fn state(relays: &mut Relays) -> &mut SingleFlight {
        &mut relays.removing
    }

    fn begin(relays: &mut Relays, _: &mut Context<Relays>) -> Option<((), Work<Latest>)> {
        let live = Arc::clone(&relays.parts.live);
        Some(((), Box::pin(async move { live.latest().await })))
    }

    fn ended(relays: &mut Relays, (): (), latest: Result<Latest>, _: &mut Context<Relays>) -> Ended {
        let latest = match latest {
            Ok(latest) => latest,
            Err(error) => return Ended::Failed(error),
        };
        let orphans = latest.cameras.into_iter().filter(|camera| !relays.parts.fleet.contains(camera.id));
        let gone: Vec<Change> = orphans.map(|camera| Change::CameraGone { id: camera.id }).collect();
        relays.publish(gone);
        Ended::Done
    }
}

impl Actor for Relays {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        self.children = Some(ChildSet::kept(ctx, StopOrder::Together, self.keep.clone()));
        ctx.add_stream(self.parts.fleet.changes());
        ctx.add_message_stream(self.parts.settings.changes());
        self.parts.assignments.set_setup(&self.parts.settings.get());
        self.reconcile_all();
        self.remove_orphans(ctx);
    }
}

impl StreamHandler<FleetChanged> for Relays {
    fn handle(&mut self, _: FleetChanged, ctx: &mut Self::Context) {
        for id in self.parts.fleet.take_changed() {
            self.reconcile(id);
        }
        self.remove_orphans(ctx);
    }

    fn finished(&mut self, _: &mut Self::Context) {}
}

impl Handler<Adjusted> for Relays {
    type Result = ();

    fn handle(&mut self, _: Adjusted, _: &mut Self::Context) {
        self.parts.assignments.set_setup(&self.parts.settings.get());
    }
}

impl Supervised for Relays {
    const KIND: &'static str = "relays";

    fn observe(&self) -> Value {
        json!({ "relays": self.parts.assignments.len() })
    }

    fn children(&mut self) -> Option<&mut ChildSet<Self>> {
        self.children.as_mut()
    }

    /// Shows what is left of the camera, or starts the relay that it should have by now.
    fn child_ended(&mut self, name: &str, _: &mut Context<Self>) {
        if let Some(id) = self.parts.assignments.camera_of(name) {
            self.parts.assignments.end(id);
            self.reconcile(id);
        }
    }
}

supervised!(Relays, manager);
