//! `/api/v1/anomalies`: numbers of streams, what is usual for them, and which of them have left it.

use actix_web::web;
use serde_json::Value;

use super::access::Viewer;
use super::health_found::found;
use super::http_error::ErrorAnswer;
use super::http_state::HttpState;
use super::item_list::ItemList;
use crate::domain::anomaly::AnomalyStatus;
use crate::domain::health_part::HealthPart;

/// Every number of every stream that this process watches for anomalies, by server, stream and metric: what it is, what is usual at this
/// hour of the week, since when it is unusual, from when on it can be judged. Kept in memory: nothing is read for it. Empty in a process
/// without the roles health and monitor, and where `health.anomalies` is not enabled.
#[utoipa::path(get, path = "/api/v1/anomalies", operation_id = "listAnomalies", tag = "health", responses(
    (status = 200, body = ItemList<AnomalyStatus>),
))]
pub(super) async fn list(_: Viewer, state: web::Data<HttpState>) -> ErrorAnswer<web::Json<ItemList<Value>>> {
    found(&state, HealthPart::Anomalies).await
}
