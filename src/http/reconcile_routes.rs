//! `POST /api/v1/recordings/reconcile`: a stretch of spool, catalogue or object store is compared with the others, and mended.

use actix_web::{HttpRequest, web};
use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;

use super::access::Operator;
use super::audit_routes::{self as audit, AuditedChange};
use super::body::Json;
use super::http_error::{ErrorAnswer, Problem};
use super::http_state::HttpState;
use crate::actors::record::reconcile::{self, ReconcileHandles};
use crate::base::Error;
use crate::domain::reconcile::{ReconcilePart, ReconcileStep};
use crate::domain::role::Role;

/// What to compare.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct ReconcileOrder {
    /// Of what.
    part: ReconcilePart,
    /// The `next` of the stretch before; the first one when absent.
    #[serde(default)]
    #[schema(max_length = 2000)]
    after: Option<String>,
    /// True: mends what differs. False: only says what would be done.
    #[serde(default)]
    apply: bool,
}

/// Compares a stretch of spool, catalogue or object store with the others, and mends what differs if asked to. Ends after some
/// seconds; `next` says where to go on. Never deletes anything.
#[utoipa::path(post, path = "/api/v1/recordings/reconcile", operation_id = "reconcileRecordings", tag = "recordings",
    request_body = ReconcileOrder,
    responses(
        (status = 200, body = ReconcileStep),
        (status = 422, body = Problem, content_type = "application/problem+json"),
        (status = 503, body = Problem, content_type = "application/problem+json", description = "this process does not record, or spool, store or database does not work"),
    ))]
pub(super) async fn step(
    _: Operator,
    state: web::Data<HttpState>,
    request: HttpRequest,
    Json(order): Json<ReconcileOrder>,
) -> ErrorAnswer<web::Json<ReconcileStep>> {
    if !state.roles.contains(&Role::Record) {
        let text = "this process does not record; ask the one that has the role record";
        return Err(Error::unavailable(text).into());
    }
    let handles = ReconcileHandles {
        recordings: state.stores.recordings.clone(),
        objects: state.objects.clone(),
        spool: state.spool.clone(),
        first_server: state.first_server.clone(),
    };
    let done = reconcile::step(&handles, order.part, order.after, order.apply).await?;
    let mended: Vec<_> = done.findings.iter().filter(|finding| finding.done).collect();
    match mended.is_empty() {
        true => audit::tell_no_change(&request),
        // The first ones tell what it was about.
        false => audit::tell(
            &request,
            AuditedChange {
                after: Some(json!({ "mended": mended.len(), "first": mended[0] })),
                ..AuditedChange::default()
            },
        ),
    }
    Ok(web::Json(done))
}
