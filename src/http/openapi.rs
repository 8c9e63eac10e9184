//! `/api/openapi.json`: the contract of all routes, made from the handlers themselves.

use actix_web::web;
use utoipa::OpenApi;
use utoipa::openapi::Server;

use super::access::Public;
use super::http_state::HttpState;
use crate::domain::stream::ServerStatus;

use super::logins::{session_routes, token_routes, user_routes};
use super::responses::Complete;
use super::security::Accesses;
use super::{
    anomaly_routes, audit_routes, camera_log_routes, camera_routes, completeness_routes, encoder_routes, health,
    history_routes, host_routes, incident_routes, kind_routes, maintenance_routes, metrics, network_probe_routes,
    node_routes, plan_routes, platform_routes, probe_routes, receiver_routes, reconcile_routes, recording_lock_routes,
    recordings, session_list_routes, settings_routes, sheet_routes, status_page, status_routes, stream_probe_routes,
    stream_routes, thumbnail_routes, ws,
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
        status_routes::status,
        status_routes::tree,
        status_page::routes::status,
        status_page::routes::page,
        status_page::routes::style,
        settings_routes::list,
        node_routes::list,
        stream_routes::list,
        stream_routes::one,
        stream_routes::live,
        history_routes::of_stream,
        thumbnail_routes::newest,
        session_list_routes::list,
        session_list_routes::kick,
        stream_probe_routes::list,
        network_probe_routes::list,
        anomaly_routes::list,
        encoder_routes::list,
        encoder_routes::start,
        encoder_routes::stop,
        platform_routes::list,
        host_routes::list,
        host_routes::report,
        host_routes::remove,
        host_routes::history,
        camera_routes::list,
        camera_routes::add,
        camera_routes::one,
        camera_routes::edit,
        camera_routes::delete,
        camera_routes::restart,
        camera_routes::settings,
        camera_routes::all_settings,
        camera_log_routes::log,
        sheet_routes::export,
        sheet_routes::import,
        camera_routes::kinds,
        kind_routes::put,
        kind_routes::delete,
        incident_routes::list,
        incident_routes::acknowledge,
        incident_routes::note,
        maintenance_routes::list,
        maintenance_routes::set_camera,
        maintenance_routes::end_camera,
        maintenance_routes::set_stream,
        maintenance_routes::end_stream,
        receiver_routes::list,
        receiver_routes::test,
        plan_routes::get_plan,
        plan_routes::apply,
        probe_routes::kept,
        probe_routes::probe_now,
        probe_routes::test,
        completeness_routes::list,
        recording_lock_routes::list,
        recording_lock_routes::add,
        recording_lock_routes::remove,
        reconcile_routes::step,
        recordings::streams,
        recordings::sessions,
        recordings::segments,
        recordings::playlist::playlist,
        recordings::media::segment,
        recordings::media::copies,
        recordings::media::tracks,
        session_routes::log_in,
        session_routes::log_out,
        session_routes::current,
        session_routes::list,
        session_routes::end,
        user_routes::change_password,
        user_routes::list,
        user_routes::add,
        user_routes::edit,
        user_routes::remove,
        token_routes::list,
        token_routes::add,
        token_routes::revoke,
        audit_routes::list,
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
pub(super) async fn document(
    _: Public,
    accesses: web::Data<Accesses>,
    state: web::Data<HttpState>,
) -> web::Json<utoipa::openapi::OpenApi> {
    let mut document = OpenApiDocument::openapi();
    if !state.base_path.is_empty() {
        document.servers = Some(vec![Server::new(state.base_path.as_str())]);
    }
    accesses.tell(&mut document);
    web::Json(document)
}
