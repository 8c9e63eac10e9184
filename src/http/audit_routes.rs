//! `/api/v1/audit`: what people have changed, and how it gets there: every request that an operator's route has answered
//! with success is an entry. A handler adds what it was before and is now by [`tell`].

use std::net::IpAddr;

use actix_web::dev::ServiceResponse;
use actix_web::http::Method;
use actix_web::{HttpMessage, HttpRequest, web};
use chrono::Utc;
use serde_json::Value;
use uuid::Uuid;

use super::access::Operator;
use super::caller::Caller;
use super::http_error::{ErrorAnswer, Problem};
use super::http_state::HttpState;
use super::item_list::ItemList;
use super::query::Query;
use crate::adapters::database::AuditQuery;
use crate::domain::login::AuditEntry;

/// Entries in one answer when nobody says how many, and the most there are.
const LIMIT: u32 = 200;
const MOST: u32 = 1_000;

/// Longest target that is kept, in letters.
const LONGEST: usize = 300;

/// What was changed, without secrets.
#[derive(Clone, Debug, Default)]
pub(super) struct AuditedChange {
    /// To what; the address of the request when absent.
    pub(super) target: Option<String>,
    /// What it was.
    pub(super) before: Option<Value>,
    /// What it is.
    pub(super) after: Option<Value>,
}

/// Of a request that changes nothing although its method could.
#[derive(Clone, Copy)]
struct NoChange;

/// Tells that this request changes nothing: it is no entry.
pub(super) fn tell_no_change(request: &HttpRequest) {
    request.extensions_mut().insert(NoChange);
}

/// Tells what this request changes.
pub(super) fn tell(request: &HttpRequest, change: AuditedChange) {
    request.extensions_mut().insert(change);
}

/// Notes what a request has changed, if it has. For routes of operators.
pub(super) async fn note<B>(
    state: &HttpState,
    response: &ServiceResponse<B>,
    route: &str,
    caller: &Caller,
    address: IpAddr,
) {
    let request = response.request();
    let (method, path) = (request.method().clone(), request.path());
    if matches!(method, Method::GET | Method::HEAD) || !response.status().is_success() {
        return;
    }
    if request.extensions().get::<NoChange>().is_some() {
        return;
    }
    let change = request.extensions().get::<AuditedChange>().cloned().unwrap_or_default();
    // The log has the address that was asked, the audit log the kind of it, by which entries are found.
    let asked: String = format!("{method} {path}").chars().take(LONGEST).collect();
    let path = percent_encoding::percent_decode_str(path).decode_utf8_lossy().into_owned();
    let change = AuditedChange { target: Some(change.target.unwrap_or(path)), ..change };
    write_as(state, caller, address, format!("{method} {route}"), &asked, change).await;
}

/// Writes an entry. Where the database does not take it, the log has it.
pub(super) async fn write(state: &HttpState, caller: &Caller, address: IpAddr, action: String, change: AuditedChange) {
    let said = action.clone();
    write_as(state, caller, address, action, &said, change).await;
}

async fn write_as(
    state: &HttpState,
    caller: &Caller,
    address: IpAddr,
    action: String,
    said: &str,
    change: AuditedChange,
) {
    let entry = AuditEntry {
        id: Uuid::now_v7(),
        at: Utc::now(),
        who: caller.to_string(),
        address: address.to_string(),
        action,
        target: change.target.unwrap_or_default().chars().take(LONGEST).collect(),
        before: change.before,
        after: change.after,
    };
    let (who, target) = (entry.who.clone(), entry.target.clone());
    let from = entry.address.clone();
    log::info!(who = who.as_str(), from = from.as_str(), target = target.as_str(); "{said}");
    if let Err(error) = state.stores.logins.write_audit(entry).await {
        log::warn!(who = who.as_str(), target = target.as_str(); "{said}: the audit log lacks this: {error}");
    }
}

/// What people have changed, the newest first; `next` goes into `after`.
#[utoipa::path(get, path = "/api/v1/audit", operation_id = "listAudit", tag = "logins",
    params(
        ("who" = Option<String>, Query, min_length = 1, description = "only by this user, or `token NAME`"),
        ("from" = Option<DateTime<Utc>>, Query, description = "RFC 3339; only from this time on"),
        ("to" = Option<DateTime<Utc>>, Query, description = "RFC 3339; only before this time"),
        ("after" = Option<Uuid>, Query, description = "the `next` of the page before"),
        ("limit" = Option<u32>, Query, minimum = 1, maximum = 1000, description = "1 to 1000; 200 when absent"),
    ),
    responses(
        (status = 200, body = ItemList<AuditEntry>),
        (status = 503, body = Problem, content_type = "application/problem+json"),
    ))]
pub(super) async fn list(
    _: Operator,
    state: web::Data<HttpState>,
    request: HttpRequest,
) -> ErrorAnswer<web::Json<ItemList<AuditEntry>>> {
    let mut query = Query::of(&request)?;
    let (who, from, to) = (query.text("who")?, query.time("from")?, query.time("to")?);
    let after = query.parsed("after", "the `next` of the page before")?;
    let limit = query.number("limit", 1, MOST)?.unwrap_or(LIMIT);
    // One more than asked for tells whether more follow.
    let mut items = state.stores.logins.audit(AuditQuery { who, from, to, after, limit: limit + 1 }).await?;
    let has_more = items.len() > limit as usize;
    items.truncate(limit as usize);
    let next = items.last().filter(|_| has_more).map(|entry| entry.id.to_string());
    Ok(web::Json(ItemList::part(items, next)))
}
