//! The `incidents` and `camera_probes` tables.

use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension, Row, TransactionBehavior, params};
use uuid::Uuid;

use super::decode::{self, time_text};
use super::sqlite_fault::SqliteFailure;
use super::sqlite_notes;
use crate::adapters::database::owner::is_own;
use crate::adapters::database::{IncidentQuery, row_rules};
use crate::base::Error;
use crate::domain::incident::{Incident, IncidentKind, KEPT, Remark, Subject, Verdict};
use crate::domain::probe::KeptProbe;

/// What is written when it opens.
const COLUMNS: &str = "id, kind, subject, subject_name, cause, opened_at, closed_at";
/// What is read.
const READ: &str = "id, kind, subject, subject_name, cause, opened_at, closed_at, verdict";

pub(super) fn open(connection: &mut Connection, owner: &str, incident: &Incident) -> Result<Uuid, SqliteFailure> {
    let (subject, kind) = (incident.subject.key(), incident.kind.as_str());
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let forgotten = transaction
        .prepare_cached(&format!("DELETE FROM incidents WHERE closed_at < ?1 AND {}", is_own("?2")))?
        .execute(params![time_text(incident.opened_at - KEPT), owner])?;
    if forgotten > 0 {
        sqlite_notes::forget(&transaction)?;
    }
    // Twice by its id, too: the first answer may have been lost.
    let sql = format!("INSERT INTO incidents ({COLUMNS}, node) VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING");
    let written = transaction.prepare_cached(&sql)?.execute(params![
        incident.id.to_string(),
        kind,
        subject,
        incident.subject.name(),
        incident.cause,
        time_text(incident.opened_at),
        incident.closed_at.map(time_text),
        owner,
    ])?;
    let kept = match (written, incident.closed_at) {
        (0, Some(at)) => {
            // It was written as open, that answer was lost, and it has ended meanwhile.
            let end = "UPDATE incidents SET closed_at = coalesce(closed_at, ?2) WHERE id = ?1 AND node = ?3";
            transaction.prepare_cached(end)?.execute(params![incident.id.to_string(), time_text(at), owner])?;
            None
        }
        (0, None) => {
            let sql = "SELECT id FROM incidents WHERE subject = ?1 AND kind = ?2 AND node = ?3 AND closed_at IS NULL";
            let found =
                transaction.prepare_cached(sql)?.query_row([&subject, kind, owner], |row| Ok(decode::id(row, 0)));
            found.optional()?.flatten()
        }
        _ => None,
    };
    transaction.commit()?;
    Ok(kept.unwrap_or(incident.id))
}

pub(super) fn close(
    connection: &mut Connection,
    owner: &str,
    id: Uuid,
    at: DateTime<Utc>,
) -> Result<(), SqliteFailure> {
    let sql = "UPDATE incidents SET closed_at = coalesce(closed_at, ?2) WHERE id = ?1 AND node = ?3";
    match connection.prepare_cached(sql)?.execute(params![id.to_string(), time_text(at), owner])? {
        0 => Err(Error::not_found(format!("there is no incident {id} of this node")).into()),
        _ => Ok(()),
    }
}

/// `owner` where only its own are asked for.
pub(super) fn list(
    connection: &mut Connection,
    owner: Option<&str>,
    query: &IncidentQuery,
) -> Result<Vec<Incident>, SqliteFailure> {
    let after = query.after.map(|after| opening_of(connection, after)).transpose()?;
    let subject = query.camera.map(|camera| Subject::camera_of(camera, "").key());
    // One statement for all questions; SQLite plans it again for the values that are there.
    let sql = format!(
        "SELECT {READ} FROM incidents WHERE (?1 IS NULL OR subject = ?1) AND (?2 IS NULL OR kind = ?2) \
         AND (?3 = 0 OR closed_at IS NULL) AND (?4 IS NULL OR closed_at IS NULL OR closed_at > ?4) \
         AND (?5 IS NULL OR opened_at < ?5) AND (?6 IS NULL OR (opened_at, id) < (?6, ?7)) AND (?9 IS NULL OR node = ?9) \
         AND (?10 IS NULL OR ?10 = EXISTS (SELECT 1 FROM incident_notes WHERE incident = incidents.id AND acknowledges <> 0)) \
         ORDER BY opened_at DESC, id DESC LIMIT ?8"
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let values = params![
        subject,
        query.kind.map(IncidentKind::as_str),
        query.open,
        query.from.map(time_text),
        query.to.map(time_text),
        after,
        query.after.map(|id| id.to_string()),
        query.limit,
        owner,
        query.acknowledged,
    ];
    let rows = statement.query_map(values, |row| Ok(incident(row)))?;
    let rows: Vec<Option<Incident>> = rows.collect::<Result<_, _>>()?;
    let mut incidents: Vec<Incident> = rows.into_iter().flatten().collect();
    sqlite_notes::fill(connection, &mut incidents)?;
    Ok(incidents)
}

/// What others have open of these kinds, of one media server where it is named: of a subject that has several the oldest stays, with
/// what people have said of them all, and whatever is left is this node's.
pub(super) fn take_over(
    connection: &mut Connection,
    owner: &str,
    kinds: &[IncidentKind],
    server: Option<&str>,
    at: DateTime<Utc>,
) -> Result<Vec<Incident>, SqliteFailure> {
    let (of_server, of_streams) = server.map(row_rules::subjects_of_server).unzip();
    let of = "closed_at IS NULL AND kind = ?2 AND (?3 IS NULL OR subject = ?3 OR substr(subject, 1, length(?4)) = ?4)";
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let mut taken = Vec::new();
    for kind in kinds {
        let values = params![owner, kind.as_str(), of_server, of_streams];
        let open = format!(
            "SELECT id, first_value(id) OVER (PARTITION BY subject ORDER BY opened_at, id) FROM incidents WHERE {of}"
        );
        let mut open = transaction.prepare_cached(&open)?;
        let rows = open.query_map(values, |row| Ok((row.get(0)?, row.get(1)?)))?;
        let rows: Vec<(String, String)> = rows.collect::<Result<_, _>>()?;
        for (double, oldest) in rows.into_iter().filter(|(id, oldest)| id != oldest) {
            let end = "UPDATE incidents SET closed_at = max(opened_at, ?2) WHERE id = ?1";
            transaction.prepare_cached(end)?.execute(params![double, time_text(at)])?;
            sqlite_notes::pass_on(&transaction, &double, &oldest)?;
        }
        let others = format!("SELECT {READ} FROM incidents WHERE {of} AND node <> ?1 ORDER BY id");
        let mut others = transaction.prepare_cached(&others)?;
        let rows = others.query_map(values, |row| Ok(incident(row)))?;
        taken.extend(rows.collect::<Result<Vec<Option<Incident>>, _>>()?.into_iter().flatten());
        let ours = format!("UPDATE incidents SET node = ?1 WHERE {of} AND node <> ?1");
        transaction.prepare_cached(&ours)?.execute(values)?;
    }
    transaction.commit()?;
    Ok(taken)
}

/// Keeps where the faults of this node's incidents lie.
pub(super) fn put_verdicts(
    connection: &mut Connection,
    owner: &str,
    verdicts: &[(Uuid, Verdict)],
) -> Result<(), SqliteFailure> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    {
        let sql = "UPDATE incidents SET verdict = ?2 WHERE id = ?1 AND node = ?3";
        let mut statement = transaction.prepare_cached(sql)?;
        for (id, verdict) in verdicts {
            statement.execute(params![id.to_string(), row_rules::verdict_text(verdict)?, owner])?;
        }
    }
    Ok(transaction.commit()?)
}

/// Adds what somebody says of an incident, whichever node wrote it; the incident as it is then.
pub(super) fn remark(connection: &mut Connection, id: Uuid, remark: &Remark) -> Result<Incident, SqliteFailure> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let mut incident = one(&transaction, id)?.ok_or_else(|| row_rules::no_incident(id))?;
    sqlite_notes::fill(&transaction, std::slice::from_mut(&mut incident))?;
    let incident = sqlite_notes::add(&transaction, incident, remark)?;
    transaction.commit()?;
    Ok(incident)
}

fn one(connection: &Connection, id: Uuid) -> Result<Option<Incident>, SqliteFailure> {
    let sql = format!("SELECT {READ} FROM incidents WHERE id = ?1");
    let found = connection.prepare_cached(&sql)?.query_row([id.to_string()], |row| Ok(incident(row))).optional()?;
    Ok(found.flatten())
}

pub(super) fn probe(connection: &mut Connection, owner: &str, camera: i64) -> Result<Option<KeptProbe>, SqliteFailure> {
    let sql = "SELECT camera, fingerprint, at, result FROM camera_probes WHERE camera = ?1 AND node = ?2";
    let found = connection.prepare_cached(sql)?.query_row(params![camera, owner], |row| Ok(kept(row))).optional()?;
    Ok(found.flatten())
}

pub(super) fn probes(connection: &mut Connection, owner: &str) -> Result<Vec<KeptProbe>, SqliteFailure> {
    let sql = "SELECT camera, fingerprint, at, result FROM camera_probes WHERE node = ?1 ORDER BY camera";
    let mut statement = connection.prepare_cached(sql)?;
    let rows: Vec<Option<KeptProbe>> = statement.query_map([owner], |row| Ok(kept(row)))?.collect::<Result<_, _>>()?;
    Ok(rows.into_iter().flatten().collect())
}

pub(super) fn put_probe(connection: &mut Connection, owner: &str, probe: &KeptProbe) -> Result<(), SqliteFailure> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let forget = "DELETE FROM camera_probes WHERE at < ?1 AND node = ?2";
    transaction.prepare_cached(forget)?.execute(params![time_text(probe.at - KEPT), owner])?;
    let sql = "INSERT INTO camera_probes (camera, fingerprint, at, result, node) VALUES (?, ?, ?, ?, ?) ON CONFLICT (camera, node) \
               DO UPDATE SET fingerprint = excluded.fingerprint, at = excluded.at, result = excluded.result";
    let result = row_rules::outcome_text(&probe.outcome)?;
    let values = params![probe.camera, probe.fingerprint, time_text(probe.at), result, owner];
    transaction.prepare_cached(sql)?.execute(values)?;
    Ok(transaction.commit()?)
}

fn opening_of(connection: &Connection, id: Uuid) -> Result<String, SqliteFailure> {
    let sql = "SELECT opened_at FROM incidents WHERE id = ?1";
    let found = connection.prepare_cached(sql)?.query_row([id.to_string()], |row| row.get(0)).optional()?;
    found.ok_or_else(|| row_rules::no_incident_to_go_on(id).into())
}

/// `None` when somebody wrote a row by hand that cannot be an incident.
fn incident(row: &Row<'_>) -> Option<Incident> {
    Some(Incident {
        acknowledged: None,
        notes: Vec::new(),
        id: decode::id(row, 0)?,
        kind: IncidentKind::parse(&decode::text(row, 1)?)?,
        subject: Subject::from_key(&decode::text(row, 2)?, &decode::text(row, 3)?)?,
        cause: decode::text(row, 4)?,
        opened_at: decode::time(row, 5)?,
        closed_at: decode::time(row, 6),
        verdict: decode::own_text(row, 7).and_then(|text| row_rules::verdict(&text)),
    })
}

fn kept(row: &Row<'_>) -> Option<KeptProbe> {
    Some(KeptProbe {
        camera: decode::integer(row, 0, -1)?,
        fingerprint: decode::text(row, 1)?,
        at: decode::time(row, 2)?,
        outcome: serde_json::from_str(&decode::own_text(row, 3)?).ok()?,
    })
}
