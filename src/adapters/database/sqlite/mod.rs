//! The embedded default: one SQLite file in `data_dir`, readable and writable with the `sqlite3` shell while we run.
//!
//! Five connections, so that none waits for another: one writes, one reads rows, one reads long lists, one watches for changes by other
//! processes, one tries whether writing is possible. WAL, `synchronous=FULL`: a write that returned survives a power cut. Every call answers within
//! [`LIMIT`] and a little grace, and says in a sentence what is wrong; when the fault goes away the next call works.
//!
//! The file may be replaced by another while we run (the connections move over); when it is removed, calls fail until
//! one is put back, because an empty table would stop every camera.
//!
//! Never here: what makes a camera valid (`domain::camera`), which segment goes where (`actors`).

mod changes;
mod decode;
#[cfg(test)]
mod migration_tests;
mod sqlite_cameras;
mod sqlite_copies;
mod sqlite_fault;
mod sqlite_file;
mod sqlite_history;
mod sqlite_hosts;
mod sqlite_incidents;
mod sqlite_inspect;
mod sqlite_login_store;
mod sqlite_logins;
mod sqlite_maintenance;
mod sqlite_nodes;
mod sqlite_notes;
mod sqlite_notifications;
mod sqlite_recordings;
mod sqlite_retention;
mod sqlite_schema;
mod sqlite_segments;
mod sqlite_stores;
#[cfg(test)]
mod tests;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use self::changes::Watcher;
use self::sqlite_file::{ConnectionRole, File};
pub use self::sqlite_inspect::{inspect, inspect_logins, inspect_nodes};
use super::Owner;
use crate::base::{Error, ErrorKind, Result};

/// Longest time one call may take: waiting for its turn, for other processes' locks, and its own work.
const LIMIT: Duration = Duration::from_secs(5);

/// A file that cannot be locked for so long is called locked by whoever asks for its health: they wait 2 s.
const LOCKED: Duration = Duration::from_secs(1);

/// A SQLite file with our schema.
pub struct Sqlite {
    file: Arc<File>,
    watcher: Arc<Watcher>,
    owner: Owner,
}

/// Opens the file, makes it (and its folder) when it does not exist, and brings its schema up to date.
///
/// `Unsupported` when the schema is newer than ours or the file belongs to another program.
pub async fn open(path: impl Into<PathBuf>) -> Result<Arc<Sqlite>> {
    open_with_limit(path.into(), LIMIT, WaitFor::None).await
}

/// As [`open`], but a file that another process holds locked is waited for: until then calls say so, and that it can be
/// read is announced as a change of the cameras.
pub async fn open_or_wait(path: impl Into<PathBuf>) -> Result<Arc<Sqlite>> {
    open_with_limit(path.into(), LIMIT, WaitFor::ForLocks).await
}

/// As [`open_or_wait`], for a program that has worked with this file before and can go on without it: a file that is damaged
/// or cannot be read is waited for too.
///
/// # Errors
/// `Unsupported` as [`open`].
pub async fn open_again(path: impl Into<PathBuf>) -> Result<Arc<Sqlite>> {
    open_with_limit(path.into(), LIMIT, WaitFor::ForAll).await
}

/// What opening waits for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum WaitFor {
    None,
    ForLocks,
    /// A newer schema or another program's file stays so all the same.
    ForAll,
}

impl WaitFor {
    fn covers(self, error: &Error) -> bool {
        match self {
            Self::None => false,
            Self::ForLocks => sqlite_fault::is_locked(error),
            Self::ForAll => error.kind() != ErrorKind::Unsupported,
        }
    }
}

async fn open_with_limit(path: PathBuf, limit: Duration, wait: WaitFor) -> Result<Arc<Sqlite>> {
    let file = Arc::new(File::new(path, limit));
    // The first look is ours: what changes after this function returned is announced.
    let looked = match file.create().await {
        Ok(()) => file.call(ConnectionRole::Watcher, changes::mark).await,
        Err(error) => Err(error),
    };
    let first = match looked {
        Ok(first) => Some(first),
        // Every connection looks at the schema when it is opened: the first call after the lock brings it up to date.
        Err(error) if wait.covers(&error) => {
            log::warn!("{error}; continuing degraded until then");
            None
        }
        Err(error) => return Err(error),
    };
    let watcher = Arc::new(Watcher::new(Arc::clone(&file), first));
    Ok(Arc::new(Sqlite { file, watcher, owner: Owner::none() }))
}

impl Sqlite {
    /// The same file, for a node that counts as admitted under this name.
    #[must_use]
    pub fn for_node(&self, name: &str) -> Arc<Self> {
        let (file, watcher) = (Arc::clone(&self.file), Arc::clone(&self.watcher));
        Arc::new(Self { file, watcher, owner: Owner::named(name) })
    }

    /// Our own change of the cameras is seen at once and not with the next look.
    fn cameras_changed(&self) {
        self.watcher.wake();
    }
}
