//! The `maintenance` table.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;

use super::Postgres;
use super::postgres_client::PostgresClient;
use super::postgres_fault::PostgresFailure;
use crate::adapters::database::MaintenanceStore;
use crate::adapters::database::maintenance_store::not_excused;
use crate::base::Result;
use crate::domain::incident::Subject;
use crate::domain::maintenance::Maintenance;

const COLUMNS: &str = "subject, subject_name, ends_at, reason, set_by, set_at";

#[async_trait]
impl MaintenanceStore for Postgres {
    async fn maintenance(&self, now: DateTime<Utc>) -> Result<Vec<Maintenance>> {
        let link = self.server.link().await?;
        link.answer(list(&link, now)).await
    }

    async fn put_maintenance(&self, new: Maintenance) -> Result<()> {
        let link = self.server.link().await?;
        link.answer(put(&link, &new)).await
    }

    async fn end_maintenance(&self, subject: Subject, now: DateTime<Utc>) -> Result<()> {
        let link = self.server.link().await?;
        link.answer(end(&link, &subject, now)).await
    }
}

async fn list(client: &PostgresClient, now: DateTime<Utc>) -> std::result::Result<Vec<Maintenance>, PostgresFailure> {
    let sql = format!("SELECT {COLUMNS} FROM maintenance WHERE ends_at > $1 ORDER BY ends_at, subject");
    Ok(client.query(&sql, &[&now]).await?.iter().filter_map(maintenance).collect())
}

async fn put(client: &PostgresClient, new: &Maintenance) -> std::result::Result<(), PostgresFailure> {
    client.execute("DELETE FROM maintenance WHERE ends_at <= $1", &[&new.set_at]).await?;
    let sql = format!(
        "INSERT INTO maintenance ({COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (subject) DO UPDATE SET \
         subject_name = excluded.subject_name, ends_at = excluded.ends_at, reason = excluded.reason, \
         set_by = excluded.set_by, set_at = excluded.set_at"
    );
    let values: [&(dyn ToSql + Sync); 6] =
        [&new.key, &new.subject.name(), &new.until, &new.reason, &new.set_by, &new.set_at];
    client.execute(&sql, &values).await?;
    Ok(())
}

async fn end(
    client: &PostgresClient,
    subject: &Subject,
    now: DateTime<Utc>,
) -> std::result::Result<(), PostgresFailure> {
    match client.execute("DELETE FROM maintenance WHERE subject = $1 AND ends_at > $2", &[&subject.key(), &now]).await?
    {
        0 => Err(not_excused(subject).into()),
        _ => Ok(()),
    }
}

/// `None` when somebody wrote a row by hand that excuses nothing.
fn maintenance(row: &Row) -> Option<Maintenance> {
    let key: String = row.try_get(0).ok()?;
    Some(Maintenance {
        subject: Subject::from_key(&key, row.try_get(1).ok()?)?,
        key,
        until: row.try_get(2).ok()?,
        reason: row.try_get(3).ok()?,
        set_by: row.try_get(4).ok()?,
        set_at: row.try_get(5).ok()?,
    })
}
