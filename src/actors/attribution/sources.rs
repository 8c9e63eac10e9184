//! Who knows what.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use crate::actors::incidents::IncidentsHandle;
use crate::adapters::database::IncidentStore;
use crate::adapters::live::SharedLive;
use crate::adapters::objects::SharedObjects;
use crate::domain::attribution::{EndpointFact, FeedFact};
use crate::domain::probe::FaultKind;

/// What is known by whom.
#[derive(Clone)]
pub struct AttributionSources {
    /// Incidents, and where their verdicts are kept.
    pub store: Arc<dyn IncidentStore>,
    /// Servers, streams, cameras, hosts.
    pub live: SharedLive,
    /// Says when something was written, and how the database is.
    pub incidents: IncidentsHandle,
    /// Asked while an incident lasts; `None` where nothing is recorded.
    pub objects: Option<SharedObjects>,
    /// The spool, where something is recorded.
    pub spool: Option<SpoolProbe>,
    /// What network probes say of endpoints.
    pub endpoints: Arc<dyn Fn() -> Vec<EndpointFact> + Send + Sync>,
    /// Why targets and encoders did not answer as they should, by the keys of their subjects.
    pub faults: Arc<dyn Fn() -> BTreeMap<String, FaultKind> + Send + Sync>,
    /// Which encoder feeds what, and whether it streams.
    pub feeds: Arc<dyn Fn() -> Vec<FeedFact> + Send + Sync>,
    /// Where the media servers are.
    pub server_hosts: ServerHosts,
    /// Name of this host, as its agent calls it.
    pub here: String,
}

/// How the spool is, and where.
#[derive(Clone)]
pub struct SpoolProbe {
    /// Its folder.
    pub folder: PathBuf,
    /// Whether it can be written; `None` before the first look.
    pub fine: Arc<dyn Fn() -> Option<bool> + Send + Sync>,
}

/// Hosts of the addresses of the media servers, by their configured names.
pub type ServerHosts = BTreeMap<String, String>;
