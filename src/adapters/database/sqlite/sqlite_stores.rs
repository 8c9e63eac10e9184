//! The stores of a SQLite database: each call takes a connection, does its work there and returns it.

use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use tokio::sync::watch;
use uuid::Uuid;

use super::sqlite_file::ConnectionRole;
use super::{
    LOCKED, Sqlite, sqlite_cameras, sqlite_copies, sqlite_history, sqlite_hosts, sqlite_incidents, sqlite_nodes,
    sqlite_recordings, sqlite_segments,
};
use crate::adapters::database::{
    CameraStore, Condition, DatabaseHealth, HistoryQuery, HistoryStore, HostStore, IncidentQuery, IncidentStore,
    Joined, ListenProgress, NodeFolder, NodeStore, ProbeStore, RecordingStore, RecordingSummary, SegmentQuery,
    SeriesBuckets, SessionSummary, Skip, SpansOf, WritePlan,
};
use crate::base::Result;
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
impl NodeStore for Sqlite {
    async fn join(&self, claim: NodeClaim) -> Result<Joined> {
        let joined =
            self.file.call(ConnectionRole::Writer, move |connection| sqlite_nodes::join(connection, &claim)).await;
        self.owner.joined(joined.as_ref().map(|joined| joined.node.owner.as_str()));
        joined
    }

    async fn leave(&self, run: Uuid) -> Result<()> {
        self.file.call(ConnectionRole::Writer, move |connection| sqlite_nodes::leave(connection, run)).await
    }

    async fn nodes(&self) -> Result<Vec<Node>> {
        self.file.call(ConnectionRole::Reader, |connection| sqlite_nodes::all(connection)).await
    }

    fn admitted(&self) -> Result<()> {
        self.owner.get().map(drop)
    }

    async fn set_folder(&self, folder: NodeFolder, id: Uuid) -> Result<()> {
        let owner = self.owner.get()?;
        self.file
            .call(ConnectionRole::Writer, move |connection| sqlite_nodes::set_folder(connection, &owner, folder, id))
            .await
    }

    async fn ownerless(&self) -> Result<Option<Vec<String>>> {
        self.file.call(ConnectionRole::Reader, sqlite_nodes::ownerless).await
    }

    async fn adopt(&self) -> Result<()> {
        let owner = self.owner.get()?;
        self.file.call(ConnectionRole::Writer, move |connection| sqlite_nodes::adopt(connection, &owner)).await
    }
}

#[async_trait]
impl CameraStore for Sqlite {
    async fn cameras(&self) -> Result<Vec<CameraRow>> {
        self.file.call(ConnectionRole::Reader, sqlite_cameras::all).await
    }

    async fn camera(&self, id: i64) -> Result<Option<CameraRow>> {
        self.file.call(ConnectionRole::Reader, move |connection| sqlite_cameras::one(connection, id)).await
    }

    async fn camera_kinds(&self) -> Result<Vec<(String, String)>> {
        self.file.call(ConnectionRole::Reader, sqlite_cameras::kinds).await
    }

    async fn put_camera_kind(&self, kind: String, url_template: String) -> Result<()> {
        let put = move |connection: &mut _| sqlite_cameras::put_kind(connection, &kind, &url_template);
        self.file.call(ConnectionRole::Writer, put).await?;
        self.cameras_changed();
        Ok(())
    }

    async fn delete_camera_kind(&self, kind: &str) -> Result<()> {
        let kind = kind.to_owned();
        self.file
            .call(ConnectionRole::Writer, move |connection| sqlite_cameras::delete_kind(connection, &kind))
            .await?;
        self.cameras_changed();
        Ok(())
    }

    async fn add_camera(&self, edit: CameraEdit) -> Result<CameraRow> {
        let added =
            self.file.call(ConnectionRole::Writer, move |connection| sqlite_cameras::add(connection, edit)).await?;
        self.cameras_changed();
        Ok(added)
    }

    async fn edit_camera_if(&self, id: i64, edit: CameraEdit, only_if: Condition) -> Result<CameraRow> {
        let edit = move |connection: &mut _| sqlite_cameras::edit(connection, id, edit, only_if);
        let edited = self.file.call(ConnectionRole::Writer, edit).await?;
        self.cameras_changed();
        Ok(edited)
    }

    async fn write_cameras(&self, plan: WritePlan) -> Result<()> {
        self.file.long_call(ConnectionRole::Writer, move |connection| sqlite_cameras::write(connection, plan)).await?;
        self.cameras_changed();
        Ok(())
    }

    async fn delete_camera_if(&self, id: i64, only_if: Condition) -> Result<()> {
        self.file
            .call(ConnectionRole::Writer, move |connection| sqlite_cameras::delete(connection, id, only_if))
            .await?;
        self.cameras_changed();
        Ok(())
    }

    fn camera_changes(&self) -> watch::Receiver<u64> {
        self.watcher.changes()
    }

    async fn listen(&self, progress: ListenProgress) -> Result<()> {
        self.watcher.run(progress).await
    }
}

#[async_trait]
impl RecordingStore for Sqlite {
    async fn open_session(&self, session: RecordingSession) -> Result<()> {
        let owner = self.owner.get()?;
        self.file
            .call(ConnectionRole::Writer, move |connection| sqlite_recordings::open(connection, &owner, &session))
            .await
    }

    async fn close_session(&self, id: Uuid, ended_at: DateTime<Utc>, reason: String) -> Result<()> {
        let owner = self.owner.get()?;
        self.file
            .call(ConnectionRole::Writer, move |connection| {
                sqlite_recordings::close(connection, &owner, id, ended_at, &reason)
            })
            .await
    }

    async fn open_sessions(&self) -> Result<Vec<RecordingSession>> {
        let owner = self.owner.get()?;
        self.file
            .call(ConnectionRole::Reader, move |connection| sqlite_recordings::still_open(connection, &owner))
            .await
    }

    async fn session(&self, id: Uuid) -> Result<Option<RecordingSession>> {
        self.file.call(ConnectionRole::Reader, move |connection| sqlite_recordings::one(connection, id)).await
    }

    async fn put_segment(&self, segment: Segment) -> Result<()> {
        let owner = self.owner.get()?;
        self.file
            .call(ConnectionRole::Writer, move |connection| sqlite_segments::put(connection, &owner, &segment))
            .await
    }

    async fn move_segment(
        &self,
        id: Uuid,
        from: Vec<SegmentState>,
        to: SegmentState,
        reason: Option<String>,
    ) -> Result<bool> {
        let owner = self.owner.get()?;
        let job =
            move |connection: &mut _| sqlite_segments::shift(connection, &owner, id, &from, to, reason.as_deref());
        self.file.call(ConnectionRole::Writer, job).await
    }

    async fn claim_upload(&self, skip: Skip) -> Result<Option<Segment>> {
        // Whoever asked may have gone (cancelled, or out of time) when the answer comes: then nobody would upload the
        // segment, so the job puts it back. `wanted` lives as long as this future.
        let wanted = Arc::new(());
        let asker = Arc::downgrade(&wanted);
        let owner = self.owner.get()?;
        let claim =
            move |connection: &mut _| sqlite_segments::claim(connection, &owner, &skip, || asker.strong_count() > 0);
        let claimed = self.file.call(ConnectionRole::Writer, claim).await;
        drop(wanted);
        claimed
    }

    async fn release_uploads(&self) -> Result<u64> {
        let owner = self.owner.get()?;
        self.file.call(ConnectionRole::Writer, move |connection| sqlite_segments::release(connection, &owner)).await
    }

    async fn write_copy(&self, copy: SegmentCopy, from: Option<CopyState>) -> Result<bool> {
        let owner = self.owner.get()?;
        let job = move |connection: &mut _| sqlite_copies::write(connection, &owner, &copy, from);
        self.file.call(ConnectionRole::Writer, job).await
    }

    async fn copies(&self, segments: Vec<Uuid>) -> Result<Vec<SegmentCopy>> {
        self.file.call(ConnectionRole::Reader, move |connection| sqlite_copies::of(connection, &segments)).await
    }

    async fn copies_in(&self, place: CopyPlace, state: CopyState, limit: u32) -> Result<Vec<SegmentCopy>> {
        let owner = self.owner.get()?;
        let list = move |connection: &mut _| sqlite_copies::standing(connection, &owner, place, state, limit);
        self.file.call(ConnectionRole::Lists, list).await
    }

    async fn segment(&self, id: Uuid) -> Result<Option<Segment>> {
        self.file.call(ConnectionRole::Reader, move |connection| sqlite_segments::one(connection, id)).await
    }

    async fn segments(&self, query: SegmentQuery) -> Result<Vec<Segment>> {
        let owner = query.own.then(|| self.owner.get()).transpose()?;
        self.file
            .call(ConnectionRole::Lists, move |connection| sqlite_segments::list(connection, owner.as_deref(), &query))
            .await
    }

    async fn sessions(&self, stream: &str, server: Option<String>) -> Result<Vec<SessionSummary>> {
        let stream = stream.to_owned();
        let list = move |connection: &mut _| sqlite_recordings::of_stream(connection, &stream, server.as_deref());
        self.file.call(ConnectionRole::Lists, list).await
    }

    async fn recorded_spans(&self, within: Span, stream: Option<String>, of: SpansOf) -> Result<Vec<RecordedSpan>> {
        let list = move |connection: &mut _| sqlite_recordings::spans(connection, within, stream.as_deref(), &of);
        self.file.call(ConnectionRole::Lists, list).await
    }

    async fn sessions_in(&self, within: Span, stream: Option<String>) -> Result<Vec<SessionSummary>> {
        let list = move |connection: &mut _| sqlite_recordings::within(connection, within, stream.as_deref());
        self.file.call(ConnectionRole::Lists, list).await
    }

    async fn segment_counts(&self) -> Result<Vec<(SegmentState, u64)>> {
        self.file.call(ConnectionRole::Reader, sqlite_segments::counts).await
    }

    async fn recordings(&self) -> Result<Vec<RecordingSummary>> {
        self.file.call(ConnectionRole::Lists, sqlite_recordings::summaries).await
    }
}

#[async_trait]
impl IncidentStore for Sqlite {
    async fn open_incident(&self, incident: Incident) -> Result<Uuid> {
        let owner = self.owner.get()?;
        self.file
            .call(ConnectionRole::Writer, move |connection| sqlite_incidents::open(connection, &owner, &incident))
            .await
    }

    async fn close_incident(&self, id: Uuid, at: DateTime<Utc>) -> Result<()> {
        let owner = self.owner.get()?;
        self.file
            .call(ConnectionRole::Writer, move |connection| sqlite_incidents::close(connection, &owner, id, at))
            .await
    }

    async fn incidents(&self, query: IncidentQuery) -> Result<Vec<Incident>> {
        let owner = query.own.then(|| self.owner.get()).transpose()?;
        self.file
            .call(ConnectionRole::Lists, move |connection| sqlite_incidents::list(connection, owner.as_deref(), &query))
            .await
    }

    async fn remark(&self, incident: Uuid, remark: Remark) -> Result<Incident> {
        let add = move |connection: &mut _| sqlite_incidents::remark(connection, incident, &remark);
        self.file.call(ConnectionRole::Writer, add).await
    }

    async fn take_over_incidents(
        &self,
        kinds: Vec<IncidentKind>,
        server: Option<String>,
        at: DateTime<Utc>,
    ) -> Result<Vec<Incident>> {
        let owner = self.owner.get()?;
        let take_over =
            move |connection: &mut _| sqlite_incidents::take_over(connection, &owner, &kinds, server.as_deref(), at);
        self.file.call(ConnectionRole::Writer, take_over).await
    }

    async fn put_verdicts(&self, verdicts: Vec<(Uuid, Verdict)>) -> Result<()> {
        let owner = self.owner.get()?;
        let put = move |connection: &mut _| sqlite_incidents::put_verdicts(connection, &owner, &verdicts);
        self.file.call(ConnectionRole::Writer, put).await
    }
}

#[async_trait]
impl HistoryStore for Sqlite {
    async fn add_history(&self, batch: Vec<SeriesBuckets>) -> Result<()> {
        let owner = self.owner.get()?;
        self.file
            .call(ConnectionRole::Writer, move |connection| sqlite_history::add(connection, &owner, batch.clone()))
            .await
    }

    async fn history(&self, query: HistoryQuery) -> Result<Vec<Bucket>> {
        let owner = self.owner.get().ok();
        self.file
            .call(ConnectionRole::Reader, move |connection| sqlite_history::read(connection, owner.as_deref(), &query))
            .await
    }

    async fn series(&self, kind: SeriesKind, tier: Tier, since: i64) -> Result<Vec<SeriesKey>> {
        self.file
            .call(ConnectionRole::Reader, move |connection| sqlite_history::series(connection, kind, tier, since))
            .await
    }

    async fn forget_history(&self, tier: Tier, before: i64) -> Result<u64> {
        let owner = self.owner.get()?;
        self.file
            .call(ConnectionRole::Writer, move |connection| sqlite_history::forget(connection, &owner, tier, before))
            .await
    }
}

#[async_trait]
impl ProbeStore for Sqlite {
    async fn camera_probe(&self, camera: i64) -> Result<Option<KeptProbe>> {
        let owner = self.owner.get()?;
        self.file
            .call(ConnectionRole::Reader, move |connection| sqlite_incidents::probe(connection, &owner, camera))
            .await
    }

    async fn camera_probes(&self) -> Result<Vec<KeptProbe>> {
        let owner = self.owner.get()?;
        self.file.call(ConnectionRole::Reader, move |connection| sqlite_incidents::probes(connection, &owner)).await
    }

    async fn put_camera_probe(&self, probe: KeptProbe) -> Result<()> {
        let owner = self.owner.get()?;
        self.file
            .call(ConnectionRole::Writer, move |connection| sqlite_incidents::put_probe(connection, &owner, &probe))
            .await
    }
}

#[async_trait]
impl DatabaseHealth for Sqlite {
    async fn ping(&self) -> Result<String> {
        let cameras = self.file.call(ConnectionRole::Reader, sqlite_cameras::count).await?;
        // Taking the write lock shows a full disk's journal, a read-only file and another process's lock; nothing is written.
        let probe = |connection: &mut rusqlite::Connection| {
            connection.busy_timeout(LOCKED)?;
            Ok(connection.execute_batch("BEGIN IMMEDIATE; ROLLBACK")?)
        };
        self.file.call(ConnectionRole::Prober, probe).await?;
        Ok(format!("SQLite file {}, cameras: {cameras}{}", self.file.path().display(), self.file.latency()))
    }
}

#[async_trait]
impl HostStore for Sqlite {
    async fn hosts(&self) -> Result<Vec<HostStatus>> {
        self.file.call(ConnectionRole::Reader, sqlite_hosts::all).await
    }

    async fn put_hosts(&self, hosts: Vec<HostStatus>) -> Result<()> {
        self.file.call(ConnectionRole::Writer, move |connection| sqlite_hosts::put(connection, &hosts)).await
    }

    async fn remove_host(&self, name: String) -> Result<()> {
        self.file.call(ConnectionRole::Writer, move |connection| sqlite_hosts::remove(connection, &name)).await
    }
}
