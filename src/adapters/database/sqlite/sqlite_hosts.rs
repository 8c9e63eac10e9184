//! The `hosts` table.

use rusqlite::{Connection, TransactionBehavior, params};

use super::decode;
use super::sqlite_fault::SqliteFailure;
use crate::adapters::database::host_store;
use crate::domain::host::HostStatus;

pub(super) fn all(connection: &mut Connection) -> Result<Vec<HostStatus>, SqliteFailure> {
    let mut statement = connection.prepare_cached("SELECT name, status FROM hosts ORDER BY name")?;
    let row = |row: &rusqlite::Row<'_>| Ok(decode::text(row, 0).zip(decode::own_text(row, 1)));
    let rows: Vec<_> = statement.query_map([], row)?.collect::<Result<Vec<_>, _>>()?;
    Ok(rows.into_iter().flatten().filter_map(|(name, status)| host_store::read(&name, &status)).collect())
}

pub(super) fn put(connection: &mut Connection, hosts: &[HostStatus]) -> Result<(), SqliteFailure> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    {
        let sql =
            "INSERT INTO hosts (name, status) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET status = excluded.status";
        let mut put = transaction.prepare_cached(sql)?;
        for host in hosts {
            put.execute(params![host.name, host_store::written(host)])?;
        }
    }
    Ok(transaction.commit()?)
}

pub(super) fn remove(connection: &mut Connection, name: &str) -> Result<(), SqliteFailure> {
    connection.prepare_cached("DELETE FROM hosts WHERE name = ?1")?.execute(params![name])?;
    Ok(())
}
