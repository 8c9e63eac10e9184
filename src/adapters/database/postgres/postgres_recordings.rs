//! The `sessions` table, and what all segments of a stream come to: sums that triggers keep (`sql/*/V7__sums.sql`).

use chrono::{DateTime, Utc};
use tokio_postgres::Row;
use uuid::Uuid;

use super::postgres_client::PostgresClient;
use super::postgres_fault::PostgresFailure;
use crate::adapters::database::owner::is_own;
use crate::adapters::database::row_rules::Stretches;
use crate::adapters::database::{MOST_SESSIONS, RecordingSummary, SessionSummary, SpansOf, row_rules};
use crate::base::Error;
use crate::domain::completeness::{RecordedSpan, Span};
use crate::domain::name::StreamName;
use crate::domain::recording::{RecordingSession, SegmentState};

const COLUMNS: &str = "id, server, stream, started_at, ended_at, end_reason";

pub(super) async fn open(
    client: &PostgresClient,
    owner: &str,
    session: &RecordingSession,
) -> Result<(), PostgresFailure> {
    // Opening again is no fault: the first answer may have been lost.
    let sql = format!(
        "INSERT INTO sessions ({COLUMNS}, node) VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (id) DO NOTHING"
    );
    let statement = client.prepare_cached(&sql).await?;
    let values: [&(dyn tokio_postgres::types::ToSql + Sync); 7] = [
        &session.id,
        &session.server,
        &session.stream.as_str(),
        &session.started_at,
        &session.ended_at,
        &session.end_reason,
        &owner,
    ];
    client.execute(&statement, &values).await?;
    Ok(())
}

pub(super) async fn close(
    client: &PostgresClient,
    owner: &str,
    id: Uuid,
    ended_at: DateTime<Utc>,
    reason: &str,
) -> Result<(), PostgresFailure> {
    let sql = format!(
        "UPDATE sessions SET end_reason = CASE WHEN ended_at IS NULL THEN $3 ELSE end_reason END, \
         ended_at = coalesce(ended_at, $2) WHERE id = $1 AND {}",
        is_own("$4")
    );
    let statement = client.prepare_cached(&sql).await?;
    match client.execute(&statement, &[&id, &ended_at, &reason, &owner]).await? {
        0 => Err(Error::not_found(format!("there is no recording session {id} of this node")).into()),
        _ => Ok(()),
    }
}

pub(super) async fn still_open(client: &PostgresClient, owner: &str) -> Result<Vec<RecordingSession>, PostgresFailure> {
    let own = is_own("$1");
    let sql = format!("SELECT {COLUMNS} FROM sessions WHERE ended_at IS NULL AND {own} ORDER BY started_at, id");
    Ok(client.query(&sql, &[&owner]).await?.iter().filter_map(session).collect())
}

pub(super) async fn one(client: &PostgresClient, id: Uuid) -> Result<Option<RecordingSession>, PostgresFailure> {
    let sql = format!("SELECT {COLUMNS} FROM sessions WHERE id = $1");
    let statement = client.prepare_cached(&sql).await?;
    Ok(client.query_opt(&statement, &[&id]).await?.as_ref().and_then(session))
}

pub(super) async fn of_stream(
    client: &PostgresClient,
    stream: &str,
    server: Option<&str>,
) -> Result<Vec<SessionSummary>, PostgresFailure> {
    let sql = format!(
        "SELECT {COLUMNS}, segments, duration_ms, bytes, {} FROM (SELECT * FROM sessions \
         WHERE stream = $1 AND ($2::text IS NULL OR server = $2) \
         ORDER BY started_at DESC, id DESC LIMIT {MOST_SESSIONS}) AS newest ORDER BY started_at, id",
        row_rules::FIRST_FRAME
    );
    let statement = client.prepare_cached(&sql).await?;
    Ok(client.query(&statement, &[&stream, &server]).await?.iter().filter_map(session_summary).collect())
}

pub(super) async fn summaries(client: &PostgresClient) -> Result<Vec<RecordingSummary>, PostgresFailure> {
    let sql = "SELECT server, stream, sum(sessions)::bigint, sum(segments)::bigint, sum(bytes)::bigint, \
               sum(duration_ms)::bigint, min(started_at), max(ended_at) FROM recording_days \
               GROUP BY server, stream HAVING sum(segments) > 0 ORDER BY server COLLATE \"C\", stream COLLATE \"C\"";
    Ok(client.query(sql, &[]).await?.iter().filter_map(summary).collect())
}

pub(super) async fn spans(
    client: &PostgresClient,
    within: Span,
    stream: Option<&str>,
    of: &SpansOf,
) -> Result<Vec<RecordedSpan>, PostgresFailure> {
    let follows = "lag(ended_at) OVER line >= started_at - interval '20 milliseconds'";
    let places = ["$1", "$2", "$3", "$4::text"];
    let sql = match of {
        SpansOf::Sessions(ids) => row_rules::session_segments(ids, places),
        of => row_rules::recorded_spans(follows, places, of),
    };
    let statement = client.prepare_cached(&sql).await?;
    let earliest = row_rules::earliest_start(within.from);
    let rows = client.query(&statement, &[&within.from, &earliest, &within.to, &stream]).await?;
    let rows = rows.iter().filter_map(recorded_span);
    if !matches!(of, SpansOf::Sessions(_)) {
        return Ok(rows.collect());
    }
    let mut stretches = Stretches::default();
    rows.for_each(|row| stretches.add(row));
    Ok(stretches.into_spans())
}

pub(super) async fn within(
    client: &PostgresClient,
    within: Span,
    stream: Option<&str>,
) -> Result<Vec<SessionSummary>, PostgresFailure> {
    let sql = format!(
        "SELECT {COLUMNS}, segments, duration_ms, bytes, NULL::timestamptz FROM sessions WHERE started_at < $2 AND started_at > $1 - interval '2 days' \
         AND (ended_at IS NULL OR ended_at > $1 - interval '1 day') AND ($3::text IS NULL OR stream = $3) \
         ORDER BY started_at, id"
    );
    let statement = client.prepare_cached(&sql).await?;
    let rows = client.query(&statement, &[&within.from, &within.to, &stream]).await?;
    Ok(rows.iter().filter_map(session_summary).collect())
}

fn recorded_span(row: &Row) -> Option<RecordedSpan> {
    Some(RecordedSpan {
        server: row.try_get(0).ok()?,
        stream: row.try_get(1).ok()?,
        state: SegmentState::parse(row.try_get(2).ok()?)?,
        span: Span { from: row.try_get(3).ok()?, to: row.try_get(4).ok()? },
    })
}

/// `None` when somebody wrote a row by hand that cannot be a session.
fn session(row: &Row) -> Option<RecordingSession> {
    Some(RecordingSession {
        id: row.try_get(0).ok()?,
        server: row.try_get(1).ok()?,
        stream: StreamName::parse(row.try_get(2).ok()?).ok()?,
        started_at: row.try_get(3).ok()?,
        ended_at: row.try_get(4).ok()?,
        end_reason: row.try_get(5).ok()?,
    })
}

fn session_summary(row: &Row) -> Option<SessionSummary> {
    Some(SessionSummary {
        session: session(row)?,
        segments: count(row, 6)?,
        duration_ms: count(row, 7)?,
        bytes: count(row, 8)?,
        first_frame: row.try_get(9).ok()?,
    })
}

fn count(row: &Row, column: usize) -> Option<u64> {
    row.try_get::<_, i64>(column).ok().and_then(|count| u64::try_from(count).ok())
}

fn summary(row: &Row) -> Option<RecordingSummary> {
    Some(RecordingSummary {
        server: row.try_get(0).ok()?,
        stream: row.try_get(1).ok()?,
        sessions: count(row, 2)?,
        segments: count(row, 3)?,
        bytes: count(row, 4)?,
        duration_ms: count(row, 5)?,
        first: row.try_get(6).ok()?,
        last: row.try_get(7).ok()?,
    })
}
