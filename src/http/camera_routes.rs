//! `/api/v1/cameras`: the cameras and the buttons beside them. Read from the live store, changed by command only.

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Serialize;
use utoipa::ToSchema;

use super::access::{Operator, Viewer};
use super::audit_routes::{self, AuditedChange};
use super::body::Json;
use super::http_error::{ErrorAnswer, Problem};
use super::http_state::HttpState;
use super::item_list::ItemList;
use super::tag;
use crate::base::{Error, ErrorKind, Result};
use crate::domain::camera::{CameraEdit, CameraRow, CameraSettings, CameraStatus, is_id};
use crate::domain::name::StreamName;

/// What an address names a camera by, for the document.
pub(super) const CAMERA: &str = "id of the camera, or its name percent-encoded as one part (`site%2Fgate`). A number is always an id, and \
     the words `export`, `import`, `plan`, `probe` and `settings` are addresses of their own: name cameras that are called so by \
     their id";

/// A kind of camera: how the address of its video is made.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct CameraKind {
    /// Its word in a camera's `kind`.
    kind: String,
    /// Template of the source URL.
    url_template: String,
}

/// All cameras, by id.
#[utoipa::path(get, path = "/api/v1/cameras", operation_id = "listCameras", tag = "cameras", responses(
    (status = 200, body = ItemList<CameraStatus>),
    (status = 503, body = Problem, content_type = "application/problem+json"),
))]
pub(super) async fn list(_: Viewer, state: web::Data<HttpState>) -> ErrorAnswer<web::Json<ItemList<CameraStatus>>> {
    Ok(web::Json(ItemList::whole(state.live.latest().await?.cameras)))
}

/// One camera.
#[utoipa::path(get, path = "/api/v1/cameras/{id}", operation_id = "getCamera", tag = "cameras", params(("id" = String, Path, description = CAMERA)), responses(
    (status = 200, body = CameraStatus),
    (status = 404, body = Problem, content_type = "application/problem+json"),
))]
pub(super) async fn one(
    _: Viewer,
    state: web::Data<HttpState>,
    id: web::Path<String>,
) -> ErrorAnswer<web::Json<CameraStatus>> {
    let id = id_of(&state, &id).await?;
    let found = state.live.latest().await?.cameras.into_iter().find(|camera| camera.id == id);
    Ok(web::Json(found.ok_or_else(|| no_camera(&id.to_string()))?))
}

/// Adds a camera.
#[utoipa::path(post, path = "/api/v1/cameras", operation_id = "addCamera", tag = "cameras", request_body = CameraEdit, responses(
    (status = 201, body = CameraStatus, headers(
        ("Location" = String, description = "address of the new camera"),
        ("ETag" = String, description = "for If-Match"),
    )),
    (status = 400, body = Problem, content_type = "application/problem+json", description = "not JSON; says where"),
    (status = 409, body = Problem, content_type = "application/problem+json", description = "the name is taken"),
    (status = 413, body = Problem, content_type = "application/problem+json", description = "more than 1 MB"),
    (status = 422, body = Problem, content_type = "application/problem+json", description = "a field is wrong; names it"),
))]
pub(super) async fn add(
    _: Operator,
    state: web::Data<HttpState>,
    request: HttpRequest,
    Json(edit): Json<CameraEdit>,
) -> ErrorAnswer {
    let added = state.commands.add_camera(edit).await?;
    tell_change(&request, None, Some(&added.row));
    let location = format!("{}/api/v1/cameras/{}", state.base_path, added.row.id);
    let mut answer = HttpResponse::Created();
    Ok(answer
        .insert_header((header::LOCATION, location))
        .insert_header((header::ETAG, tag::of(&added.row)))
        .json(added.status))
}

/// What can be edited of every camera, by id, without secrets; read from the table now.
#[utoipa::path(get, path = "/api/v1/cameras/settings", operation_id = "listCameraSettings", tag = "cameras", responses(
    (status = 200, body = ItemList<CameraSettings>),
    (status = 503, body = Problem, content_type = "application/problem+json", description = "the database is unreachable"),
))]
pub(super) async fn all_settings(
    _: Viewer,
    state: web::Data<HttpState>,
) -> ErrorAnswer<web::Json<ItemList<CameraSettings>>> {
    let rows = state.stores.cameras.cameras().await?;
    Ok(web::Json(ItemList::whole(rows.iter().map(CameraSettings::from).collect())))
}

/// What can be edited of a camera, without its secrets. The `ETag` names this very row: give it back as `If-Match`.
#[utoipa::path(get, path = "/api/v1/cameras/{id}/settings", operation_id = "getCameraSettings", tag = "cameras", params(("id" = String, Path, description = CAMERA)), responses(
    (status = 200, body = CameraSettings, headers(("ETag" = String, description = "for If-Match"))),
    (status = 404, body = Problem, content_type = "application/problem+json"),
    (status = 503, body = Problem, content_type = "application/problem+json", description = "the database is unreachable"),
))]
pub(super) async fn settings(_: Viewer, state: web::Data<HttpState>, id: web::Path<String>) -> ErrorAnswer {
    let id = id_of(&state, &id).await?;
    let row = state.stores.cameras.camera(id).await?.ok_or_else(|| no_camera(&id.to_string()))?;
    Ok(HttpResponse::Ok().insert_header((header::ETAG, tag::of(&row))).json(CameraSettings::from(&row)))
}

/// Changes the fields that are present; null clears a field. A stored password stays where it was entered for: with another
/// kind, host, port or protocol it has to be sent again, or be cleared (422, `password`). With `If-Match` only if nobody has changed the camera since.
#[utoipa::path(patch, path = "/api/v1/cameras/{id}", operation_id = "editCamera", tag = "cameras",
    params(("id" = String, Path, description = CAMERA), ("If-Match" = Option<String>, Header, description = "ETag of the row that was edited")),
    request_body = CameraEdit,
    responses(
        (status = 200, body = CameraStatus, headers(("ETag" = String, description = "of the row as it is now"))),
        (status = 400, body = Problem, content_type = "application/problem+json", description = "not JSON; says where"),
        (status = 404, body = Problem, content_type = "application/problem+json"),
        (status = 409, body = Problem, content_type = "application/problem+json", description = "the name is taken"),
        (status = 412, body = Problem, content_type = "application/problem+json", description = "the row is another by now"),
        (status = 422, body = Problem, content_type = "application/problem+json", description = "a field is wrong; names it"),
    ))]
pub(super) async fn edit(
    _: Operator,
    state: web::Data<HttpState>,
    id: web::Path<String>,
    request: HttpRequest,
    Json(edit): Json<CameraEdit>,
) -> ErrorAnswer {
    let number = id_of(&state, &id).await?;
    let before = state.stores.cameras.camera(number).await.ok().flatten();
    let edited = state.commands.edit_camera(number, edit, tag::condition(&request)).await;
    let edited = edited.map_err(|error| as_asked(error, &id))?;
    tell_change(&request, before.as_ref(), Some(&edited.row));
    Ok(HttpResponse::Ok().insert_header((header::ETAG, tag::of(&edited.row))).json(edited.status))
}

/// Deletes a camera and ends its restream. Its recordings stay. With `If-Match` only if nobody has changed it since.
#[utoipa::path(delete, path = "/api/v1/cameras/{id}", operation_id = "deleteCamera", tag = "cameras",
    params(("id" = String, Path, description = CAMERA), ("If-Match" = Option<String>, Header, description = "ETag of the row that was seen")),
    responses(
        (status = 204),
        (status = 404, body = Problem, content_type = "application/problem+json"),
        (status = 412, body = Problem, content_type = "application/problem+json", description = "the row is another by now"),
    ))]
pub(super) async fn delete(
    _: Operator,
    state: web::Data<HttpState>,
    id: web::Path<String>,
    request: HttpRequest,
) -> ErrorAnswer {
    let number = id_of(&state, &id).await?;
    let before = state.stores.cameras.camera(number).await.ok().flatten();
    let deleted = state.commands.delete_camera(number, tag::condition(&request)).await;
    deleted.map_err(|error| as_asked(error, &id))?;
    tell_change(&request, before.as_ref(), None);
    Ok(HttpResponse::NoContent().finish())
}

/// For the audit log: the row before and after, without its secrets.
fn tell_change(request: &HttpRequest, before: Option<&CameraRow>, after: Option<&CameraRow>) {
    let view = |row: &CameraRow| serde_json::to_value(CameraSettings::from(row)).ok();
    let target = after.or(before).map(|row| format!("camera {} (id {})", row.name, row.id));
    let change = AuditedChange { target, before: before.and_then(view), after: after.and_then(view) };
    audit_routes::tell(request, change);
}

/// Ends the camera's ffmpeg and starts it again at once, whatever it was waiting for.
#[utoipa::path(post, path = "/api/v1/cameras/{id}/restart", operation_id = "restartCamera", tag = "cameras", params(("id" = String, Path, description = CAMERA)), responses(
    (status = 200, body = CameraStatus),
    (status = 404, body = Problem, content_type = "application/problem+json"),
))]
pub(super) async fn restart(
    _: Operator,
    state: web::Data<HttpState>,
    id: web::Path<String>,
) -> ErrorAnswer<web::Json<CameraStatus>> {
    let restarted = state.commands.restart_camera(id_of(&state, &id).await?).await;
    Ok(web::Json(restarted.map_err(|error| as_asked(error, &id))?))
}

/// The kinds of cameras that can be added.
#[utoipa::path(get, path = "/api/v1/camera-kinds", operation_id = "listCameraKinds", tag = "cameras", responses((status = 200, body = ItemList<CameraKind>)))]
pub(super) async fn kinds(_: Viewer, state: web::Data<HttpState>) -> ErrorAnswer<web::Json<ItemList<CameraKind>>> {
    let kinds = state.stores.cameras.camera_kinds().await?;
    let kinds = kinds.into_iter().map(|(kind, url_template)| CameraKind { kind, url_template }).collect();
    Ok(web::Json(ItemList::whole(kinds)))
}

/// The id of the camera that a part of an address names: by its id or its name. A number is always an id, so that a call
/// sent again can never reach another camera that has the number for its name.
///
/// # Errors
/// `NotFound`; what the database says when it is needed and away.
pub(super) async fn id_of(state: &HttpState, camera: &str) -> Result<i64> {
    if is_id(camera) {
        return camera.parse().map_err(|_| no_camera(camera));
    }
    // A name that no camera can have is as unknown as one that none has.
    StreamName::parse(camera).map_err(|_| no_camera(camera))?;
    // The table first: what is live may still have the name of a moment ago.
    let rows = state.stores.cameras.cameras().await;
    let row = rows.as_ref().ok().and_then(|rows| rows.iter().find(|row| row.name == camera)).map(|row| row.id);
    if let Some(id) = row {
        return Ok(id);
    }
    // One whose row is gone may go on, and one is running while the database is away.
    let latest = state.live.latest().await?;
    let found = latest.cameras.iter().find(|one| one.name == camera).map(|one| one.id);
    match (found, rows) {
        (Some(id), _) => Ok(id),
        (None, Err(error)) => Err(error),
        (None, Ok(_)) => Err(no_camera(camera)),
    }
}

/// A camera that has gone between being read and being written is called as the caller called it.
fn as_asked(error: Error, camera: &str) -> Error {
    if error.kind() == ErrorKind::NotFound { no_camera(camera) } else { error }
}

pub(super) fn no_camera(camera: &str) -> Error {
    let camera: String = camera.chars().take(40).collect();
    Error::not_found(format!("there is no camera {camera:?}; name it by its id, or by its name as one encoded part"))
}
