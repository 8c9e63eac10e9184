//! A recorder's writes to spool and catalog, one operation after the other: folders, notes, seals, rows.
//!
//! Order is what makes it safe: a row follows the seal of its file, a session's end follows its last segment, and a
//! folder is finished when the catalogue knows everything. Every operation may be done twice, so a failed one is simply
//! tried again; what waits behind it lies safe in the spool. A file that cannot be sealed is set aside and tried again while
//! its session goes on (`set_aside`). What is given up, or undone at the session's end, leaves the session open and its run's
//! folders unfinished, whatever else is done for them: the recovery finds them again.

use std::collections::{BTreeSet, VecDeque};
use std::time::Duration;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::RecordHandles;
use super::folder_lock::FolderLock;
use super::sealing::seal;
use super::set_aside::{SealOrder, SetAside};
use crate::adapters::spool::{Note, on_disk};
use crate::base::backoff::Backoff;
use crate::base::{Error, ErrorKind, Result, Scope};
use crate::domain::recording::{RecordingSession, Segment};

/// One step.
#[derive(Clone, Debug, PartialEq)]
pub enum CatalogOperation {
    /// Make a session's folder.
    Begin(Note),
    /// Replace a session's note.
    Note {
        /// Its folder.
        folder: String,
        /// What it says now.
        note: Note,
    },
    /// Open a session in the catalogue.
    Open(RecordingSession),
    /// Enter a segment as it is.
    Put(Box<Segment>),
    /// Seal a file and enter its segment.
    Seal(Box<SealOrder>),
    /// Close a session in the catalogue.
    Close {
        /// Which.
        session: Uuid,
        /// Its end.
        at: DateTime<Utc>,
        /// Why.
        reason: String,
    },
    /// Nothing was recorded: delete the folder.
    Discard(String),
    /// The catalogue knows all files of the folder.
    Finish(String),
}

impl CatalogOperation {
    /// The session it is about; `None` for one about a whole run.
    fn session(&self) -> Option<Uuid> {
        match self {
            Self::Begin(note) | Self::Note { note, .. } => Some(note.session.id),
            Self::Open(session) => Some(session.id),
            Self::Put(segment) => Some(segment.session),
            Self::Seal(order) => Some(order.draft.session),
            Self::Close { session, .. } => Some(*session),
            Self::Discard(_) | Self::Finish(_) => None,
        }
    }
}

/// Does one operation. A seal returns the segment as it was entered.
pub async fn apply(handles: &RecordHandles, operation: CatalogOperation) -> Result<Option<Segment>> {
    let recordings = &handles.recordings;
    match operation {
        CatalogOperation::Open(session) => recordings.open_session(session).await?,
        CatalogOperation::Close { session, at, reason } => match recordings.close_session(session, at, reason).await {
            // Somebody deleted its row: nothing is left to close.
            Err(error) if error.kind() == ErrorKind::NotFound => log::warn!("{error}"),
            closed => closed?,
        },
        CatalogOperation::Put(segment) => recordings.put_segment(*segment).await?,
        CatalogOperation::Seal(order) => {
            let segment = on_disk(&handles.spool, move |spool| seal(spool, &order)).await?;
            recordings.put_segment(segment.clone()).await?;
            return Ok(Some(segment));
        }
        CatalogOperation::Begin(note) => drop(on_disk(&handles.spool, move |spool| spool.begin(&note)).await?),
        CatalogOperation::Note { folder, note } => {
            on_disk(&handles.spool, move |spool| spool.note(&folder, &note)).await?
        }
        CatalogOperation::Discard(folder) => on_disk(&handles.spool, move |spool| spool.discard(&folder)).await?,
        CatalogOperation::Finish(folder) => on_disk(&handles.spool, move |spool| spool.finish(&folder)).await?,
    }
    Ok(None)
}

/// The operations that wait, and what is wrong with the first.
#[derive(Default)]
pub struct CatalogWriter {
    queue: VecDeque<QueueEntry>,
    busy: bool,
    failures: u32,
    /// Why the first operation fails, in a sentence.
    trouble: Option<String>,
    /// Sessions of the current run of which an operation was given up.
    incomplete: BTreeSet<Uuid>,
    /// A session that the catalogue refused to open: its rows would be refused as well, so it is offered before each.
    unopened: Option<RecordingSession>,
    /// It is being offered now.
    reopening: bool,
    /// An operation of the current run was given up.
    spoiled: bool,
    /// Seals of the current run that wait for their files.
    set_aside: SetAside,
    /// They have been tried once more because the session's end has come.
    tried_last: bool,
}

enum QueueEntry {
    CatalogOperation(CatalogOperation),
    /// A seal that had been set aside.
    Again(Box<SealOrder>),
    /// Everything about a folder has been done.
    Release(FolderLock),
}

/// What to do after an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// Go on at once.
    Now,
    /// Try again later.
    After(Duration),
}

impl CatalogWriter {
    const BACKOFF: Backoff = Backoff { min: Duration::from_millis(500), max: Duration::from_secs(10) };
    /// An operation that fails for no reason that time would heal (a rule of the catalogue, one file that cannot be read) is
    /// given up after so many tries. Its files stay, and the recovery looks at them again.
    const TRIES: u32 = 5;
    /// More waiting operations than this pause the recording: hours of segments that the catalogue does not know.
    const FULL: usize = 1000;

    /// Adds work.
    pub fn add(&mut self, operations: impl IntoIterator<Item = CatalogOperation>) {
        self.queue.extend(operations.into_iter().map(QueueEntry::CatalogOperation));
    }

    /// Gives the folder back once all work so far has been done.
    pub fn release(&mut self, lock: FolderLock) {
        self.queue.push_back(QueueEntry::Release(lock));
    }

    /// The next operation to do, unless one is being done.
    pub fn next(&mut self) -> Option<CatalogOperation> {
        if self.busy {
            return None;
        }
        while let Some(front) = self.queue.front() {
            match front {
                QueueEntry::CatalogOperation(operation) if self.is_barred(operation) => drop(self.queue.pop_front()),
                QueueEntry::CatalogOperation(operation) if self.waits_for_files(operation) => self.end_without_files(),
                QueueEntry::CatalogOperation(operation) => return Some(self.give_out(operation.clone())),
                QueueEntry::Again(order) => return Some(self.give_out(CatalogOperation::Seal(order.clone()))),
                QueueEntry::Release(_) => {
                    let front = self.queue.pop_front();
                    // A spoiled one is merely dropped, which is not clean.
                    if let (Some(QueueEntry::Release(lock)), false) = (front, self.spoiled) {
                        lock.release();
                    }
                    (self.spoiled, self.unopened, self.tried_last) = (false, None, false);
                    self.incomplete.clear();
                    self.set_aside.leave();
                }
            }
        }
        None
    }

    fn give_out(&mut self, operation: CatalogOperation) -> CatalogOperation {
        self.busy = true;
        let refused = self.unopened.clone().filter(|session| operation.session() == Some(session.id));
        self.reopening = refused.is_some();
        refused.map_or(operation, CatalogOperation::Open)
    }

    /// Puts what was set aside back into the queue when it is time, by the recorder's steady clock; says whether it did.
    pub fn try_again(&mut self, now: Duration, jitter: f64) -> bool {
        let is_time = !self.busy && self.set_aside.is_due(now, jitter);
        if is_time {
            self.requeue();
        }
        is_time
    }

    fn requeue(&mut self) {
        for order in self.set_aside.take().into_iter().rev() {
            self.queue.push_front(QueueEntry::Again(Box::new(order)));
        }
    }

    /// Whether this operation would say that everything has been done, and a file is still to be sealed.
    fn waits_for_files(&self, operation: &CatalogOperation) -> bool {
        match operation {
            CatalogOperation::Close { session, .. } => self.set_aside.holds(Some(*session)),
            CatalogOperation::Finish(_) | CatalogOperation::Discard(_) => self.set_aside.holds(None),
            _ => false,
        }
    }

    /// The session's end has come: one more try, and what fails then is the recovery's.
    fn end_without_files(&mut self) {
        if !std::mem::replace(&mut self.tried_last, true) {
            return self.requeue();
        }
        self.spoiled = true;
        if let Some(QueueEntry::CatalogOperation(operation)) = self.queue.pop_front() {
            self.incomplete.extend(operation.session());
        }
    }

    /// Whether what was given up before forbids this operation: it would say that everything has been done.
    fn is_barred(&self, operation: &CatalogOperation) -> bool {
        match operation {
            CatalogOperation::Close { session, .. } => self.incomplete.contains(session),
            CatalogOperation::Finish(_) | CatalogOperation::Discard(_) => self.spoiled,
            _ => false,
        }
    }

    /// The operation given out by [`CatalogWriter::next`] went like this.
    pub fn done(&mut self, result: Result<(), &Error>, jitter: f64) -> Next {
        self.busy = false;
        let reopening = std::mem::take(&mut self.reopening);
        let Err(error) = result else {
            match reopening {
                true => self.unopened = None,
                false => match self.queue.pop_front() {
                    Some(QueueEntry::Again(_)) => self.set_aside.sealed(),
                    _ => self.tried_last = false,
                },
            }
            self.failures = 0;
            self.trouble = None;
            return Next::Now;
        };
        self.failures += 1;
        if !reopening && self.may_heal_later(error) {
            self.put_aside(error);
            return Next::Now;
        }
        if !error.is_passing() && (reopening || self.failures >= Self::TRIES) {
            self.give_up(error, reopening);
            return Next::Now;
        }
        self.trouble = Some(error.message().to_owned());
        Next::After(Self::BACKOFF.delay(self.failures, jitter))
    }

    /// Whether the first operation is a seal that its own file holds up. Where others wait already, it is tried once.
    fn may_heal_later(&self, error: &Error) -> bool {
        let is_file =
            error.scope() == Scope::Item && matches!(error.kind(), ErrorKind::Unavailable | ErrorKind::Timeout);
        match self.queue.front() {
            Some(QueueEntry::Again(_)) => !error.is_passing(),
            Some(QueueEntry::CatalogOperation(CatalogOperation::Seal(_))) => {
                is_file && (!self.set_aside.is_empty() || self.failures >= Self::TRIES)
            }
            _ => false,
        }
    }

    fn put_aside(&mut self, error: &Error) {
        (self.failures, self.trouble) = (0, None);
        match self.queue.pop_front() {
            Some(QueueEntry::CatalogOperation(CatalogOperation::Seal(order))) => {
                self.set_aside.add(*order, false, error)
            }
            Some(QueueEntry::Again(order)) => self.set_aside.add(*order, true, error),
            _ => {}
        }
    }

    /// The first operation is left to the recovery.
    fn give_up(&mut self, error: &Error, reopening: bool) {
        (self.failures, self.trouble) = (0, None);
        let operation = match self.queue.pop_front() {
            Some(QueueEntry::CatalogOperation(operation)) => operation,
            // Its session was refused: it waits on.
            Some(QueueEntry::Again(order)) => return self.set_aside.add(*order, true, error),
            _ => return,
        };
        if !reopening {
            log::error!(
                session:? = operation.session();
                "a catalogue operation failed for good; its session stays open and is left to the recovery: {error}"
            );
        }
        self.spoiled = true;
        self.incomplete.extend(operation.session());
        if let CatalogOperation::Open(session) = operation {
            self.unopened = Some(session);
        }
    }

    /// Nothing waits and nothing is being done.
    pub fn is_idle(&self) -> bool {
        self.queue.is_empty() && !self.busy
    }

    /// The first operation takes very long.
    pub fn is_late(&mut self, why: &Error) {
        self.trouble = Some(why.message().to_owned());
    }

    /// What is said of the files that cannot be sealed, while there are any.
    pub fn stuck(&self) -> Option<String> {
        self.set_aside.sentence()
    }

    /// Why the first operation fails.
    pub fn trouble(&self) -> Option<&str> {
        self.trouble.as_deref()
    }

    /// Operations that wait.
    pub fn waiting(&self) -> usize {
        self.queue.len() + self.set_aside.waiting()
    }

    /// Why no further recording may begin, when too much waits.
    pub fn obstacle(&self) -> Option<String> {
        (self.queue.len() > Self::FULL).then(|| {
            let why = self.trouble().unwrap_or("it is slow");
            format!("too many segments wait for the catalogue: {why}")
        })
    }
}

#[cfg(test)]
#[path = "catalog_writer_tests.rs"]
mod tests;
