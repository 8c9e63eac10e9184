//! `/api/v1/incidents`: what went wrong, with whom, from when to when, and why.

use actix_web::{HttpRequest, web};
use uuid::Uuid;

use super::access::Viewer;
use super::camera_routes::id_of;
use super::http_error::{ErrorAnswer, Problem};
use super::http_state::HttpState;
use super::item_list::ItemList;
use super::query::Query;
use crate::adapters::database::IncidentQuery;
use crate::adapters::live::Latest;
use crate::base::{Error, ErrorKind};
use crate::domain::incident::{Incident, IncidentKind, Subject};

/// Incidents in one answer when nobody says how many, and the most there are.
const LIMIT: u32 = 200;
const MOST: u32 = 1_000;

/// Incidents, the newest first; `next` goes into `after`.
#[utoipa::path(get, path = "/api/v1/incidents", operation_id = "listIncidents", tag = "incidents",
    params(
        ("open" = Option<bool>, Query, description = "true: only those that last"),
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
    let camera = match query.text("camera")? {
        Some(camera) => Some(id_of(&state, &camera).await.map_err(no_filter)?),
        None => None,
    };
    let kind = query.text("kind")?.map(|word| IncidentKind::parse(&word).ok_or_else(unknown_kind)).transpose()?;
    let (from, to) = (query.time("from")?, query.time("to")?);
    let after: Option<Uuid> = query.parsed("after", "the `next` of the page before")?;
    let limit = query.number("limit", 1, MOST)?.unwrap_or(LIMIT);
    // One more than asked for tells whether more follow.
    let wanted = IncidentQuery { open, camera, kind, from, to, after, limit: limit + 1, own: false };
    let mut items = state.stores.incidents.incidents(wanted).await?;
    let has_more = items.len() > limit as usize;
    items.truncate(limit as usize);
    let latest = state.live.latest().await?;
    items.iter_mut().for_each(|incident| name_camera(incident, &latest));
    let next = items.last().filter(|_| has_more).map(|incident| incident.id.to_string());
    Ok(web::Json(ItemList::part(items, next)))
}

/// The display name is the camera's of today, as its other facts on the page are.
fn name_camera(incident: &mut Incident, latest: &Latest) {
    if let Subject::Camera { id, label, .. } = &mut incident.subject {
        *label = latest.cameras.iter().find(|camera| camera.id == *id).and_then(|camera| camera.label.clone());
    }
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
