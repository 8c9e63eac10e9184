//! Watches for changes of the cameras by anybody: us, the `sqlite3` shell, a restored file.
//!
//! A thread of its own with a connection of its own; it lives as long as the database handle. No row is read here.

use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, SyncSender};
use std::time::{Duration, Instant};

use rusqlite::Connection;
use tokio::sync::watch;

use super::fault::Failure;
use super::file::{File, Link};
use crate::adapters::database::again::despite_panics;
use crate::base::{Error, Result};

/// Time between two looks. One look costs some 50 microseconds, so a thousandth of a core, and half of this is what a new
/// camera waits on average.
const INTERVAL: Duration = Duration::from_millis(50);

/// Longest time one look may take.
const PATIENCE: Duration = Duration::from_secs(2);

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

/// Starts watching for what differs from the first look, or, without one, for the first time that a look succeeds. The sender wakes the watcher before its time.
pub(super) fn watch(file: Arc<File>, first: Option<Mark>) -> Result<(SyncSender<()>, watch::Receiver<u64>)> {
    // One place is enough: a second wake would make it look at the same thing. Full: the wake is dropped.
    let (wake, woken) = mpsc::sync_channel(1);
    let (sender, receiver) = watch::channel(0);
    std::thread::Builder::new()
        .name("sqlite-changes".to_owned())
        .spawn(move || {
            let mut first = first;
            // After a panic nobody knows what was missed.
            despite_panics("watching the database for changes", || {
                look_until_dropped(&file, first.take(), &woken, &sender)
            });
        })
        .map_err(|error| {
            let text = format!(
                "no thread can be started for watching the database ({error}); allow this user more processes and \
                threads (ulimit -u, TasksMax= in the unit)"
            );
            Error::unavailable(text).with_source(error)
        })?;
    Ok((wake, receiver))
}

fn look_until_dropped(file: &File, first: Option<Mark>, woken: &Receiver<()>, sender: &watch::Sender<u64>) {
    let mut failing = first.is_none();
    let mut last = first;
    while woken.recv_timeout(INTERVAL) != Err(RecvTimeoutError::Disconnected) {
        match file.run(Link::Watcher, Instant::now() + PATIENCE, mark) {
            Ok(seen) => {
                // After a failure we do not know what we missed.
                if failing || last.as_ref() != Some(&seen) {
                    sender.send_modify(|changes| *changes += 1);
                }
                if failing {
                    log::info!("database can be watched for changes again");
                }
                last = Some(seen);
                failing = false;
            }
            Err(error) => {
                if !failing {
                    log::warn!(error = error.to_string(); "database cannot be watched for changes");
                }
                failing = true;
            }
        }
    }
}

pub(super) fn mark(connection: &mut Connection) -> Result<Mark, Failure> {
    let pragma = |name| connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
    let sql = "SELECT (SELECT count FROM change_counts WHERE what = 'cameras'), \
               (SELECT count(*) FROM sqlite_schema WHERE type = 'trigger' AND tbl_name = 'cameras' \
                AND name IN ('cameras_inserted', 'cameras_updated', 'cameras_deleted'))";
    let read = |row: &rusqlite::Row<'_>| Ok((row.get::<_, Option<i64>>(0)?, row.get::<_, i64>(1)?));
    let (changes, triggers) = connection.prepare_cached(sql)?.query_row([], read)?;
    let commits = if triggers == 3 && changes.is_some() { None } else { Some(pragma("data_version")?) };
    Ok(Mark { changes: changes.unwrap_or(0), schema: pragma("schema_version")?, commits })
}
