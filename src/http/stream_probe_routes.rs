//! `/api/v1/probes/streams`: what the probes of the role health have found.

use actix_web::web;
use serde_json::Value;

use super::access::Viewer;
use super::health_found::found;
use super::http_error::ErrorAnswer;
use super::http_state::HttpState;
use super::item_list::ItemList;
use crate::domain::health::StreamProbeStatus;
use crate::domain::health_part::HealthPart;

/// Every target that this process probes, by name, with what its last probe found and when it was out. Kept in memory: nothing is
/// probed for it. Empty in a process without the role health, and without targets in its configuration.
#[utoipa::path(get, path = "/api/v1/probes/streams", operation_id = "listStreamProbes", tag = "health", responses(
    (status = 200, body = ItemList<StreamProbeStatus>),
))]
pub(super) async fn list(_: Viewer, state: web::Data<HttpState>) -> ErrorAnswer<web::Json<ItemList<Value>>> {
    found(&state, HealthPart::Streams).await
}
