//! `/api/openapi.json`: the contract of all routes, made from the handlers themselves.

use actix_web::web;
use utoipa::OpenApi;

use crate::domain::stream::ServerStatus;

use super::responses::Complete;
use super::{
    camera_log, cameras, health, incidents, kinds, metrics, plan, probes, recordings, sheet, status, streams, ws,
};

/// The document. A test compares its paths with the route table.
#[derive(OpenApi)]
#[openapi(
    modifiers(&Complete),
    info(
        title = "Streamwarden",
        description = "Keeps live video flowing through MediaMTX servers. Errors are application/problem+json (RFC 9457); \
                       times are RFC 3339 in UTC, rates bits per second, sizes bytes."
    ),
    paths(
        health::alive,
        health::ready,
        metrics::metrics,
        document,
        status::status,
        status::tree,
        streams::list,
        streams::one,
        streams::history,
        cameras::list,
        cameras::add,
        cameras::one,
        cameras::edit,
        cameras::delete,
        cameras::restart,
        cameras::settings,
        cameras::all_settings,
        camera_log::log,
        sheet::export,
        sheet::import,
        cameras::kinds,
        kinds::put,
        kinds::delete,
        incidents::list,
        plan::get_plan,
        plan::apply,
        probes::kept,
        probes::probe_now,
        probes::test,
        recordings::streams,
        recordings::sessions,
        recordings::segments,
        recordings::playlist::playlist,
        recordings::media::segment,
        ws::connect,
        ws::check,
    ),
    // What the WebSocket sends besides the items of the lists.
    components(schemas(ServerStatus))
)]
pub(super) struct OpenApiDocument;

/// This document.
#[utoipa::path(get, path = "/api/openapi.json", operation_id = "openapi", tag = "status",
    responses((status = 200, body = BTreeMap<String, Value>, description = "OpenAPI 3.1")))]
pub(super) async fn document() -> web::Json<utoipa::openapi::OpenApi> {
    web::Json(OpenApiDocument::openapi())
}

/// The path of the document for a pattern of the route table, whose `{id:pattern}` is `{id}` there.
pub(super) fn path_of(pattern: &str) -> String {
    match pattern.split_once("{id:") {
        Some((before, _)) => format!("{before}{{id}}"),
        None => pattern.to_owned(),
    }
}
