//! Watches for changes of the cameras by anybody: us, the `sqlite3` shell, a restored file.
//!
//! A thread of its own with a connection of its own, which lives as long as the future that started it. No row is read here.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, SyncSender};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use rusqlite::Connection;
use tokio::sync::{oneshot, watch};

use super::sqlite_fault::SqliteFailure;
use super::sqlite_file::{ConnectionRole, File};
use crate::adapters::database::ListenProgress;
use crate::base::{Error, Result};

/// Time between two looks. One look costs some 50 microseconds, so a thousandth of a core, and half of this is what a new
/// camera waits on average.
const INTERVAL: Duration = Duration::from_millis(50);

/// Longest time one look may take.
const LOOK_TIMEOUT: Duration = Duration::from_secs(2);

/// So long a thread may still be at its last look when the next one is to start.
const HANDOVER: Duration = Duration::from_secs(5);

/// What is the same as long as nobody has changed the cameras.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Mark {
    /// Counted by the triggers.
    changes: i64,
    /// Moves when somebody alters tables.
    schema: i64,
    /// Without our triggers (the table was made anew by hand): any commit by another connection counts.
    commits: Option<i64>,
}

/// What a thread that watches needs, and what outlives it.
pub(super) struct Watcher {
    file: Arc<File>,
    /// The first thread announces what differs from this; without it, and every later one, the first look that succeeds.
    first: Mutex<Option<Mark>>,
    sender: watch::Sender<u64>,
    /// As it was when nobody had been told of anything.
    heard: watch::Receiver<u64>,
    wake: SyncSender<()>,
    woken: Arc<Mutex<Receiver<()>>>,
    /// A thread is at work.
    running: Arc<AtomicBool>,
}

/// Sets its flag to this value in the end, however that comes about.
struct InTheEnd(Arc<AtomicBool>, bool);

impl Drop for InTheEnd {
    fn drop(&mut self) {
        self.0.store(self.1, Ordering::Release);
    }
}

impl Watcher {
    pub(super) fn new(file: Arc<File>, first: Option<Mark>) -> Self {
        // One place is enough: a second wake would make it look at the same thing.
        let (wake, woken) = mpsc::sync_channel(1);
        let woken = Arc::new(Mutex::new(woken));
        let (sender, heard) = watch::channel(0);
        Self { file, first: Mutex::new(first), sender, heard, wake, woken, running: Arc::default() }
    }

    pub(super) fn changes(&self) -> watch::Receiver<u64> {
        self.heard.clone()
    }

    /// Makes it look before its time.
    pub(super) fn wake(&self) {
        // Full means that a wake is waiting already.
        let _ = self.wake.try_send(());
    }

    /// Watches until it fails; the thread ends when this future is dropped.
    ///
    /// # Errors
    /// `Unavailable` without a thread, or while an earlier one hangs in the file; `Internal` when it panicked.
    pub(super) async fn run(&self, progress: ListenProgress) -> Result<()> {
        let begun = Instant::now();
        while self.running.swap(true, Ordering::AcqRel) {
            if begun.elapsed() > HANDOVER {
                return Err(Error::unavailable("the thread that watched the database before still hangs in its file"));
            }
            tokio::time::sleep(INTERVAL).await;
        }
        let at_work = InTheEnd(Arc::clone(&self.running), false);
        let unwanted = Arc::new(AtomicBool::new(false));
        let _until_dropped = InTheEnd(Arc::clone(&unwanted), true);
        let first = self.first.lock().unwrap_or_else(PoisonError::into_inner).take();
        let (file, woken, sender) = (Arc::clone(&self.file), Arc::clone(&self.woken), self.sender.clone());
        let (done, ended) = oneshot::channel();
        let look = move || {
            let _at_work = at_work;
            let woken = woken.lock().unwrap_or_else(PoisonError::into_inner);
            look_until(&unwanted, &file, first, &woken, &sender, &progress);
            // Nobody waits for it any more: that is why it ended.
            let _ = done.send(());
        };
        std::thread::Builder::new().name("sqlite-changes".to_owned()).spawn(look).map_err(|error| {
            let text = format!(
                "no thread can be started for watching the database ({error}); allow this user more processes and \
                threads (ulimit -u, TasksMax= in the unit)"
            );
            Error::unavailable(text).with_source(error)
        })?;
        ended.await.map_err(|_| Error::internal("the thread that watches the database panicked"))
    }
}

fn look_until(
    unwanted: &AtomicBool,
    file: &File,
    first: Option<Mark>,
    woken: &Receiver<()>,
    sender: &watch::Sender<u64>,
    progress: &ListenProgress,
) {
    let mut failing = first.is_none();
    let mut last = first;
    let mut version = Version::default();
    while woken.recv_timeout(INTERVAL) != Err(RecvTimeoutError::Disconnected) && !unwanted.load(Ordering::Acquire) {
        progress();
        let known = (!failing).then_some(version);
        let look = |connection: &mut Connection| look(connection, file.connections(), known);
        match file.run(ConnectionRole::Watcher, Instant::now() + LOOK_TIMEOUT, look) {
            Ok((_, None)) => {}
            Ok((seen_at, Some(seen))) => {
                version = seen_at;
                // After a failure we do not know what we missed.
                if failing || last.as_ref() != Some(&seen) {
                    sender.send_modify(|changes| *changes += 1);
                }
                if failing {
                    log::info!("watching the database for changes recovered");
                }
                last = Some(seen);
                failing = false;
            }
            Err(error) => {
                if !failing {
                    log::warn!(error = error.to_string(); "watching the database for changes failed");
                }
                failing = true;
            }
        }
    }
}

/// Which connections had been opened, and the count of commits by others that this one has: the same means that nobody has
/// written anything.
type Version = (u64, Option<i64>);

/// The version, and what it means unless it is the known one: to ask for one number costs a tenth of all the others.
fn look(
    connection: &mut Connection,
    connections: u64,
    known: Option<Version>,
) -> Result<(Version, Option<Mark>), SqliteFailure> {
    let commits = connection.prepare_cached("PRAGMA data_version")?.query_row([], |row| row.get(0))?;
    let version = (connections, Some(commits));
    if known == Some(version) {
        return Ok((version, None));
    }
    Ok((version, Some(mark(connection)?)))
}

pub(super) fn mark(connection: &mut Connection) -> Result<Mark, SqliteFailure> {
    let pragma = |name| connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
    let sql = "SELECT (SELECT count FROM change_counts WHERE what = 'cameras'), \
               (SELECT count(*) FROM sqlite_schema WHERE type = 'trigger' AND tbl_name = 'cameras' \
                AND name IN ('cameras_inserted', 'cameras_updated', 'cameras_deleted'))";
    let read = |row: &rusqlite::Row<'_>| Ok((row.get::<_, Option<i64>>(0)?, row.get::<_, i64>(1)?));
    let (changes, triggers) = connection.prepare_cached(sql)?.query_row([], read)?;
    let commits = if triggers == 3 && changes.is_some() { None } else { Some(pragma("data_version")?) };
    Ok(Mark { changes: changes.unwrap_or(0), schema: pragma("schema_version")?, commits })
}
