//! What a part of the role health has found, wherever in the site it is done.

use actix_web::web;
use serde_json::Value;

use super::http_error::ErrorAnswer;
use super::http_state::HttpState;
use super::item_list::ItemList;
use crate::domain::health_part::HealthPart;

/// Of this process; where it stands by, of the one that does it.
pub(super) async fn found(state: &HttpState, part: HealthPart) -> ErrorAnswer<web::Json<ItemList<Value>>> {
    let items = match state.health.holder(part) {
        Some(node) => state.commands.health_found(&node, part).await?,
        None => state.health.found(part)?,
    };
    Ok(web::Json(ItemList::whole(items)))
}
