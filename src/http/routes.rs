//! Every address with its methods and handlers.

use super::logins::{session_routes, token_routes, user_routes};
use super::{
    audit_routes, camera_log_routes, camera_routes, health, history_routes, incident_routes, kind_routes, metrics,
    openapi, plan_routes, probe_routes, recordings, sheet_routes, status_routes, stream_routes, table, ws,
};

// A name of a stream is one part of an address: actix keeps `%2F` together while it looks for the route and decodes it
// when a handler takes it. The pattern of a segment's id leaves room for a stream whose name is "segments".
table::table! {
    "/health" => { GET: health::alive },
    "/ready" => { GET: health::ready },
    "/metrics" => { GET: metrics::metrics },
    "/api/openapi.json" => { GET: openapi::document },
    "/api/v1/status" => { GET: status_routes::status },
    "/api/v1/tree" => { GET: status_routes::tree },
    "/api/v1/streams" => { GET: stream_routes::list },
    "/api/v1/streams/{path}" => { GET: stream_routes::one },
    "/api/v1/streams/{path}/live" => { GET: stream_routes::live },
    "/api/v1/streams/{path}/history" => { GET: history_routes::of_stream },
    "/api/v1/camera-kinds" => { GET: camera_routes::kinds },
    "/api/v1/camera-kinds/{kind}" => { PUT: kind_routes::put, DELETE: kind_routes::delete },
    "/api/v1/cameras" => { GET: camera_routes::list, POST: camera_routes::add },
    "/api/v1/cameras/export" => { GET: sheet_routes::export },
    "/api/v1/cameras/import" => { POST: sheet_routes::import },
    "/api/v1/cameras/plan" => { GET: plan_routes::get_plan },
    "/api/v1/cameras/plan/apply" => { POST: plan_routes::apply },
    "/api/v1/cameras/settings" => { GET: camera_routes::all_settings },
    "/api/v1/cameras/probe" => { POST: probe_routes::test },
    "/api/v1/cameras/{id}" => { GET: camera_routes::one, PATCH: camera_routes::edit, DELETE: camera_routes::delete },
    "/api/v1/cameras/{id}/settings" => { GET: camera_routes::settings },
    "/api/v1/cameras/{id}/log" => { GET: camera_log_routes::log },
    "/api/v1/cameras/{id}/probe" => { GET: probe_routes::kept, POST: probe_routes::probe_now },
    "/api/v1/cameras/{id}/restart" => { POST: camera_routes::restart },
    "/api/v1/incidents" => { GET: incident_routes::list },
    "/api/v1/recordings" => { GET: recordings::streams },
    "/api/v1/recordings/segments/{id:[0-9a-fA-F-]{36}(?:\\.mp4)?}" => { GET: recordings::media::segment },
    "/api/v1/recordings/{stream}/sessions" => { GET: recordings::sessions },
    "/api/v1/recordings/{stream}/segments" => { GET: recordings::segments },
    "/api/v1/recordings/{stream}/playlist.m3u8" => { GET: recordings::playlist::playlist },
    "/api/v1/login" => { POST: session_routes::log_in },
    "/api/v1/logout" => { POST: session_routes::log_out },
    "/api/v1/session" => { GET: session_routes::current },
    "/api/v1/sessions" => { GET: session_routes::list },
    "/api/v1/sessions/{id}" => { DELETE: session_routes::end },
    "/api/v1/password" => { POST: user_routes::change_password },
    "/api/v1/users" => { GET: user_routes::list, POST: user_routes::add },
    "/api/v1/users/{name}" => { PATCH: user_routes::edit, DELETE: user_routes::remove },
    "/api/v1/tokens" => { GET: token_routes::list, POST: token_routes::add },
    "/api/v1/tokens/{name}" => { DELETE: token_routes::revoke },
    "/api/v1/audit" => { GET: audit_routes::list },
    "/api/v1/ws" => { GET: ws::connect, POST: ws::check },
}
