//! The `copies` table: where the bytes of segments are. Triggers keep `segments.state` as the copies say.

use chrono::Utc;
use rusqlite::{Connection, Row, params};
use uuid::Uuid;

use super::decode::{self, time_text};
use super::sqlite_fault::SqliteFailure;
use crate::adapters::database::owner::is_own;
use crate::domain::copies::{CopyPlace, CopyState, SegmentCopy, copies_of};
use crate::domain::recording::SegmentState;

const COLUMNS: &str = "segment, place, state, verified_at, sha256, reason";

/// Makes the copies of a segment what this state says, in the caller's transaction.
pub(super) fn place(connection: &Connection, id: Uuid, state: SegmentState) -> Result<(), SqliteFailure> {
    let id = id.to_string();
    let Some((spool, objects)) = copies_of(state) else {
        connection.prepare_cached("DELETE FROM copies WHERE segment = ?1")?.execute([&id])?;
        let sql = "UPDATE segments SET state = 'writing' WHERE id = ?1 AND state <> 'writing'";
        connection.prepare_cached(sql)?.execute([&id])?;
        return Ok(());
    };
    let now = time_text(Utc::now());
    let mut wanted = [(CopyPlace::Objects, objects), (CopyPlace::Spool, spool)];
    if spool == CopyState::Verified {
        // Triggers look after each row: what can be played stays so in between.
        wanted.reverse();
    }
    for (place, state) in wanted {
        let verified_at = (state == CopyState::Verified).then_some(&now);
        let sql = "INSERT INTO copies (segment, place, state, changed_at, verified_at) VALUES (?1, ?2, ?3, ?4, ?5) \
                   ON CONFLICT (segment, place) DO UPDATE SET state = excluded.state, changed_at = excluded.changed_at, \
                   reason = NULL, verified_at = coalesce(excluded.verified_at, copies.verified_at) \
                   WHERE copies.state <> excluded.state";
        connection.prepare_cached(sql)?.execute(params![id, place.as_str(), state.as_str(), now, verified_at])?;
    }
    Ok(())
}

/// Writes a copy of a segment of this owner, where it is in that state. A digest or a time that is not given stays.
pub(super) fn write(
    connection: &mut Connection,
    owner: &str,
    copy: &SegmentCopy,
    from: Option<CopyState>,
) -> Result<bool, SqliteFailure> {
    let sql = format!(
        "UPDATE copies SET state = ?3, changed_at = CASE WHEN state = ?3 THEN changed_at ELSE ?7 END, \
         verified_at = coalesce(?4, verified_at), sha256 = coalesce(?5, sha256), reason = ?6 \
         WHERE segment = ?1 AND place = ?2 AND (?8 IS NULL OR state = ?8) \
         AND EXISTS (SELECT 1 FROM segments WHERE segments.id = ?1 AND {})",
        is_own("?9")
    );
    let values = params![
        copy.segment.to_string(),
        copy.place.as_str(),
        copy.state.as_str(),
        copy.verified_at.map(time_text),
        copy.sha256,
        copy.reason,
        time_text(Utc::now()),
        from.map(CopyState::as_str),
        owner,
    ];
    Ok(connection.prepare_cached(&sql)?.execute(values)? > 0)
}

/// Copies of these segments.
pub(super) fn of(connection: &mut Connection, segments: &[Uuid]) -> Result<Vec<SegmentCopy>, SqliteFailure> {
    let mut found = Vec::new();
    let sql = format!("SELECT {COLUMNS} FROM copies WHERE segment = ?1 ORDER BY place");
    let mut statement = connection.prepare_cached(&sql)?;
    for id in segments {
        let rows = statement.query_map([id.to_string()], |row| Ok(copy(row)))?;
        found.extend(rows.collect::<Result<Vec<_>, _>>()?.into_iter().flatten());
    }
    Ok(found)
}

/// This owner's copies in a state, of those that are not settled (neither verified nor evicted).
pub(super) fn standing(
    connection: &mut Connection,
    owner: &str,
    place: CopyPlace,
    state: CopyState,
    limit: u32,
) -> Result<Vec<SegmentCopy>, SqliteFailure> {
    let columns = COLUMNS.split(", ").map(|column| format!("copies.{column}")).collect::<Vec<_>>().join(", ");
    let sql = format!(
        "SELECT {columns} FROM copies JOIN segments ON segments.id = copies.segment \
         WHERE copies.place = '{}' AND copies.state = '{}' AND copies.state NOT IN ('verified', 'evicted') AND {} \
         ORDER BY copies.segment LIMIT {limit}",
        place.as_str(),
        state.as_str(),
        is_own("?1")
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let rows = statement.query_map([owner], |row| Ok(copy(row)))?;
    Ok(rows.collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect())
}

/// `None` when somebody wrote a row by hand that cannot be a copy.
fn copy(row: &Row<'_>) -> Option<SegmentCopy> {
    Some(SegmentCopy {
        segment: decode::id(row, 0)?,
        place: CopyPlace::parse(&decode::text(row, 1)?)?,
        state: CopyState::parse(&decode::text(row, 2)?)?,
        verified_at: decode::time(row, 3),
        sha256: decode::text(row, 4),
        reason: decode::text(row, 5),
    })
}
