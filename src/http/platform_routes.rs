//! `/api/v1/platforms`: platforms that streams are sent to, with their live events.

use actix_web::web;
use serde_json::Value;

use super::access::Viewer;
use super::health_found::found;
use super::http_error::ErrorAnswer;
use super::http_state::HttpState;
use super::item_list::ItemList;
use crate::domain::health_part::HealthPart;
use crate::domain::platform::PlatformStatus;

/// The platforms of the configuration, by name, with what the last look at each has found. Kept in memory: no platform is asked for it.
/// Empty in a process without the role health.
#[utoipa::path(get, path = "/api/v1/platforms", operation_id = "listPlatforms", tag = "health", responses(
    (status = 200, body = ItemList<PlatformStatus>),
))]
pub(super) async fn list(_: Viewer, state: web::Data<HttpState>) -> ErrorAnswer<web::Json<ItemList<Value>>> {
    found(&state, HealthPart::Platforms).await
}
