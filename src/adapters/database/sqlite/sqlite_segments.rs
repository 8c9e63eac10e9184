//! The `segments` table: one row for every media file.

use rusqlite::{Connection, OptionalExtension, Row, TransactionBehavior, params, params_from_iter};
use uuid::Uuid;

use super::decode::{self, time_text};
use super::sqlite_copies;
use super::sqlite_fault::SqliteFailure;
use crate::adapters::database::owner::is_own;
use crate::adapters::database::{SegmentQuery, Skip, row_rules};
use crate::base::{Error, Scope};
use crate::domain::name::StreamName;
use crate::domain::recording::{Segment, SegmentState};
use crate::domain::segment_track;

const COLUMNS: &str = "id, session, server, stream, number, state, started_at, duration_ms, bytes, frames, init_bytes, \
                       media_bytes, spool_path, object_key, reason, media_ms, media_start_ms";

pub(super) fn put(connection: &mut Connection, owner: &str, segment: &Segment) -> Result<(), SqliteFailure> {
    let sql = format!(
        "INSERT INTO segments ({COLUMNS}, ended_at, node, tracks) \
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) \
         ON CONFLICT (session, number) DO UPDATE SET id = excluded.id, server = excluded.server, \
         stream = excluded.stream, state = excluded.state, started_at = excluded.started_at, \
         duration_ms = excluded.duration_ms, bytes = excluded.bytes, frames = excluded.frames, \
         init_bytes = excluded.init_bytes, media_bytes = excluded.media_bytes, spool_path = excluded.spool_path, \
         object_key = excluded.object_key, reason = excluded.reason, ended_at = excluded.ended_at, \
         media_ms = excluded.media_ms, media_start_ms = excluded.media_start_ms, \
         tracks = coalesce(excluded.tracks, segments.tracks), \
         node = excluded.node WHERE segments.node IN (excluded.node, '')"
    );
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let written = transaction.prepare_cached(&sql)?.execute(params![
        segment.id.to_string(),
        segment.session.to_string(),
        segment.server,
        segment.stream.as_str(),
        segment.number,
        segment.state.as_str(),
        time_text(segment.started_at),
        row_rules::stored(segment.duration_ms),
        row_rules::stored(segment.bytes),
        row_rules::stored(segment.frames),
        row_rules::stored(segment.init_bytes),
        row_rules::stored(segment.media_bytes),
        segment.spool_path,
        segment.object_key,
        segment.reason,
        segment.media_ms.map(row_rules::stored),
        segment.media_start_ms.map(row_rules::stored),
        time_text(row_rules::end(segment)),
        owner,
        segment.tracks.as_deref().map(segment_track::to_text),
    ])?;
    if written == 0 {
        return Err(row_rules::not_ours(segment).into());
    }
    sqlite_copies::place(&transaction, segment.id, segment.state)?;
    Ok(transaction.commit()?)
}

pub(super) fn shift(
    connection: &mut Connection,
    owner: &str,
    id: Uuid,
    from: &[SegmentState],
    to: SegmentState,
    reason: Option<&str>,
) -> Result<bool, SqliteFailure> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let sql = format!(
        "UPDATE segments SET reason = coalesce(?2, reason) WHERE id = ?1 AND state IN ({}) AND {}",
        words(from),
        is_own("?3")
    );
    if transaction.execute(&sql, params![id.to_string(), reason, owner])? == 0 {
        return Ok(false);
    }
    sqlite_copies::place(&transaction, id, to)?;
    transaction.commit()?;
    Ok(true)
}

/// Takes the oldest sealed segment that is not skipped; puts it back when nobody wants it any more.
pub(super) fn claim(
    connection: &mut Connection,
    owner: &str,
    skip: &Skip,
    wanted: impl Fn() -> bool,
) -> Result<Option<Segment>, SqliteFailure> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let order = if skip.newest_but.is_some() { "started_at DESC, id DESC" } else { "started_at, id" };
    let sql = format!(
        "SELECT {COLUMNS} FROM segments WHERE state = 'sealed' AND EXISTS (SELECT 1 FROM copies \
         WHERE copies.segment = segments.id AND copies.place = 'objects' AND copies.state = 'waiting') AND {}{} \
         ORDER BY {order} LIMIT 1",
        is_own("?1"),
        skipped(skip)
    );
    let read = |row: &Row<'_>| Ok((decode::id(row, 0), segment(row)));
    let found = transaction.prepare_cached(&sql)?.query_row([owner], read).optional()?;
    if let Some((Some(id), _)) = &found {
        sqlite_copies::place(&transaction, *id, SegmentState::Uploading)?;
    }
    let claimed = found.map(|(_, segment)| segment);
    match claimed.map(|one| one.map(|segment| Segment { state: SegmentState::Uploading, ..segment })) {
        None => Ok(None),
        // Committed all the same: else the damaged row would be the oldest for ever.
        Some(None) => {
            transaction.commit()?;
            Err(Error::internal("a row of the segment table was damaged by hand; it is left as uploading")
                .about(Scope::Item)
                .into())
        }
        Some(Some(segment)) => {
            transaction.commit()?;
            if !wanted() {
                shift(connection, owner, segment.id, &[SegmentState::Uploading], SegmentState::Sealed, None)?;
            }
            Ok(Some(segment))
        }
    }
}

/// Conditions that leave out what is skipped. Ids are our own texts, and quotes in names are doubled.
fn skipped(skip: &Skip) -> String {
    let condition = |column: &str, words: Vec<String>| {
        let words: Vec<String> = words.iter().map(|word| format!("'{}'", word.replace('\'', "''"))).collect();
        if words.is_empty() { String::new() } else { format!(" AND {column} NOT IN ({})", words.join(", ")) }
    };
    let texts = |ids: &[Uuid]| ids.iter().map(Uuid::to_string).collect();
    condition("id", texts(&skip.segments))
        + &condition("session", texts(&skip.sessions))
        + &condition("stream", skip.newest_but.clone().unwrap_or_default())
}

pub(super) fn release(connection: &mut Connection, owner: &str) -> Result<u64, SqliteFailure> {
    let sql = format!(
        "UPDATE copies SET state = 'waiting', reason = NULL WHERE place = 'objects' AND state IN ('uploading', 'conflict') \
         AND state NOT IN ('verified', 'evicted') AND EXISTS (SELECT 1 FROM segments WHERE segments.id = copies.segment AND {})",
        is_own("?1")
    );
    Ok(connection.execute(&sql, [owner])? as u64)
}

pub(super) fn one(connection: &mut Connection, id: Uuid) -> Result<Option<Segment>, SqliteFailure> {
    let sql = format!("SELECT {COLUMNS}, tracks FROM segments WHERE id = ?1");
    let tracks = |row: &Row<'_>| segment_track::from_text(&decode::text(row, 17)?);
    let read = |row: &Row<'_>| Ok(segment(row).map(|segment| Segment { tracks: tracks(row), ..segment }));
    let found = connection.prepare_cached(&sql)?.query_row([id.to_string()], read).optional()?;
    Ok(found.flatten())
}

/// Kept by triggers: counting millions of rows takes longer than anybody waits.
const COUNTS: &str = "SELECT state, sum(segments) FROM segment_counts GROUP BY state HAVING sum(segments) > 0";

pub(super) fn counts(connection: &mut Connection) -> Result<Vec<(SegmentState, u64)>, SqliteFailure> {
    let mut statement = connection.prepare_cached(COUNTS)?;
    let rows = statement.query_map([], |row| {
        let state = decode::text(row, 0).and_then(|word| SegmentState::parse(&word));
        Ok(state.zip(decode::count(row, 1)))
    })?;
    let rows: Vec<Option<(SegmentState, u64)>> = rows.collect::<Result<_, _>>()?;
    Ok(rows.into_iter().flatten().collect())
}

/// `owner` where only its own are asked for.
pub(super) fn list(
    connection: &mut Connection,
    owner: Option<&str>,
    query: &SegmentQuery,
) -> Result<Vec<Segment>, SqliteFailure> {
    let filter = filter_of(connection, owner, query)?;
    // A cross join keeps the order of its tables: the sessions by their index, the segments of each by theirs.
    let sql = row_rules::segment_list(COLUMNS, "CROSS JOIN", query, &filter.conditions);
    let mut statement = connection.prepare_cached(&sql)?;
    let rows = statement.query_map(params_from_iter(filter.values), |row| Ok(segment(row)))?;
    let rows: Vec<Option<Segment>> = rows.collect::<Result<_, _>>()?;
    let damaged = rows.iter().filter(|row| row.is_none()).count();
    if damaged > 0 {
        log::warn!(rows = damaged; "rows of the segment table were damaged by hand and are left out");
    }
    Ok(rows.into_iter().flatten().collect())
}

fn filter_of(connection: &Connection, owner: Option<&str>, query: &SegmentQuery) -> Result<Filter, SqliteFailure> {
    let by_session = query.is_by_session();
    let mut filter = Filter::default();
    if let Some(owner) = owner {
        filter.add(&is_own("?"), [owner.to_owned(), owner.to_owned()]);
    }
    for (column, value) in [("server", &query.server), ("stream", &query.stream)] {
        let Some(value) = value else { continue };
        filter.add(&format!("segments.{column} = ?"), [value.clone()]);
        if by_session {
            filter.add(&format!("sessions.{column} = ?"), [value.clone()]);
        }
    }
    if let Some(session) = query.session {
        filter.add("segments.session = ?", [session.to_string()]);
    }
    if let Some(from) = query.from {
        let from = [time_text(from), time_text(row_rules::earliest_start(from))];
        filter.add("segments.ended_at > ? AND segments.started_at > ?", from);
    }
    if let Some(to) = query.to {
        filter.add("segments.started_at < ?", [time_text(to)]);
    }
    if by_session {
        let (earliest, latest) = row_rules::session_starts(query);
        earliest.into_iter().for_each(|at| filter.add("sessions.started_at > ?", [time_text(at)]));
        latest.into_iter().for_each(|at| filter.add("sessions.started_at < ?", [time_text(at)]));
    }
    if let Some(after) = query.after {
        let (started_at, session, number) = place_of(connection, after, by_session)?;
        match by_session {
            // The first condition finds the session by the index.
            true => filter.add(
                "sessions.started_at >= ? AND (sessions.started_at, sessions.id, segments.number) > (?, ?, CAST(? AS INTEGER))",
                [started_at.clone(), started_at, session, number],
            ),
            false => filter.add("(segments.started_at, segments.id) > (?, ?)", [started_at, after.to_string()]),
        }
    }
    if !query.states.is_empty() {
        filter.add(&format!("segments.state IN ({})", words(&query.states)), []);
    }
    Ok(filter)
}

/// Conditions of a query with the values of their question marks, in order.
struct Filter {
    conditions: Vec<String>,
    values: Vec<String>,
}

impl Default for Filter {
    fn default() -> Self {
        Self { conditions: vec!["true".to_owned()], values: Vec::new() }
    }
}

impl Filter {
    fn add<const N: usize>(&mut self, condition: &str, values: [String; N]) {
        self.conditions.push(condition.to_owned());
        self.values.extend(values);
    }
}

/// Where a segment stands in the list: a start, that of its session or its own, and its session and number.
fn place_of(connection: &Connection, id: Uuid, by_session: bool) -> Result<(String, String, String), SqliteFailure> {
    let whose = if by_session { "sessions" } else { "segments" };
    let sql = format!(
        "SELECT {whose}.started_at, sessions.id, CAST(number AS TEXT) \
         FROM segments JOIN sessions ON sessions.id = segments.session WHERE segments.id = ?1"
    );
    let read = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?));
    let found = connection.prepare_cached(&sql)?.query_row([id.to_string()], read).optional()?;
    let sentence = format!("there is no segment {id} to go on after; begin again without it");
    found.ok_or_else(|| Error::invalid("after", sentence).into())
}

/// States as a list of SQL literals: our own words, none of them needs escaping.
fn words(states: &[SegmentState]) -> String {
    states.iter().map(|state| format!("'{}'", state.as_str())).collect::<Vec<_>>().join(", ")
}

/// `None` when somebody wrote a row by hand that cannot be a segment.
fn segment(row: &Row<'_>) -> Option<Segment> {
    Some(Segment {
        id: decode::id(row, 0)?,
        session: decode::id(row, 1)?,
        server: decode::text(row, 2)?,
        stream: StreamName::parse(&decode::text(row, 3)?).ok()?,
        number: u32::try_from(decode::count(row, 4)?).ok()?,
        state: SegmentState::parse(&decode::text(row, 5)?)?,
        started_at: decode::time(row, 6)?,
        duration_ms: decode::count(row, 7)?,
        bytes: decode::count(row, 8)?,
        frames: decode::count(row, 9)?,
        init_bytes: decode::count(row, 10)?,
        media_bytes: decode::count(row, 11)?,
        spool_path: decode::text(row, 12)?,
        object_key: decode::text(row, 13)?,
        reason: decode::text(row, 14),
        media_ms: decode::count(row, 15),
        media_start_ms: decode::count(row, 16),
        tracks: None,
    })
}

#[cfg(test)]
#[path = "sqlite_segments_tests.rs"]
mod tests;
