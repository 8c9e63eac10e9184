//! What one ffmpeg run writes, told by its lines, as operations for the catalog_writer. No I/O, no clock of its own.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use super::catalog_writer::CatalogOperation;
use super::set_aside::SealOrder;
use crate::adapters::ffmpeg::record_argv::ClosedFile;
use crate::adapters::spool::{Continues, LeftFile, Note, Spool};
use crate::domain::arrival::{ArrivalTimes, FileArrival};
use crate::domain::layout::{is_next_day, object_key};
use crate::domain::recording::{RecordingSession, Segment, SegmentState};
use crate::domain::recording_session::SessionPlanner;
use crate::domain::wall_clock::SessionStarts;

/// First media that comes later than this after the start of ffmpeg is when the session really begins.
const LATE: TimeDelta = TimeDelta::seconds(2);

/// One ffmpeg run.
pub struct RecordingRun {
    /// Folder in which ffmpeg writes.
    folder: String,
    note: Note,
    /// Opened with the first media.
    planner: Option<SessionPlanner>,
    /// Folders of sessions that began at midnight.
    later_folders: Vec<(Uuid, String)>,
    times: ArrivalTimes,
    /// Closed before the first report, with the time of the line: ffmpeg had kept back what came while it looked for the formats of
    /// the tracks. The first report tells when they came.
    held: Vec<(ClosedFile, DateTime<Utc>)>,
    /// Rows of files that ffmpeg has begun and that have not been handed over for sealing.
    begun: BTreeMap<u32, (Uuid, DateTime<Utc>)>,
    /// First file that has not been handed over.
    next_file: u32,
}

impl RecordingRun {
    /// A run in the folder of this note, which begins at `begun`: the start in the note is a whole second.
    pub fn new(note: Note, begun: DateTime<Utc>) -> Self {
        Self {
            folder: Spool::folder(&note.session),
            times: ArrivalTimes::begin(note.session.started_at.max(begun)),
            note,
            planner: None,
            later_folders: Vec::new(),
            held: Vec::new(),
            begun: BTreeMap::new(),
            next_file: 0,
        }
    }

    /// Folder in which ffmpeg writes, relative to the spool.
    pub fn folder(&self) -> &str {
        &self.folder
    }

    /// The session that is being written.
    pub fn session(&self) -> &RecordingSession {
        self.planner.as_ref().map_or(&self.note.session, SessionPlanner::current)
    }

    /// Whether media has arrived.
    pub fn has_media(&self) -> bool {
        self.planner.is_some() || !self.held.is_empty() || self.times.has_report()
    }

    /// ffmpeg says it has written up to `out_time`. `starts`: those of the stream's sessions before this one.
    pub fn progressed(
        &mut self,
        out_time: Duration,
        now: DateTime<Utc>,
        starts: &SessionStarts,
    ) -> Vec<CatalogOperation> {
        if out_time.is_zero() {
            return Vec::new();
        }
        self.times.progressed(out_time, now);
        if self.planner.is_none() && self.held.is_empty() && !self.times.is_settled(now) {
            return Vec::new();
        }
        let mut operations = self.release(None, starts);
        let at = self.times.next_start().unwrap_or(now);
        operations.extend(self.begin_file(self.next_file, at, starts));
        operations
    }

    /// Pictures have come, whatever their timestamps say.
    pub fn arrived(&mut self, now: DateTime<Utc>) {
        self.times.arrived(now);
    }

    /// ffmpeg has closed a file.
    pub fn closed(&mut self, file: ClosedFile, now: DateTime<Utc>, starts: &SessionStarts) -> Vec<CatalogOperation> {
        if self.planner.is_some() || self.times.is_settled(now) {
            let mut operations = self.release(Some(file.start), starts);
            operations.extend(self.place(file, now, starts));
            return operations;
        }
        self.held.push((file, now));
        Vec::new()
    }

    /// Places the files that were closed before the reports told; `next`: where the file after them begins, if that is known.
    fn release(&mut self, next: Option<Duration>, starts: &SessionStarts) -> Vec<CatalogOperation> {
        let held = std::mem::take(&mut self.held);
        // How long the last frame of a file lasts is only said by the source; the next file tells.
        let nexts: Vec<_> = held.iter().skip(1).map(|(file, _)| Some(file.start)).chain([next]).collect();
        let place = |((file, now), next): ((ClosedFile, DateTime<Utc>), Option<Duration>)| {
            let now = self.times.came_by(next.map_or(file.end, |next| next.max(file.end)), now);
            self.place(file, now, starts)
        };
        held.into_iter().zip(nexts).flat_map(place).collect()
    }

    fn place(&mut self, file: ClosedFile, now: DateTime<Utc>, starts: &SessionStarts) -> Vec<CatalogOperation> {
        let (at, arrival) = self.times.closed(file.start, file.end, now);
        let mut operations = self.begin_file(file.number, at, starts);
        if let Some(row) = self.begun.get_mut(&file.number) {
            // By now it is better known than when the file began.
            row.1 = at;
        }
        operations.extend(self.seal(file.number, arrival, None));
        self.next_file = file.number + 1;
        operations
    }

    /// ffmpeg has ended; `files` are in its folder, in order. Seals what it did not close itself, or did not tell of, and ends the session.
    pub fn over(&mut self, files: &[LeftFile], now: DateTime<Utc>, why: &str) -> Vec<CatalogOperation> {
        let mut operations = self.release(None, &SessionStarts::default());
        if let Some(at) = self.times.next_start().filter(|_| self.planner.is_none()) {
            operations.extend(self.begin_file(self.next_file, at, &SessionStarts::default()));
        }
        if self.planner.is_none() {
            return vec![CatalogOperation::Discard(self.folder.clone())];
        }
        let open = self.next_file;
        let last = files.last().map(|file| file.number);
        for file in files.iter().filter(|file| file.number >= open) {
            let at = self.times.next_start().unwrap_or(now);
            operations.extend(self.begin_file(file.number, at, &SessionStarts::default()));
            // What was written before it began tells that the clock was set.
            let written = file.quiet_for.map(|quiet| now - quiet).filter(|written| *written >= at);
            let arrival = self.times.left(at, written.unwrap_or(now), last == Some(file.number));
            operations.extend(self.seal(file.number, arrival, Some(format!("cut short: {why}"))));
        }
        let session = self.session();
        let end = self.times.over(now).max(session.started_at);
        operations.push(CatalogOperation::Close { session: session.id, at: end, reason: why.to_owned() });
        // The run's own folder last: while it is unfinished, the recovery reads the others in its light.
        operations.extend(self.later_folders.iter().map(|(_, folder)| CatalogOperation::Finish(folder.clone())));
        operations.push(CatalogOperation::Finish(self.folder.clone()));
        operations
    }

    /// A file begins at `at`: the first opens the session, one after midnight the next session.
    fn begin_file(&mut self, file: u32, at: DateTime<Utc>, starts: &SessionStarts) -> Vec<CatalogOperation> {
        if self.begun.contains_key(&file) {
            return Vec::new();
        }
        let mut operations = Vec::new();
        match &mut self.planner {
            None => {
                // ffmpeg's clock begins when the server begins to send, a moment after its start, and its first reports
                // come late: the start itself is the better guess unless the server took its time.
                let planned = self.note.session.started_at;
                if at - planned > LATE || is_next_day(planned, at) {
                    self.note.session.started_at = starts.next(at);
                    operations.push(CatalogOperation::Note { folder: self.folder.clone(), note: self.note.clone() });
                }
                let session = self.note.session.clone();
                operations.push(CatalogOperation::Open(session.clone()));
                self.planner = Some(SessionPlanner::open(session));
            }
            Some(planner) => {
                if let Some(cut) = planner.file_begins(file, at, Uuid::now_v7()) {
                    let continues = Some(Continues { folder: self.folder.clone(), from: file });
                    let key_prefix = self.note.key_prefix.clone();
                    let (ended, begun) = (cut.ended, cut.begun);
                    self.later_folders.push((begun.id, Spool::folder(&begun)));
                    operations.push(CatalogOperation::Begin(Note { session: begun.clone(), key_prefix, continues }));
                    operations.push(CatalogOperation::Open(begun));
                    let reason = ended.end_reason.unwrap_or_default();
                    operations.push(CatalogOperation::Close {
                        session: ended.id,
                        at: ended.ended_at.unwrap_or(at),
                        reason,
                    });
                }
            }
        }
        let row = (Uuid::now_v7(), at);
        self.begun.insert(file, row);
        if let Some((draft, _)) = self.draft(file, row) {
            operations.push(CatalogOperation::Put(Box::new(draft)));
        }
        operations
    }

    fn seal(&mut self, file: u32, arrival: FileArrival, why: Option<String>) -> Option<CatalogOperation> {
        let row = self.begun.remove(&file)?;
        let (draft, to) = self.draft(file, row)?;
        Some(CatalogOperation::Seal(Box::new(SealOrder { from: (self.folder.clone(), file), to, draft, arrival, why })))
    }

    /// The row of a file that is being written, and where the file belongs.
    fn draft(&self, file: u32, (id, started_at): (Uuid, DateTime<Utc>)) -> Option<(Segment, (String, u32))> {
        let (session, number) = self.planner.as_ref()?.place(file);
        let later = self.later_folders.iter().find(|(id, _)| *id == session.id);
        let folder = later.map_or(&self.folder, |(_, folder)| folder).clone();
        Some((draft(&self.note.key_prefix, session, number, id, started_at, &folder), (folder, number)))
    }
}

/// The row of a segment that is being written.
pub fn draft(
    key_prefix: &str,
    session: &RecordingSession,
    number: u32,
    id: Uuid,
    started_at: DateTime<Utc>,
    folder: &str,
) -> Segment {
    Segment {
        id,
        session: session.id,
        server: session.server.clone(),
        stream: session.stream.clone(),
        number,
        state: SegmentState::Writing,
        started_at,
        duration_ms: 0,
        media_ms: None,
        media_start_ms: None,
        bytes: 0,
        frames: 0,
        init_bytes: 0,
        media_bytes: 0,
        spool_path: Spool::file(folder, number),
        object_key: object_key(key_prefix, &session.stream, session.started_at, number),
        reason: None,
        tracks: None,
    }
}

#[cfg(test)]
#[path = "run_tests.rs"]
mod tests;
