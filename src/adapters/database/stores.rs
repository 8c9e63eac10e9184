//! What one database keeps, store by store: who needs one takes one.

use std::sync::Arc;

use async_trait::async_trait;

use super::{
    CameraStore, HistoryStore, HostStore, IncidentStore, LoginStore, MaintenanceStore, NodeStore, NotificationStore,
    ProbeStore, RecordingStore, RetentionStore,
};
use crate::base::Result;

/// Whether the database answers.
#[async_trait]
pub trait DatabaseHealth: Send + Sync {
    /// Says where the data is and that it answers; for `check` and `/ready`. Never a secret.
    async fn ping(&self) -> Result<String>;
}

/// A database that keeps everything.
pub trait Database:
    CameraStore
    + ProbeStore
    + RecordingStore
    + IncidentStore
    + MaintenanceStore
    + RetentionStore
    + NodeStore
    + LoginStore
    + HistoryStore
    + HostStore
    + NotificationStore
    + DatabaseHealth
{
}

impl<T> Database for T where
    T: CameraStore
        + ProbeStore
        + RecordingStore
        + IncidentStore
        + MaintenanceStore
        + RetentionStore
        + NodeStore
        + LoginStore
        + HistoryStore
        + HostStore
        + NotificationStore
        + DatabaseHealth
        + ?Sized
{
}

/// Every store of the program, for whoever builds and for readers of several; cheap to clone.
#[derive(Clone)]
pub struct Stores {
    /// Cameras and kinds.
    pub cameras: Arc<dyn CameraStore>,
    /// Probes of the cameras.
    pub probes: Arc<dyn ProbeStore>,
    /// Sessions and segments.
    pub recordings: Arc<dyn RecordingStore>,
    /// Incidents.
    pub incidents: Arc<dyn IncidentStore>,
    /// Cameras and streams that are excused.
    pub maintenance: Arc<dyn MaintenanceStore>,
    /// What may not be deleted, and what shall be.
    pub retention: Arc<dyn RetentionStore>,
    /// Nodes and their folders.
    pub nodes: Arc<dyn NodeStore>,
    /// Who may log in, and what people have changed.
    pub logins: Arc<dyn LoginStore>,
    /// The past of streams and hosts.
    pub history: Arc<dyn HistoryStore>,
    /// Hosts as they were last measured.
    pub hosts: Arc<dyn HostStore>,
    /// Messages that wait, and what receivers were told.
    pub notifications: Arc<dyn NotificationStore>,
    /// Whether it answers.
    pub health: Arc<dyn DatabaseHealth>,
}

impl Stores {
    /// All of them in one database.
    pub fn of<T: Database + 'static>(database: Arc<T>) -> Self {
        Self {
            cameras: database.clone(),
            probes: database.clone(),
            recordings: database.clone(),
            incidents: database.clone(),
            maintenance: database.clone(),
            retention: database.clone(),
            nodes: database.clone(),
            logins: database.clone(),
            history: database.clone(),
            hosts: database.clone(),
            notifications: database.clone(),
            health: database,
        }
    }
}

impl<T: Database + 'static> From<Arc<T>> for Stores {
    fn from(database: Arc<T>) -> Self {
        Self::of(database)
    }
}
