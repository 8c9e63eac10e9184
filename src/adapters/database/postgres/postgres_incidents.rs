//! The `incidents` and `camera_probes` tables.

use chrono::{DateTime, Utc};
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;
use uuid::Uuid;

use super::postgres_client::PostgresClient;
use super::postgres_fault::PostgresFailure;
use super::postgres_notes;
use crate::adapters::database::owner::is_own;
use crate::adapters::database::{IncidentQuery, row_rules};
use crate::base::Error;
use crate::domain::incident::{Incident, IncidentKind, KEPT, Remark, Subject, Verdict};
use crate::domain::probe::KeptProbe;

/// What is written when it opens.
const COLUMNS: &str = "id, kind, subject, subject_name, cause, opened_at, closed_at";
/// What is read.
const READ: &str = "id, kind, subject, subject_name, cause, opened_at, closed_at, verdict";

pub(super) async fn open(client: &PostgresClient, owner: &str, incident: &Incident) -> Result<Uuid, PostgresFailure> {
    let forget = format!("DELETE FROM incidents WHERE closed_at < $1 AND {}", is_own("$2"));
    let forget = client.prepare_cached(&forget).await?;
    if client.execute(&forget, &[&(incident.opened_at - KEPT), &owner]).await? > 0 {
        postgres_notes::forget(client).await?;
    }
    // Twice by its id, too: the first answer may have been lost.
    let sql = format!(
        "INSERT INTO incidents ({COLUMNS}, node) VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING"
    );
    let statement = client.prepare_cached(&sql).await?;
    let (subject, kind) = (incident.subject.key(), incident.kind.as_str());
    let values: [&(dyn ToSql + Sync); 8] = [
        &incident.id,
        &kind,
        &subject,
        &incident.subject.name(),
        &incident.cause,
        &incident.opened_at,
        &incident.closed_at,
        &owner,
    ];
    if client.execute(&statement, &values).await? > 0 {
        return Ok(incident.id);
    }
    if let Some(at) = &incident.closed_at {
        // It was written as open, that answer was lost, and it has ended meanwhile.
        let end = "UPDATE incidents SET closed_at = coalesce(closed_at, $2) WHERE id = $1 AND node = $3";
        client.execute(end, &[&incident.id, at, &owner]).await?;
        return Ok(incident.id);
    }
    let sql = "SELECT id FROM incidents WHERE subject = $1 AND kind = $2 AND node = $3 AND closed_at IS NULL";
    let found = client.query_opt(sql, &[&subject, &kind, &owner]).await?;
    Ok(found.and_then(|row| row.try_get(0).ok()).unwrap_or(incident.id))
}

pub(super) async fn close(
    client: &PostgresClient,
    owner: &str,
    id: Uuid,
    at: DateTime<Utc>,
) -> Result<(), PostgresFailure> {
    let sql = "UPDATE incidents SET closed_at = coalesce(closed_at, $2) WHERE id = $1 AND node = $3";
    let statement = client.prepare_cached(sql).await?;
    match client.execute(&statement, &[&id, &at, &owner]).await? {
        0 => Err(Error::not_found(format!("there is no incident {id} of this node")).into()),
        _ => Ok(()),
    }
}

/// `owner` where only its own are asked for.
pub(super) async fn list(
    client: &PostgresClient,
    owner: Option<&str>,
    query: &IncidentQuery,
) -> Result<Vec<Incident>, PostgresFailure> {
    let after = match query.after {
        Some(after) => Some(opening_of(client, after).await?),
        None => None,
    };
    let subject = query.camera.map(|camera| Subject::camera_of(camera, "").key());
    let sql = format!(
        "SELECT {READ} FROM incidents WHERE ($1::text IS NULL OR subject = $1) \
         AND ($2::text IS NULL OR kind = $2) AND (NOT $3::boolean OR closed_at IS NULL) \
         AND ($4::timestamptz IS NULL OR closed_at IS NULL OR closed_at > $4) \
         AND ($5::timestamptz IS NULL OR opened_at < $5) \
         AND ($6::timestamptz IS NULL OR (opened_at, id) < ($6, $7::uuid)) AND ($9::text IS NULL OR node = $9) \
         AND ($10::boolean IS NULL OR $10 = EXISTS (SELECT 1 FROM incident_notes WHERE incident = incidents.id AND acknowledges)) \
         ORDER BY opened_at DESC, id DESC LIMIT $8::bigint"
    );
    let kind = query.kind.map(IncidentKind::as_str);
    let limit = i64::from(query.limit);
    let values: [&(dyn ToSql + Sync); 10] = [
        &subject,
        &kind,
        &query.open,
        &query.from,
        &query.to,
        &after,
        &query.after,
        &limit,
        &owner,
        &query.acknowledged,
    ];
    // Not prepared: a plan for these values and not for all of them.
    let mut incidents: Vec<Incident> = client.query(&sql, &values).await?.iter().filter_map(incident).collect();
    postgres_notes::fill(client, &mut incidents).await?;
    Ok(incidents)
}

/// What others have open of these kinds, of one media server where it is named: of a subject that has several the oldest stays, with
/// what people have said of them all, and whatever is left is this node's. In one transaction, so that nobody sees a subject with
/// two of them, or with none.
pub(super) async fn take_over(
    client: &PostgresClient,
    owner: &str,
    kinds: &[IncidentKind],
    server: Option<&str>,
    at: DateTime<Utc>,
) -> Result<Vec<Incident>, PostgresFailure> {
    let of = server.map(row_rules::subjects_of_server);
    let (of_server, of_streams) = (of.as_ref().map(|(key, _)| key), of.as_ref().map(|(_, begin)| begin));
    let kinds: Vec<&str> = kinds.iter().map(|kind| kind.as_str()).collect();
    // Locked in an inner query, as the outer one's window does not allow it.
    let open = "SELECT id, node, first_value(id) OVER (PARTITION BY subject, kind ORDER BY opened_at, id) FROM \
                (SELECT id, node, subject, kind, opened_at FROM incidents WHERE closed_at IS NULL \
                AND kind = ANY($1::text[]) AND ($2::text IS NULL OR subject = $2 OR starts_with(subject, $3)) \
                ORDER BY id FOR UPDATE) AS open";
    let mut taken: Vec<Uuid> = Vec::new();
    for row in client.query(open, &[&kinds, &of_server, &of_streams]).await? {
        let (id, node, oldest): (Uuid, String, Uuid) = (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
        if id != oldest {
            let end = "UPDATE incidents SET closed_at = greatest(opened_at, $2) WHERE id = $1";
            client.execute(end, &[&id, &at]).await?;
            postgres_notes::pass_on(client, id, oldest).await?;
        } else if node != owner {
            taken.push(id);
        }
    }
    // After the doubles have ended: of this node one of a kind is open for a subject.
    let ours = "UPDATE incidents SET node = $1 WHERE id = ANY($2::uuid[]) \
                RETURNING id, kind, subject, subject_name, cause, opened_at, closed_at, verdict";
    let rows = client.query(ours, &[&owner, &taken]).await?;
    Ok(rows.iter().filter_map(incident).collect())
}

/// Keeps where the faults of this node's incidents lie, in one statement.
pub(super) async fn put_verdicts(
    client: &PostgresClient,
    owner: &str,
    verdicts: &[(Uuid, Verdict)],
) -> Result<(), PostgresFailure> {
    let sql = "UPDATE incidents SET verdict = new.verdict FROM unnest($1::uuid[], $2::text[]) AS new (id, verdict) \
               WHERE incidents.id = new.id AND incidents.node = $3";
    let statement = client.prepare_cached(sql).await?;
    let (ids, texts) =
        (verdicts.iter().map(|(id, _)| *id), verdicts.iter().map(|(_, one)| row_rules::verdict_text(one)));
    let (ids, texts) = (ids.collect::<Vec<Uuid>>(), texts.collect::<Result<Vec<String>, Error>>()?);
    client.execute(&statement, &[&ids, &texts, &owner]).await?;
    Ok(())
}

/// Adds what somebody says of an incident, whichever node wrote it; the incident as it is then.
pub(super) async fn remark(client: &PostgresClient, id: Uuid, remark: &Remark) -> Result<Incident, PostgresFailure> {
    let mut incident = one(client, id).await?.ok_or_else(|| row_rules::no_incident(id))?;
    postgres_notes::fill(client, std::slice::from_mut(&mut incident)).await?;
    postgres_notes::add(client, incident, remark).await
}

/// Locked until the transaction ends, so that of two remarks at once one is the first.
async fn one(client: &PostgresClient, id: Uuid) -> Result<Option<Incident>, PostgresFailure> {
    let sql = format!("SELECT {READ} FROM incidents WHERE id = $1 FOR UPDATE");
    Ok(client.query_opt(&sql, &[&id]).await?.as_ref().and_then(incident))
}

pub(super) async fn probe(
    client: &PostgresClient,
    owner: &str,
    camera: i64,
) -> Result<Option<KeptProbe>, PostgresFailure> {
    let sql = "SELECT camera, fingerprint, at, result FROM camera_probes WHERE camera = $1 AND node = $2";
    let statement = client.prepare_cached(sql).await?;
    Ok(client.query_opt(&statement, &[&camera, &owner]).await?.as_ref().and_then(kept))
}

pub(super) async fn probes(client: &PostgresClient, owner: &str) -> Result<Vec<KeptProbe>, PostgresFailure> {
    let sql = "SELECT camera, fingerprint, at, result FROM camera_probes WHERE node = $1 ORDER BY camera";
    Ok(client.query(sql, &[&owner]).await?.iter().filter_map(kept).collect())
}

pub(super) async fn put_probe(client: &PostgresClient, owner: &str, probe: &KeptProbe) -> Result<(), PostgresFailure> {
    let forget = client.prepare_cached("DELETE FROM camera_probes WHERE at < $1 AND node = $2").await?;
    client.execute(&forget, &[&(probe.at - KEPT), &owner]).await?;
    let sql = "INSERT INTO camera_probes (camera, fingerprint, at, result, node) VALUES ($1, $2, $3, $4, $5) \
               ON CONFLICT (camera, node) DO UPDATE SET fingerprint = excluded.fingerprint, at = excluded.at, \
               result = excluded.result";
    let statement = client.prepare_cached(sql).await?;
    let result = row_rules::outcome_text(&probe.outcome)?;
    client.execute(&statement, &[&probe.camera, &probe.fingerprint, &probe.at, &result, &owner]).await?;
    Ok(())
}

async fn opening_of(client: &PostgresClient, id: Uuid) -> Result<DateTime<Utc>, PostgresFailure> {
    let found = client.query_opt("SELECT opened_at FROM incidents WHERE id = $1", &[&id]).await?;
    found.and_then(|row| row.try_get(0).ok()).ok_or_else(|| row_rules::no_incident_to_go_on(id).into())
}

/// `None` when somebody wrote a row by hand that cannot be an incident.
fn incident(row: &Row) -> Option<Incident> {
    Some(Incident {
        acknowledged: None,
        notes: Vec::new(),
        id: row.try_get(0).ok()?,
        kind: IncidentKind::parse(row.try_get(1).ok()?)?,
        subject: Subject::from_key(row.try_get(2).ok()?, row.try_get(3).ok()?)?,
        cause: row.try_get(4).ok()?,
        opened_at: row.try_get(5).ok()?,
        closed_at: row.try_get(6).ok()?,
        verdict: row.try_get::<_, Option<&str>>(7).ok().flatten().and_then(row_rules::verdict),
    })
}

fn kept(row: &Row) -> Option<KeptProbe> {
    Some(KeptProbe {
        camera: row.try_get(0).ok()?,
        fingerprint: row.try_get(1).ok()?,
        at: row.try_get(2).ok()?,
        outcome: serde_json::from_str(row.try_get(3).ok()?).ok()?,
    })
}
