//! The `copies` table: where the bytes of segments are. A trigger keeps `segments.state` as the copies say.

use chrono::Utc;
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;
use uuid::Uuid;

use super::postgres_client::PostgresClient;
use super::postgres_fault::PostgresFailure;
use crate::adapters::database::owner::is_own;
use crate::domain::copies::{CopyPlace, CopyState, SegmentCopy, copies_of};
use crate::domain::recording::SegmentState;

const COLUMNS: &str = "segment, place, state, verified_at, sha256, reason";

/// Makes the copies of a segment what this state says. The caller has locked or written its row in the same transaction.
pub(super) async fn place(client: &PostgresClient, id: Uuid, state: SegmentState) -> Result<(), PostgresFailure> {
    let Some((spool, objects)) = copies_of(state) else {
        client.execute("DELETE FROM copies WHERE segment = $1", &[&id]).await?;
        client.execute("UPDATE segments SET state = 'writing' WHERE id = $1 AND state <> 'writing'", &[&id]).await?;
        return Ok(());
    };
    let sql = "INSERT INTO copies (segment, place, state, changed_at, verified_at) \
               SELECT $1, place, state, $4, CASE WHEN state = 'verified' THEN $4 END \
               FROM (VALUES ('objects', $2::text), ('spool', $3::text)) AS wanted (place, state) \
               ON CONFLICT (segment, place) DO UPDATE SET state = excluded.state, changed_at = excluded.changed_at, \
               reason = NULL, verified_at = coalesce(excluded.verified_at, copies.verified_at) \
               WHERE copies.state <> excluded.state";
    let statement = client.prepare_cached(sql).await?;
    client.execute(&statement, &[&id, &objects.as_str(), &spool.as_str(), &Utc::now()]).await?;
    Ok(())
}

/// Writes a copy of a segment of this owner, where it is in that state. A digest or a time that is not given stays.
pub(super) async fn write(
    client: &PostgresClient,
    owner: &str,
    copy: &SegmentCopy,
    from: Option<CopyState>,
) -> Result<bool, PostgresFailure> {
    let sql = format!(
        "UPDATE copies SET state = $3, changed_at = CASE WHEN copies.state = $3 THEN copies.changed_at ELSE now() END, \
         verified_at = coalesce($4, copies.verified_at), sha256 = coalesce($5, copies.sha256), reason = $6 \
         FROM segments WHERE segments.id = copies.segment AND copies.segment = $1 AND copies.place = $2 \
         AND ($7::text IS NULL OR copies.state = $7) AND {}",
        is_own("$8")
    );
    let from = from.map(CopyState::as_str);
    let values: [&(dyn ToSql + Sync); 8] = [
        &copy.segment,
        &copy.place.as_str(),
        &copy.state.as_str(),
        &copy.verified_at,
        &copy.sha256,
        &copy.reason,
        &from,
        &owner,
    ];
    let statement = client.prepare_cached(&sql).await?;
    Ok(client.execute(&statement, &values).await? > 0)
}

/// Copies of these segments.
pub(super) async fn of(client: &PostgresClient, segments: &[Uuid]) -> Result<Vec<SegmentCopy>, PostgresFailure> {
    let sql = format!("SELECT {COLUMNS} FROM copies WHERE segment = ANY ($1) ORDER BY segment, place");
    let statement = client.prepare_cached(&sql).await?;
    Ok(client.query(&statement, &[&segments]).await?.iter().filter_map(copy).collect())
}

/// This owner's copies in a state, of those that are not settled (neither verified nor evicted).
pub(super) async fn standing(
    client: &PostgresClient,
    owner: &str,
    place: CopyPlace,
    state: CopyState,
    limit: u32,
) -> Result<Vec<SegmentCopy>, PostgresFailure> {
    let columns = COLUMNS.split(", ").map(|column| format!("copies.{column}")).collect::<Vec<_>>().join(", ");
    let sql = format!(
        "SELECT {columns} FROM copies JOIN segments ON segments.id = copies.segment \
         WHERE copies.place = '{}' AND copies.state = '{}' AND copies.state NOT IN ('verified', 'evicted') AND {} ORDER BY copies.segment LIMIT {limit}",
        place.as_str(),
        state.as_str(),
        is_own("$1")
    );
    Ok(client.query(&sql, &[&owner]).await?.iter().filter_map(copy).collect())
}

/// `None` when somebody wrote a row by hand that cannot be a copy.
fn copy(row: &Row) -> Option<SegmentCopy> {
    Some(SegmentCopy {
        segment: row.try_get(0).ok()?,
        place: CopyPlace::parse(row.try_get(1).ok()?)?,
        state: CopyState::parse(row.try_get(2).ok()?)?,
        verified_at: row.try_get(3).ok()?,
        sha256: row.try_get(4).ok()?,
        reason: row.try_get(5).ok()?,
    })
}
