//! The role: wires its actors and supervises them. What outlives them is made here, once, and shared by all instances.

use std::sync::Arc;

use actix::{Actor, Context};
use serde_json::{Value, json};
use tokio::sync::watch;

use super::activity::RelayActivity;
use super::assignments::Assignments;
use super::budget::StartBudget;
use super::camera_commands_actor::{CameraCommands, CommandParts};
use super::camera_ids::CameraIds;
use super::camera_incidents::CameraIncidents;
use super::desired_fleet::DesiredFleet;
use super::planner::{CameraPlanner, PlannerMemory, PlannerParts};
use super::probes::{KnownSources, ProbeSlots, Probes};
use super::program_runs::RunLogs;
use super::relay::links::RelayLinks;
use super::relays::{RelayParts, Relays};
use super::restream_handle::RestreamHandle;
use super::server_watch::ServerWatch;
use super::setup::RestreamSetup;
use crate::actors::incidents::IncidentsHandle;
use crate::actors::supervision::stop::StopOrder;
use crate::actors::supervision::{Child, ChildSet, Handle, Keep, Restart, Setting, Supervised, supervised};
use crate::adapters::database::Stores;
use crate::adapters::last_known::LastKnownFile;
use crate::adapters::live::SharedLive;
use crate::adapters::live::publisher::LivePublisher;

/// Name of the role's supervisor in the tree.
const NAME: &str = "restreams";

/// Relays the cameras of `stores`, writes their states to `live`, and tells of what goes wrong to `incidents`; relays nothing as
/// long as `standby` names somebody else who does. The handle
/// is for whoever gives commands. Call it in a tokio runtime.
pub fn role(
    settings: impl Into<Setting<Arc<RestreamSetup>>>,
    stores: Stores,
    live: SharedLive,
    incidents: IncidentsHandle,
    standby: watch::Receiver<Option<String>>,
) -> (Child, RestreamHandle) {
    let parts = SupervisorParts::new(settings.into(), stores, live, incidents, standby);
    let handle = RestreamHandle {
        commands: parts.commands.clone(),
        planner: parts.planner.clone(),
        probes: parts.probes.clone(),
        fleet: parts.fleet.clone(),
        runs: parts.runs.clone(),
    };
    let keep = Keep::default();
    let build = move || Restreams { parts: parts.clone(), keep: keep.clone(), children: None };
    (Child::new(NAME, Restart::Always, build), handle)
}

/// What the actors of the role share, and what outlives each of them.
#[derive(Clone)]
struct SupervisorParts {
    settings: Setting<Arc<RestreamSetup>>,
    stores: Stores,
    live: SharedLive,
    publisher: LivePublisher,
    incidents: IncidentsHandle,
    standby: watch::Receiver<Option<String>>,
    fleet: DesiredFleet,
    assignments: Assignments,
    activity: RelayActivity,
    camera_incidents: CameraIncidents,
    known: KnownSources,
    slots: ProbeSlots,
    memory: PlannerMemory,
    runs: RunLogs,
    budget: Handle<StartBudget>,
    probes: Handle<Probes>,
    planner: Handle<CameraPlanner>,
    commands: Handle<CameraCommands>,
}

impl SupervisorParts {
    fn new(
        settings: Setting<Arc<RestreamSetup>>,
        stores: Stores,
        live: SharedLive,
        incidents: IncidentsHandle,
        standby: watch::Receiver<Option<String>>,
    ) -> Self {
        let setup = settings.get();
        let (fleet, assignments, activity) = (DesiredFleet::default(), Assignments::new(&setup), RelayActivity::new());
        Self {
            known: KnownSources::new(assignments.clone(), fleet.clone()),
            slots: ProbeSlots::new(setup.max_probes),
            memory: PlannerMemory::new(LastKnownFile::at(setup.last_known.clone())),
            camera_incidents: CameraIncidents::new(incidents.clone(), activity.clone()),
            publisher: LivePublisher::new(Arc::clone(&live), NAME),
            settings,
            stores,
            live,
            incidents,
            standby,
            fleet,
            assignments,
            activity,
            runs: RunLogs::default(),
            budget: Handle::default(),
            probes: Handle::default(),
            planner: Handle::default(),
            commands: Handle::default(),
        }
    }

    fn start_budget(&self) -> Child {
        let (settings, handle) = (self.settings.clone(), self.budget.clone());
        Child::new("budget", Restart::Always, move || StartBudget::new(settings.clone(), handle.clone()))
    }

    fn probes(&self) -> Child {
        let parts = self.clone();
        Child::new("probes", Restart::Always, move || {
            let Self { settings, stores, fleet, known, slots, probes, .. } = parts.clone();
            Probes::new(settings, stores.cameras, stores.probes, fleet, known, slots, probes)
        })
    }

    fn server_watch(&self) -> Child {
        let parts = self.clone();
        Child::new("server", Restart::Always, move || {
            let Self { settings, live, assignments, camera_incidents, activity, standby, .. } = parts.clone();
            ServerWatch::new(settings, live, assignments, camera_incidents, activity, standby)
        })
    }

    fn relays(&self) -> Child {
        let parts = self.clone();
        let links = RelayLinks {
            budget: parts.budget,
            planner: parts.planner,
            known: parts.known,
            slots: parts.slots,
            incidents: parts.camera_incidents.clone(),
        };
        let parts = RelayParts {
            settings: parts.settings,
            live: parts.live,
            publisher: parts.publisher,
            fleet: parts.fleet,
            assignments: parts.assignments,
            incidents: parts.camera_incidents,
            runs: parts.runs,
            links,
        };
        let keep = Keep::default();
        Child::new("relays", Restart::Always, move || Relays::new(parts.clone(), keep.clone()))
    }

    fn planner(&self) -> Child {
        let parts = self.clone();
        Child::new("planner", Restart::Always, move || {
            let parts = parts.clone();
            let ids = CameraIds {
                assignments: parts.assignments.clone(),
                incidents: parts.camera_incidents.clone(),
                runs: parts.runs.clone(),
                known: parts.known.clone(),
            };
            CameraPlanner::new(PlannerParts {
                ids,
                settings: parts.settings,
                cameras: parts.stores.cameras,
                fleet: parts.fleet,
                assignments: parts.assignments,
                activity: parts.activity,
                incidents: parts.incidents,
                camera_incidents: parts.camera_incidents,
                memory: parts.memory,
                probes: parts.probes,
                handle: parts.planner,
            })
        })
    }

    fn commands(&self) -> Child {
        let parts = self.clone();
        let handle = parts.commands;
        let parts = CommandParts {
            settings: parts.settings,
            cameras: parts.stores.cameras,
            live: parts.live,
            fleet: parts.fleet,
            assignments: parts.assignments,
            planner: parts.planner,
        };
        Child::new("commands", Restart::Always, move || CameraCommands::new(parts.clone(), handle.clone()))
    }
}

/// Supervises the actors of the role. Built anew it adopts them as they are.
pub(super) struct Restreams {
    parts: SupervisorParts,
    keep: Keep,
    children: Option<ChildSet<Self>>,
}

impl Actor for Restreams {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        // They stop together, so that the relays have all of the time: nobody needs another one to stop.
        let mut children = ChildSet::kept(ctx, StopOrder::Together, self.keep.clone());
        let parts = &self.parts;
        let all = [
            parts.start_budget(),
            parts.probes(),
            parts.server_watch(),
            parts.relays(),
            parts.planner(),
            parts.commands(),
        ];
        for child in all {
            if !children.contains(&child.name) {
                children.start(child);
            }
        }
        self.children = Some(children);
    }
}

impl Supervised for Restreams {
    const KIND: &'static str = "restreams";

    fn observe(&self) -> Value {
        json!({
            "cameras": self.parts.fleet.read(|fleet| fleet.len()),
            "relays": self.parts.assignments.len(),
            "server": self.parts.settings.get().server,
        })
    }

    fn children(&mut self) -> Option<&mut ChildSet<Self>> {
        self.children.as_mut()
    }
}

supervised!(Restreams, manager);
