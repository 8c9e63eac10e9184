//! Finishes what a crash, a full disk or an absent database interrupted: every file in an unfinished folder of the spool
//! is sealed or found to be nothing, gets its row, and its session an end.
//!
//! Works from the folders' notes and the rows that exist, and may be interrupted and begun again at any point. A file that
//! cannot be read holds up its own session's end and nothing else. Knows nothing about running recorders: the manager
//! leaves their folders out.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::RecordHandles;
use super::catalog_writer::{CatalogOperation, apply};
use super::run::draft;
use super::sealing::seal_left;
use super::set_aside::SealOrder;
use crate::adapters::spool::{Continues, Spool, Unfinished, Unreadable, on_disk};
use crate::base::{Error, Result};
use crate::domain::arrival::FileArrival;
use crate::domain::recording::{RecordingSession, Segment, SegmentState};
use crate::domain::recording_session::SessionPlanner;

/// What was left unfinished.
#[derive(Debug, Default)]
pub struct Findings {
    /// Folders of one ffmpeg run each: its own first, then those of sessions that began at midnight.
    pub runs: Vec<Vec<Unfinished>>,
    /// Open sessions without a folder.
    pub without_folder: Vec<RecordingSession>,
    /// Folders that could not be read; sessions that may lie in them are in none of the other lists.
    pub unreadable: Vec<Unreadable>,
}

/// What became of one run.
#[derive(Debug, Default)]
pub struct Finished {
    /// Segments sealed.
    pub sealed: usize,
    /// Why it is not finished: the first of its files that cannot be sealed.
    pub left: Option<Error>,
}

/// Looks at catalogue and spool, changes nothing.
pub async fn look(handles: &RecordHandles) -> Result<Findings> {
    on_disk(&handles.spool, |spool| spool.check()).await?;
    // Rows first: a session's folder is made before its row, so a row without a folder has no recorder.
    let open = handles.recordings.open_sessions().await?;
    let scan = on_disk(&handles.spool, |spool| spool.scan()).await?;
    let known: BTreeSet<Uuid> = scan.unfinished.iter().map(|folder| folder.note.session.id).collect();
    let is_gone = |session: &RecordingSession| !known.contains(&session.id) && !scan.may_hide(session);
    let without_folder = open.into_iter().filter(is_gone).collect();
    Ok(Findings { runs: by_run(scan.unfinished), without_folder, unreadable: scan.unreadable })
}

/// Groups folders by the ffmpeg run that wrote them.
fn by_run(unfinished: Vec<Unfinished>) -> Vec<Vec<Unfinished>> {
    let bases: BTreeSet<String> = unfinished.iter().map(|found| found.folder.clone()).collect();
    let mut runs: BTreeMap<String, Vec<Unfinished>> = BTreeMap::new();
    for found in unfinished {
        let base = match &found.note.continues {
            // A finished base has no files left: then this folder stands for itself.
            Some(Continues { folder, .. }) if bases.contains(folder) => folder.clone(),
            _ => found.folder.clone(),
        };
        runs.entry(base).or_default().push(found);
    }
    let mut runs: Vec<(String, Vec<Unfinished>)> = runs.into_iter().collect();
    for (base, folders) in &mut runs {
        folders.sort_by_key(|found| (found.folder != *base, found.note.session.started_at));
    }
    runs.sort_by_key(|(_, folders)| folders.first().map(|found| found.note.session.started_at));
    runs.into_iter().map(|(_, folders)| folders).collect()
}

/// Ends a session that has no folder any more.
pub async fn close_without_folder(handles: &RecordHandles, session: &RecordingSession) -> Result<()> {
    // The look may be a while ago, and an absent folder says nothing where the spool is another one by now.
    on_disk(&handles.spool, |spool| spool.check()).await?;
    let rows = handles.recordings.segments_of(session.id).await?;
    miss_unwritten(handles, &rows, &BTreeSet::new()).await?;
    close(handles, session, rows.iter().filter(|row| row.state.is_playable()).map(Segment::ended_at).max()).await
}

/// Finishes one run's folders. A file that cannot be sealed leaves its session open and the folders unfinished; the other
/// files are sealed all the same.
///
/// # Errors
/// When the catalogue or the spool as a whole does not work.
pub async fn finish_run(handles: &RecordHandles, folders: &[Unfinished]) -> Result<Finished> {
    let Some(base) = folders.first() else { return Ok(Finished::default()) };
    let later = folders[1..].iter().filter_map(|found| {
        let from = found.note.continues.as_ref()?.from;
        Some((found.note.session.clone(), from))
    });
    let planner = SessionPlanner::restore(base.note.session.clone(), later.collect());
    let mut repair = Repair { handles, finished: Finished::default(), end: None };
    for found in folders {
        repair.session(found, &places(&planner, base, found)).await?;
    }
    if repair.finished.left.is_none() {
        // The run's own folder last: while it is unfinished, the others are read in its light.
        for found in folders.iter().rev() {
            apply(handles, CatalogOperation::Finish(found.folder.clone())).await?;
        }
    }
    Ok(repair.finished)
}

/// Where the files of a session lie now: its number -> folder and number there.
fn places(planner: &SessionPlanner, base: &Unfinished, found: &Unfinished) -> BTreeMap<u32, (String, u32)> {
    let of_run = base.files.iter().filter_map(|file| {
        let (session, number) = planner.place(*file);
        (session.id == found.note.session.id).then(|| (number, (base.folder.clone(), *file)))
    });
    let moved = found.files.iter().filter(|_| found.folder != base.folder);
    of_run.chain(moved.map(|number| (*number, (found.folder.clone(), *number)))).collect()
}

/// Goes through one run's files in order.
struct Repair<'a> {
    handles: &'a RecordHandles,
    finished: Finished,
    /// The end of the file before, which is where the next begins: ffmpeg leaves no gap within a run.
    end: Option<DateTime<Utc>>,
}

impl Repair<'_> {
    async fn session(&mut self, found: &Unfinished, files: &BTreeMap<u32, (String, u32)>) -> Result<()> {
        let rows = self.handles.recordings.segments_of(found.note.session.id).await?;
        let numbers: BTreeSet<u32> = files.keys().copied().chain(rows.iter().map(|row| row.number)).collect();
        let mut is_whole = true;
        for number in &numbers {
            let row = rows.iter().find(|row| row.number == *number);
            match (row, files.get(number)) {
                (Some(row), _) if row.state.is_playable() => self.end = Some(row.ended_at()),
                (row, Some(from)) => match self.file(found, *number, from, row).await {
                    Err(error) if !error.is_passing() => {
                        is_whole = false;
                        self.leave(from, error);
                    }
                    done => done?,
                },
                (_, None) => {}
            }
        }
        miss_unwritten(self.handles, &rows, &files.keys().copied().collect()).await?;
        match is_whole {
            true => close(self.handles, &found.note.session, self.end).await,
            false => Ok(()),
        }
    }

    /// This file cannot be sealed; the next one begins about when it was written last.
    fn leave(&mut self, (folder, number): &(String, u32), error: Error) {
        let written = self.handles.spool.written_at(&Spool::file(folder, *number));
        self.end = self.end.max(written);
        self.finished.left.get_or_insert(error);
    }

    /// Seals a file that has no row yet, or one that says it is still being written.
    async fn file(
        &mut self,
        found: &Unfinished,
        number: u32,
        from: &(String, u32),
        row: Option<&Segment>,
    ) -> Result<()> {
        let session = &found.note.session;
        let started_at = row.map(|row| row.started_at).or(self.end).unwrap_or(session.started_at);
        let id = row.map_or_else(Uuid::now_v7, |row| row.id);
        let draft = draft(&found.note.key_prefix, session, number, id, started_at, &found.folder);
        let why = Some("cut short: the program ended while it was written".to_owned());
        let order = SealOrder {
            from: from.clone(),
            to: (found.folder.clone(), number),
            draft,
            arrival: FileArrival::NOT_KNOWN,
            why,
        };
        let segment = on_disk(&self.handles.spool, move |spool| seal_left(spool, order)).await?;
        if segment.state == SegmentState::Sealed {
            self.handles.recordings.open_session(session.clone()).await?;
            self.finished.sealed += 1;
            self.end = Some(segment.ended_at());
        } else if row.is_none() {
            // Nobody ever said that there was something.
            return Ok(());
        }
        self.handles.recordings.put_segment(segment).await
    }
}

async fn close(handles: &RecordHandles, session: &RecordingSession, end: Option<DateTime<Utc>>) -> Result<()> {
    if handles.recordings.session(session.id).await?.is_none() {
        return Ok(());
    }
    let reason = "the program ended without closing it; what was whole has been kept".to_owned();
    let at = end.unwrap_or(session.started_at).max(session.started_at);
    apply(handles, CatalogOperation::Close { session: session.id, at, reason }).await.map(drop)
}

/// Rows that say `writing` although there is no file. It may come back: then the next recovery seals it.
async fn miss_unwritten(handles: &RecordHandles, rows: &[Segment], files: &BTreeSet<u32>) -> Result<()> {
    for row in rows.iter().filter(|row| row.state == SegmentState::Writing && !files.contains(&row.number)) {
        let reason = Some("its file is not in the spool".to_owned());
        handles.recordings.move_segment(row.id, vec![SegmentState::Writing], SegmentState::Missing, reason).await?;
    }
    Ok(())
}
