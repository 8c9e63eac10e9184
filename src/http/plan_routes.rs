//! `/api/v1/cameras/plan`: what of the cameras table is blocked, and its confirmation.

use actix_web::{HttpRequest, web};
use serde::Deserialize;
use utoipa::ToSchema;

use super::access::{Operator, Viewer};
use super::body::Json;
use super::http_error::{ErrorAnswer, Problem};
use super::http_state::HttpState;
use super::query::Query;
use crate::domain::change_guard::PlanView;

/// Which plan is confirmed.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Confirmation {
    /// Its id as it was shown.
    id: String,
}

/// A change of the table that would stop too many cameras and waits for a person.
#[utoipa::path(get, path = "/api/v1/cameras/plan", operation_id = "getCameraPlan", tag = "cameras",
    params(("read" = Option<bool>, Query, description = "true: reads the table first, so that a change made just now counts")),
    responses(
        (status = 200, body = PlanView),
        (status = 422, body = Problem, content_type = "application/problem+json"),
        (status = 503, body = Problem, content_type = "application/problem+json"),
    ))]
pub(super) async fn get_plan(
    _: Viewer,
    state: web::Data<HttpState>,
    request: HttpRequest,
) -> ErrorAnswer<web::Json<PlanView>> {
    let mut query = Query::of(&request)?;
    let read = query.parsed("read", "true or false")?.unwrap_or(false);
    Ok(web::Json(state.commands.camera_plan(read).await?))
}

/// Carries out the blocked change: its cameras stop.
#[utoipa::path(post, path = "/api/v1/cameras/plan/apply", operation_id = "applyCameraPlan", tag = "cameras",
    request_body = Confirmation,
    responses(
        (status = 200, body = PlanView),
        (status = 409, body = Problem, content_type = "application/problem+json", description = "another change, or none, is blocked by now"),
        (status = 422, body = Problem, content_type = "application/problem+json", description = "names no plan"),
    ))]
pub(super) async fn apply(
    _: Operator,
    state: web::Data<HttpState>,
    Json(confirmation): Json<Confirmation>,
) -> ErrorAnswer<web::Json<PlanView>> {
    Ok(web::Json(state.commands.apply_camera_plan(confirmation.id).await?))
}
