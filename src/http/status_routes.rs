//! `/api/v1/status`, `/api/v1/tree`: the process and its actors.

use actix_web::web;
use chrono::{DateTime, Utc};
use futures_util::future::join;
use serde::Serialize;
use utoipa::ToSchema;

use super::access::Viewer;
use super::counts::StateCounts;
use super::health::{self, Service};
use super::http_error::{ErrorAnswer, Problem};
use super::http_state::{HttpState, VERSION};
use super::player_addresses::PlayerAddress;
use crate::actors::supervision::Observation;
use crate::actors::thumbnails::{ThumbnailFigures, Thumbnails};
use crate::domain::role::Role;

/// The process in one look.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Status {
    /// Version of this program.
    version: &'static str,
    /// Name of this process.
    node: String,
    /// Its number on its machine.
    pid: u32,
    /// Where the cameras are, without a password.
    #[schema(example = "postgresql://db.example.org:5432/video")]
    database: String,
    /// When it started.
    started_at: DateTime<Utc>,
    /// The jobs it runs.
    #[schema(value_type = Vec<String>, example = json!(["monitor", "restream", "record"]))]
    roles: Vec<Role>,
    /// What it depends on.
    services: Vec<Service>,
    /// How many there are of everything.
    counts: StateCounts,
    /// Where the streams of each media server are read and published.
    players: Vec<PlayerAddress>,
    /// There is a page for viewers, at `/status`.
    status_page: bool,
    /// What small pictures have cost since the start; absent where they are switched off (`record.thumbnails`).
    #[serde(skip_serializing_if = "Option::is_none")]
    thumbnails: Option<ThumbnailFigures>,
}

/// Roles, services, counts, versions.
#[utoipa::path(get, path = "/api/v1/status", operation_id = "status", tag = "status", responses(
    (status = 200, body = Status),
    (status = 503, body = Problem, content_type = "application/problem+json"),
))]
pub(super) async fn status(_: Viewer, state: web::Data<HttpState>) -> ErrorAnswer<web::Json<Status>> {
    // It is asked for when something is wrong: what does not answer is named and hides nothing else.
    let (services, counts) = join(health::services(&state), StateCounts::read(&state, health::TIMEOUT)).await;
    let (counts, _) = counts?;
    Ok(web::Json(Status {
        version: VERSION,
        node: state.node.clone(),
        pid: std::process::id(),
        database: state.database_name.clone(),
        started_at: state.started_at,
        roles: state.roles.clone(),
        services,
        counts,
        players: state.players.addresses(),
        status_page: state.status_page.is_there(),
        thumbnails: state.thumbnails.as_ref().map(Thumbnails::figures),
    }))
}

/// The actor tree: every actor with its state, restarts and last failure.
#[utoipa::path(get, path = "/api/v1/tree", operation_id = "tree", tag = "status", responses(
    (status = 200, body = Observation, description = "the root actor, its children under `children`"),
    (status = 503, body = Problem, content_type = "application/problem+json"),
))]
pub(super) async fn tree(_: Viewer, state: web::Data<HttpState>) -> ErrorAnswer<web::Json<Observation>> {
    Ok(web::Json(state.commands.tree().await?))
}
