//! Cameras, recording sessions and the segment table: all SQL of the program.
//!
//! One trait per store ([`CameraStore`], [`ProbeStore`], [`RecordingStore`], [`IncidentStore`], [`NodeStore`],
//! [`LoginStore`], [`HistoryStore`], [`MaintenanceStore`], [`RetentionStore`], [`NotificationStore`]), all of them
//! implemented by `sqlite` (a file, the embedded default) and `postgres`; `site` is the cameras of a site's own table.
//! [`Stores`] is what the program was built with; a role takes the stores that it needs. Rows go out unchecked: what makes a
//! camera valid is a rule of `domain::camera`.

#[cfg(test)]
mod behaviour;
mod camera_store;
mod completeness_report;
mod condition;
mod history_store;
mod host_store;
pub mod import;
mod incident_store;
mod known_streams;
mod latency;
mod login_store;
mod maintenance_store;
mod node_store;
mod nodes_sql;
mod notification_store;
mod owner;
pub mod postgres;
mod probe_store;
mod recent_incidents;
mod recording_store;
mod retention_store;
mod row_rules;
mod segment_pages;
pub mod site;
pub mod sqlite;
mod stores;
mod timeout;

pub use camera_store::{CameraStore, ListenProgress, WritePlan};
pub use completeness_report::completeness;
pub use condition::Condition;
pub use history_store::{HistoryQuery, HistoryStore, SeriesBuckets};
pub use host_store::HostStore;
pub use incident_store::{IncidentQuery, IncidentStore};
pub use known_streams::check_stream;
pub use login_store::{AuditQuery, LoginStore, refuse_similar};
pub use maintenance_store::MaintenanceStore;
pub use node_store::{Joined, NodeFolder, NodeStore};
pub use notification_store::{
    ClaimedNotification, Delivery, LONGEST_REST, LONGEST_WAIT, MOST_WAITING, NotificationClaim, NotificationStore,
    PlannedNotifications, ReceiverRecord,
};
pub use probe_store::ProbeStore;
pub use recent_incidents::{Recent, RecentIncidents};
pub use recording_store::{
    MOST_SESSIONS, RecordingStore, RecordingSummary, SegmentQuery, SessionSummary, Skip, SpansOf,
};
pub use retention_store::RetentionStore;
pub use segment_pages::SegmentPages;
pub use stores::{Database, DatabaseHealth, Stores};
pub use timeout::{CALL_TIMEOUT, with_timeout};

use owner::Owner;
