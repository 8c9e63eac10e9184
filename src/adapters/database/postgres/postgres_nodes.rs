//! The `nodes` table: who works on this database.

use std::sync::Arc;
use std::time::Duration;

use tokio_postgres::Row;
use uuid::Uuid;

use super::link::PostgresServer;
use super::postgres_address::Address;
use super::postgres_client::PostgresClient;
use super::postgres_fault::{self, PostgresFailure};
use super::startup::Gate;
use crate::adapters::database::{Joined, NodeFolder, nodes_sql};
use crate::base::Result as Answer;
use crate::config::settings::PostgresSettings as Settings;
use crate::domain::node::{Node, NodeClaim, NodePlace, admit};

/// By the server's clock: those of the nodes need not agree.
const COLUMNS: &str = "node, name, instance, run, relays, records, \
                       abs(extract(epoch FROM clock_timestamp() - seen_at))::float8, stopped_at IS NOT NULL, \
                       spool, objects, adopted";

/// The nodes, for `check`: migrates nothing. None where the tables are not made yet.
///
/// # Errors
/// As [`super::open`].
pub async fn inspect(settings: &Settings) -> Answer<Vec<Node>> {
    let server = PostgresServer::new(&Address::of(settings)?, Arc::new(Gate::open()))?;
    let link = server.link().await?;
    let asked = async {
        let there = link.query_one("SELECT to_regclass('nodes') IS NOT NULL", &[]).await?;
        if there.get(0) { all(&link).await } else { Ok(Vec::new()) }
    };
    link.answer(asked).await
}

pub(super) async fn all(client: &PostgresClient) -> Result<Vec<Node>, PostgresFailure> {
    let sql = format!("SELECT {COLUMNS} FROM nodes ORDER BY node");
    Ok(client.query(&sql, &[]).await?.iter().filter_map(node).collect())
}

/// Looks at all nodes and writes ours, with nobody else joining in between.
pub(super) async fn join(client: &PostgresClient, claim: &NodeClaim) -> Result<Joined, PostgresFailure> {
    client.batch_execute("LOCK TABLE nodes IN EXCLUSIVE MODE").await?;
    let before = all(client).await?;
    let NodePlace { owner, name } = admit(claim, &before)?;
    // A node that is gone and had our name.
    let sql = "UPDATE nodes SET name = node || '@' || instance WHERE name = $1 AND node <> $2";
    client.execute(sql, &[&name, &owner]).await?;
    let sql = "INSERT INTO nodes (node, name, instance, run, relays, records, started_at, seen_at) \
               VALUES ($1, $2, $3, $4, $5, $6, clock_timestamp(), clock_timestamp()) ON CONFLICT (node) DO UPDATE SET \
               started_at = CASE WHEN nodes.run = excluded.run THEN nodes.started_at ELSE excluded.started_at END, \
               name = excluded.name, instance = excluded.instance, run = excluded.run, relays = excluded.relays, \
               records = excluded.records, seen_at = excluded.seen_at, stopped_at = NULL";
    let NodeClaim { instance, run, relays, records, .. } = claim;
    client.execute(sql, &[&owner, &name, instance, run, relays, records]).await?;
    if claim.relays && claim.starts {
        for sql in nodes_sql::take_up("$1") {
            client.execute(&sql, &[&owner]).await?;
        }
    }
    let (mine, others) = all(client).await?.into_iter().partition(|node| node.owner == owner);
    Ok(Joined::of(mine, others)?)
}

pub(super) async fn leave(client: &PostgresClient, run: Uuid) -> Result<(), PostgresFailure> {
    client.execute("UPDATE nodes SET stopped_at = clock_timestamp() WHERE run = $1", &[&run]).await?;
    Ok(())
}

pub(super) async fn set_folder(
    client: &PostgresClient,
    owner: &str,
    folder: NodeFolder,
    id: Uuid,
) -> Result<(), PostgresFailure> {
    let column = folder.column();
    let sql = format!("UPDATE nodes SET {column} = $2 WHERE node = $1");
    client.execute(&sql, &[&owner, &id]).await.map_err(|error| match postgres_fault::is_duplicate(&error) {
        true => folder.taken(id).into(),
        false => PostgresFailure::from(error),
    })?;
    Ok(())
}

pub(super) async fn ownerless(client: &PostgresClient) -> Result<Option<Vec<String>>, PostgresFailure> {
    if client.query_opt("SELECT 1 FROM nodes WHERE adopted", &[]).await?.is_some() {
        return Ok(None);
    }
    let rows = client.query(&nodes_sql::ownerless(), &[]).await?;
    Ok(Some(rows.iter().filter_map(|row| row.try_get(0).ok()).collect()))
}

pub(super) async fn adopt(client: &PostgresClient, owner: &str) -> Result<(), PostgresFailure> {
    let sql = "UPDATE nodes SET adopted = true WHERE node = $1 AND NOT EXISTS (SELECT 1 FROM nodes WHERE adopted)";
    client.execute(sql, &[&owner]).await?;
    Ok(())
}

fn node(row: &Row) -> Option<Node> {
    Some(Node {
        owner: row.try_get(0).ok()?,
        name: row.try_get(1).ok()?,
        instance: row.try_get(2).ok()?,
        run: row.try_get(3).ok()?,
        relays: row.try_get(4).ok()?,
        records: row.try_get(5).ok()?,
        silent: Duration::try_from_secs_f64(row.try_get(6).ok()?).ok()?,
        stopped: row.try_get(7).ok()?,
        spool: row.try_get(8).ok()?,
        objects: row.try_get(9).ok()?,
        adopted: row.try_get(10).ok()?,
    })
}
