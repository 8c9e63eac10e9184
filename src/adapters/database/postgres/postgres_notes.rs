//! The `incident_notes` table.

use std::collections::HashMap;

use tokio_postgres::Row;
use tokio_postgres::types::ToSql;
use uuid::Uuid;

use super::postgres_client::PostgresClient;
use super::postgres_fault::PostgresFailure;
use crate::adapters::database::row_rules;
use crate::domain::incident::{Incident, MOST_NOTES, Remark};

const COLUMNS: &str = "id, at, who, acknowledges, note";

/// Adds what somebody says of an incident, whose notes are read; the incident as it is then.
pub(super) async fn add(
    client: &PostgresClient,
    mut incident: Incident,
    remark: &Remark,
) -> Result<Incident, PostgresFailure> {
    if remark.note.is_some() && incident.notes.len() >= MOST_NOTES {
        return Err(row_rules::too_many_notes().into());
    }
    let acknowledges = remark.acknowledges && incident.acknowledged.is_none();
    if acknowledges || remark.note.is_some() {
        let sql = format!("INSERT INTO incident_notes (incident, {COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6)");
        let values: [&(dyn ToSql + Sync); 6] =
            [&incident.id, &remark.id, &remark.at, &remark.who, &acknowledges, &remark.note];
        client.execute(&sql, &values).await?;
        incident.take(remark.clone());
    }
    Ok(incident)
}

/// Reads what people have said of these incidents.
pub(super) async fn fill(client: &PostgresClient, incidents: &mut [Incident]) -> Result<(), PostgresFailure> {
    if incidents.is_empty() {
        return Ok(());
    }
    let ids: Vec<Uuid> = incidents.iter().map(|incident| incident.id).collect();
    let sql = format!("SELECT {COLUMNS}, incident FROM incident_notes WHERE incident = ANY($1) ORDER BY at, id");
    let mut by_incident: HashMap<Uuid, Vec<Remark>> = HashMap::new();
    for row in client.query(&sql, &[&ids]).await? {
        if let (Some(remark), Ok(incident)) = (remark(&row), row.try_get(5)) {
            by_incident.entry(incident).or_default().push(remark);
        }
    }
    for incident in incidents {
        by_incident.remove(&incident.id).into_iter().flatten().for_each(|remark| incident.take(remark));
    }
    Ok(())
}

/// What people have said of an incident is said of another one; that somebody has seen it stays where the other one was seen too.
pub(super) async fn pass_on(client: &PostgresClient, from: Uuid, to: Uuid) -> Result<(), PostgresFailure> {
    let sql = "UPDATE incident_notes SET incident = $2 WHERE incident = $1 AND NOT (acknowledges \
               AND EXISTS (SELECT 1 FROM incident_notes known WHERE known.incident = $2 AND known.acknowledges))";
    client.execute(sql, &[&from, &to]).await?;
    Ok(())
}

/// Forgets what was said of incidents that are forgotten.
pub(super) async fn forget(client: &PostgresClient) -> Result<(), PostgresFailure> {
    let sql = "DELETE FROM incident_notes WHERE NOT EXISTS (SELECT 1 FROM incidents WHERE incidents.id = incident)";
    client.execute(sql, &[]).await?;
    Ok(())
}

fn remark(row: &Row) -> Option<Remark> {
    Some(Remark {
        id: row.try_get(0).ok()?,
        at: row.try_get(1).ok()?,
        who: row.try_get(2).ok()?,
        acknowledges: row.try_get(3).ok()?,
        note: row.try_get(4).ok()?,
    })
}
