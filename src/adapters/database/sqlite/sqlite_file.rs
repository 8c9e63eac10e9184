//! The file and its connections: opened when first needed, closed when they or the file go bad, opened again.
//!
//! Owns turn-taking, time limits and the replacement of the file. Knows no table.

use std::fs;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::{Duration, Instant};

use rusqlite::{Connection, OpenFlags};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::sqlite_fault::{self, SqliteFailure};
use super::sqlite_schema;
use crate::adapters::database::latency::LatencyMonitor;
use crate::base::error::ErrorKind;
use crate::base::{Error, Result};

/// Extra time for a job to notice by itself that it is late. Only a disk that hangs uses it up.
const GRACE: Duration = Duration::from_secs(1);

/// How many times the limit work gets that takes its time whatever the disk is like.
const LONGER: u32 = 6;

/// Calls that may wait for one connection. Full: the call is refused at once, because 1,000 cameras asking at once fit
/// and more than that means that nobody is being answered.
const WAITING: usize = 1_024;

/// SQLite operations between two looks at the clock: about a millisecond of work.
const OPERATIONS_PER_LOOK: i32 = 10_000;

/// Which of the connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ConnectionRole {
    /// The only one that writes.
    Writer,
    /// Single rows and small tables.
    Reader,
    /// Lists that may be long: nobody who asks for one row waits behind them.
    Lists,
    /// Looks for changes.
    Watcher,
    /// Tries whether one could write; waits behind nobody's work.
    Prober,
}

impl ConnectionRole {
    const ALL: [Self; 5] = [Self::Writer, Self::Reader, Self::Lists, Self::Watcher, Self::Prober];
}

/// A file with one connection per [`ConnectionRole`].
pub(super) struct File {
    path: PathBuf,
    limit: Duration,
    latency: LatencyMonitor,
    slots: [Slot; 5],
    /// Read while a connection is used or opened, written while all are closed because the file was replaced: a
    /// connection to the new file must not meet the write-ahead log of the old one, which has the same name.
    replacing: RwLock<()>,
    /// Connections that were opened so far.
    connections: AtomicU64,
}

struct Slot {
    turn: Arc<Semaphore>,
    waiting: Arc<Semaphore>,
    open: Mutex<Option<Open>>,
}

struct Open {
    connection: Connection,
    /// The file the connection has open.
    identity: Identity,
    /// Its write-ahead log, which lies beside it under a name of its own.
    log: Option<Identity>,
}

/// Device and inode: tells a file from another one of the same name.
type Identity = (u64, u64);

impl File {
    pub(super) fn new(path: PathBuf, limit: Duration) -> Self {
        let slot = || Slot {
            turn: Arc::new(Semaphore::new(1)),
            waiting: Arc::new(Semaphore::new(WAITING)),
            open: Mutex::new(None),
        };
        Self {
            path,
            limit,
            latency: LatencyMonitor::default(),
            slots: [slot(), slot(), slot(), slot(), slot()],
            replacing: RwLock::new(()),
            connections: AtomicU64::new(0),
        }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Makes the file when there is none, and opens it once so that a fault shows at start.
    pub(super) async fn create(self: &Arc<Self>) -> Result<()> {
        let path = self.path.clone();
        let made = tokio::task::spawn_blocking(move || make(&path)).await;
        made.map_err(|panic| Error::internal("the database file could not be made").with_source(panic))??;
        self.call(ConnectionRole::Writer, |_| Ok(())).await
    }

    /// Runs a job on a connection: one at a time per connection, in the order of asking, within the limit.
    ///
    /// A job that is too late before it begins is not begun; one that runs out of time is interrupted and rolled back.
    /// Only when the disk itself hangs is the outcome of a write open (`Timeout`).
    pub(super) async fn call<T, J>(self: &Arc<Self>, link: ConnectionRole, job: J) -> Result<T>
    where
        T: Send + 'static,
        J: FnOnce(&mut Connection) -> Result<T, SqliteFailure> + Send + 'static,
    {
        let begun = Instant::now();
        let answer = self.within(self.limit, link, job).await;
        // An error speaks for itself.
        if answer.is_ok() {
            self.latency.note(&self.path.to_string_lossy(), begun.elapsed());
        }
        answer
    }

    /// What people should know of its speed; empty when there is nothing.
    pub(super) fn latency(&self) -> String {
        self.latency.words()
    }

    /// As [`File::call`], for work that takes its time whatever the disk is like: [`LONGER`] than the limit, after its turn has
    /// come within the limit.
    pub(super) async fn long_call<T, J>(self: &Arc<Self>, link: ConnectionRole, job: J) -> Result<T>
    where
        T: Send + 'static,
        J: FnOnce(&mut Connection) -> Result<T, SqliteFailure> + Send + 'static,
    {
        self.within(self.limit * LONGER, link, job).await
    }

    async fn within<T, J>(self: &Arc<Self>, limit: Duration, link: ConnectionRole, job: J) -> Result<T>
    where
        T: Send + 'static,
        J: FnOnce(&mut Connection) -> Result<T, SqliteFailure> + Send + 'static,
    {
        let deadline = Instant::now() + limit;
        let turn = self.turn(link).await?;
        let file = Arc::clone(self);
        // The blocking pool and not a thread of our own: under paused test time, tokio's clock stands while a job runs.
        let work = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            file.run(link, deadline, job)
        });
        let left = deadline.saturating_duration_since(Instant::now()) + GRACE;
        match tokio::time::timeout(left, work).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(panic)) => Err(Error::internal("a database job failed inside").with_source(panic)),
            Err(_) => Err(self.later(limit, "the disk does not answer")),
        }
    }

    async fn turn(&self, link: ConnectionRole) -> Result<OwnedSemaphorePermit> {
        let slot = self.slot(link);
        let closed = |_| Error::internal("the database is closed");
        let Ok(_place) = Arc::clone(&slot.waiting).try_acquire_owned() else {
            return Err(self.late(&format!("{WAITING} calls are waiting already")));
        };
        match tokio::time::timeout(self.limit, Arc::clone(&slot.turn).acquire_owned()).await {
            Ok(turn) => turn.map_err(closed),
            Err(_) => Err(self.late("earlier calls take too long")),
        }
    }

    /// Connections that were opened so far: what one of them counts means nothing to another.
    pub(super) fn connections(&self) -> u64 {
        self.connections.load(Ordering::Relaxed)
    }

    /// Runs a job on this thread. The caller sees to it that there is one at a time per connection.
    pub(super) fn run<T>(
        &self,
        link: ConnectionRole,
        deadline: Instant,
        job: impl FnOnce(&mut Connection) -> Result<T, SqliteFailure>,
    ) -> Result<T> {
        let identity = self.identity()?;
        if self.lock(link).as_ref().is_some_and(|open| open.identity != identity) {
            self.close_replaced(identity);
        }
        let _in_use = self.replacing.read().unwrap_or_else(PoisonError::into_inner);
        let mut slot = self.lock(link);
        let remaining = deadline.saturating_duration_since(Instant::now());
        if remaining.is_zero() {
            return Err(self.late("earlier calls take too long"));
        }
        let open = match slot.take() {
            Some(open) => open,
            None => {
                let connection = self.connect(link, remaining)?;
                // There since the schema was read, and never made anew while a connection is open.
                Open { connection, identity, log: identity_of(&self.log_path()).ok() }
            }
        };
        let open = slot.insert(open);
        let answer = limited(&mut open.connection, deadline, job);
        answer.map_err(|failure| match failure {
            SqliteFailure::Answer(error) => error,
            SqliteFailure::Sql(error) => {
                if sqlite_fault::spoils_connection(&error) {
                    *slot = None;
                }
                sqlite_fault::sentence(&self.path, error)
            }
        })
    }

    fn connect(&self, link: ConnectionRole, limit: Duration) -> Result<Connection> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let sentence = |error| sqlite_fault::sentence(&self.path, error);
        let mut connection = Connection::open_with_flags(&self.path, flags).map_err(sentence)?;
        prepare(&connection, limit).map_err(sentence)?;
        sqlite_schema::migrate(&mut connection, &self.path)?;
        if matches!(link, ConnectionRole::Reader | ConnectionRole::Lists | ConnectionRole::Watcher) {
            connection.pragma_update(None, "query_only", true).map_err(sentence)?;
        }
        self.connections.fetch_add(1, Ordering::Relaxed);
        Ok(connection)
    }

    /// After the file was replaced by the one of this identity, which others may have opened by now. SQLite leaves the log of a file
    /// that moved where it is, and would take it for the log of the new file: it goes, if it is still the one our connections to the
    /// old file had open.
    fn close_replaced(&self, identity: Identity) {
        let _alone = self.replacing.write().unwrap_or_else(PoisonError::into_inner);
        let closed = ConnectionRole::ALL.map(|link| self.lock(link).take_if(|open| open.identity != identity));
        if closed.iter().all(Option::is_none) {
            return;
        }
        let logs: Vec<Identity> = closed.iter().flatten().filter_map(|open| open.log).collect();
        drop(closed);
        let log = self.log_path();
        if identity_of(&log).is_ok_and(|log| logs.contains(&log))
            && let Err(error) = fs::remove_file(&log)
        {
            log::error!(error = error.to_string(); "the log of the replaced database file cannot be removed");
        }
        log::warn!(path = self.path.display().to_string(); "database file was replaced, opening the new one");
    }

    fn log_path(&self) -> PathBuf {
        let mut path = self.path.clone().into_os_string();
        path.push("-wal");
        path.into()
    }

    fn identity(&self) -> Result<Identity> {
        let path = self.path.display();
        identity_of(&self.path).map_err(|error| {
            Error::unavailable(match error.kind() {
                std::io::ErrorKind::NotFound => {
                    format!("the database file {path} is gone; put it back, or restart to begin with an empty one")
                }
                _ => format!("the database file {path} cannot be reached ({error})"),
            })
        })
    }

    fn slot(&self, link: ConnectionRole) -> &Slot {
        &self.slots[link as usize]
    }

    fn lock(&self, link: ConnectionRole) -> MutexGuard<'_, Option<Open>> {
        // A job that panicked left a connection whose transaction was rolled back while unwinding.
        self.slot(link).open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn late(&self, why: &str) -> Error {
        self.later(self.limit, why)
    }

    fn later(&self, limit: Duration, why: &str) -> Error {
        let seconds = limit.as_secs_f32();
        let path = self.path.display();
        Error::new(ErrorKind::Timeout, format!("the database file {path} gave no answer within {seconds} s: {why}"))
    }
}

fn identity_of(path: &Path) -> std::io::Result<Identity> {
    fs::metadata(path).map(|file| (file.dev(), file.ino()))
}

/// Bounds waiting for locks and working by the same deadline.
fn limited<T>(
    connection: &mut Connection,
    deadline: Instant,
    job: impl FnOnce(&mut Connection) -> Result<T, SqliteFailure>,
) -> Result<T, SqliteFailure> {
    connection.busy_timeout(deadline.saturating_duration_since(Instant::now()))?;
    connection.progress_handler(OPERATIONS_PER_LOOK, Some(move || Instant::now() >= deadline))?;
    let answer = job(connection);
    connection.progress_handler(0, None::<fn() -> bool>)?;
    answer
}

fn prepare(connection: &Connection, limit: Duration) -> rusqlite::Result<()> {
    connection.busy_timeout(limit)?;
    connection.pragma_update_and_check(None, "journal_mode", "wal", |_| Ok(()))?;
    connection.pragma_update(None, "synchronous", "full")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    // The log shrinks back after a long reader made it grow.
    connection.pragma_update_and_check(None, "journal_size_limit", 64 << 20, |_| Ok(()))
}

/// An empty file is an empty database. Made by us and not by SQLite, because it will hold camera passwords: only its
/// owner may read it, and SQLite gives its side files the same mode.
fn make(path: &Path) -> Result<()> {
    let refused = |error: std::io::Error| {
        let text = format!(
            "the database file {} cannot be made ({error}); let the user that runs streamwarden write in that folder, or name \
            another one in database.url or data_dir",
            path.display()
        );
        Error::unavailable(text)
    };
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        fs::create_dir_all(folder).map_err(refused)?;
    }
    match fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(refused(error)),
    }
}
