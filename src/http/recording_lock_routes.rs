//! `/api/v1/recordings/locks`: stretches of streams that are kept however old they get, with reason and who said so.

use actix_web::{HttpRequest, HttpResponse, web};
use chrono::{DateTime, SubsecRound, Utc};
use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;
use uuid::Uuid;

use super::access::{Operator, Viewer};
use super::audit_routes::{self as audit, AuditedChange};
use super::body::Json;
use super::http_error::{ErrorAnswer, Problem};
use super::http_state::HttpState;
use super::item_list::ItemList;
use crate::adapters::database::check_stream;
use crate::base::Error;
use crate::domain::name::StreamName;
use crate::domain::retention::RecordingLock;

/// What is kept, and why.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct LockOrder {
    /// Name of the stream, on whatever server.
    #[schema(
        min_length = 1,
        max_length = 200,
        pattern = r"^(\.*[0-9A-Za-z_-][0-9A-Za-z_.-]*|\.{3,})(/(\.*[0-9A-Za-z_-][0-9A-Za-z_.-]*|\.{3,}))*$"
    )]
    stream: String,
    /// From then on.
    from: DateTime<Utc>,
    /// Until then.
    to: DateTime<Utc>,
    /// Why, in one line.
    #[schema(
        max_length = 500,
        min_length = 1,
        pattern = r"^[^\u0000-\u001f\u007f-\u009f]*[^\u0000-\u001f\u007f-\u009f \u00a0\u00ad\u034f\u061c\u115f\u1160\u1680\u17b4\u17b5\u180b-\u180f\u2000-\u200f\u2028-\u202f\u205f-\u206f\u2800\u3000\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8][^\u0000-\u001f\u007f-\u009f]*$"
    )]
    reason: String,
}

/// Every lock, by stream and begin.
#[utoipa::path(get, path = "/api/v1/recordings/locks", operation_id = "listRecordingLocks", tag = "recordings", responses(
    (status = 200, body = ItemList<RecordingLock>),
    (status = 503, body = Problem, content_type = "application/problem+json"),
))]
pub(super) async fn list(_: Viewer, state: web::Data<HttpState>) -> ErrorAnswer<web::Json<ItemList<RecordingLock>>> {
    Ok(web::Json(ItemList::whole(state.stores.retention.locks().await?)))
}

/// Keeps a stretch of a stream, however old it gets: neither rules of retention nor a cleanup delete what touches it.
#[utoipa::path(post, path = "/api/v1/recordings/locks", operation_id = "lockRecordings", tag = "recordings",
    request_body = LockOrder,
    responses(
        (status = 200, body = RecordingLock),
        (status = 422, body = Problem, content_type = "application/problem+json"),
        (status = 503, body = Problem, content_type = "application/problem+json"),
    ))]
pub(super) async fn add(
    Operator(caller): Operator,
    state: web::Data<HttpState>,
    request: HttpRequest,
    Json(order): Json<LockOrder>,
) -> ErrorAnswer<web::Json<RecordingLock>> {
    let stream = StreamName::parse(&order.stream)
        .map_err(|error| Error::invalid("stream", error.message().to_owned()))?
        .as_str()
        .to_owned();
    let lock = RecordingLock {
        id: Uuid::now_v7(),
        stream,
        from: order.from,
        to: order.to,
        reason: order.reason,
        set_by: caller.to_string(),
        // As finely as databases keep it.
        set_at: Utc::now().trunc_subsecs(6),
    };
    let lock = lock.checked()?;
    let live = state.live.latest().await.map(|latest| latest.streams).unwrap_or_default();
    let live: Vec<String> = live.iter().map(|stream| stream.name.as_str().to_owned()).collect();
    check_stream(&state.stores, &lock.stream, &live).await?;
    state.stores.retention.add_lock(lock.clone()).await?;
    audit::tell(&request, AuditedChange { target: Some(lock.stream.clone()), before: None, after: Some(json!(lock)) });
    Ok(web::Json(lock))
}

/// Removes a lock: what it covered goes by the rules again.
#[utoipa::path(delete, path = "/api/v1/recordings/locks/{id}", operation_id = "unlockRecordings", tag = "recordings",
    params(("id" = Uuid, Path)), responses(
        (status = 204),
        (status = 404, body = Problem, content_type = "application/problem+json"),
        (status = 503, body = Problem, content_type = "application/problem+json"),
    ))]
pub(super) async fn remove(
    _: Operator,
    state: web::Data<HttpState>,
    id: web::Path<String>,
    request: HttpRequest,
) -> ErrorAnswer {
    let missing = |_| Error::not_found("there is no such lock");
    let id: Uuid = id.parse().map_err(missing)?;
    let locks = state.stores.retention.locks().await?;
    state.stores.retention.remove_lock(id).await?;
    let before = locks.into_iter().find(|lock| lock.id == id);
    let target = before.as_ref().map(|lock| lock.stream.clone());
    audit::tell(&request, AuditedChange { target, before: before.map(|lock| json!(lock)), after: None });
    Ok(HttpResponse::NoContent().finish())
}
