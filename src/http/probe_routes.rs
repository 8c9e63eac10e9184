//! `/api/v1/cameras/{id}/probe`: what is known of a camera's source, and looking at it now.

use actix_web::{HttpRequest, web};

use super::access::{Operator, Viewer};
use super::audit_routes as audit;
use super::body::Json;
use super::camera_routes::{CAMERA, id_of, no_camera};
use super::http_error::{ErrorAnswer, Problem};
use super::http_state::HttpState;
use super::query::Query;
use crate::base::Error;
use crate::domain::camera::CameraEdit;
use crate::domain::probe::ProbeView;

/// The last look at a camera that was kept. A camera that sends and never failed is not looked at again.
#[utoipa::path(get, path = "/api/v1/cameras/{id}/probe", operation_id = "getCameraProbe", tag = "cameras", params(("id" = String, Path, description = CAMERA)), responses(
    (status = 200, body = ProbeView),
    (status = 404, body = Problem, content_type = "application/problem+json", description = "no such camera, or never probed"),
    (status = 503, body = Problem, content_type = "application/problem+json", description = "the database is unreachable"),
))]
pub(super) async fn kept(
    _: Viewer,
    state: web::Data<HttpState>,
    id: web::Path<String>,
) -> ErrorAnswer<web::Json<ProbeView>> {
    let id = id_of(&state, &id).await?;
    if let Some(kept) = state.stores.probes.camera_probe(id).await? {
        return Ok(web::Json(kept.into()));
    }
    state.stores.cameras.camera(id).await?.ok_or_else(|| no_camera(&id.to_string()))?;
    Err(Error::not_found("this camera was not probed yet; POST to this address probes it").into())
}

/// Looks at a camera's source now and keeps the result. A relay that runs is not touched; one that waits after a failure
/// starts at once when the camera is well.
#[utoipa::path(post, path = "/api/v1/cameras/{id}/probe", operation_id = "probeCamera", tag = "cameras", params(("id" = String, Path, description = CAMERA)), responses(
    (status = 200, body = ProbeView, description = "also when the source fails"),
    (status = 404, body = Problem, content_type = "application/problem+json"),
    (status = 422, body = Problem, content_type = "application/problem+json", description = "the row is wrong; names the field"),
    (status = 503, body = Problem, content_type = "application/problem+json", description = "too many are being probed"),
))]
pub(super) async fn probe_now(
    _: Operator,
    state: web::Data<HttpState>,
    id: web::Path<String>,
    request: HttpRequest,
) -> ErrorAnswer<web::Json<ProbeView>> {
    audit::tell_no_change(&request);
    Ok(web::Json(state.commands.probe_camera(id_of(&state, &id).await?).await?))
}

/// Tests a camera that is not saved; nothing is written. The stored password of `id` is used only where it was entered for:
/// with another kind, host, port or protocol the body has to bring it (422, `password`).
#[utoipa::path(post, path = "/api/v1/cameras/probe", operation_id = "testCamera", tag = "cameras",
    params(("id" = Option<i64>, Query, description = "camera that is being edited: what is absent in the body, as its password, is taken from it")),
    request_body = CameraEdit,
    responses(
        (status = 200, body = ProbeView, description = "also when the source fails"),
        (status = 400, body = Problem, content_type = "application/problem+json", description = "not JSON; says where"),
        (status = 404, body = Problem, content_type = "application/problem+json", description = "no camera has this id"),
        (status = 422, body = Problem, content_type = "application/problem+json", description = "a field is wrong; names it"),
        (status = 503, body = Problem, content_type = "application/problem+json", description = "too many are being probed"),
    ))]
pub(super) async fn test(
    _: Operator,
    state: web::Data<HttpState>,
    request: HttpRequest,
    Json(edit): Json<CameraEdit>,
) -> ErrorAnswer<web::Json<ProbeView>> {
    audit::tell_no_change(&request);
    let mut query = Query::of(&request)?;
    let id = query.parsed("id", "the number of a camera")?;
    Ok(web::Json(state.commands.test_camera(id, edit).await?))
}
