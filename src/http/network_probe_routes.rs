//! `/api/v1/probes/network`: what the network probes of the role health have found.

use actix_web::web;
use serde_json::Value;

use super::access::Viewer;
use super::health_found::found;
use super::http_error::ErrorAnswer;
use super::http_state::HttpState;
use super::item_list::ItemList;
use crate::domain::health::NetworkProbeStatus;
use crate::domain::health_part::HealthPart;

/// Every endpoint that this process probes, by name, with what its last probe found, latency, jitter and loss of the last minutes, and when
/// it was out. Kept in memory: nothing is probed for it. Empty in a process without the role health, and without endpoints in its
/// configuration.
#[utoipa::path(get, path = "/api/v1/probes/network", operation_id = "listNetworkProbes", tag = "health", responses(
    (status = 200, body = ItemList<NetworkProbeStatus>),
))]
pub(super) async fn list(_: Viewer, state: web::Data<HttpState>) -> ErrorAnswer<web::Json<ItemList<Value>>> {
    found(&state, HealthPart::Network).await
}
