//! Files of the spool that the catalogue does not know: sealed and entered where they are recordings, else moved aside.
//!
//! Folders that are not finished belong to recorders or to the recovery, and are left alone.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use tokio::time::Instant;
use uuid::Uuid;

use super::reconcile_handles::{ReconcileHandles, STEP, finding, settle};
use crate::actors::record::found_file::{self, FoundFile};
use crate::adapters::spool::{FolderContents, Note, on_disk};
use crate::base::{Error, Result};
use crate::domain::copies::{CopyPlace, CopyState, SegmentCopy};
use crate::domain::layout::segment_number;
use crate::domain::reconcile::{ReconcileFinding, ReconcileStep, Repair, judge_file};
use crate::domain::recording::Segment;

/// Folders of a step.
const TOGETHER: usize = 100;

pub(super) async fn step(handles: &ReconcileHandles, after: Option<String>, apply: bool) -> Result<ReconcileStep> {
    let from = after.clone();
    let (folders, mut has_more) =
        on_disk(&handles.spool, move |spool| spool.session_folders(from.as_deref(), TOGETHER)).await?;
    let mut pass = FilePass { handles, apply, looked_at: 0, findings: Vec::new() };
    let (begun, mut last) = (Instant::now(), None);
    for folder in folders {
        if last.is_some() && begun.elapsed() > STEP {
            has_more = true;
            break;
        }
        pass.folder(&folder).await?;
        last = Some(folder);
    }
    Ok(ReconcileStep { looked_at: pass.looked_at, findings: pass.findings, next: last.filter(|_| has_more) })
}

struct FilePass<'a> {
    handles: &'a ReconcileHandles,
    apply: bool,
    looked_at: u64,
    findings: Vec<ReconcileFinding>,
}

impl FilePass<'_> {
    async fn folder(&mut self, folder: &str) -> Result<()> {
        let name = folder.to_owned();
        let contents = match on_disk(&self.handles.spool, move |spool| spool.contents(&name)).await {
            Ok(contents) => contents,
            Err(error) if error.is_passing() => return Err(error),
            Err(error) => return self.report(folder, None, (Repair::Look, error.message().to_owned())).await,
        };
        self.looked_at += contents.files.len() as u64;
        match &contents.note {
            Ok(note) if contents.is_finished => self.finished(folder, note, &contents).await,
            Ok(_) => Ok(()),
            Err(_) if contents.files.is_empty() => Ok(()),
            Err(error) => {
                // Files that rows name stay where they are.
                let session = folder.rsplit_once('_').and_then(|(_, id)| id.parse::<Uuid>().ok());
                let is_known = match session {
                    Some(session) => !self.handles.recordings.segments_of(session).await?.is_empty(),
                    None => false,
                };
                let repair = if is_known { Repair::Look } else { Repair::SetAside };
                self.report(folder, None, (repair, error.message().to_owned())).await
            }
        }
    }

    async fn finished(&mut self, folder: &str, note: &Note, contents: &FolderContents) -> Result<()> {
        let rows = self.handles.recordings.segments_of(note.session.id).await?;
        let mut by_number: BTreeMap<u32, Segment> = rows.into_iter().map(|row| (row.number, row)).collect();
        let mut files: Vec<(u32, u64)> = Vec::new();
        for (name, bytes) in &contents.files {
            match segment_number(name) {
                Some(number) => files.push((number, *bytes)),
                None => {
                    let what = "it is no file of a recording".to_owned();
                    self.report(&format!("{folder}/{name}"), None, (Repair::SetAside, what)).await?;
                }
            }
        }
        files.sort_unstable();
        let mut entered = false;
        for (number, bytes) in files {
            let row = by_number.get(&number).cloned();
            let Some(judged) = judge_file(row.as_ref(), bytes) else { continue };
            let path = format!("{folder}/{}", crate::domain::layout::segment_file(number));
            let before = by_number.range(..number).next_back().map(|(_, row)| row.ended_at());
            match (judged.0, row) {
                (Repair::Enter, _) => {
                    let found = self.enter(folder, note, number, before, &path).await?;
                    entered |= found.is_some();
                    by_number.extend(found.map(|segment| (number, segment)));
                }
                (Repair::Verify, Some(row)) => self.verify(&path, &row, judged).await?,
                (_, row) => self.report(&path, row.map(|row| row.id), judged).await?,
            }
        }
        if entered {
            let end = by_number.values().map(Segment::ended_at).max().unwrap_or(note.session.started_at);
            found_file::end_session(&self.handles.recordings, note, end).await?;
        }
        Ok(())
    }

    /// A file without a row: a recording gets one, anything else is moved aside.
    async fn enter(
        &mut self,
        folder: &str,
        note: &Note,
        number: u32,
        before: Option<DateTime<Utc>>,
        path: &str,
    ) -> Result<Option<Segment>> {
        let name = path.to_owned();
        let is_media = on_disk(&self.handles.spool, move |spool| spool.has_media(&name)).await;
        match is_media {
            Err(error) if error.is_passing() => return Err(error),
            Ok(true) => {}
            Ok(false) => {
                let what = "the catalogue does not know of it, and it holds no whole fragment".to_owned();
                self.report(path, None, (Repair::SetAside, what)).await?;
                return Ok(None);
            }
            Err(error) => {
                self.report(path, None, (Repair::Look, error.message().to_owned())).await?;
                return Ok(None);
            }
        }
        let what = (Repair::Enter, "the catalogue does not know of it".to_owned());
        let mut found = finding(CopyPlace::Spool, path, None, what);
        let mut segment = None;
        if self.apply {
            let started_at = before.unwrap_or(note.session.started_at);
            let file = FoundFile { note, folder, number, started_at };
            let entered = found_file::enter(&self.handles.recordings, &self.handles.spool, file).await;
            let entered = entered.map(|entered| {
                found.segment = Some(entered.id);
                segment = Some(entered);
                true
            });
            settle(&mut found, entered)?;
        }
        self.findings.push(found);
        Ok(segment)
    }

    /// A file that left the spool and is there again: it leaves by the same rules as any other.
    async fn verify(&mut self, path: &str, row: &Segment, judged: (Repair, String)) -> Result<()> {
        let mut found = finding(CopyPlace::Spool, path, Some(row.id), judged);
        if self.apply {
            let copies = self.handles.recordings.copies(vec![row.id]).await?;
            let before = copies.iter().find(|copy| copy.place == CopyPlace::Spool).map(|copy| copy.state);
            let copy = SegmentCopy::new(row.id, CopyPlace::Spool, CopyState::Verified);
            let copy = SegmentCopy { verified_at: Some(Utc::now()), ..copy };
            let mended = match before {
                Some(state) => self.handles.recordings.write_copy(copy, Some(state)).await,
                None => Err(Error::not_found("its copy has no row")),
            };
            settle(&mut found, mended)?;
        }
        self.findings.push(found);
        Ok(())
    }

    /// What a person should see; moved aside where that is the repair.
    async fn report(&mut self, path: &str, segment: Option<Uuid>, judged: (Repair, String)) -> Result<()> {
        let mut found = finding(CopyPlace::Spool, path, segment, judged);
        if self.apply && found.repair == Repair::SetAside {
            let name = path.to_owned();
            let moved = on_disk(&self.handles.spool, move |spool| spool.set_aside(&name)).await;
            settle(&mut found, moved.map(|()| true))?;
        }
        self.findings.push(found);
        Ok(())
    }
}
