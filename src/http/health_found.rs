//! What a part of the role health has found, wherever in the site it is done.

use actix_web::web;
use serde_json::Value;

use super::http_error::ErrorAnswer;
use super::http_state::{Commands, HttpState};
use super::item_list::ItemList;
use crate::actors::health::HealthHandle;
use crate::base::Result;
use crate::domain::health_part::HealthPart;

/// Of this process; where it stands by, of the one that does it.
///
/// # Errors
/// When that one does not answer.
pub(super) async fn items(health: &HealthHandle, commands: &dyn Commands, part: HealthPart) -> Result<Vec<Value>> {
    match health.holder(part) {
        Some(node) => commands.health_found(&node, part).await,
        None => health.found(part),
    }
}

/// The same as an answer.
pub(super) async fn found(state: &HttpState, part: HealthPart) -> ErrorAnswer<web::Json<ItemList<Value>>> {
    Ok(web::Json(ItemList::whole(items(&state.health, &*state.commands, part).await?)))
}
