//! The `history_rows` table.

use rusqlite::{Connection, OptionalExtension, TransactionBehavior, params};

use super::decode;
use super::sqlite_fault::SqliteFailure;
use crate::adapters::database::HistoryQuery;
use crate::adapters::database::history_store::{self, SeriesBuckets};
use crate::domain::history::{Bucket, SeriesKey, SeriesKind, Tier};

pub(super) fn add(connection: &mut Connection, owner: &str, batch: Vec<SeriesBuckets>) -> Result<(), SqliteFailure> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    {
        let mut kept = transaction.prepare_cached(
            "SELECT data FROM history_rows \
             WHERE kind = ?1 AND server = ?2 AND name = ?3 AND tier = ?4 AND start = ?5 AND node = ?6",
        )?;
        let mut put = transaction.prepare_cached(
            "INSERT INTO history_rows (kind, server, name, tier, start, node, data) VALUES (?, ?, ?, ?, ?, ?, ?) \
             ON CONFLICT (kind, server, name, tier, start, node) DO UPDATE SET data = excluded.data",
        )?;
        for (key, new) in history_store::by_row(batch) {
            let (series, tier, start) = &key;
            let (kind, tier) = (series.kind.as_str(), tier.as_str());
            let row = params![kind, series.server, series.name, tier, start, owner];
            // A row that somebody wrote text into is damaged like any other.
            let found: Option<Option<Vec<u8>>> = kept.query_row(row, |row| Ok(decode::bytes(row, 0))).optional()?;
            let data = history_store::added(&key, found.flatten().as_deref(), new);
            put.execute(params![kind, series.server, series.name, tier, start, owner, data])?;
        }
    }
    Ok(transaction.commit()?)
}

pub(super) fn read(
    connection: &mut Connection,
    owner: Option<&str>,
    query: &HistoryQuery,
) -> Result<Vec<Bucket>, SqliteFailure> {
    let sql = "SELECT node, start, data FROM history_rows \
               WHERE kind = ?1 AND server = ?2 AND name = ?3 AND tier = ?4 AND start > ?5 AND start < ?6 ORDER BY start";
    let mut statement = connection.prepare_cached(sql)?;
    let (series, tier) = (&query.series, query.tier);
    let values =
        params![series.kind.as_str(), series.server, series.name, tier.as_str(), query.from - tier.span(), query.to];
    let row =
        |row: &rusqlite::Row<'_>| Ok(decode::text(row, 0).zip(row.get::<_, i64>(1).ok()).zip(decode::bytes(row, 2)));
    let rows: Vec<_> = statement.query_map(values, row)?.collect::<Result<Vec<_>, _>>()?;
    let rows: Vec<_> = rows.into_iter().flatten().map(|((node, start), data)| (node, start, data)).collect();
    Ok(history_store::read(query, owner, &rows))
}

pub(super) fn series(
    connection: &mut Connection,
    kind: SeriesKind,
    tier: Tier,
    since: i64,
) -> Result<Vec<SeriesKey>, SqliteFailure> {
    let sql = "SELECT DISTINCT server, name FROM history_rows WHERE tier = ?1 AND start > ?2 AND kind = ?3";
    let mut statement = connection.prepare_cached(sql)?;
    let row = |row: &rusqlite::Row<'_>| Ok(decode::text(row, 0).zip(decode::text(row, 1)));
    let rows = statement.query_map(params![tier.as_str(), since - tier.span(), kind.as_str()], row)?;
    let rows: Vec<_> = rows.collect::<Result<Vec<_>, _>>()?;
    Ok(rows.into_iter().flatten().map(|(server, name)| SeriesKey { kind, server, name }).collect())
}

pub(super) fn forget(connection: &mut Connection, owner: &str, tier: Tier, before: i64) -> Result<u64, SqliteFailure> {
    let sql = "DELETE FROM history_rows WHERE tier = ?1 AND start <= ?2 AND node = ?3";
    let gone = connection.prepare_cached(sql)?.execute(params![tier.as_str(), before - tier.span(), owner])?;
    Ok(gone as u64)
}
