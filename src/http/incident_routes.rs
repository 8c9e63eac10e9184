//! `/api/v1/incidents`: what went wrong, with whom, from when to when, and why.

use std::sync::Arc;

use actix_web::{HttpRequest, web};
use chrono::Utc;
use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;
use uuid::Uuid;

use super::access::{Operator, Viewer};
use super::audit_routes as audit;
use super::body::Json;
use super::camera_routes::id_of;
use super::http_error::{ErrorAnswer, Problem};
use super::http_state::HttpState;
use super::item_list::ItemList;
use super::query::Query;
use crate::actors::incidents::name_camera;
use crate::adapters::database::IncidentQuery;
use crate::adapters::live::Change;
use crate::base::{Error, ErrorKind};
use crate::domain::incident::{Incident, IncidentKind, Remark};

/// Incidents in one answer when nobody says how many, and the most there are.
const LIMIT: u32 = 200;
const MOST: u32 = 1_000;

/// Incidents, the newest first; `next` goes into `after`.
#[utoipa::path(get, path = "/api/v1/incidents", operation_id = "listIncidents", tag = "incidents",
    params(
        ("open" = Option<bool>, Query, description = "true: only those that last"),
        ("acknowledged" = Option<bool>, Query, description = "true: only those that somebody has acknowledged; false: only those that nobody has"),
        ("camera" = Option<String>, Query, min_length = 1, description = "only of the camera with this id or name; a number is an id"),
        ("kind" = Option<IncidentKind>, Query, description = "only of this kind"),
        ("from" = Option<DateTime<Utc>>, Query, description = "RFC 3339; only those that lasted beyond it"),
        ("to" = Option<DateTime<Utc>>, Query, description = "RFC 3339; only those that began before it"),
        ("after" = Option<Uuid>, Query, description = "the `next` of the page before"),
        ("limit" = Option<u32>, Query, minimum = 1, maximum = 1000, description = "1 to 1000; 200 when absent"),
    ),
    responses(
        (status = 200, body = ItemList<Incident>),
        (status = 422, body = Problem, content_type = "application/problem+json"),
        (status = 503, body = Problem, content_type = "application/problem+json"),
    ))]
pub(super) async fn list(
    _: Viewer,
    state: web::Data<HttpState>,
    request: HttpRequest,
) -> ErrorAnswer<web::Json<ItemList<Incident>>> {
    let mut query = Query::of(&request)?;
    let open = query.parsed("open", "true or false")?.unwrap_or(false);
    let acknowledged = query.parsed("acknowledged", "true or false")?;
    let camera = match query.text("camera")? {
        Some(camera) => Some(id_of(&state, &camera).await.map_err(no_filter)?),
        None => None,
    };
    let kind = query.text("kind")?.map(|word| IncidentKind::parse(&word).ok_or_else(unknown_kind)).transpose()?;
    let (from, to) = (query.time("from")?, query.time("to")?);
    let after: Option<Uuid> = query.parsed("after", "the `next` of the page before")?;
    let limit = query.number("limit", 1, MOST)?.unwrap_or(LIMIT);
    // One more than asked for tells whether more follow.
    let wanted = IncidentQuery { open, acknowledged, camera, kind, from, to, after, limit: limit + 1, own: false };
    let mut items = state.stores.incidents.incidents(wanted).await?;
    let has_more = items.len() > limit as usize;
    items.truncate(limit as usize);
    let cameras = state.live.all_cameras().await?;
    items.iter_mut().for_each(|incident| name_camera(incident, &cameras));
    let next = items.last().filter(|_| has_more).map(|incident| incident.id.to_string());
    Ok(web::Json(ItemList::part(items, next)))
}

/// What is said of an incident when it is acknowledged.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct AcknowledgeIncident {
    /// A note, if there is something to say.
    #[schema(
        max_length = 2000,
        min_length = 1,
        pattern = r"^[^\u0000-\u0008\u000b-\u001f\u007f-\u009f]*[^\u0000-\u0008\u000b-\u001f\u007f-\u009f\t\n \u00a0\u00ad\u034f\u061c\u115f\u1160\u1680\u17b4\u17b5\u180b-\u180f\u2000-\u200f\u2028-\u202f\u205f-\u206f\u2800\u3000\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8][^\u0000-\u0008\u000b-\u001f\u007f-\u009f]*$"
    )]
    note: Option<String>,
}

/// A note on an incident.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct NewIncidentNote {
    /// The note.
    #[schema(
        max_length = 2000,
        min_length = 1,
        pattern = r"^[^\u0000-\u0008\u000b-\u001f\u007f-\u009f]*[^\u0000-\u0008\u000b-\u001f\u007f-\u009f\t\n \u00a0\u00ad\u034f\u061c\u115f\u1160\u1680\u17b4\u17b5\u180b-\u180f\u2000-\u200f\u2028-\u202f\u205f-\u206f\u2800\u3000\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8][^\u0000-\u0008\u000b-\u001f\u007f-\u009f]*$"
    )]
    note: String,
}

/// Says that somebody has seen an incident. The first one counts; what others add is their note.
#[utoipa::path(post, path = "/api/v1/incidents/{id}/acknowledge", operation_id = "acknowledgeIncident", tag = "incidents",
    params(("id" = Uuid, Path)), request_body = AcknowledgeIncident, responses(
    (status = 200, body = Incident),
    (status = 404, body = Problem, content_type = "application/problem+json"),
    (status = 409, body = Problem, content_type = "application/problem+json", description = "it has too many notes"),
    (status = 503, body = Problem, content_type = "application/problem+json"),
))]
pub(super) async fn acknowledge(
    Operator(caller): Operator,
    state: web::Data<HttpState>,
    id: web::Path<String>,
    request: HttpRequest,
    Json(body): Json<AcknowledgeIncident>,
) -> ErrorAnswer<web::Json<Incident>> {
    let remark = Remark::acknowledgement(caller.to_string(), body.note.as_deref(), Utc::now())?;
    say(&state, &id, &request, remark).await
}

/// Adds a note to an incident.
#[utoipa::path(post, path = "/api/v1/incidents/{id}/notes", operation_id = "noteIncident", tag = "incidents",
    params(("id" = Uuid, Path)), request_body = NewIncidentNote, responses(
    (status = 200, body = Incident),
    (status = 404, body = Problem, content_type = "application/problem+json"),
    (status = 409, body = Problem, content_type = "application/problem+json", description = "it has too many notes"),
    (status = 503, body = Problem, content_type = "application/problem+json"),
))]
pub(super) async fn note(
    Operator(caller): Operator,
    state: web::Data<HttpState>,
    id: web::Path<String>,
    request: HttpRequest,
    Json(body): Json<NewIncidentNote>,
) -> ErrorAnswer<web::Json<Incident>> {
    let remark = Remark::note(caller.to_string(), &body.note, Utc::now())?;
    say(&state, &id, &request, remark).await
}

async fn say(state: &HttpState, id: &str, request: &HttpRequest, remark: Remark) -> ErrorAnswer<web::Json<Incident>> {
    let id = id.parse().map_err(|_| Error::not_found("there is no such incident"))?;
    let after = json!({ "acknowledges": remark.acknowledges, "note": remark.note });
    let mut incident = state.stores.incidents.remark(id, remark).await?;
    let target = format!("incident {id}: {} {}", incident.kind.as_str(), incident.subject.name());
    audit::tell(request, audit::AuditedChange { target: Some(target), before: None, after: Some(after) });
    name_camera(&mut incident, &state.live.all_cameras().await?);
    if incident.closed_at.is_none() {
        state.live.publish(vec![Change::Incident(Arc::new(incident.clone()))]).await?;
    }
    Ok(web::Json(incident))
}

fn no_filter(error: Error) -> Error {
    match error.kind() {
        ErrorKind::NotFound => Error::invalid("camera", "must be the id of a camera, or the name of one that is there"),
        _ => error,
    }
}

fn unknown_kind() -> Error {
    let known: Vec<&str> = IncidentKind::ALL.into_iter().map(IncidentKind::as_str).collect();
    Error::invalid("kind", format!("must be one of {}", known.join(", ")))
}
