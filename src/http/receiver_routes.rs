//! `/api/v1/receivers`: who is told of incidents, and whether messages arrive there.

use actix_web::{HttpRequest, HttpResponse, web};

use super::access::{Operator, Viewer};
use super::audit_routes as audit;
use super::http_error::{ErrorAnswer, Problem};
use super::http_state::HttpState;
use super::item_list::ItemList;
use crate::actors::notify::ReceiverState;

/// The receivers of the configuration, in its order.
#[utoipa::path(get, path = "/api/v1/receivers", operation_id = "listReceivers", tag = "notifications", responses(
    (status = 200, body = ItemList<ReceiverState>),
    (status = 503, body = Problem, content_type = "application/problem+json"),
))]
pub(super) async fn list(_: Viewer, state: web::Data<HttpState>) -> ErrorAnswer<web::Json<ItemList<ReceiverState>>> {
    Ok(web::Json(ItemList::whole(state.notifications.list().await?)))
}

/// Sends a message that says only that messages arrive. It waits for nobody and passes no filter.
#[utoipa::path(post, path = "/api/v1/receivers/{name}/test", operation_id = "testReceiver", tag = "notifications",
    params(("name" = String, Path)), responses(
    (status = 204, description = "the receiver has taken it"),
    (status = 404, body = Problem, content_type = "application/problem+json"),
    (status = 409, body = Problem, content_type = "application/problem+json", description = "it refuses the message, or is being tried"),
    (status = 503, body = Problem, content_type = "application/problem+json", description = "it does not answer"),
))]
pub(super) async fn test(
    _: Operator,
    state: web::Data<HttpState>,
    name: web::Path<String>,
    request: HttpRequest,
) -> ErrorAnswer {
    state.notifications.test(&name).await?;
    audit::tell(&request, audit::AuditedChange { target: Some(format!("receiver {name}")), before: None, after: None });
    Ok(HttpResponse::NoContent().finish())
}
