//! What one ffmpeg run writes, told by its lines, as operations for the catalog_writer. No I/O, no clock of its own.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use super::catalog_writer::CatalogOperation;
use super::set_aside::SealOrder;
use crate::adapters::ffmpeg::record_argv::ClosedFile;
use crate::adapters::spool::{Continues, Note, Spool};
use crate::domain::arrival::{ArrivalTimes, FileArrival, FileEnd};
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
    /// A run in the folder of this note.
    pub fn new(note: Note) -> Self {
        Self {
            folder: Spool::folder(&note.session),
            times: ArrivalTimes::begin(note.session.started_at),
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
        self.planner.is_some() || !self.held.is_empty()
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
        let mut operations = self.release(starts);
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
        if self.times.has_report() {
            return self.place(file, now, starts);
        }
        self.held.push((file, now));
        Vec::new()
    }

    /// Places the files that were closed before the first report.
    fn release(&mut self, starts: &SessionStarts) -> Vec<CatalogOperation> {
        let held = std::mem::take(&mut self.held);
        let place = |(file, now): (ClosedFile, DateTime<Utc>)| {
            let now = self.times.came_by(file.end, now);
            self.place(file, now, starts)
        };
        held.into_iter().flat_map(place).collect()
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

    /// ffmpeg has ended; `files` are in its folder. Seals what it did not close itself, ends the session.
    pub fn over(&mut self, files: &[u32], now: DateTime<Utc>, why: &str) -> Vec<CatalogOperation> {
        let mut operations = self.release(&SessionStarts::default());
        if self.planner.is_none() {
            return vec![CatalogOperation::Discard(self.folder.clone())];
        }
        let open = self.next_file;
        for file in files.iter().copied().filter(|file| *file >= open) {
            let at = self.times.next_start().unwrap_or(now);
            operations.extend(self.begin_file(file, at, &SessionStarts::default()));
            let arrival = FileArrival { end: FileEnd::NotAfter(now), first: None };
            operations.extend(self.seal(file, arrival, Some(format!("cut short: {why}"))));
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
                if let Some(turn) = planner.file_begins(file, at, Uuid::now_v7()) {
                    let continues = Some(Continues { folder: self.folder.clone(), from: file });
                    let key_prefix = self.note.key_prefix.clone();
                    let (ended, begun) = (turn.ended, turn.begun);
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
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::sample;

    fn time(text: &str) -> DateTime<Utc> {
        text.parse().expect(text)
    }

    fn run(started_at: &str) -> RecordingRun {
        let session = RecordingSession { id: Uuid::from_u128(1), started_at: time(started_at), ..sample::session("a") };
        RecordingRun::new(Note { session, key_prefix: String::new(), continues: None })
    }

    fn closed(number: u32, start: u64, end: u64) -> ClosedFile {
        ClosedFile { number, start: Duration::from_secs(start), end: Duration::from_secs(end) }
    }

    /// One word per operation.
    fn words(operations: &[CatalogOperation]) -> Vec<String> {
        let put = |segment: &Segment| format!("{} {}", segment.state.as_str(), segment.object_key);
        operations
            .iter()
            .map(|operation| match operation {
                CatalogOperation::Begin(note) => format!("begin {}", note.session.started_at.format("%dT%H:%M:%S")),
                CatalogOperation::Note { note, .. } => {
                    format!("note {}", note.session.started_at.format("%dT%H:%M:%S"))
                }
                CatalogOperation::Open(session) => format!("open {}", session.started_at.format("%dT%H:%M:%S")),
                CatalogOperation::Put(segment) => put(segment),
                CatalogOperation::Seal(order) => {
                    format!("seal {} as {} {:?}", order.from.1, put(&order.draft), order.why)
                }
                CatalogOperation::Close { at, reason, .. } => format!("close {} {reason}", at.format("%dT%H:%M:%S")),
                CatalogOperation::Discard(_) => "discard".to_owned(),
                CatalogOperation::Finish(_) => "finish".to_owned(),
            })
            .collect()
    }

    #[test]
    fn a_session_opens_with_its_first_media_and_seals_what_was_closed() {
        let mut run = run("2026-11-21T08:00:00Z");
        assert!(
            words(&run.progressed(Duration::ZERO, time("2026-11-21T08:00:01Z"), &SessionStarts::default())).is_empty()
        );
        let first =
            run.progressed(Duration::from_millis(500), time("2026-11-21T08:00:03.500Z"), &SessionStarts::default());
        let key = "a/2026-11-21/20261121_080003/segment_000.mp4";
        assert_eq!(words(&first), ["note 21T08:00:03", "open 21T08:00:03", &format!("writing {key}")]);
        assert!(
            run.progressed(Duration::from_secs(1), time("2026-11-21T08:00:04Z"), &SessionStarts::default()).is_empty()
        );

        let sealed = run.closed(closed(0, 0, 10), time("2026-11-21T08:00:13Z"), &SessionStarts::default());
        assert_eq!(words(&sealed), [format!("seal 0 as writing {key} None")]);
        let next = run.progressed(Duration::from_secs(11), time("2026-11-21T08:00:14Z"), &SessionStarts::default());
        assert_eq!(words(&next), ["writing a/2026-11-21/20261121_080003/segment_001.mp4"]);
        let CatalogOperation::Put(row) = &next[0] else { panic!("{next:?}") };
        assert_eq!(row.started_at, time("2026-11-21T08:00:13Z"));

        let over = run.over(&[0, 1], time("2026-11-21T08:00:15Z"), "killed");
        let seal = "seal 1 as writing a/2026-11-21/20261121_080003/segment_001.mp4 Some(\"cut short: killed\")";
        assert_eq!(words(&over), [seal, "close 21T08:00:14 killed", "finish"]);
    }

    #[test]
    fn a_session_planned_before_midnight_begins_on_the_day_of_its_first_media() {
        let mut run = run("2026-12-31T23:59:59Z");
        let first =
            run.progressed(Duration::from_millis(300), time("2027-01-01T00:00:00.400Z"), &SessionStarts::default());
        let key = "writing a/2027-01-01/20270101_000000/segment_000.mp4";
        assert_eq!(words(&first), ["note 01T00:00:00", "open 01T00:00:00", key]);
    }

    #[test]
    fn first_reports_that_come_late_are_corrected_at_the_end_of_the_file() {
        let mut run = run("2026-11-21T08:00:00Z");
        run.progressed(Duration::from_millis(20), time("2026-11-21T08:00:00.900Z"), &SessionStarts::default());
        let sealed = run.closed(closed(0, 0, 2), time("2026-11-21T08:00:02.150Z"), &SessionStarts::default());
        let CatalogOperation::Seal(order) = &sealed[0] else { panic!("{sealed:?}") };
        assert_eq!(order.draft.started_at, time("2026-11-21T08:00:00.150Z"));
    }

    #[test]
    fn a_run_without_media_leaves_nothing() {
        let mut run = run("2026-11-21T08:00:00Z");
        assert_eq!(words(&run.over(&[0], time("2026-11-21T08:00:01Z"), "404")), ["discard"]);
    }

    #[test]
    fn a_run_that_is_faster_than_its_progress_loses_nothing() {
        let mut run = run("2026-11-21T08:00:00Z");
        let none = SessionStarts::default();
        assert!(run.closed(closed(0, 0, 2), time("2026-11-21T08:00:02Z"), &none).is_empty());
        assert!(run.closed(closed(1, 2, 4), time("2026-11-21T08:00:04Z"), &none).is_empty());
        assert!(run.has_media());
        let operations = words(&run.over(&[], time("2026-11-21T08:00:04Z"), "done"));
        let key = |number: u32| format!("writing a/2026-11-21/20261121_080000/segment_00{number}.mp4");
        let seal = |number: u32| format!("seal {number} as {} None", key(number));
        let (first, second) = ([key(0), seal(0)], [key(1), seal(1)]);
        let ends = ["close 21T08:00:04 done".to_owned(), "finish".to_owned()];
        assert_eq!(operations, [&["open 21T08:00:00".to_owned()][..], &first, &second, &ends].concat());
    }

    #[test]
    fn what_was_kept_back_is_dated_when_it_came() {
        // ffmpeg looked for the format of a sound that never came, five seconds long.
        let (mut run, none) = (run("2026-11-21T08:00:00Z"), SessionStarts::default());
        assert!(run.closed(closed(0, 0, 2), time("2026-11-21T08:00:06.300Z"), &none).is_empty());
        assert!(run.closed(closed(1, 2, 4), time("2026-11-21T08:00:06.310Z"), &none).is_empty());
        let placed = run.progressed(Duration::from_millis(5_800), time("2026-11-21T08:00:06.800Z"), &none);
        let seals = placed.iter().filter_map(|operation| match operation {
            CatalogOperation::Seal(order) => Some(order.arrival.place(order.draft.started_at, Duration::from_secs(2))),
            _ => None,
        });
        let two = Duration::from_secs(2);
        let wanted = [(time("2026-11-21T08:00:01Z"), two), (time("2026-11-21T08:00:03Z"), two)];
        assert_eq!(seals.collect::<Vec<_>>(), wanted);
    }

    #[test]
    fn midnight_begins_a_session_while_ffmpeg_goes_on() {
        let mut run = run("2026-12-31T23:59:50Z");
        run.progressed(Duration::from_secs(1), time("2026-12-31T23:59:51Z"), &SessionStarts::default());
        run.closed(closed(0, 0, 12), time("2027-01-01T00:00:02Z"), &SessionStarts::default());
        let turn = run.progressed(Duration::from_secs(13), time("2027-01-01T00:00:03Z"), &SessionStarts::default());
        assert_eq!(
            words(&turn),
            [
                "begin 01T00:00:02",
                "open 01T00:00:02",
                "close 01T00:00:02 a new day began (UTC); the recording goes on in the next session",
                "writing a/2027-01-01/20270101_000002/segment_000.mp4",
            ]
        );
        let sealed = run.closed(closed(1, 12, 22), time("2027-01-01T00:00:12Z"), &SessionStarts::default());
        let CatalogOperation::Seal(order) = &sealed[0] else { panic!("{sealed:?}") };
        assert_eq!((order.from.1, order.to.1), (1, 0));
        assert_ne!(order.from.0, order.to.0);
        let over = run.over(&[], time("2027-01-01T00:00:12Z"), "done");
        assert_eq!(words(&over), ["close 01T00:00:12 done", "finish", "finish"]);
    }
}
