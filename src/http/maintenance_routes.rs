//! `/api/v1/maintenance` and the `maintenance` of cameras and streams: excused until a time, for a reason.

use actix_web::{HttpRequest, HttpResponse, web};
use chrono::{DateTime, TimeDelta, Utc};
use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;

use super::access::{Operator, Viewer};
use super::audit_routes::{self as audit, AuditedChange};
use super::body::Json;
use super::camera_routes::id_of;
use super::http_error::{ErrorAnswer, Problem};
use super::http_state::HttpState;
use super::item_list::ItemList;
use super::query::Query;
use super::stream_routes::find;
use crate::base::{Error, Result};
use crate::domain::incident::Subject;
use crate::domain::maintenance::{LONGEST_TIME, Maintenance};
use crate::domain::name::StreamName;

/// How long something is excused, and why.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct MaintenanceOrder {
    /// Until when; give this or `forSeconds`.
    until: Option<DateTime<Utc>>,
    /// For so many seconds from now.
    #[schema(minimum = 1, maximum = 31_622_400)]
    for_seconds: Option<u32>,
    /// Why, in one line.
    #[schema(
        max_length = 500,
        min_length = 1,
        pattern = r"^[^\u0000-\u001f\u007f-\u009f]*[^\u0000-\u001f\u007f-\u009f \u00a0\u00ad\u034f\u061c\u115f\u1160\u1680\u17b4\u17b5\u180b-\u180f\u2000-\u200f\u2028-\u202f\u205f-\u206f\u2800\u3000\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8][^\u0000-\u001f\u007f-\u009f]*$"
    )]
    reason: String,
}

impl MaintenanceOrder {
    fn of(self, subject: Subject, who: String) -> Result<Maintenance> {
        let now = Utc::now();
        let until = match (self.until, self.for_seconds) {
            (Some(until), None) => until,
            (None, Some(seconds)) if TimeDelta::seconds(seconds.into()) > LONGEST_TIME => {
                let text = format!("must be at most {}", LONGEST_TIME.num_seconds());
                return Err(Error::invalid("forSeconds", text));
            }
            (None, Some(seconds)) => now + TimeDelta::seconds(seconds.into()),
            (Some(_), Some(_)) => return Err(Error::invalid("until", "give until or forSeconds, not both")),
            (None, None) => return Err(Error::invalid("until", "is missing; give until or forSeconds")),
        };
        Maintenance::checked(subject, until, &self.reason, who, now)
    }
}

/// Cameras and streams that are excused now; what ends first first.
#[utoipa::path(get, path = "/api/v1/maintenance", operation_id = "listMaintenance", tag = "incidents", responses(
    (status = 200, body = ItemList<Maintenance>),
    (status = 503, body = Problem, content_type = "application/problem+json"),
))]
pub(super) async fn list(_: Viewer, state: web::Data<HttpState>) -> ErrorAnswer<web::Json<ItemList<Maintenance>>> {
    Ok(web::Json(ItemList::whole(state.maintenance.store().maintenance(Utc::now()).await?)))
}

/// Excuses a camera and the stream that it publishes: they count as no trouble and open no incident until then. What was said
/// before is replaced.
#[utoipa::path(put, path = "/api/v1/cameras/{id}/maintenance", operation_id = "setCameraMaintenance", tag = "incidents",
    params(("id" = String, Path, description = "id or name; a number is an id")), request_body = MaintenanceOrder,
    responses(
        (status = 200, body = Maintenance),
        (status = 404, body = Problem, content_type = "application/problem+json"),
        (status = 503, body = Problem, content_type = "application/problem+json"),
    ))]
pub(super) async fn set_camera(
    Operator(caller): Operator,
    state: web::Data<HttpState>,
    camera: web::Path<String>,
    request: HttpRequest,
    Json(order): Json<MaintenanceOrder>,
) -> ErrorAnswer<web::Json<Maintenance>> {
    let subject = camera_subject(&state, &camera).await?;
    set(&state, &request, order.of(subject, caller.to_string())?).await
}

/// Ends it before its time.
#[utoipa::path(delete, path = "/api/v1/cameras/{id}/maintenance", operation_id = "endCameraMaintenance", tag = "incidents",
    params(("id" = String, Path, description = "id or name; a number is an id")), responses(
        (status = 204),
        (status = 404, body = Problem, content_type = "application/problem+json", description = "no such camera, or it is not excused"),
        (status = 503, body = Problem, content_type = "application/problem+json"),
    ))]
pub(super) async fn end_camera(
    _: Operator,
    state: web::Data<HttpState>,
    camera: web::Path<String>,
    request: HttpRequest,
) -> ErrorAnswer {
    let subject = camera_subject(&state, &camera).await?;
    end(&state, &request, subject).await
}

/// Excuses a stream and the camera that publishes it; as for a camera. Without `server` the first of that name; with it also a
/// stream that is not there.
#[utoipa::path(put, path = "/api/v1/streams/{path}/maintenance", operation_id = "setStreamMaintenance", tag = "incidents",
    params(
        ("path" = String, Path, description = "name of the stream, percent-encoded as one part (`cam%2Ffront`)"),
        ("server" = Option<String>, Query, min_length = 1, description = "name of its server"),
    ),
    request_body = MaintenanceOrder,
    responses(
        (status = 200, body = Maintenance),
        (status = 404, body = Problem, content_type = "application/problem+json"),
        (status = 503, body = Problem, content_type = "application/problem+json"),
    ))]
pub(super) async fn set_stream(
    Operator(caller): Operator,
    state: web::Data<HttpState>,
    path: web::Path<String>,
    request: HttpRequest,
    Json(order): Json<MaintenanceOrder>,
) -> ErrorAnswer<web::Json<Maintenance>> {
    let subject = stream_subject(&state, &path, &request).await?;
    set(&state, &request, order.of(subject, caller.to_string())?).await
}

/// Ends it before its time.
#[utoipa::path(delete, path = "/api/v1/streams/{path}/maintenance", operation_id = "endStreamMaintenance", tag = "incidents",
    params(
        ("path" = String, Path, description = "name of the stream, percent-encoded as one part (`cam%2Ffront`)"),
        ("server" = Option<String>, Query, min_length = 1, description = "name of its server"),
    ),
    responses(
        (status = 204),
        (status = 404, body = Problem, content_type = "application/problem+json", description = "no such stream, or it is not excused"),
        (status = 503, body = Problem, content_type = "application/problem+json"),
    ))]
pub(super) async fn end_stream(
    _: Operator,
    state: web::Data<HttpState>,
    path: web::Path<String>,
    request: HttpRequest,
) -> ErrorAnswer {
    let subject = stream_subject(&state, &path, &request).await?;
    end(&state, &request, subject).await
}

async fn set(state: &HttpState, request: &HttpRequest, new: Maintenance) -> ErrorAnswer<web::Json<Maintenance>> {
    let before = before(state, &new.key).await?;
    state.maintenance.store().put_maintenance(new.clone()).await?;
    state.maintenance.refresh().await?;
    let after = json!({ "until": new.until, "reason": new.reason });
    audit::tell(request, AuditedChange { target: Some(new.key.clone()), before, after: Some(after) });
    Ok(web::Json(new))
}

async fn end(state: &HttpState, request: &HttpRequest, subject: Subject) -> ErrorAnswer {
    let key = subject.key();
    let before = before(state, &key).await?;
    state.maintenance.store().end_maintenance(subject, Utc::now()).await?;
    state.maintenance.refresh().await?;
    audit::tell(request, AuditedChange { target: Some(key), before, after: None });
    Ok(HttpResponse::NoContent().finish())
}

async fn before(state: &HttpState, key: &str) -> Result<Option<serde_json::Value>> {
    let all = state.maintenance.store().maintenance(Utc::now()).await?;
    let before = all.into_iter().find(|one| one.key == key);
    Ok(before.map(|before| json!({ "until": before.until, "reason": before.reason })))
}

async fn camera_subject(state: &HttpState, camera: &str) -> Result<Subject> {
    let id = id_of(state, camera).await?;
    let latest = state.live.latest().await?;
    if let Some(camera) = latest.cameras.iter().find(|one| one.id == id) {
        return Ok(Subject::camera_of(id, camera.name.as_str()));
    }
    // Nobody relays it here; its row tells its name.
    let row = state.stores.cameras.camera(id).await?;
    let row = row.ok_or_else(|| Error::not_found(format!("there is no camera {id}")))?;
    Ok(Subject::camera_of(id, row.name))
}

async fn stream_subject(state: &HttpState, path: &str, request: &HttpRequest) -> Result<Subject> {
    let server = Query::of(request)?.text("server")?;
    let latest = state.live.latest().await?;
    let of = |server: &str, name: &str| Subject::Stream { server: server.to_owned(), name: name.to_owned() };
    let missing = match find(&latest, path, server.as_deref()) {
        Ok(stream) => return Ok(of(&stream.server, stream.name.as_str())),
        Err(missing) => missing,
    };
    let known = server.filter(|server| latest.servers.iter().any(|one| one.name == *server));
    match (known, StreamName::parse(path)) {
        (Some(server), Ok(name)) => Ok(of(&server, name.as_str())),
        _ => Err(missing),
    }
}
