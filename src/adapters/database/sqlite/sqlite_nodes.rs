//! The `nodes` table: who works on this file.

use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension, Row, TransactionBehavior, params};
use uuid::Uuid;

use super::decode::{self, time_text};
use super::sqlite_fault::{self, SqliteFailure};
use crate::adapters::database::{Joined, NodeFolder, nodes_sql};
use crate::domain::node::{Node, NodeClaim, NodePlace, admit};

const COLUMNS: &str = "node, name, instance, run, relays, records, seen_at, stopped_at, spool, objects, adopted";

pub(super) fn all(connection: &Connection) -> Result<Vec<Node>, SqliteFailure> {
    let now = Utc::now();
    let mut statement = connection.prepare_cached(&format!("SELECT {COLUMNS} FROM nodes ORDER BY node"))?;
    let rows: Vec<Option<Node>> = statement.query_map([], |row| Ok(node(row, now)))?.collect::<Result<_, _>>()?;
    Ok(rows.into_iter().flatten().collect())
}

/// Looks at all nodes and writes ours, with nobody else joining in between.
pub(super) fn join(connection: &mut Connection, claim: &NodeClaim) -> Result<Joined, SqliteFailure> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let before = all(&transaction)?;
    let NodePlace { owner, name } = admit(claim, &before)?;
    // A node that is gone and had our name.
    let sql = "UPDATE nodes SET name = node || '@' || instance WHERE name = ?1 AND node <> ?2";
    transaction.execute(sql, [&name, &owner])?;
    let sql = "INSERT INTO nodes (node, name, instance, run, relays, records, started_at, seen_at) \
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?7) ON CONFLICT (node) DO UPDATE SET \
               started_at = CASE WHEN run = excluded.run THEN started_at ELSE excluded.started_at END, \
               name = excluded.name, instance = excluded.instance, run = excluded.run, relays = excluded.relays, \
               records = excluded.records, seen_at = excluded.seen_at, stopped_at = NULL";
    let (instance, run) = (claim.instance.to_string(), claim.run.to_string());
    let values = params![owner, name, instance, run, claim.relays, claim.records, time_text(Utc::now())];
    transaction.prepare_cached(sql)?.execute(values)?;
    if claim.relays && claim.starts {
        for sql in nodes_sql::take_up("?1") {
            transaction.execute(&sql, [&owner])?;
        }
    }
    let (mine, others) = all(&transaction)?.into_iter().partition(|node| node.owner == owner);
    transaction.commit()?;
    Ok(Joined::of(mine, others)?)
}

pub(super) fn leave(connection: &mut Connection, run: Uuid) -> Result<(), SqliteFailure> {
    let sql = "UPDATE nodes SET stopped_at = ?2 WHERE run = ?1";
    connection.execute(sql, [run.to_string(), time_text(Utc::now())])?;
    Ok(())
}

pub(super) fn set_folder(
    connection: &mut Connection,
    owner: &str,
    folder: NodeFolder,
    id: Uuid,
) -> Result<(), SqliteFailure> {
    let sql = format!("UPDATE nodes SET {} = ?2 WHERE node = ?1", folder.column());
    connection.execute(&sql, [owner, &id.to_string()]).map_err(|error| match sqlite_fault::is_duplicate(&error) {
        true => folder.taken(id).into(),
        false => SqliteFailure::from(error),
    })?;
    Ok(())
}

pub(super) fn ownerless(connection: &mut Connection) -> Result<Option<Vec<String>>, SqliteFailure> {
    let adopted = connection.query_row("SELECT 1 FROM nodes WHERE adopted", [], |_| Ok(())).optional()?;
    if adopted.is_some() {
        return Ok(None);
    }
    let mut statement = connection.prepare(&nodes_sql::ownerless())?;
    let paths = statement.query_map([], |row| Ok(decode::text(row, 0)))?.collect::<Result<Vec<_>, _>>()?;
    Ok(Some(paths.into_iter().flatten().collect()))
}

pub(super) fn adopt(connection: &mut Connection, owner: &str) -> Result<(), SqliteFailure> {
    let sql = "UPDATE nodes SET adopted = 1 WHERE node = ?1 AND NOT EXISTS (SELECT 1 FROM nodes WHERE adopted)";
    connection.execute(sql, [owner])?;
    Ok(())
}

fn node(row: &Row<'_>, now: DateTime<Utc>) -> Option<Node> {
    Some(Node {
        owner: decode::text(row, 0)?,
        name: decode::text(row, 1)?,
        instance: decode::id(row, 2)?,
        run: decode::id(row, 3)?,
        relays: decode::flag(row, 4),
        records: decode::flag(row, 5),
        // A sign from the future is one of a clock that was set back since.
        silent: (now - decode::time(row, 6)?).abs().to_std().ok()?,
        stopped: decode::text(row, 7).is_some(),
        spool: decode::id(row, 8),
        objects: decode::id(row, 9),
        adopted: decode::flag(row, 10),
    })
}
