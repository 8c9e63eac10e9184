//! The `sessions` table, and what all segments of a stream come to: sums that triggers keep (`sql/*/V7__sums.sql`).

use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension, Row, params};
use uuid::Uuid;

use super::decode::{self, time_text};
use super::sqlite_fault::SqliteFailure;
use crate::adapters::database::owner::is_own;
use crate::adapters::database::row_rules::Stretches;
use crate::adapters::database::{MOST_SESSIONS, RecordingSummary, SessionSummary, SpansOf, row_rules};
use crate::base::Error;
use crate::domain::completeness::{RecordedSpan, Span};
use crate::domain::name::StreamName;
use crate::domain::recording::{RecordingSession, SegmentState};

const COLUMNS: &str = "id, server, stream, started_at, ended_at, end_reason";

pub(super) fn open(connection: &mut Connection, owner: &str, session: &RecordingSession) -> Result<(), SqliteFailure> {
    // Opening again is no fault: the first answer may have been lost.
    let sql =
        format!("INSERT INTO sessions ({COLUMNS}, node) VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING");
    connection.prepare_cached(&sql)?.execute(params![
        session.id.to_string(),
        session.server,
        session.stream.as_str(),
        time_text(session.started_at),
        session.ended_at.map(time_text),
        session.end_reason,
        owner,
    ])?;
    Ok(())
}

pub(super) fn close(
    connection: &mut Connection,
    owner: &str,
    id: Uuid,
    ended_at: DateTime<Utc>,
    reason: &str,
) -> Result<(), SqliteFailure> {
    let sql = format!(
        "UPDATE sessions SET end_reason = CASE WHEN ended_at IS NULL THEN ?3 ELSE end_reason END, \
         ended_at = coalesce(ended_at, ?2) WHERE id = ?1 AND {}",
        is_own("?4")
    );
    match connection.prepare_cached(&sql)?.execute(params![id.to_string(), time_text(ended_at), reason, owner])? {
        0 => Err(Error::not_found(format!("there is no recording session {id} of this node")).into()),
        _ => Ok(()),
    }
}

pub(super) fn still_open(connection: &mut Connection, owner: &str) -> Result<Vec<RecordingSession>, SqliteFailure> {
    let own = is_own("?1");
    let sql = format!("SELECT {COLUMNS} FROM sessions WHERE ended_at IS NULL AND {own} ORDER BY started_at, id");
    let mut statement = connection.prepare_cached(&sql)?;
    let rows = statement.query_map([owner], |row| Ok(session(row)))?;
    let rows: Vec<Option<RecordingSession>> = rows.collect::<Result<_, _>>()?;
    Ok(rows.into_iter().flatten().collect())
}

pub(super) fn one(connection: &mut Connection, id: Uuid) -> Result<Option<RecordingSession>, SqliteFailure> {
    let sql = format!("SELECT {COLUMNS} FROM sessions WHERE id = ?1");
    let found = connection.prepare_cached(&sql)?.query_row([id.to_string()], |row| Ok(session(row))).optional()?;
    Ok(found.flatten())
}

pub(super) fn of_stream(
    connection: &mut Connection,
    stream: &str,
    server: Option<&str>,
) -> Result<Vec<SessionSummary>, SqliteFailure> {
    let sql = format!(
        "SELECT {COLUMNS}, segments, duration_ms, bytes, {} FROM (SELECT * FROM sessions \
         WHERE stream = ?1 AND (?2 IS NULL OR server = ?2) \
         ORDER BY started_at DESC, id DESC LIMIT {MOST_SESSIONS}) AS newest ORDER BY started_at, id",
        row_rules::FIRST_FRAME
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let rows = statement.query_map(params![stream, server], |row| Ok(session_summary(row)))?;
    let rows: Vec<Option<SessionSummary>> = rows.collect::<Result<_, _>>()?;
    Ok(rows.into_iter().flatten().collect())
}

pub(super) fn summaries(connection: &mut Connection) -> Result<Vec<RecordingSummary>, SqliteFailure> {
    let sql = "SELECT server, stream, sum(sessions), sum(segments), sum(bytes), sum(duration_ms), \
               min(started_at), max(ended_at) FROM recording_days \
               GROUP BY server, stream HAVING sum(segments) > 0 ORDER BY server, stream";
    let mut statement = connection.prepare_cached(sql)?;
    let rows = statement.query_map([], |row| Ok(summary(row)))?;
    let rows: Vec<Option<RecordingSummary>> = rows.collect::<Result<_, _>>()?;
    Ok(rows.into_iter().flatten().collect())
}

pub(super) fn spans(
    connection: &mut Connection,
    within: Span,
    stream: Option<&str>,
    of: &SpansOf,
) -> Result<Vec<RecordedSpan>, SqliteFailure> {
    // Times are texts; a day of the Julian calendar is exact to 0.04 ms.
    let places = ["?1", "?2", "?3", "?4"];
    let follows = "julianday(lag(ended_at) OVER line) >= julianday(started_at) - 0.02 / 86400";
    let sql = match of {
        SpansOf::Sessions(ids) => row_rules::session_segments(ids, places),
        of => row_rules::recorded_spans(follows, places, of),
    };
    let mut statement = connection.prepare(&sql)?;
    let earliest = time_text(row_rules::earliest_start(within.from));
    let values = params![time_text(within.from), earliest, time_text(within.to), stream];
    let rows = statement.query_map(values, |row| Ok(recorded_span(row)))?;
    if matches!(of, SpansOf::Sessions(_)) {
        let mut stretches = Stretches::default();
        for row in rows {
            row?.into_iter().for_each(|row| stretches.add(row));
        }
        return Ok(stretches.into_spans());
    }
    let rows: Vec<Option<RecordedSpan>> = rows.collect::<Result<_, _>>()?;
    Ok(rows.into_iter().flatten().collect())
}

pub(super) fn within(
    connection: &mut Connection,
    within: Span,
    stream: Option<&str>,
) -> Result<Vec<SessionSummary>, SqliteFailure> {
    let sql = format!(
        "SELECT {COLUMNS}, segments, duration_ms, bytes, NULL FROM sessions WHERE started_at < ?1 AND started_at > ?2 AND (ended_at IS NULL OR ended_at > ?3) \
         AND (?4 IS NULL OR stream = ?4) ORDER BY started_at, id"
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let before = row_rules::earliest_start(within.from);
    let values = params![time_text(within.to), time_text(row_rules::earliest_start(before)), time_text(before), stream];
    let rows = statement.query_map(values, |row| Ok(session_summary(row)))?;
    let rows: Vec<Option<SessionSummary>> = rows.collect::<Result<_, _>>()?;
    Ok(rows.into_iter().flatten().collect())
}

fn recorded_span(row: &Row<'_>) -> Option<RecordedSpan> {
    Some(RecordedSpan {
        server: decode::text(row, 0)?,
        stream: decode::text(row, 1)?,
        state: SegmentState::parse(&decode::text(row, 2)?)?,
        span: Span { from: decode::time(row, 3)?, to: decode::time(row, 4)? },
    })
}

/// `None` when somebody wrote a row by hand that cannot be a session.
fn session(row: &Row<'_>) -> Option<RecordingSession> {
    Some(RecordingSession {
        id: decode::id(row, 0)?,
        server: decode::text(row, 1)?,
        stream: StreamName::parse(&decode::text(row, 2)?).ok()?,
        started_at: decode::time(row, 3)?,
        ended_at: decode::time(row, 4),
        end_reason: decode::text(row, 5),
    })
}

fn session_summary(row: &Row<'_>) -> Option<SessionSummary> {
    Some(SessionSummary {
        session: session(row)?,
        segments: decode::count(row, 6)?,
        duration_ms: decode::count(row, 7)?,
        bytes: decode::count(row, 8)?,
        first_frame: decode::time(row, 9),
    })
}

fn summary(row: &Row<'_>) -> Option<RecordingSummary> {
    Some(RecordingSummary {
        server: decode::text(row, 0)?,
        stream: decode::text(row, 1)?,
        sessions: decode::count(row, 2)?,
        segments: decode::count(row, 3)?,
        bytes: decode::count(row, 4)?,
        duration_ms: decode::count(row, 5)?,
        first: decode::time(row, 6)?,
        last: decode::time(row, 7)?,
    })
}
