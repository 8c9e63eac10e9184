//! The tables `recording_locks`, `recording_cleanups` and `recording_cleanups_done`.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use rusqlite::{Connection, Row, params};
use uuid::Uuid;

use super::Sqlite;
use super::decode::{self, time_text};
use super::sqlite_file::ConnectionRole::{Reader, Writer};
use crate::adapters::database::RetentionStore;
use crate::adapters::database::retention_store::no_lock;
use crate::base::Result;
use crate::domain::retention::{Cleanup, RecordingLock};

const LOCK: &str = "id, stream, from_at, to_at, reason, set_by, set_at";
const CLEANUP: &str = "id, stream, before_at, set_by, set_at";

#[async_trait]
impl RetentionStore for Sqlite {
    async fn locks(&self) -> Result<Vec<RecordingLock>> {
        let list = |connection: &mut Connection| {
            let sql = format!("SELECT {LOCK} FROM recording_locks ORDER BY stream, from_at, id");
            let mut statement = connection.prepare_cached(&sql)?;
            let rows = statement.query_map([], |row| Ok(lock(row)))?;
            let rows: Vec<Option<RecordingLock>> = rows.collect::<std::result::Result<_, _>>()?;
            Ok(rows.into_iter().flatten().collect())
        };
        self.file.call(Reader, list).await
    }

    async fn add_lock(&self, lock: RecordingLock) -> Result<()> {
        let add = move |connection: &mut Connection| {
            let sql = format!("INSERT INTO recording_locks ({LOCK}) VALUES (?, ?, ?, ?, ?, ?, ?)");
            let (from, to, set_at) = (time_text(lock.from), time_text(lock.to), time_text(lock.set_at));
            let values = params![lock.id.to_string(), lock.stream, from, to, lock.reason, lock.set_by, set_at];
            connection.execute(&sql, values)?;
            Ok(())
        };
        self.file.call(Writer, add).await
    }

    async fn remove_lock(&self, id: Uuid) -> Result<()> {
        let remove = move |connection: &mut Connection| match connection
            .execute("DELETE FROM recording_locks WHERE id = ?1", [id.to_string()])?
        {
            0 => Err(no_lock(id).into()),
            _ => Ok(()),
        };
        self.file.call(Writer, remove).await
    }

    async fn is_locked(&self, segment: Uuid) -> Result<bool> {
        let ask = move |connection: &mut Connection| {
            let sql = "SELECT EXISTS (SELECT 1 FROM segments JOIN recording_locks AS locks ON locks.stream = segments.stream \
                       WHERE segments.id = ?1 AND segments.started_at < locks.to_at AND segments.ended_at > locks.from_at)";
            Ok(connection.prepare_cached(sql)?.query_row([segment.to_string()], |row| row.get(0))?)
        };
        self.file.call(Reader, ask).await
    }

    /// A file has the clock of this machine.
    async fn clock(&self) -> Result<Option<DateTime<Utc>>> {
        Ok(None)
    }

    async fn cleanups(&self) -> Result<Vec<Cleanup>> {
        let owner = self.owner.get()?;
        let list = move |connection: &mut Connection| {
            let sql = format!(
                "SELECT {CLEANUP} FROM recording_cleanups WHERE NOT EXISTS (SELECT 1 FROM recording_cleanups_done AS done \
                 WHERE done.cleanup = recording_cleanups.id AND done.node = ?1) ORDER BY set_at, id"
            );
            let mut statement = connection.prepare_cached(&sql)?;
            let rows = statement.query_map([&*owner], |row| Ok(cleanup(row)))?;
            let rows: Vec<Option<Cleanup>> = rows.collect::<std::result::Result<_, _>>()?;
            Ok(rows.into_iter().flatten().collect())
        };
        self.file.call(Reader, list).await
    }

    async fn add_cleanup(&self, new: Cleanup) -> Result<()> {
        let add = move |connection: &mut Connection| {
            let sql = format!("INSERT INTO recording_cleanups ({CLEANUP}) VALUES (?, ?, ?, ?, ?)");
            let (before, set_at) = (time_text(new.before), time_text(new.set_at));
            connection.execute(&sql, params![new.id.to_string(), new.stream, before, new.set_by, set_at])?;
            Ok(())
        };
        self.file.call(Writer, add).await
    }

    async fn cleanup_done(&self, id: Uuid) -> Result<()> {
        let owner = self.owner.get()?;
        let add = move |connection: &mut Connection| {
            let sql = "INSERT INTO recording_cleanups_done (cleanup, node, done_at) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING";
            connection.execute(sql, params![id.to_string(), &*owner, time_text(Utc::now())])?;
            Ok(())
        };
        self.file.call(Writer, add).await
    }
}

/// `None` when somebody wrote a row by hand that locks nothing.
fn lock(row: &Row<'_>) -> Option<RecordingLock> {
    Some(RecordingLock {
        id: decode::id(row, 0)?,
        stream: decode::text(row, 1)?,
        from: decode::time(row, 2)?,
        to: decode::time(row, 3)?,
        reason: decode::text(row, 4)?,
        set_by: decode::text(row, 5)?,
        set_at: decode::time(row, 6)?,
    })
}

fn cleanup(row: &Row<'_>) -> Option<Cleanup> {
    Some(Cleanup {
        id: decode::id(row, 0)?,
        stream: decode::text(row, 1),
        before: decode::time(row, 2)?,
        set_by: decode::text(row, 3)?,
        set_at: decode::time(row, 4)?,
    })
}
