//! `/api/v1/settings`: the configuration in force, as `streamwarden config` prints it.

use actix_web::web;
use serde::Serialize;
use utoipa::ToSchema;

use super::access::Operator;
use super::http_error::ErrorAnswer;
use super::http_state::HttpState;
use super::item_list::ItemList;
use crate::config::Shown;

/// A key of the configuration.
#[derive(Serialize, ToSchema)]
pub(super) struct SettingView {
    /// Full name: `servers[0].api_url`.
    key: String,
    /// As the file would have it; `***` for a secret, null where there is none.
    value: Option<String>,
    /// `default`, `etc/streamwarden.toml:12`, `environment PG_DSN`, `command line --listen`.
    origin: String,
}

/// Every key with its value and where that comes from, without secrets. What was changed and waits for the next start is as it
/// is until then.
#[utoipa::path(get, path = "/api/v1/settings", operation_id = "listSettings", tag = "status", responses((status = 200, body = ItemList<SettingView>)))]
pub(super) async fn list(_: Operator, state: web::Data<HttpState>) -> ErrorAnswer<web::Json<ItemList<SettingView>>> {
    let view = |shown: &Shown| {
        let Shown { key, value, origin } = shown.clone();
        SettingView { key, value, origin }
    };
    Ok(web::Json(ItemList::whole(state.settings.borrow().iter().map(view).collect())))
}
