//! Incidents in the database: what is asked and written.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::base::Result;
use crate::domain::incident::{Incident, IncidentKind, Remark, Verdict};

/// Which incidents to list.
#[derive(Clone, Debug, Default)]
pub struct IncidentQuery {
    /// Only those that last.
    pub open: bool,
    /// Only this node's.
    pub own: bool,
    /// Only those that somebody has acknowledged, or that nobody has.
    pub acknowledged: Option<bool>,
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

/// The incidents. They belong to the node that wrote them; every write is durable when it returns.
#[async_trait]
pub trait IncidentStore: Send + Sync {
    /// Opens an incident and returns its id; when this node has one of its kind open for its subject, that one's id, and
    /// nothing is written. One that is over by now and was written as open before, by its id, ends. Closed incidents of this node
    /// older than [`incident::KEPT`](crate::domain::incident::KEPT) are forgotten.
    async fn open_incident(&self, incident: Incident) -> Result<Uuid>;
    /// Closes an incident; closing twice keeps the first end. `NotFound` when there is none.
    async fn close_incident(&self, id: Uuid, at: DateTime<Utc>) -> Result<()>;
    /// Incidents that match, the newest (`opened_at`, `id`) first. `Invalid` when `after` names none.
    async fn incidents(&self, query: IncidentQuery) -> Result<Vec<Incident>>;
    /// Writes down what somebody says of an incident, whichever node wrote it, and returns the incident. Who acknowledges it a
    /// second time adds a note at most. `NotFound`; `Conflict` when it has too many notes.
    async fn remark(&self, incident: Uuid, remark: Remark) -> Result<Incident>;
    /// Makes this node's what other nodes have open of these kinds, because it does their work from now on; of a subject of which
    /// several are open, this node's among them, the oldest stays with what people have said of the others, which end at that time.
    /// `server`: only of this media server and its streams. What it has taken over.
    async fn take_over_incidents(
        &self,
        kinds: Vec<IncidentKind>,
        server: Option<String>,
        at: DateTime<Utc>,
    ) -> Result<Vec<Incident>>;
    /// Keeps where the faults of incidents of this node lie, together; those of others, and what is not there, are passed over.
    async fn put_verdicts(&self, verdicts: Vec<(Uuid, Verdict)>) -> Result<()>;
}
