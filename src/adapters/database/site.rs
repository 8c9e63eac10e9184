//! A site with its own table of cameras: cameras come from there and are read only, everything else is kept in a database
//! of our own (in `data_dir`), so that nothing is created in the site's.
//!
//! Nobody tells us of changes there: they are seen with the next regular reading of the cameras.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use tokio::sync::watch;
use uuid::Uuid;

use super::postgres::SiteTable;
use super::{
    Condition, Database, IncidentQuery, Joined, ListenProgress, NodeFolder, NodeStore, RecordingSummary, SegmentQuery,
    SessionSummary, SharedDatabase, Skip, WritePlan,
};
use crate::base::error::Kind;
use crate::base::{Error, Result};
use crate::domain::camera::{CameraEdit, CameraRow, check_kind_change, check_unused};
use crate::domain::incident::Incident;
use crate::domain::node::{Node, NodeClaim};
use crate::domain::probe::KeptProbe;
use crate::domain::recording::{Segment, SegmentState, Session};

/// Cameras of the site, everything else of ours.
pub struct WithSite {
    /// Where cameras come from.
    pub cameras: SiteTable,
    /// Kinds, recordings, incidents, looks.
    pub own: SharedDatabase,
}

fn read_only() -> Error {
    Error::new(
        Kind::Unsupported,
        "cameras come from the site's own table (database.cameras_query) and are only read here; change them there",
    )
}

/// In our own database, and where the cameras are: nodes that read one site's cameras with a database each meet there.
#[async_trait]
impl NodeStore for WithSite {
    async fn join(&self, claim: NodeClaim) -> Result<Joined> {
        let joined = self.own.join(claim.clone()).await?;
        if claim.relays {
            self.cameras.hold(&claim).await?;
        }
        Ok(joined)
    }

    async fn leave(&self, run: Uuid) -> Result<()> {
        self.cameras.release().await;
        self.own.leave(run).await
    }

    async fn nodes(&self) -> Result<Vec<Node>> {
        self.own.nodes().await
    }

    fn admitted(&self) -> Result<()> {
        self.own.admitted()
    }

    async fn set_folder(&self, folder: NodeFolder, id: Uuid) -> Result<()> {
        self.own.set_folder(folder, id).await
    }

    async fn ownerless(&self) -> Result<Option<Vec<String>>> {
        self.own.ownerless().await
    }

    async fn adopt(&self) -> Result<()> {
        self.own.adopt().await
    }
}

#[async_trait]
impl Database for WithSite {
    async fn cameras(&self) -> Result<Vec<CameraRow>> {
        self.cameras.cameras().await
    }

    async fn camera(&self, id: i64) -> Result<Option<CameraRow>> {
        Ok(self.cameras.cameras().await?.into_iter().find(|row| row.id == id))
    }

    async fn camera_kinds(&self) -> Result<Vec<(String, String)>> {
        self.own.camera_kinds().await
    }

    async fn put_camera_kind(&self, kind: String, url_template: String) -> Result<()> {
        let rows = self.cameras.cameras().await?;
        let there = self.own.camera_kinds().await?.into_iter().find(|(known, _)| *known == kind);
        check_kind_change(&kind, there.as_ref().map(|(_, template)| template.as_str()), &url_template, &rows)?;
        self.own.put_camera_kind(kind, url_template).await
    }

    async fn delete_camera_kind(&self, kind: &str) -> Result<()> {
        check_unused(kind, &self.cameras.cameras().await?)?;
        self.own.delete_camera_kind(kind).await
    }

    async fn add_camera(&self, _: CameraEdit) -> Result<CameraRow> {
        Err(read_only())
    }

    async fn edit_camera_if(&self, _: i64, _: CameraEdit, _: Condition) -> Result<CameraRow> {
        Err(read_only())
    }

    async fn write_cameras(&self, _: WritePlan) -> Result<()> {
        Err(read_only())
    }

    async fn delete_camera_if(&self, _: i64, _: Condition) -> Result<()> {
        Err(read_only())
    }

    /// Of the kinds only.
    fn camera_changes(&self) -> watch::Receiver<u64> {
        self.own.camera_changes()
    }

    async fn listen(&self, progress: ListenProgress) -> Result<()> {
        self.own.listen(progress).await
    }

    async fn open_session(&self, session: Session) -> Result<()> {
        self.own.open_session(session).await
    }

    async fn close_session(&self, id: Uuid, ended_at: DateTime<Utc>, reason: String) -> Result<()> {
        self.own.close_session(id, ended_at, reason).await
    }

    async fn open_sessions(&self) -> Result<Vec<Session>> {
        self.own.open_sessions().await
    }

    async fn session(&self, id: Uuid) -> Result<Option<Session>> {
        self.own.session(id).await
    }

    async fn put_segment(&self, segment: Segment) -> Result<()> {
        self.own.put_segment(segment).await
    }

    async fn move_segment(
        &self,
        id: Uuid,
        from: Vec<SegmentState>,
        to: SegmentState,
        reason: Option<String>,
    ) -> Result<bool> {
        self.own.move_segment(id, from, to, reason).await
    }

    async fn claim_upload(&self, skip: Skip) -> Result<Option<Segment>> {
        self.own.claim_upload(skip).await
    }

    async fn release_uploads(&self) -> Result<u64> {
        self.own.release_uploads().await
    }

    async fn segment(&self, id: Uuid) -> Result<Option<Segment>> {
        self.own.segment(id).await
    }

    async fn segments(&self, query: SegmentQuery) -> Result<Vec<Segment>> {
        self.own.segments(query).await
    }

    async fn sessions(&self, stream: &str, server: Option<String>) -> Result<Vec<SessionSummary>> {
        self.own.sessions(stream, server).await
    }

    async fn segment_counts(&self) -> Result<Vec<(SegmentState, u64)>> {
        self.own.segment_counts().await
    }

    async fn recordings(&self) -> Result<Vec<RecordingSummary>> {
        self.own.recordings().await
    }

    async fn open_incident(&self, incident: Incident) -> Result<Uuid> {
        self.own.open_incident(incident).await
    }

    async fn close_incident(&self, id: Uuid, at: DateTime<Utc>) -> Result<()> {
        self.own.close_incident(id, at).await
    }

    async fn incidents(&self, query: IncidentQuery) -> Result<Vec<Incident>> {
        self.own.incidents(query).await
    }

    async fn camera_probe(&self, camera: i64) -> Result<Option<KeptProbe>> {
        self.own.camera_probe(camera).await
    }

    async fn camera_probes(&self) -> Result<Vec<KeptProbe>> {
        self.own.camera_probes().await
    }

    async fn put_camera_probe(&self, probe: KeptProbe) -> Result<()> {
        self.own.put_camera_probe(probe).await
    }

    async fn ping(&self) -> Result<String> {
        let (cameras, own) = (self.cameras.ping().await?, self.own.ping().await?);
        // Our own table of cameras is there and not used.
        let place = own.split_once(", cameras:").map_or(own.as_str(), |(own, _)| own);
        let latency = own.find("; slow:").map_or("", |at| &own[at..]);
        Ok(format!("{cameras}; everything else in {place}{latency}"))
    }
}
