//! The role's manager: supervises one manager for each kind of probe.

use std::sync::Arc;

use actix::{Actor, Context};
use serde_json::{Value, json};

use super::health_setup::HealthSetup;
use super::network_probe_table::NetworkProbeTable;
use super::network_probes::NetworkProbes;
use super::network_setup::NetworkSetup;
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
    /// Endpoints of the network.
    pub network: NetworkProbeTable,
}

/// What there is to be probed; a part without anything is not there.
#[derive(Clone, Debug, Default)]
pub struct HealthParts {
    /// Streams.
    pub streams: Option<Arc<HealthSetup>>,
    /// Endpoints of the network.
    pub network: Option<Arc<NetworkSetup>>,
}

impl HealthHandle {
    /// Nothing is known of anything yet.
    pub fn of(parts: &HealthParts) -> Self {
        Self {
            streams: StreamProbeTable::new(parts.streams.as_ref().map_or(0, |setup| setup.workers)),
            network: NetworkProbeTable::new(parts.network.as_ref().map_or(0, |setup| setup.workers)),
        }
    }
}

/// Probes what `parts` name, reads from `live` which paths are live, and tells of what goes wrong to `incidents`.
pub fn role(parts: HealthParts, live: SharedLive, incidents: IncidentsHandle) -> (Child, HealthHandle) {
    let handle = HealthHandle::of(&parts);
    let tables = handle.clone();
    let build = move || HealthManager {
        parts: parts.clone(),
        handle: tables.clone(),
        live: Arc::clone(&live),
        incidents: incidents.clone(),
        children: None,
    };
    (Child::new(NAME, Restart::Always, build), handle)
}

/// The manager.
pub struct HealthManager {
    parts: HealthParts,
    handle: HealthHandle,
    live: SharedLive,
    incidents: IncidentsHandle,
    children: Option<ChildSet<Self>>,
}

impl HealthManager {
    fn streams(&self) -> Option<Child> {
        let (setup, table) = (Arc::clone(self.parts.streams.as_ref()?), self.handle.streams.clone());
        let (live, incidents) = (Arc::clone(&self.live), self.incidents.clone());
        Some(Child::new("streams", Restart::Always, move || {
            StreamProbes::new(Arc::clone(&setup), table.clone(), Arc::clone(&live), incidents.clone())
        }))
    }

    fn network(&self) -> Option<Child> {
        let (setup, table) = (Arc::clone(self.parts.network.as_ref()?), self.handle.network.clone());
        let incidents = self.incidents.clone();
        Some(Child::new("network", Restart::Always, move || {
            NetworkProbes::new(Arc::clone(&setup), table.clone(), incidents.clone())
        }))
    }
}

impl Actor for HealthManager {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        let mut children = ChildSet::new(ctx, StopOrder::Together);
        [self.streams(), self.network()].into_iter().flatten().for_each(|child| {
            children.start(child);
        });
        self.children = Some(children);
    }
}

impl Supervised for HealthManager {
    const KIND: &'static str = "health";

    fn observe(&self) -> Value {
        let HealthParts { streams, network } = &self.parts;
        let (targets, endpoints) = (
            streams.as_ref().map_or(0, |setup| setup.targets.len()),
            network.as_ref().map_or(0, |setup| setup.endpoints.len()),
        );
        json!({ "targets": targets, "endpoints": endpoints })
    }

    fn children(&mut self) -> Option<&mut ChildSet<Self>> {
        self.children.as_mut()
    }
}
supervised!(HealthManager, manager);
