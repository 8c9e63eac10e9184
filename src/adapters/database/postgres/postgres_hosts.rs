//! The `hosts` table.

use tokio_postgres::types::ToSql;

use super::postgres_client::PostgresClient;
use super::postgres_fault::PostgresFailure;
use crate::adapters::database::host_store;
use crate::domain::host::HostStatus;

pub(super) async fn all(client: &PostgresClient) -> Result<Vec<HostStatus>, PostgresFailure> {
    let statement = client.prepare_cached("SELECT name, status FROM hosts ORDER BY name").await?;
    let rows = client.query(&statement, &[]).await?;
    let host = |row: &tokio_postgres::Row| host_store::read(row.try_get(0).ok()?, row.try_get(1).ok()?);
    Ok(rows.iter().filter_map(host).collect())
}

pub(super) async fn put(client: &PostgresClient, hosts: &[HostStatus]) -> Result<(), PostgresFailure> {
    let names: Vec<&str> = hosts.iter().map(|host| host.name.as_str()).collect();
    let states: Vec<String> = hosts.iter().map(host_store::written).collect();
    let sql = "INSERT INTO hosts (name, status) SELECT * FROM unnest($1::text[], $2::text[]) \
               ON CONFLICT (name) DO UPDATE SET status = excluded.status";
    let statement = client.prepare_cached(sql).await?;
    let values: [&(dyn ToSql + Sync); 2] = [&names, &states];
    client.execute(&statement, &values).await?;
    Ok(())
}

pub(super) async fn remove(client: &PostgresClient, name: &str) -> Result<(), PostgresFailure> {
    let statement = client.prepare_cached("DELETE FROM hosts WHERE name = $1").await?;
    client.execute(&statement, &[&name]).await?;
    Ok(())
}
