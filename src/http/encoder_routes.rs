//! `/api/v1/encoders`: hardware encoders, how they are, and orders to start and stop their streams.

use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::Value;

use super::access::{Operator, Viewer};
use super::audit_routes as audit;
use super::health_found::found;
use super::http_error::{ErrorAnswer, Problem};
use super::http_state::HttpState;
use super::item_list::ItemList;
use crate::domain::encoder::{EncoderOrder, EncoderStatus};
use crate::domain::health_part::HealthPart;

/// The encoders of the configuration, by name, with what each said last and what is believed of it. Kept in memory: no device is asked for
/// it. Empty in a process without the role health.
#[utoipa::path(get, path = "/api/v1/encoders", operation_id = "listEncoders", tag = "health", responses(
    (status = 200, body = ItemList<EncoderStatus>),
))]
pub(super) async fn list(_: Viewer, state: web::Data<HttpState>) -> ErrorAnswer<web::Json<ItemList<Value>>> {
    found(&state, HealthPart::Encoders).await
}

/// Tells an encoder to begin its stream.
#[utoipa::path(post, path = "/api/v1/encoders/{name}/start", operation_id = "startEncoder", tag = "health",
    params(("name" = String, Path)), responses(
    (status = 204, description = "it has taken the order; what comes of it is in its state"),
    (status = 404, body = Problem, content_type = "application/problem+json"),
    (status = 409, body = Problem, content_type = "application/problem+json", description = "it does not take the order, or is being given one"),
    (status = 503, body = Problem, content_type = "application/problem+json", description = "it does not answer"),
    (status = 504, body = Problem, content_type = "application/problem+json", description = "it does not answer in time"),
))]
pub(super) async fn start(
    _: Operator,
    state: web::Data<HttpState>,
    name: web::Path<String>,
    request: HttpRequest,
) -> ErrorAnswer {
    ordered(&state, &name, EncoderOrder::Start, &request).await
}

/// Tells an encoder to end its stream.
#[utoipa::path(post, path = "/api/v1/encoders/{name}/stop", operation_id = "stopEncoder", tag = "health",
    params(("name" = String, Path)), responses(
    (status = 204, description = "it has taken the order; what comes of it is in its state"),
    (status = 404, body = Problem, content_type = "application/problem+json"),
    (status = 409, body = Problem, content_type = "application/problem+json", description = "it does not take the order, or is being given one"),
    (status = 503, body = Problem, content_type = "application/problem+json", description = "it does not answer"),
    (status = 504, body = Problem, content_type = "application/problem+json", description = "it does not answer in time"),
))]
pub(super) async fn stop(
    _: Operator,
    state: web::Data<HttpState>,
    name: web::Path<String>,
    request: HttpRequest,
) -> ErrorAnswer {
    ordered(&state, &name, EncoderOrder::Stop, &request).await
}

async fn ordered(state: &HttpState, name: &str, order: EncoderOrder, request: &HttpRequest) -> ErrorAnswer {
    match state.health.holder(HealthPart::Encoders) {
        Some(node) => state.commands.order_encoder(&node, name, order).await?,
        None => state.health.encoders.order(name, order).await?,
    }
    audit::tell(request, audit::AuditedChange { target: Some(format!("encoder {name}")), before: None, after: None });
    Ok(HttpResponse::NoContent().finish())
}
