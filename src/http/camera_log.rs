//! `/api/v1/cameras/{id}/log`: the last words of a camera's ffmpeg.

use actix_web::web;

use super::cameras::{CAMERA, id_of};
use super::error::{Answer, Problem};
use super::list::List;
use super::state::State;
use crate::domain::run_log::Run;

/// What the camera's ffmpeg has said: its last 3 runs, the newest first, at most 50 lines each. A look with ffprobe that
/// failed counts as a run.
#[utoipa::path(get, path = "/api/v1/cameras/{id}/log", operation_id = "getCameraLog", tag = "cameras", params(("id" = String, Path, description = CAMERA)), responses(
    (status = 200, body = List<Run>),
    (status = 404, body = Problem, content_type = "application/problem+json"),
    (status = 503, body = Problem, content_type = "application/problem+json", description = "no role restream runs here"),
))]
pub(super) async fn log(state: web::Data<State>, id: web::Path<String>) -> Answer<web::Json<List<Run>>> {
    Ok(web::Json(List::whole(state.commands.camera_log(id_of(&state, &id).await?).await?)))
}
