//! The stores of a PostgreSQL database: each call takes a connection, does its work there and returns it.

use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use tokio::sync::watch;
use uuid::Uuid;

use super::{
    Postgres, postgres_cameras, postgres_copies, postgres_history, postgres_hosts, postgres_incidents, postgres_nodes,
    postgres_recordings, postgres_segments,
};
use crate::adapters::database::{
    CameraStore, Condition, DatabaseHealth, HistoryQuery, HistoryStore, HostStore, IncidentQuery, IncidentStore,
    Joined, ListenProgress, NodeFolder, NodeStore, ProbeStore, RecordingStore, RecordingSummary, SegmentQuery,
    SeriesBuckets, SessionSummary, Skip, SpansOf, WritePlan,
};
use crate::base::{Error, Result};
use crate::domain::camera::{CameraEdit, CameraRow};
use crate::domain::completeness::{RecordedSpan, Span};
use crate::domain::copies::{CopyPlace, CopyState, SegmentCopy};
use crate::domain::history::{Bucket, SeriesKey, SeriesKind, Tier};
use crate::domain::host::HostStatus;
use crate::domain::incident::{Incident, IncidentKind, Remark, Verdict};
use crate::domain::node::{Node, NodeClaim};
use crate::domain::probe::KeptProbe;
use crate::domain::recording::{RecordingSession, Segment, SegmentState};

#[async_trait]
impl NodeStore for Postgres {
    async fn join(&self, claim: NodeClaim) -> Result<Joined> {
        let asked = async {
            let link = self.server.link().await?;
            link.answer(postgres_nodes::join(&link, &claim)).await
        };
        let joined = asked.await;
        self.owner.joined(joined.as_ref().map(|joined| joined.node.owner.as_str()));
        joined
    }

    async fn leave(&self, run: Uuid) -> Result<()> {
        let link = self.server.link().await?;
        link.answer(postgres_nodes::leave(&link, run)).await
    }

    async fn nodes(&self) -> Result<Vec<Node>> {
        let link = self.server.link().await?;
        link.answer(postgres_nodes::all(&link)).await
    }

    fn admitted(&self) -> Result<()> {
        self.owner.get().map(drop)
    }

    async fn set_folder(&self, folder: NodeFolder, id: Uuid) -> Result<()> {
        let owner = self.owner.get()?;
        let link = self.server.link().await?;
        link.answer(postgres_nodes::set_folder(&link, &owner, folder, id)).await
    }

    async fn ownerless(&self) -> Result<Option<Vec<String>>> {
        let link = self.server.link().await?;
        link.answer(postgres_nodes::ownerless(&link)).await
    }

    async fn adopt(&self) -> Result<()> {
        let owner = self.owner.get()?;
        let link = self.server.link().await?;
        link.answer(postgres_nodes::adopt(&link, &owner)).await
    }
}

#[async_trait]
impl CameraStore for Postgres {
    async fn cameras(&self) -> Result<Vec<CameraRow>> {
        let link = self.server.link().await?;
        link.answer(postgres_cameras::all(&link)).await
    }

    async fn camera(&self, id: i64) -> Result<Option<CameraRow>> {
        let link = self.server.link().await?;
        link.answer(postgres_cameras::one(&link, id)).await
    }

    async fn camera_kinds(&self) -> Result<Vec<(String, String)>> {
        let link = self.server.link().await?;
        link.answer(postgres_cameras::kinds(&link)).await
    }

    async fn put_camera_kind(&self, kind: String, url_template: String) -> Result<()> {
        let link = self.server.link().await?;
        self.made(link.answer(postgres_cameras::put_kind(&link, &kind, &url_template)).await)
    }

    async fn delete_camera_kind(&self, kind: &str) -> Result<()> {
        let link = self.server.link().await?;
        self.made(link.answer(postgres_cameras::delete_kind(&link, kind)).await)
    }

    async fn add_camera(&self, edit: CameraEdit) -> Result<CameraRow> {
        let link = self.server.link().await?;
        self.made(link.answer(postgres_cameras::add(&link, edit)).await)
    }

    async fn edit_camera_if(&self, id: i64, edit: CameraEdit, only_if: Condition) -> Result<CameraRow> {
        let link = self.server.link().await?;
        self.made(link.answer(postgres_cameras::edit(&link, id, edit, only_if)).await)
    }

    async fn write_cameras(&self, plan: WritePlan) -> Result<()> {
        let link = self.server.link().await?;
        self.made(link.long_answer(postgres_cameras::write(&link, plan)).await)
    }

    async fn delete_camera_if(&self, id: i64, only_if: Condition) -> Result<()> {
        let link = self.server.link().await?;
        self.made(link.answer(postgres_cameras::delete(&link, id, only_if)).await)
    }

    fn camera_changes(&self) -> watch::Receiver<u64> {
        self.heard.clone()
    }

    fn take_commanded(&self) -> Vec<i64> {
        self.listener.changes.take_commanded()
    }

    async fn listen(&self, progress: ListenProgress) -> Result<()> {
        self.listener.run(&progress).await;
        Ok(())
    }
}

#[async_trait]
impl RecordingStore for Postgres {
    async fn open_session(&self, session: RecordingSession) -> Result<()> {
        let owner = self.owner.get()?;
        let link = self.server.link().await?;
        link.answer(postgres_recordings::open(&link, &owner, &session)).await
    }

    async fn close_session(&self, id: Uuid, ended_at: DateTime<Utc>, reason: String) -> Result<()> {
        let owner = self.owner.get()?;
        let link = self.server.link().await?;
        link.answer(postgres_recordings::close(&link, &owner, id, ended_at, &reason)).await
    }

    async fn open_sessions(&self) -> Result<Vec<RecordingSession>> {
        let owner = self.owner.get()?;
        let link = self.server.link().await?;
        link.answer(postgres_recordings::still_open(&link, &owner)).await
    }

    async fn session(&self, id: Uuid) -> Result<Option<RecordingSession>> {
        let link = self.server.link().await?;
        link.answer(postgres_recordings::one(&link, id)).await
    }

    async fn put_segment(&self, segment: Segment) -> Result<()> {
        let owner = self.owner.get()?;
        let link = self.server.link().await?;
        link.answer(postgres_segments::put(&link, &owner, &segment)).await
    }

    async fn move_segment(
        &self,
        id: Uuid,
        from: Vec<SegmentState>,
        to: SegmentState,
        reason: Option<String>,
    ) -> Result<bool> {
        let owner = self.owner.get()?;
        let link = self.server.link().await?;
        link.answer(postgres_segments::shift(&link, &owner, id, &from, to, reason.as_deref())).await
    }

    async fn claim_upload(&self, skip: Skip) -> Result<Option<Segment>> {
        // In a task that is not cancelled with the asker: a claim that nobody waits for any more is put back.
        let wanted = Arc::new(());
        let asker = Arc::downgrade(&wanted);
        let (owner, server) = (self.owner.get()?, Arc::clone(&self.server));
        let task = tokio::spawn(async move {
            let link = server.link().await?;
            let claimed = link.answer(postgres_segments::claim(&link, &owner, &skip)).await??;
            drop(link);
            if let Some(segment) = claimed.as_ref().filter(|_| asker.strong_count() == 0) {
                let (link, from) = (server.link().await?, [SegmentState::Uploading]);
                link.answer(postgres_segments::shift(&link, &owner, segment.id, &from, SegmentState::Sealed, None))
                    .await?;
            }
            Ok(claimed)
        });
        let claimed = task.await;
        drop(wanted);
        claimed.map_err(|panic| Error::internal("a database job failed inside").with_source(panic))?
    }

    async fn release_uploads(&self) -> Result<u64> {
        let owner = self.owner.get()?;
        let link = self.server.link().await?;
        link.answer(postgres_segments::release(&link, &owner)).await
    }

    async fn write_copy(&self, copy: SegmentCopy, from: Option<CopyState>) -> Result<bool> {
        let owner = self.owner.get()?;
        let link = self.server.link().await?;
        link.answer(postgres_copies::write(&link, &owner, &copy, from)).await
    }

    async fn copies(&self, segments: Vec<Uuid>) -> Result<Vec<SegmentCopy>> {
        let link = self.server.link().await?;
        link.answer(postgres_copies::of(&link, &segments)).await
    }

    async fn copies_in(&self, place: CopyPlace, state: CopyState, limit: u32) -> Result<Vec<SegmentCopy>> {
        let owner = self.owner.get()?;
        let link = self.server.link().await?;
        link.answer(postgres_copies::standing(&link, &owner, place, state, limit)).await
    }

    async fn segment(&self, id: Uuid) -> Result<Option<Segment>> {
        let link = self.server.link().await?;
        link.answer(postgres_segments::one(&link, id)).await
    }

    async fn segments(&self, query: SegmentQuery) -> Result<Vec<Segment>> {
        let owner = query.own.then(|| self.owner.get()).transpose()?;
        let link = self.server.link().await?;
        link.answer(postgres_segments::list(&link, owner.as_deref(), &query)).await
    }

    async fn sessions(&self, stream: &str, server: Option<String>) -> Result<Vec<SessionSummary>> {
        let link = self.server.link().await?;
        link.answer(postgres_recordings::of_stream(&link, stream, server.as_deref())).await
    }

    async fn recorded_spans(&self, within: Span, stream: Option<String>, of: SpansOf) -> Result<Vec<RecordedSpan>> {
        let link = self.server.link().await?;
        link.answer(postgres_recordings::spans(&link, within, stream.as_deref(), &of)).await
    }

    async fn sessions_in(&self, within: Span, stream: Option<String>) -> Result<Vec<SessionSummary>> {
        let link = self.server.link().await?;
        link.answer(postgres_recordings::within(&link, within, stream.as_deref())).await
    }

    async fn segment_counts(&self) -> Result<Vec<(SegmentState, u64)>> {
        let link = self.server.link().await?;
        link.answer(postgres_segments::counts(&link)).await
    }

    async fn recordings(&self) -> Result<Vec<RecordingSummary>> {
        let link = self.server.link().await?;
        link.answer(postgres_recordings::summaries(&link)).await
    }
}

#[async_trait]
impl IncidentStore for Postgres {
    async fn open_incident(&self, incident: Incident) -> Result<Uuid> {
        let owner = self.owner.get()?;
        let link = self.server.link().await?;
        link.answer(postgres_incidents::open(&link, &owner, &incident)).await
    }

    async fn close_incident(&self, id: Uuid, at: DateTime<Utc>) -> Result<()> {
        let owner = self.owner.get()?;
        let link = self.server.link().await?;
        link.answer(postgres_incidents::close(&link, &owner, id, at)).await
    }

    async fn incidents(&self, query: IncidentQuery) -> Result<Vec<Incident>> {
        let owner = query.own.then(|| self.owner.get()).transpose()?;
        let link = self.server.link().await?;
        link.answer(postgres_incidents::list(&link, owner.as_deref(), &query)).await
    }

    async fn remark(&self, incident: Uuid, remark: Remark) -> Result<Incident> {
        let link = self.server.link().await?;
        link.answer(postgres_incidents::remark(&link, incident, &remark)).await
    }

    async fn take_over_incidents(
        &self,
        kinds: Vec<IncidentKind>,
        server: Option<String>,
        at: DateTime<Utc>,
    ) -> Result<Vec<Incident>> {
        let owner = self.owner.get()?;
        let link = self.server.link().await?;
        link.answer(postgres_incidents::take_over(&link, &owner, &kinds, server.as_deref(), at)).await
    }

    async fn put_verdicts(&self, verdicts: Vec<(Uuid, Verdict)>) -> Result<()> {
        let owner = self.owner.get()?;
        let link = self.server.link().await?;
        link.answer(postgres_incidents::put_verdicts(&link, &owner, &verdicts)).await
    }
}

#[async_trait]
impl HistoryStore for Postgres {
    async fn add_history(&self, batch: Vec<SeriesBuckets>) -> Result<()> {
        let owner = self.owner.get()?;
        let link = self.server.link().await?;
        link.answer(postgres_history::add(&link, &owner, batch)).await
    }

    async fn history(&self, query: HistoryQuery) -> Result<Vec<Bucket>> {
        let owner = self.owner.get().ok();
        let link = self.server.link().await?;
        link.answer(postgres_history::read(&link, owner.as_deref(), &query)).await
    }

    async fn series(&self, kind: SeriesKind, tier: Tier, since: i64) -> Result<Vec<SeriesKey>> {
        let link = self.server.link().await?;
        link.answer(postgres_history::series(&link, kind, tier, since)).await
    }

    async fn forget_history(&self, tier: Tier, before: i64) -> Result<u64> {
        let owner = self.owner.get()?;
        let link = self.server.link().await?;
        link.answer(postgres_history::forget(&link, &owner, tier, before)).await
    }
}

#[async_trait]
impl ProbeStore for Postgres {
    async fn camera_probe(&self, camera: i64) -> Result<Option<KeptProbe>> {
        let owner = self.owner.get()?;
        let link = self.server.link().await?;
        link.answer(postgres_incidents::probe(&link, &owner, camera)).await
    }

    async fn camera_probes(&self) -> Result<Vec<KeptProbe>> {
        let owner = self.owner.get()?;
        let link = self.server.link().await?;
        link.answer(postgres_incidents::probes(&link, &owner)).await
    }

    async fn put_camera_probe(&self, probe: KeptProbe) -> Result<()> {
        let owner = self.owner.get()?;
        let link = self.server.link().await?;
        link.answer(postgres_incidents::put_probe(&link, &owner, &probe)).await
    }
}

#[async_trait]
impl DatabaseHealth for Postgres {
    async fn ping(&self) -> Result<String> {
        let link = self.server.link().await?;
        let words = link.answer(postgres_cameras::ping(&link, self.server.place())).await?;
        if let Err(last) = self.server.trouble().none() {
            // Reading works. Whether writing does by now is tried.
            let link = self.server.link().await?;
            link.answer(postgres_cameras::try_room(&link, last)).await?;
            self.server.trouble().is_over();
        }
        Ok(words + self.listener.changes.note() + &self.server.latency())
    }
}

#[async_trait]
impl HostStore for Postgres {
    async fn hosts(&self) -> Result<Vec<HostStatus>> {
        let link = self.server.link().await?;
        link.answer(postgres_hosts::all(&link)).await
    }

    async fn put_hosts(&self, hosts: Vec<HostStatus>) -> Result<()> {
        let link = self.server.link().await?;
        link.answer(postgres_hosts::put(&link, &hosts)).await
    }

    async fn remove_host(&self, name: String) -> Result<()> {
        let link = self.server.link().await?;
        link.answer(postgres_hosts::remove(&link, &name)).await
    }
}
