//! What notifications need from outside, and what planning and delivering tell one another.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use tokio::sync::watch;

use super::setup::NotifySetup;
use crate::actors::incidents::IncidentsHandle;
use crate::actors::supervision::Setting;
use crate::adapters::database::{IncidentStore, MaintenanceStore, NotificationStore};
use crate::adapters::live::SharedLive;

/// What notifications need. Cheap to clone; outlives every actor.
#[derive(Clone)]
pub struct NotifyParts {
    /// Receivers.
    pub setup: Setting<Arc<NotifySetup>>,
    /// The queue.
    pub store: Arc<dyn NotificationStore>,
    /// Incidents of all nodes.
    pub incident_store: Arc<dyn IncidentStore>,
    /// What is excused.
    pub maintenance: Arc<dyn MaintenanceStore>,
    /// Display names and paths of cameras.
    pub live: SharedLive,
    /// Tells of writings, and hears of receivers that fail.
    pub incidents: IncidentsHandle,
    /// What planning and delivering tell one another.
    pub queue: QueueSignals,
}

/// What planning and delivering tell one another.
#[derive(Clone, Default)]
pub struct QueueSignals {
    /// This node leads.
    pub(super) leading: Arc<watch::Sender<bool>>,
    /// Changes when there is something new to deliver.
    pub(super) wake: Arc<watch::Sender<u64>>,
    /// Tries that go on.
    pub(super) in_flight: Arc<watch::Sender<usize>>,
    /// The database was told that this process begins.
    pub(super) begun: Arc<AtomicBool>,
}
