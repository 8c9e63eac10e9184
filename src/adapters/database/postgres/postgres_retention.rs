//! The tables `recording_locks`, `recording_cleanups` and `recording_cleanups_done`.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;
use uuid::Uuid;

use super::Postgres;
use super::postgres_client::PostgresClient;
use super::postgres_fault::PostgresFailure;
use crate::adapters::database::RetentionStore;
use crate::adapters::database::retention_store::no_lock;
use crate::base::Result;
use crate::domain::retention::{Cleanup, RecordingLock};

const LOCK: &str = "id, stream, from_at, to_at, reason, set_by, set_at";
const CLEANUP: &str = "id, stream, before_at, set_by, set_at";

#[async_trait]
impl RetentionStore for Postgres {
    async fn locks(&self) -> Result<Vec<RecordingLock>> {
        let link = self.server.link().await?;
        link.answer(locks(&link)).await
    }

    async fn add_lock(&self, lock: RecordingLock) -> Result<()> {
        let link = self.server.link().await?;
        link.answer(add_lock(&link, &lock)).await
    }

    async fn remove_lock(&self, id: Uuid) -> Result<()> {
        let link = self.server.link().await?;
        link.answer(remove_lock(&link, id)).await
    }

    async fn is_locked(&self, segment: Uuid) -> Result<bool> {
        let link = self.server.link().await?;
        link.answer(is_locked(&link, segment)).await
    }

    async fn clock(&self) -> Result<Option<DateTime<Utc>>> {
        let link = self.server.link().await?;
        link.answer(clock(&link)).await.map(Some)
    }

    async fn cleanups(&self) -> Result<Vec<Cleanup>> {
        let owner = self.owner.get()?;
        let link = self.server.link().await?;
        link.answer(cleanups(&link, &owner)).await
    }

    async fn add_cleanup(&self, cleanup: Cleanup) -> Result<()> {
        let link = self.server.link().await?;
        link.answer(add_cleanup(&link, &cleanup)).await
    }

    async fn cleanup_done(&self, id: Uuid) -> Result<()> {
        let owner = self.owner.get()?;
        let link = self.server.link().await?;
        link.answer(cleanup_done(&link, &owner, id)).await
    }
}

type Answer<T> = std::result::Result<T, PostgresFailure>;

async fn locks(client: &PostgresClient) -> Answer<Vec<RecordingLock>> {
    let sql = format!("SELECT {LOCK} FROM recording_locks ORDER BY stream, from_at, id");
    Ok(client.query(&sql, &[]).await?.iter().filter_map(lock).collect())
}

async fn add_lock(client: &PostgresClient, lock: &RecordingLock) -> Answer<()> {
    let sql = format!("INSERT INTO recording_locks ({LOCK}) VALUES ($1, $2, $3, $4, $5, $6, $7)");
    let values: [&(dyn ToSql + Sync); 7] =
        [&lock.id, &lock.stream, &lock.from, &lock.to, &lock.reason, &lock.set_by, &lock.set_at];
    client.execute(&sql, &values).await?;
    Ok(())
}

async fn remove_lock(client: &PostgresClient, id: Uuid) -> Answer<()> {
    match client.execute("DELETE FROM recording_locks WHERE id = $1", &[&id]).await? {
        0 => Err(no_lock(id).into()),
        _ => Ok(()),
    }
}

async fn is_locked(client: &PostgresClient, segment: Uuid) -> Answer<bool> {
    let sql = "SELECT EXISTS (SELECT 1 FROM segments JOIN recording_locks AS locks ON locks.stream = segments.stream \
               WHERE segments.id = $1 AND segments.started_at < locks.to_at AND segments.ended_at > locks.from_at)";
    let statement = client.prepare_cached(sql).await?;
    Ok(client.query_one(&statement, &[&segment]).await?.try_get(0)?)
}

async fn clock(client: &PostgresClient) -> Answer<DateTime<Utc>> {
    Ok(client.query_one("SELECT clock_timestamp()", &[]).await?.try_get(0)?)
}

async fn cleanups(client: &PostgresClient, owner: &str) -> Answer<Vec<Cleanup>> {
    let sql = format!(
        "SELECT {CLEANUP} FROM recording_cleanups WHERE NOT EXISTS (SELECT 1 FROM recording_cleanups_done AS done \
         WHERE done.cleanup = recording_cleanups.id AND done.node = $1) ORDER BY set_at, id"
    );
    Ok(client.query(&sql, &[&owner]).await?.iter().filter_map(cleanup).collect())
}

async fn add_cleanup(client: &PostgresClient, new: &Cleanup) -> Answer<()> {
    let sql = format!("INSERT INTO recording_cleanups ({CLEANUP}) VALUES ($1, $2, $3, $4, $5)");
    let values: [&(dyn ToSql + Sync); 5] = [&new.id, &new.stream, &new.before, &new.set_by, &new.set_at];
    client.execute(&sql, &values).await?;
    Ok(())
}

async fn cleanup_done(client: &PostgresClient, owner: &str, id: Uuid) -> Answer<()> {
    let sql = "INSERT INTO recording_cleanups_done (cleanup, node, done_at) VALUES ($1, $2, clock_timestamp()) ON CONFLICT DO NOTHING";
    client.execute(sql, &[&id, &owner]).await?;
    Ok(())
}

/// `None` when somebody wrote a row by hand that locks nothing.
fn lock(row: &Row) -> Option<RecordingLock> {
    Some(RecordingLock {
        id: row.try_get(0).ok()?,
        stream: row.try_get(1).ok()?,
        from: row.try_get(2).ok()?,
        to: row.try_get(3).ok()?,
        reason: row.try_get(4).ok()?,
        set_by: row.try_get(5).ok()?,
        set_at: row.try_get(6).ok()?,
    })
}

fn cleanup(row: &Row) -> Option<Cleanup> {
    Some(Cleanup {
        id: row.try_get(0).ok()?,
        stream: row.try_get(1).ok()?,
        before: row.try_get(2).ok()?,
        set_by: row.try_get(3).ok()?,
        set_at: row.try_get(4).ok()?,
    })
}
