//! The `segments` table: one row for every media file.

use chrono::{DateTime, Utc};
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;
use uuid::Uuid;

use super::postgres_client::PostgresClient;
use super::postgres_copies;
use super::postgres_fault::PostgresFailure;
use crate::adapters::database::owner::is_own;
use crate::adapters::database::{SegmentQuery, Skip, row_rules};
use crate::base::{Error, Scope};
use crate::domain::name::StreamName;
use crate::domain::recording::{Segment, SegmentState};
use crate::domain::segment_track;

const COLUMNS: &str = "id, session, server, stream, number, state, started_at, duration_ms, bytes, frames, init_bytes, \
                       media_bytes, spool_path, object_key, reason, media_ms, media_start_ms";

pub(super) async fn put(client: &PostgresClient, owner: &str, segment: &Segment) -> Result<(), PostgresFailure> {
    let sql = format!(
        "INSERT INTO segments ({COLUMNS}, ended_at, node, tracks) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20) \
         ON CONFLICT (session, number) DO UPDATE SET id = excluded.id, server = excluded.server, \
         stream = excluded.stream, state = excluded.state, started_at = excluded.started_at, \
         duration_ms = excluded.duration_ms, bytes = excluded.bytes, frames = excluded.frames, \
         init_bytes = excluded.init_bytes, media_bytes = excluded.media_bytes, spool_path = excluded.spool_path, \
         object_key = excluded.object_key, reason = excluded.reason, ended_at = excluded.ended_at, \
         media_ms = excluded.media_ms, media_start_ms = excluded.media_start_ms, \
         tracks = coalesce(excluded.tracks, segments.tracks), \
         node = excluded.node WHERE segments.node IN (excluded.node, '')"
    );
    let statement = client.prepare_cached(&sql).await?;
    let values: [&(dyn ToSql + Sync); 20] = [
        &segment.id,
        &segment.session,
        &segment.server,
        &segment.stream.as_str(),
        &i64::from(segment.number),
        &segment.state.as_str(),
        &segment.started_at,
        &row_rules::stored(segment.duration_ms),
        &row_rules::stored(segment.bytes),
        &row_rules::stored(segment.frames),
        &row_rules::stored(segment.init_bytes),
        &row_rules::stored(segment.media_bytes),
        &segment.spool_path,
        &segment.object_key,
        &segment.reason,
        &segment.media_ms.map(row_rules::stored),
        &segment.media_start_ms.map(row_rules::stored),
        &row_rules::end(segment),
        &owner,
        &segment.tracks.as_deref().map(segment_track::to_text),
    ];
    match client.execute(&statement, &values).await? {
        0 => Err(row_rules::not_ours(segment).into()),
        _ => postgres_copies::place(client, segment.id, segment.state).await,
    }
}

pub(super) async fn shift(
    client: &PostgresClient,
    owner: &str,
    id: Uuid,
    from: &[SegmentState],
    to: SegmentState,
    reason: Option<&str>,
) -> Result<bool, PostgresFailure> {
    let own = is_own("$3");
    let sql = format!("SELECT id FROM segments WHERE id = $1 AND state = ANY ($2) AND {own} FOR UPDATE");
    let statement = client.prepare_cached(&sql).await?;
    if client.query_opt(&statement, &[&id, &words(from), &owner]).await?.is_none() {
        return Ok(false);
    }
    if reason.is_some() {
        client.execute("UPDATE segments SET reason = $2 WHERE id = $1", &[&id, &reason]).await?;
    }
    postgres_copies::place(client, id, to).await?;
    Ok(true)
}

/// Takes the oldest sealed segment that is not skipped and nobody else is taking. The inner error is about a row that is
/// taken all the same, so that it does not stand before the others for ever.
pub(super) async fn claim(
    client: &PostgresClient,
    owner: &str,
    skip: &Skip,
) -> Result<crate::base::Result<Option<Segment>>, PostgresFailure> {
    // Adopted ones after our own: each look is one step into the index of what is local.
    let order = if skip.newest_but.is_some() { "started_at DESC, id DESC" } else { "started_at, id" };
    let but: &[String] = skip.newest_but.as_deref().unwrap_or_default();
    let adopted = "'' AND EXISTS (SELECT 1 FROM nodes WHERE nodes.node = $1 AND adopted)";
    let mut found = None;
    for whose in ["$1", adopted] {
        let sql = format!(
            "SELECT {COLUMNS} FROM segments WHERE id = (SELECT segments.id FROM segments JOIN copies \
             ON copies.segment = segments.id AND copies.place = 'objects' AND copies.state = 'waiting' \
             WHERE segments.state = 'sealed' AND node = {whose} AND id <> ALL ($2) AND session <> ALL ($3) AND stream <> ALL ($4) \
             ORDER BY {order} LIMIT 1 FOR UPDATE OF segments SKIP LOCKED)"
        );
        let statement = client.prepare_cached(&sql).await?;
        found = client.query_opt(&statement, &[&owner, &skip.segments, &skip.sessions, &but]).await?;
        if found.is_some() {
            break;
        }
    }
    let Some(row) = found else { return Ok(Ok(None)) };
    let id: Uuid = row.try_get(0)?;
    postgres_copies::place(client, id, SegmentState::Uploading).await?;
    let damaged = || {
        Error::internal("a row of the segment table was damaged by hand; it is left as uploading").about(Scope::Item)
    };
    let claimed = segment(&row).map(|segment| Segment { state: SegmentState::Uploading, ..segment });
    Ok(claimed.ok_or_else(damaged).map(Some))
}

pub(super) async fn release(client: &PostgresClient, owner: &str) -> Result<u64, PostgresFailure> {
    let sql = format!(
        "UPDATE copies SET state = 'waiting', reason = NULL, changed_at = now() FROM segments \
         WHERE segments.id = copies.segment AND copies.place = 'objects' AND copies.state IN ('uploading', 'conflict') \
         AND copies.state NOT IN ('verified', 'evicted') AND {}",
        is_own("$1")
    );
    Ok(client.execute(&sql, &[&owner]).await?)
}

pub(super) async fn one(client: &PostgresClient, id: Uuid) -> Result<Option<Segment>, PostgresFailure> {
    let statement = client.prepare_cached(&format!("SELECT {COLUMNS}, tracks FROM segments WHERE id = $1")).await?;
    let found = client.query_opt(&statement, &[&id]).await?;
    let tracks = |row: &Row| segment_track::from_text(row.try_get(17).ok()?);
    Ok(found.and_then(|row| Some(Segment { tracks: tracks(&row), ..segment(&row)? })))
}

/// Kept by a trigger: counting millions of rows takes longer than anybody waits.
const COUNTS: &str = "SELECT state, sum(segments)::bigint FROM segment_counts GROUP BY state HAVING sum(segments) > 0";

pub(super) async fn counts(client: &PostgresClient) -> Result<Vec<(SegmentState, u64)>, PostgresFailure> {
    let rows = client.query(COUNTS, &[]).await?;
    let count = |row: &Row| Some((SegmentState::parse(row.try_get(0).ok()?)?, row.try_get::<_, i64>(1).ok()? as u64));
    Ok(rows.iter().filter_map(count).collect())
}

/// `owner` where only its own are asked for.
pub(super) async fn list(
    client: &PostgresClient,
    owner: Option<&str>,
    query: &SegmentQuery,
) -> Result<Vec<Segment>, PostgresFailure> {
    let filter = filter_of(client, owner, query).await?;
    let sql = row_rules::segment_list(COLUMNS, "JOIN", query, &filter.conditions);
    let values: Vec<&(dyn ToSql + Sync)> = filter.values.iter().map(|value| value.as_ref() as _).collect();
    let rows = client.query(&sql, &values).await?;
    let segments: Vec<Segment> = rows.iter().filter_map(segment).collect();
    if segments.len() < rows.len() {
        let damaged = rows.len() - segments.len();
        log::warn!(rows = damaged; "rows of the segment table were damaged by hand and are left out");
    }
    Ok(segments)
}

async fn filter_of(
    client: &PostgresClient,
    owner: Option<&str>,
    query: &SegmentQuery,
) -> Result<Filter, PostgresFailure> {
    let by_session = query.is_by_session();
    let mut filter = Filter::default();
    if let Some(owner) = owner {
        let place = filter.place(owner.to_owned());
        filter.conditions.push(is_own(&place));
    }
    for (column, value) in [("server", &query.server), ("stream", &query.stream)] {
        let Some(value) = value else { continue };
        filter.add(&format!("segments.{column} ="), value.clone());
        if by_session {
            filter.add(&format!("sessions.{column} ="), value.clone());
        }
    }
    if let Some(session) = query.session {
        filter.add("segments.session =", session);
    }
    if let Some(from) = query.from.map(row_rules::known_time) {
        filter.add("segments.ended_at >", from);
        filter.add("segments.started_at >", row_rules::earliest_start(from));
    }
    if let Some(to) = query.to.map(row_rules::known_time) {
        filter.add("segments.started_at <", to);
    }
    if by_session {
        let (earliest, latest) = row_rules::session_starts(query);
        earliest.into_iter().for_each(|at| filter.add("sessions.started_at >", at));
        latest.into_iter().for_each(|at| filter.add("sessions.started_at <", at));
    }
    if let Some(after) = query.after {
        let place = place_of(client, after, by_session).await?;
        let started_at = filter.place(place.started_at);
        let condition = match by_session {
            true => {
                let (session, number) = (filter.place(place.session), filter.place(place.number));
                // The first condition finds the session by the index.
                format!(
                    "sessions.started_at >= {started_at} \
                     AND (sessions.started_at, sessions.id, segments.number) > ({started_at}, {session}, {number})"
                )
            }
            false => {
                let id = filter.place(after);
                format!("(segments.started_at, segments.id) > ({started_at}, {id})")
            }
        };
        filter.conditions.push(condition);
    }
    if !query.states.is_empty() {
        let states = filter.place(words(&query.states));
        filter.conditions.push(format!("segments.state = ANY ({states})"));
    }
    Ok(filter)
}

/// Conditions of a query with the values of their places, in order.
struct Filter {
    conditions: Vec<String>,
    values: Vec<Box<dyn ToSql + Sync + Send>>,
}

impl Default for Filter {
    fn default() -> Self {
        Self { conditions: vec!["true".to_owned()], values: Vec::new() }
    }
}

impl Filter {
    /// Where the value stands in the statement: `$1`, `$2`, ...
    fn place(&mut self, value: impl ToSql + Sync + Send + 'static) -> String {
        self.values.push(Box::new(value));
        format!("${}", self.values.len())
    }

    fn add(&mut self, comparison: &str, value: impl ToSql + Sync + Send + 'static) {
        let place = self.place(value);
        self.conditions.push(format!("{comparison} {place}"));
    }
}

/// Where a segment stands in the list.
struct ListPlace {
    /// That of its session, or its own.
    started_at: DateTime<Utc>,
    session: Uuid,
    number: i64,
}

async fn place_of(client: &PostgresClient, id: Uuid, by_session: bool) -> Result<ListPlace, PostgresFailure> {
    let whose = if by_session { "sessions" } else { "segments" };
    let sql = format!(
        "SELECT {whose}.started_at, sessions.id, segments.number \
         FROM segments JOIN sessions ON sessions.id = segments.session WHERE segments.id = $1"
    );
    let statement = client.prepare_cached(&sql).await?;
    let found = client.query_opt(&statement, &[&id]).await?;
    let sentence = format!("there is no segment {id} to go on after; begin again without it");
    let row = found.ok_or_else(|| Error::invalid("after", sentence))?;
    Ok(ListPlace { started_at: row.try_get(0)?, session: row.try_get(1)?, number: row.try_get(2)? })
}

fn words(states: &[SegmentState]) -> Vec<&'static str> {
    states.iter().map(|state| state.as_str()).collect()
}

/// `None` when somebody wrote a row by hand that cannot be a segment.
fn segment(row: &Row) -> Option<Segment> {
    let optional =
        |column| Some(row.try_get::<_, Option<i64>>(column).ok()?.and_then(|count| u64::try_from(count).ok()));
    let count = |column| row.try_get::<_, i64>(column).ok().and_then(|count| u64::try_from(count).ok());
    Some(Segment {
        id: row.try_get(0).ok()?,
        session: row.try_get(1).ok()?,
        server: row.try_get(2).ok()?,
        stream: StreamName::parse(row.try_get(3).ok()?).ok()?,
        number: u32::try_from(count(4)?).ok()?,
        state: SegmentState::parse(row.try_get(5).ok()?)?,
        started_at: row.try_get(6).ok()?,
        duration_ms: count(7)?,
        bytes: count(8)?,
        frames: count(9)?,
        init_bytes: count(10)?,
        media_bytes: count(11)?,
        spool_path: row.try_get(12).ok()?,
        object_key: row.try_get(13).ok()?,
        reason: row.try_get(14).ok()?,
        media_ms: optional(15)?,
        media_start_ms: optional(16)?,
        tracks: None,
    })
}
