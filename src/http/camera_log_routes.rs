//! `/api/v1/cameras/{id}/log`: the last words of a camera's ffmpeg.

use actix_web::web;

use super::access::Viewer;
use super::camera_routes::{CAMERA, id_of};
use super::http_error::{ErrorAnswer, Problem};
use super::http_state::HttpState;
use super::item_list::ItemList;
use crate::domain::run_log::ProgramRun;

/// What the camera's ffmpeg has said: its last 3 runs, the newest first, at most 50 lines each. A look with ffprobe that
/// failed counts as a run.
#[utoipa::path(get, path = "/api/v1/cameras/{id}/log", operation_id = "getCameraLog", tag = "cameras", params(("id" = String, Path, description = CAMERA)), responses(
    (status = 200, body = ItemList<ProgramRun>),
    (status = 404, body = Problem, content_type = "application/problem+json"),
    (status = 503, body = Problem, content_type = "application/problem+json", description = "no role restream runs here"),
))]
pub(super) async fn log(
    _: Viewer,
    state: web::Data<HttpState>,
    id: web::Path<String>,
) -> ErrorAnswer<web::Json<ItemList<ProgramRun>>> {
    Ok(web::Json(ItemList::whole(state.commands.camera_log(id_of(&state, &id).await?).await?)))
}
