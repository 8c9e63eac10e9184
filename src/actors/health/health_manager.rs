//! The role's manager: supervises one manager for each kind of probe.

use std::sync::Arc;

use actix::{Actor, Context};
use serde_json::{Value, json};

use super::anomalies::Anomalies;
use super::anomaly_setup::AnomalySetup;
use super::anomaly_table::AnomalyTable;
use super::encoder_table::{EncoderSetup, EncoderTable};
use super::encoders::Encoders;
use super::health_setup::HealthSetup;
use super::network_probe_table::NetworkProbeTable;
use super::network_probes::NetworkProbes;
use super::network_setup::NetworkSetup;
use super::platform_manager::Platforms;
use super::platform_table::PlatformTable;
use super::stream_probe_table::StreamProbeTable;
use super::stream_probes::StreamProbes;
use crate::actors::incidents::IncidentsHandle;
use crate::actors::supervision::stop::StopOrder;
use crate::actors::supervision::{Child, ChildSet, Restart, Supervised, supervised};
use crate::adapters::live::SharedLive;
use crate::config::settings::PlatformSettings;
use crate::domain::encoder::EncoderMemory;
use crate::domain::incident::IncidentKind;
use crate::domain::platform::PlatformMemory;

/// Name of the role's manager in the tree.
const NAME: &str = "health";

/// What the role has found, for reading. Clones are the same; it outlives the actors. Of a process without the role it is empty.
#[derive(Clone)]
pub struct HealthHandle {
    /// Streams.
    pub streams: StreamProbeTable,
    /// Endpoints of the network.
    pub network: NetworkProbeTable,
    /// Numbers of streams that may be unusual.
    pub anomalies: AnomalyTable,
    /// Hardware encoders.
    pub encoders: EncoderTable,
    /// Platforms.
    pub platforms: PlatformTable,
}

/// What there is to be probed; a part without anything is not there.
#[derive(Clone, Debug, Default)]
pub struct HealthParts {
    /// Streams.
    pub streams: Option<Arc<HealthSetup>>,
    /// Endpoints of the network.
    pub network: Option<Arc<NetworkSetup>>,
    /// Numbers of streams that are watched.
    pub anomalies: Option<Arc<AnomalySetup>>,
    /// Encoders that are asked.
    pub encoders: Vec<EncoderSetup>,
    /// Platforms that are looked at.
    pub platforms: Vec<PlatformSettings>,
}

impl HealthParts {
    /// What nobody tells of where these are all the parts. Encoders and platforms end what is over of theirs, whichever there are.
    fn untold(&self) -> Vec<IncidentKind> {
        let parts: [(bool, &[IncidentKind]); 3] = [
            (self.streams.is_some(), &[IncidentKind::ProbeFailed]),
            (self.network.is_some(), &[IncidentKind::EndpointDown, IncidentKind::EndpointDegraded]),
            (self.anomalies.is_some(), &[IncidentKind::StreamUnusual]),
        ];
        parts.into_iter().filter(|(is_there, _)| !is_there).flat_map(|(_, kinds)| kinds).copied().collect()
    }
}

/// Without the role, or without anything for it to do, what an earlier run has told ends.
pub fn without_role(incidents: &IncidentsHandle) {
    incidents.nobody_tells_of(&EncoderMemory::INCIDENTS);
    incidents.nobody_tells_of(&PlatformMemory::INCIDENTS);
    incidents.nobody_tells_of(&HealthParts::default().untold());
}

impl HealthHandle {
    /// Nothing is known of anything yet.
    pub fn of(parts: &HealthParts) -> Self {
        Self {
            streams: StreamProbeTable::new(parts.streams.as_ref().map_or(0, |setup| setup.workers)),
            network: NetworkProbeTable::new(parts.network.as_ref().map_or(0, |setup| setup.workers)),
            anomalies: AnomalyTable::default(),
            encoders: EncoderTable::new(parts.encoders.clone()),
            platforms: PlatformTable::new(parts.platforms.clone()),
        }
    }
}

/// Probes what `parts` name, reads from `live` which paths are live, and tells of what goes wrong to `incidents`.
pub fn role(parts: HealthParts, live: SharedLive, incidents: IncidentsHandle) -> (Child, HealthHandle) {
    let handle = HealthHandle::of(&parts);
    let tables = handle.clone();
    incidents.nobody_tells_of(&parts.untold());
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

    fn anomalies(&self) -> Option<Child> {
        let (setup, table) = (Arc::clone(self.parts.anomalies.as_ref()?), self.handle.anomalies.clone());
        let incidents = self.incidents.clone();
        Some(Child::new("anomalies", Restart::Always, move || {
            Anomalies::new(Arc::clone(&setup), table.clone(), incidents.clone())
        }))
    }

    fn encoders(&self) -> Child {
        let (table, incidents) = (self.handle.encoders.clone(), self.incidents.clone());
        Child::new("encoders", Restart::Always, move || Encoders::new(table.clone(), incidents.clone()))
    }

    fn platforms(&self) -> Child {
        let (table, incidents) = (self.handle.platforms.clone(), self.incidents.clone());
        Child::new("platforms", Restart::Always, move || Platforms::new(table.clone(), incidents.clone()))
    }
}

impl Actor for HealthManager {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        let mut children = ChildSet::new(ctx, StopOrder::Together);
        [self.streams(), self.network(), self.anomalies()].into_iter().flatten().for_each(|child| {
            children.start(child);
        });
        children.start(self.encoders());
        children.start(self.platforms());
        self.children = Some(children);
    }
}

impl Supervised for HealthManager {
    const KIND: &'static str = "health";

    fn observe(&self) -> Value {
        let HealthParts { streams, network, anomalies, encoders, platforms } = &self.parts;
        let (targets, endpoints) = (
            streams.as_ref().map_or(0, |setup| setup.targets.len()),
            network.as_ref().map_or(0, |setup| setup.endpoints.len()),
        );
        json!({
            "targets": targets, "endpoints": endpoints, "encoders": encoders.len(), "platforms": platforms.len(),
            "anomalies": anomalies.is_some(),
        })
    }

    fn children(&mut self) -> Option<&mut ChildSet<Self>> {
        self.children.as_mut()
    }
}
supervised!(HealthManager, manager);
