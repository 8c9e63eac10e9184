//! The `maintenance` table.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use rusqlite::{Row, params};

use super::Sqlite;
use super::decode::{self, time_text};
use super::sqlite_file::ConnectionRole::{Reader, Writer};
use crate::adapters::database::MaintenanceStore;
use crate::adapters::database::maintenance_store::not_excused;
use crate::base::Result;
use crate::domain::incident::Subject;
use crate::domain::maintenance::Maintenance;

const COLUMNS: &str = "subject, subject_name, ends_at, reason, set_by, set_at";

#[async_trait]
impl MaintenanceStore for Sqlite {
    async fn maintenance(&self, now: DateTime<Utc>) -> Result<Vec<Maintenance>> {
        let list = move |connection: &mut rusqlite::Connection| {
            let sql = format!("SELECT {COLUMNS} FROM maintenance WHERE ends_at > ?1 ORDER BY ends_at, subject");
            let mut statement = connection.prepare_cached(&sql)?;
            let rows = statement.query_map([time_text(now)], |row| Ok(maintenance(row)))?;
            let rows: Vec<Option<Maintenance>> = rows.collect::<std::result::Result<_, _>>()?;
            Ok(rows.into_iter().flatten().collect())
        };
        self.file.call(Reader, list).await
    }

    async fn put_maintenance(&self, new: Maintenance) -> Result<()> {
        let put = move |connection: &mut rusqlite::Connection| {
            let transaction = connection.transaction()?;
            transaction.execute("DELETE FROM maintenance WHERE ends_at <= ?1", [time_text(new.set_at)])?;
            let sql = format!("INSERT OR REPLACE INTO maintenance ({COLUMNS}) VALUES (?, ?, ?, ?, ?, ?)");
            let (until, set_at) = (time_text(new.until), time_text(new.set_at));
            let values = params![new.key, new.subject.name(), until, new.reason, new.set_by, set_at];
            transaction.execute(&sql, values)?;
            Ok(transaction.commit()?)
        };
        self.file.call(Writer, put).await
    }

    async fn end_maintenance(&self, subject: Subject, now: DateTime<Utc>) -> Result<()> {
        let sql = "DELETE FROM maintenance WHERE subject = ?1 AND ends_at > ?2";
        let end = move |connection: &mut rusqlite::Connection| match connection
            .execute(sql, [subject.key(), time_text(now)])?
        {
            0 => Err(not_excused(&subject).into()),
            _ => Ok(()),
        };
        self.file.call(Writer, end).await
    }
}

/// `None` when somebody wrote a row by hand that excuses nothing.
fn maintenance(row: &Row<'_>) -> Option<Maintenance> {
    let key = decode::text(row, 0)?;
    Some(Maintenance {
        subject: Subject::from_key(&key, &decode::text(row, 1)?)?,
        key,
        until: decode::time(row, 2)?,
        reason: decode::text(row, 3)?,
        set_by: decode::text(row, 4)?,
        set_at: decode::time(row, 5)?,
    })
}
