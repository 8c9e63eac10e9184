//! The `history_rows` table.

use std::collections::HashMap;

use tokio_postgres::types::ToSql;

use super::postgres_client::PostgresClient;
use super::postgres_fault::PostgresFailure;
use crate::adapters::database::HistoryQuery;
use crate::adapters::database::history_store::{self, SeriesBuckets};
use crate::domain::history::{Bucket, SeriesKey, SeriesKind, Tier};

pub(super) async fn add(
    client: &PostgresClient,
    owner: &str,
    batch: Vec<SeriesBuckets>,
) -> Result<(), PostgresFailure> {
    let rows = history_store::by_row(batch);
    let kinds: Vec<&str> = rows.keys().map(|(series, ..)| series.kind.as_str()).collect();
    let servers: Vec<&str> = rows.keys().map(|(series, ..)| series.server.as_str()).collect();
    let names: Vec<&str> = rows.keys().map(|(series, ..)| series.name.as_str()).collect();
    let tiers: Vec<&str> = rows.keys().map(|(_, tier, _)| tier.as_str()).collect();
    let starts: Vec<i64> = rows.keys().map(|(.., start)| *start).collect();
    let keys = "unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::bigint[])";
    let sql = format!(
        "SELECT place, data FROM {keys} WITH ORDINALITY AS wanted (kind, server, name, tier, start, place) \
         JOIN history_rows USING (kind, server, name, tier, start) WHERE node = $1 ORDER BY place FOR UPDATE OF history_rows"
    );
    let statement = client.prepare_cached(&sql).await?;
    let values: [&(dyn ToSql + Sync); 6] = [&owner, &kinds, &servers, &names, &tiers, &starts];
    let found = client.query(&statement, &values).await?;
    let kept: HashMap<i64, &[u8]> =
        found.iter().filter_map(|row| Some((row.try_get(0).ok()?, row.try_get(1).ok()?))).collect();
    let data: Vec<Vec<u8>> = (rows.clone().into_iter().zip(1..))
        .map(|((key, new), place)| history_store::added(&key, kept.get(&place).copied(), new))
        .collect();
    let sql = "INSERT INTO history_rows (node, kind, server, name, tier, start, data) SELECT $1, * FROM \
               unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::bigint[], $7::bytea[]) \
               ON CONFLICT (kind, server, name, tier, start, node) DO UPDATE SET data = excluded.data";
    let statement = client.prepare_cached(sql).await?;
    let values: [&(dyn ToSql + Sync); 7] = [&owner, &kinds, &servers, &names, &tiers, &starts, &data];
    client.execute(&statement, &values).await?;
    Ok(())
}

pub(super) async fn read(
    client: &PostgresClient,
    owner: Option<&str>,
    query: &HistoryQuery,
) -> Result<Vec<Bucket>, PostgresFailure> {
    let sql = "SELECT node, start, data FROM history_rows \
               WHERE kind = $1 AND server = $2 AND name = $3 AND tier = $4 AND start > $5 AND start < $6 ORDER BY start";
    let statement = client.prepare_cached(sql).await?;
    let (series, tier) = (&query.series, query.tier);
    let after = query.from - tier.span();
    let values: [&(dyn ToSql + Sync); 6] =
        [&series.kind.as_str(), &series.server, &series.name, &tier.as_str(), &after, &query.to];
    let found = client.query(&statement, &values).await?;
    let row = |row: &tokio_postgres::Row| Some((row.try_get(0).ok()?, row.try_get(1).ok()?, row.try_get(2).ok()?));
    let rows: Vec<(String, i64, Vec<u8>)> = found.iter().filter_map(row).collect();
    Ok(history_store::read(query, owner, &rows))
}

pub(super) async fn series(
    client: &PostgresClient,
    kind: SeriesKind,
    tier: Tier,
    since: i64,
) -> Result<Vec<SeriesKey>, PostgresFailure> {
    let sql = "SELECT DISTINCT server, name FROM history_rows WHERE tier = $1 AND start > $2 AND kind = $3";
    let statement = client.prepare_cached(sql).await?;
    let values: [&(dyn ToSql + Sync); 3] = [&tier.as_str(), &(since - tier.span()), &kind.as_str()];
    let found = client.query(&statement, &values).await?;
    let row =
        |row: &tokio_postgres::Row| Some(SeriesKey { kind, server: row.try_get(0).ok()?, name: row.try_get(1).ok()? });
    Ok(found.iter().filter_map(row).collect())
}

pub(super) async fn forget(
    client: &PostgresClient,
    owner: &str,
    tier: Tier,
    before: i64,
) -> Result<u64, PostgresFailure> {
    let sql = "DELETE FROM history_rows WHERE tier = $1 AND start <= $2 AND node = $3";
    let statement = client.prepare_cached(sql).await?;
    let values: [&(dyn ToSql + Sync); 3] = [&tier.as_str(), &(before - tier.span()), &owner];
    Ok(client.execute(&statement, &values).await?)
}
