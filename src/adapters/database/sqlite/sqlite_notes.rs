//! The `incident_notes` table.

use rusqlite::{Connection, Row, params};

use super::decode::{self, time_text};
use super::sqlite_fault::SqliteFailure;
use crate::adapters::database::row_rules;
use crate::domain::incident::{Incident, MOST_NOTES, Remark};

const COLUMNS: &str = "id, at, who, acknowledges, note";

/// Adds what somebody says of an incident, whose notes are read; the incident as it is then.
pub(super) fn add(connection: &Connection, mut incident: Incident, remark: &Remark) -> Result<Incident, SqliteFailure> {
    if remark.note.is_some() && incident.notes.len() >= MOST_NOTES {
        return Err(row_rules::too_many_notes().into());
    }
    let acknowledges = remark.acknowledges && incident.acknowledged.is_none();
    if acknowledges || remark.note.is_some() {
        let sql = format!("INSERT INTO incident_notes (incident, {COLUMNS}) VALUES (?, ?, ?, ?, ?, ?)");
        let (id, remark_id, at) = (incident.id.to_string(), remark.id.to_string(), time_text(remark.at));
        let values = params![id, remark_id, at, remark.who, acknowledges, remark.note];
        connection.prepare_cached(&sql)?.execute(values)?;
        incident.take(remark.clone());
    }
    Ok(incident)
}

/// Reads what people have said of these incidents.
pub(super) fn fill(connection: &Connection, incidents: &mut [Incident]) -> Result<(), SqliteFailure> {
    let sql = format!("SELECT {COLUMNS} FROM incident_notes WHERE incident = ?1 ORDER BY at, id");
    let mut statement = connection.prepare_cached(&sql)?;
    for incident in incidents {
        let remarks = statement.query_map([incident.id.to_string()], |row| Ok(remark(row)))?;
        for remark in remarks.collect::<Result<Vec<Option<Remark>>, _>>()?.into_iter().flatten() {
            incident.take(remark);
        }
    }
    Ok(())
}

/// What people have said of an incident is said of another one; that somebody has seen it stays where the other one was seen too.
pub(super) fn pass_on(connection: &Connection, from: &str, to: &str) -> Result<(), SqliteFailure> {
    let sql = "UPDATE incident_notes SET incident = ?2 WHERE incident = ?1 AND NOT (acknowledges \
               AND EXISTS (SELECT 1 FROM incident_notes known WHERE known.incident = ?2 AND known.acknowledges))";
    connection.prepare_cached(sql)?.execute([from, to])?;
    Ok(())
}

/// Forgets what was said of incidents that are forgotten.
pub(super) fn forget(connection: &Connection) -> Result<(), SqliteFailure> {
    let sql = "DELETE FROM incident_notes WHERE NOT EXISTS (SELECT 1 FROM incidents WHERE incidents.id = incident)";
    connection.execute(sql, [])?;
    Ok(())
}

fn remark(row: &Row<'_>) -> Option<Remark> {
    Some(Remark {
        id: decode::id(row, 0)?,
        at: decode::time(row, 1)?,
        who: decode::text(row, 2)?,
        acknowledges: decode::flag(row, 3),
        note: decode::text(row, 4),
    })
}
