//! What is in the object store: each object has a row that explains it, or gets one, or a person has to look.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use tokio::time::Instant;

use super::entered;
use super::reconcile_handles::{ReconcileHandles, STEP, finding, settle};
use crate::adapters::objects::ListedObject;
use crate::adapters::spool::Spool;
use crate::base::{Error, Result, Scope};
use crate::domain::completeness::Span;
use crate::domain::copies::{CopyPlace, CopyState, SegmentCopy};
use crate::domain::layout::{KeyParts, parse_key};
use crate::domain::object_metadata::{self, ArchivedSegment, SHA256};
use crate::domain::reconcile::{ReconcileFinding, ReconcileStep, Repair, judge_object};
use crate::domain::recording::{RecordingSession, Segment, SegmentState};

/// Objects of a step.
const TOGETHER: usize = 500;
/// What the program keeps for itself in a bucket begins so.
const OURS: &str = ".streamwarden";

pub(super) async fn step(handles: &ReconcileHandles, after: Option<String>, apply: bool) -> Result<ReconcileStep> {
    step_within(handles, after, apply, STEP).await
}

async fn step_within(
    handles: &ReconcileHandles,
    after: Option<String>,
    apply: bool,
    limit: Duration,
) -> Result<ReconcileStep> {
    let page = handles.objects.list(after.as_deref(), TOGETHER).await?;
    let mut pass = ObjectPass { handles, apply, findings: Vec::new(), folder: None };
    if let Some(parts) = after.as_deref().and_then(parse_key) {
        // A session that the step before has entered in part; it ends here or further on.
        let mut folder = pass.load(parts).await?;
        folder.is_entered = folder.is_of_the_store_alone(handles);
        pass.folder = Some(folder);
    }
    let (begun, mut looked_at, mut last, mut has_more) = (Instant::now(), 0, None, page.has_more);
    for object in page.items {
        if looked_at > 0 && begun.elapsed() > limit {
            has_more = true;
            break;
        }
        pass.object(&object).await?;
        (looked_at, last) = (looked_at + 1, Some(object.key));
    }
    if !has_more {
        pass.end_session().await?;
    }
    Ok(ReconcileStep { looked_at, findings: pass.findings, next: last.filter(|_| has_more) })
}

/// What the catalogue knows of the folder of one session.
struct SessionFolder {
    parts: KeyParts,
    sessions: Vec<RecordingSession>,
    rows: Vec<Segment>,
    /// It was entered by this.
    is_entered: bool,
    /// How it ended, as one of its objects says.
    end: Option<(DateTime<Utc>, Option<String>)>,
}

impl SessionFolder {
    fn has(&self, parts: &KeyParts) -> bool {
        let own = &self.parts;
        (&own.server, &own.stream, own.session) == (&parts.server, &parts.stream, parts.session)
    }

    /// No recorder has it, and none had it here.
    fn is_of_the_store_alone(&self, handles: &ReconcileHandles) -> bool {
        let has_folder = |session| handles.spool.path(&Spool::folder(session)).is_ok_and(|folder| folder.exists());
        let is_stored = |row: &Segment| row.state == SegmentState::Evicted;
        !self.rows.is_empty() && self.rows.iter().all(is_stored) && !self.sessions.iter().any(has_folder)
    }
}

struct ObjectPass<'a> {
    handles: &'a ReconcileHandles,
    apply: bool,
    findings: Vec<ReconcileFinding>,
    folder: Option<SessionFolder>,
}

impl ObjectPass<'_> {
    async fn load(&self, parts: KeyParts) -> Result<SessionFolder> {
        let within = Span { from: parts.session, to: parts.session + TimeDelta::seconds(1) };
        let stream = Some(parts.stream.as_str().to_owned());
        let found = self.handles.recordings.sessions_in(within, stream).await?;
        let sessions = found.into_iter().map(|summary| summary.session);
        let folder = SessionFolder {
            sessions: sessions.filter(|session| session.started_at == parts.session).collect(),
            parts,
            rows: Vec::new(),
            is_entered: false,
            end: None,
        };
        let mut rows = Vec::new();
        for session in &folder.sessions {
            let is_here = |row: &Segment| parse_key(&row.object_key).is_some_and(|key| folder.has(&key));
            rows.extend(self.handles.recordings.segments_of(session.id).await?.into_iter().filter(is_here));
        }
        Ok(SessionFolder { rows, ..folder })
    }

    async fn object(&mut self, object: &ListedObject) -> Result<()> {
        let Some(parts) = parse_key(&object.key) else {
            if !object.key.starts_with(OURS) {
                let what = "it is no object of Streamwarden".to_owned();
                self.findings.push(finding(CopyPlace::Objects, &object.key, None, (Repair::Look, what)));
            }
            return Ok(());
        };
        if self.folder.as_ref().is_none_or(|folder| !folder.has(&parts)) {
            self.end_session().await?;
            self.folder = Some(self.load(parts.clone()).await?);
        }
        let rows = self.folder.as_ref().map(|folder| folder.rows.as_slice()).unwrap_or_default();
        match rows.iter().find(|row| row.object_key == object.key).cloned() {
            Some(row) => self.known(object, &row).await,
            None => self.unknown(object, &parts).await,
        }
    }

    /// An object that a row knows.
    async fn known(&mut self, object: &ListedObject, row: &Segment) -> Result<()> {
        if !matches!(row.state, SegmentState::Missing | SegmentState::Lost | SegmentState::Deleted) {
            return Ok(());
        }
        // Removed since it was listed.
        let Some(metadata) = self.handles.objects.metadata(&object.key).await? else { return Ok(()) };
        let copies = self.handles.recordings.copies(vec![row.id]).await?;
        let copy = copies.iter().find(|copy| copy.place == CopyPlace::Objects);
        let digest = metadata.get(SHA256);
        let judged = judge_object(row, copy, object.bytes, digest.map(String::as_str));
        let Some((repair, what)) = judged else { return Ok(()) };
        let mut found = finding(CopyPlace::Objects, &object.key, Some(row.id), (repair, what));
        if self.apply && repair == Repair::Verify {
            let there = verified(row, digest.cloned());
            let mended = self.handles.recordings.write_copy(there, copy.map(|copy| copy.state)).await;
            settle(&mut found, mended)?;
        }
        self.findings.push(found);
        Ok(())
    }

    /// An object without a row.
    async fn unknown(&mut self, object: &ListedObject, parts: &KeyParts) -> Result<()> {
        let known = self.folder.as_ref().map(|folder| folder.rows.as_slice()).unwrap_or_default();
        let (row, digest) = match self.read(object, parts, known).await {
            Ok(Some(found)) => found,
            Ok(None) => return Ok(()),
            Err(error) if error.is_passing() => return Err(error),
            Err(error) => {
                let what = format!("the catalogue does not know of it, and {}", error.message());
                self.findings.push(finding(CopyPlace::Objects, &object.key, None, (Repair::Look, what)));
                return Ok(());
            }
        };
        let what = (Repair::Enter, "the catalogue does not know of it".to_owned());
        let mut found = finding(CopyPlace::Objects, &object.key, Some(row.segment.id), what);
        if self.apply {
            let entered = self.enter(row, digest).await.map(|()| true);
            settle(&mut found, entered)?;
        } else if let Some(folder) = &mut self.folder {
            folder.rows.push(row.segment);
        }
        self.findings.push(found);
        Ok(())
    }

    /// The row that it should have, and the digest of its bytes. `None`: it has been removed since it was listed.
    async fn read(
        &self,
        object: &ListedObject,
        parts: &KeyParts,
        known: &[Segment],
    ) -> Result<Option<(ArchivedSegment, Option<String>)>> {
        let Some(metadata) = self.handles.objects.metadata(&object.key).await? else { return Ok(None) };
        let refused = |why: &str| Error::internal(why).about(Scope::Item);
        let row = match object_metadata::read(&object.key, parts, object.bytes, &metadata).map_err(refused)? {
            Some(row) => row,
            None => entered::by_boxes(self.handles, object, parts, known)
                .await?
                .ok_or_else(|| refused("nothing in it can be played"))?,
        };
        let is_this = |one: &&Segment| {
            one.id == row.segment.id || (one.session == row.segment.session && one.number == row.segment.number)
        };
        if let Some(other) = known.iter().find(is_this) {
            return Err(refused(&format!("the object {:?} is this segment already", other.object_key)));
        }
        Ok(Some((row, metadata.get(SHA256).cloned())))
    }

    async fn enter(&mut self, row: ArchivedSegment, digest: Option<String>) -> Result<()> {
        let Some(folder) = &mut self.folder else { return Ok(()) };
        let recordings = &self.handles.recordings;
        let ArchivedSegment { session, mut segment } = row;
        if let Some(at) = session.ended_at {
            folder.end = Some((at, session.end_reason.clone()));
        }
        if !folder.sessions.iter().any(|one| one.id == session.id) {
            let open = RecordingSession { ended_at: None, end_reason: None, ..session.clone() };
            recordings.open_session(open.clone()).await?;
            folder.sessions.push(open);
            folder.is_entered = true;
        }
        segment.spool_path = Spool::file(&Spool::folder(&session), segment.number);
        recordings.put_segment(segment.clone()).await?;
        recordings.write_copy(verified(&segment, digest), None).await?;
        folder.rows.push(segment);
        Ok(())
    }

    /// The last object of a session has been seen: one that was entered here gets its end.
    async fn end_session(&mut self) -> Result<()> {
        let Some(folder) = self.folder.take().filter(|folder| folder.is_entered && self.apply) else { return Ok(()) };
        for session in folder.sessions.iter().filter(|session| session.ended_at.is_none()) {
            let rows = folder.rows.iter().filter(|row| row.session == session.id);
            let Some(last) = rows.map(Segment::ended_at).max() else { continue };
            let (at, reason) = folder.end.clone().unwrap_or((last, None));
            let reason =
                reason.unwrap_or_else(|| "entered from the object store, which does not tell why it ended".to_owned());
            match self.handles.recordings.close_session(session.id, at.max(last), reason).await {
                // Another node's.
                Err(error) if !error.is_passing() => log::debug!("{error}"),
                closed => closed?,
            }
        }
        Ok(())
    }
}

fn verified(row: &Segment, sha256: Option<String>) -> SegmentCopy {
    let copy = SegmentCopy::new(row.id, CopyPlace::Objects, CopyState::Verified);
    SegmentCopy { verified_at: Some(Utc::now()), sha256, ..copy }
}
