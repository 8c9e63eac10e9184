//! Cameras, recording sessions and the segment table: all SQL of the program.
//!
//! [`Database`] is implemented by `sqlite` (a file, the embedded default), `postgres`, and `site` for a site whose cameras
//! are in a table of its own. Rows go out unchecked: what
//! makes a camera valid is a rule of `domain::camera`. Talked to by the restream, record and upload managers and by HTTP
//! for reading.

#[cfg(test)]
mod behaviour;
mod condition;
pub mod import;
mod latency;
mod nodes;
mod owner;
pub mod postgres;
mod row_rules;
pub mod site;
pub mod sqlite;
mod timeout;

use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use tokio::sync::watch;
use uuid::Uuid;

use crate::base::Result;
use crate::domain::camera::sheet::CameraWrite;
use crate::domain::camera::{CameraEdit, CameraRow};
use crate::domain::incident::{Incident, IncidentKind};
use crate::domain::probe::KeptProbe;
use crate::domain::recording::{Segment, SegmentState, Session};

pub use condition::Condition;
pub use nodes::{Joined, NodeFolder, NodeStore};
pub use timeout::{CALL_TIMEOUT, with_timeout};

use nodes::sql as nodes_sql;
use owner::Owner;

/// Which segments to list.
#[derive(Clone, Debug, Default)]
pub struct SegmentQuery {
    /// Only this server.
    pub server: Option<String>,
    /// Only this stream.
    pub stream: Option<String>,
    /// Only this session.
    pub session: Option<Uuid>,
    /// Only segments that end after this time.
    pub from: Option<DateTime<Utc>>,
    /// Only segments that start before this time.
    pub to: Option<DateTime<Utc>>,
    /// Only these states; empty = all.
    pub states: Vec<SegmentState>,
    /// Only this node's.
    pub own: bool,
    /// Only segments after this id in (`started_at`, `id`) order.
    pub after: Option<Uuid>,
    /// At most so many.
    pub limit: u32,
}

/// Which incidents to list.
#[derive(Clone, Debug, Default)]
pub struct IncidentQuery {
    /// Only those that last.
    pub open: bool,
    /// Only this node's.
    pub own: bool,
    /// Only of this camera.
    pub camera: Option<i64>,
    /// Only of this kind.
    pub kind: Option<IncidentKind>,
    /// Only those that lasted beyond this time.
    pub from: Option<DateTime<Utc>>,
    /// Only those that began before this time.
    pub to: Option<DateTime<Utc>>,
    /// Only those after this id in the list's order.
    pub after: Option<Uuid>,
    /// At most so many.
    pub limit: u32,
}

/// One stream's recordings in one line.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RecordingSummary {
    /// Server the stream was read from.
    pub server: String,
    /// The stream.
    pub stream: String,
    /// Sessions with at least one segment.
    pub sessions: u64,
    /// Segments that can be played.
    pub segments: u64,
    /// Their size in bytes.
    pub bytes: u64,
    /// Their length in milliseconds.
    pub duration_ms: u64,
    /// Start of the first.
    pub first: DateTime<Utc>,
    /// End of the last.
    pub last: DateTime<Utc>,
}

/// A session with what can be played of it.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SessionSummary {
    /// The session.
    #[serde(flatten)]
    pub session: Session,
    /// Segments that can be played.
    pub segments: u64,
    /// Their length in milliseconds.
    pub duration_ms: u64,
    /// Their size in bytes.
    pub bytes: u64,
}

/// What may not be claimed now, because it failed a moment ago. At most some thousands of each.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Skip {
    /// These segments.
    pub segments: Vec<Uuid>,
    /// Every segment of these sessions.
    pub sessions: Vec<Uuid>,
}

/// Says what to write of the cameras as they are; an error writes nothing.
pub type WritePlan = Box<dyn FnOnce(&[CameraRow]) -> Result<Vec<CameraWrite>> + Send>;

/// Called by a listener with every step, from any thread.
pub type ListenProgress = Arc<dyn Fn() + Send + Sync>;

/// Most sessions in one answer: a stream that drops out every ten minutes for two months.
pub const MOST_SESSIONS: u32 = 10_000;

/// Everything that is kept for good.
///
/// Lists of segments and sessions are in (`started_at`, `id`) order. Every write is durable when it returns.
///
/// Sessions, segments, incidents and looks at cameras belong to the node that wrote them ([`NodeStore`]). Whoever reads
/// the catalogue sees those of all nodes; only what says "this node's" is limited to them, and every write is.
#[async_trait]
pub trait Database: NodeStore {
    /// All cameras, by id.
    async fn cameras(&self) -> Result<Vec<CameraRow>>;
    /// One camera, as it is now; `None` when the row is gone.
    async fn camera(&self, id: i64) -> Result<Option<CameraRow>>;
    /// `(kind, url_template)` of every kind, by name.
    async fn camera_kinds(&self) -> Result<Vec<(String, String)>>;
    /// Writes a kind's template (checked by the caller), in place of an earlier one. `Conflict` when it would lead stored
    /// passwords elsewhere; nobody's camera comes between that look and the write.
    async fn put_camera_kind(&self, kind: String, url_template: String) -> Result<()>;
    /// Deletes a kind. `NotFound` when there is none, `Conflict` when a camera needs it; nobody's camera comes in between.
    async fn delete_camera_kind(&self, kind: &str) -> Result<()>;
    /// Inserts a camera (checked by the caller) and returns its row. `Conflict` when the name is taken, `Invalid` when its kind
    /// is gone by now.
    async fn add_camera(&self, edit: CameraEdit) -> Result<CameraRow>;
    /// Changes the fields present in `edit`, if the row passes `only_if`: nobody's change comes between that look and the
    /// write. `NotFound`, `Conflict` when the new name is taken, or what the condition says.
    async fn edit_camera_if(&self, id: i64, edit: CameraEdit, only_if: Condition) -> Result<CameraRow>;
    /// Shows `plan` all cameras and writes what it asks for, all of it or nothing; nobody's change comes in between.
    async fn write_cameras(&self, plan: WritePlan) -> Result<()>;
    /// Deletes a camera, if its row passes `only_if` as above. `NotFound` when there is none.
    async fn delete_camera_if(&self, id: i64, only_if: Condition) -> Result<()>;
    /// As [`Database::edit_camera_if`], whatever the row is.
    async fn edit_camera(&self, id: i64, edit: CameraEdit) -> Result<CameraRow> {
        self.edit_camera_if(id, edit, Condition::always()).await
    }
    /// As [`Database::delete_camera_if`], whatever the row is.
    async fn delete_camera(&self, id: i64) -> Result<()> {
        self.delete_camera_if(id, Condition::always()).await
    }
    /// Changes its value whenever somebody, this process or any other, may have changed the cameras; changes made elsewhere
    /// are heard of only while [`Database::listen`] runs.
    fn camera_changes(&self) -> watch::Receiver<u64>;
    /// Listens for changes of the cameras until it fails, or returns where nothing can be heard. `progress` is called with
    /// every step once it listens. What happened since the database was opened, or since an earlier call ended, is not
    /// missed. A database that was away when it was opened is waited for by this.
    async fn listen(&self, progress: ListenProgress) -> Result<()>;

    /// Opens a session of this node.
    async fn open_session(&self, session: Session) -> Result<()>;
    /// Closes a session of this node; closing twice keeps the first end.
    async fn close_session(&self, id: Uuid, ended_at: DateTime<Utc>, reason: String) -> Result<()>;
    /// This node's sessions without an end.
    async fn open_sessions(&self) -> Result<Vec<Session>>;
    /// One session.
    async fn session(&self, id: Uuid) -> Result<Option<Session>>;

    /// Inserts a segment of this node, or replaces its row of the same session and number.
    async fn put_segment(&self, segment: Segment) -> Result<()>;
    /// Moves a segment of this node from one of `from` to `to`; false when it was in none of them.
    async fn move_segment(
        &self,
        id: Uuid,
        from: Vec<SegmentState>,
        to: SegmentState,
        reason: Option<String>,
    ) -> Result<bool>;
    /// Takes this node's oldest sealed segment for upload (`sealed -> uploading`) that is not to be skipped, in one
    /// transaction.
    async fn claim_upload(&self, skip: Skip) -> Result<Option<Segment>>;
    /// Puts every `uploading` segment of this node back to `sealed`: called once at start, before any worker runs.
    async fn release_uploads(&self) -> Result<u64>;
    /// One segment.
    async fn segment(&self, id: Uuid) -> Result<Option<Segment>>;
    /// Segments that match.
    async fn segments(&self, query: SegmentQuery) -> Result<Vec<Segment>>;
    /// The sessions of a stream (of one server, or of all), the newest [`MOST_SESSIONS`] of them.
    async fn sessions(&self, stream: &str, server: Option<String>) -> Result<Vec<SessionSummary>>;
    /// How many segments there are in each state that occurs.
    async fn segment_counts(&self) -> Result<Vec<(SegmentState, u64)>>;
    /// One line per recorded stream.
    async fn recordings(&self) -> Result<Vec<RecordingSummary>>;

    /// Opens an incident and returns its id; when this node has one of its kind open for its subject, that one's id, and
    /// nothing is written. Closed incidents of this node older than [`incident::KEPT`](crate::domain::incident::KEPT) are forgotten.
    async fn open_incident(&self, incident: Incident) -> Result<Uuid>;
    /// Closes an incident; closing twice keeps the first end. `NotFound` when there is none.
    async fn close_incident(&self, id: Uuid, at: DateTime<Utc>) -> Result<()>;
    /// Incidents that match, the newest (`opened_at`, `id`) first. `Invalid` when `after` names none.
    async fn incidents(&self, query: IncidentQuery) -> Result<Vec<Incident>>;

    /// This node's last look at a camera that was kept.
    async fn camera_probe(&self, camera: i64) -> Result<Option<KeptProbe>>;
    /// Every look of this node that was kept, for the start.
    async fn camera_probes(&self) -> Result<Vec<KeptProbe>>;
    /// Keeps a look, in place of the camera's earlier one.
    async fn put_camera_probe(&self, probe: KeptProbe) -> Result<()>;

    /// Says where the data is and that it answers; for `check` and `/ready`. Never a secret.
    async fn ping(&self) -> Result<String>;
}

/// The database as everybody holds it.
pub type SharedDatabase = Arc<dyn Database>;
