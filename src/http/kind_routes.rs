//! `/api/v1/camera-kinds/{kind}`: writing and deleting kinds of cameras.
//!
//! A kind is written by a command; the cameras of it are read again.

use actix_web::{HttpResponse, web};
use serde::Deserialize;
use utoipa::ToSchema;

use super::access::Operator;
use super::body::Json;
use super::http_error::{ErrorAnswer, Problem};
use super::http_state::HttpState;

/// What a kind means.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct KindEdit {
    /// Template of the source URL, with `{host} {port} {username} {password} {channel} {substream}` and defaults like
    /// `{port=554}`.
    #[schema(max_length = 1024, example = "rtsp://{username}:{password}@{host}:{port=554}/live/{substream=main}")]
    url_template: String,
}

/// Adds a kind of camera, or changes its template; cameras of this kind whose URL changes are started again. A template that
/// takes the password calls the camera's own `{host}`, and one that cameras with stored passwords have keeps their scheme,
/// host and port.
#[utoipa::path(put, path = "/api/v1/camera-kinds/{kind}", operation_id = "putCameraKind", tag = "cameras",
    params(("kind" = String, Path, max_length = 64, pattern = "^[a-z0-9-]+$", description = "a-z, 0-9 and '-'")), request_body = KindEdit, responses(
    (status = 204),
    (status = 409, body = Problem, content_type = "application/problem+json", description = "stored passwords would go elsewhere"),
    (status = 422, body = Problem, content_type = "application/problem+json"),
    (status = 503, body = Problem, content_type = "application/problem+json"),
))]
pub(super) async fn put(
    _: Operator,
    state: web::Data<HttpState>,
    kind: web::Path<String>,
    Json(edit): Json<KindEdit>,
) -> ErrorAnswer {
    state.commands.put_camera_kind(kind.into_inner(), edit.url_template).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Deletes a kind that no camera has.
#[utoipa::path(delete, path = "/api/v1/camera-kinds/{kind}", operation_id = "deleteCameraKind", tag = "cameras", params(("kind" = String, Path)), responses(
    (status = 204),
    (status = 404, body = Problem, content_type = "application/problem+json"),
    (status = 409, body = Problem, content_type = "application/problem+json", description = "cameras are of this kind"),
))]
pub(super) async fn delete(_: Operator, state: web::Data<HttpState>, kind: web::Path<String>) -> ErrorAnswer {
    state.commands.delete_camera_kind(kind.into_inner()).await?;
    Ok(HttpResponse::NoContent().finish())
}
