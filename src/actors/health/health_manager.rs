//! The role's manager: supervises one manager for each kind of probe.

use std::sync::Arc;

use actix::{Actor, Context};
use serde_json::{Value, json};

use super::health_setup::HealthSetup;
use super::stream_probe_table::StreamProbeTable;
use super::stream_probes::StreamProbes;
use crate::actors::incidents::IncidentsHandle;
use crate::actors::supervision::stop::StopOrder;
use crate::actors::supervision::{Child, ChildSet, Restart, Supervised, supervised};
use crate::adapters::live::SharedLive;

/// Name of the role's manager in the tree.
const NAME: &str = "health";

/// What the role has found, for reading. Clones are the same; it outlives the actors. Of a process without the role it is empty.
#[derive(Clone)]
pub struct HealthHandle {
    /// Streams.
    pub streams: StreamProbeTable,
}

impl HealthHandle {
    /// Nothing is known; so many workers probe streams.
    pub fn new(workers: usize) -> Self {
        Self { streams: StreamProbeTable::new(workers) }
    }
}

/// Probes what `setup` names, reads from `live` which paths are live, and tells of what goes wrong to `incidents`.
pub fn role(setup: HealthSetup, live: SharedLive, incidents: IncidentsHandle) -> (Child, HealthHandle) {
    let handle = HealthHandle::new(setup.workers);
    let (setup, tables) = (Arc::new(setup), handle.clone());
    let build = move || HealthManager {
        setup: Arc::clone(&setup),
        handle: tables.clone(),
        live: Arc::clone(&live),
        incidents: incidents.clone(),
        children: None,
    };
    (Child::new(NAME, Restart::Always, build), handle)
}

/// The manager.
pub struct HealthManager {
    setup: Arc<HealthSetup>,
    handle: HealthHandle,
    live: SharedLive,
    incidents: IncidentsHandle,
    children: Option<ChildSet<Self>>,
}

impl HealthManager {
    fn streams(&self) -> Child {
        let (setup, table) = (Arc::clone(&self.setup), self.handle.streams.clone());
        let (live, incidents) = (Arc::clone(&self.live), self.incidents.clone());
        Child::new("streams", Restart::Always, move || {
            StreamProbes::new(Arc::clone(&setup), table.clone(), Arc::clone(&live), incidents.clone())
        })
    }
}

impl Actor for HealthManager {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        let mut children = ChildSet::new(ctx, StopOrder::Together);
        children.start(self.streams());
        self.children = Some(children);
    }
}

impl Supervised for HealthManager {
    const KIND: &'static str = "health";

    fn observe(&self) -> Value {
        json!({ "targets": self.setup.targets.len() })
    }

    fn children(&mut self) -> Option<&mut ChildSet<Self>> {
        self.children.as_mut()
    }
}
supervised!(HealthManager, manager);
