//! Every address with its methods and handlers.

use super::{
    camera_log, cameras, health, incidents, kinds, metrics, openapi, plan, probes, recordings, sheet, status, streams,
    table, ws,
};

// A name of a stream is one part of an address: actix keeps `%2F` together while it looks for the route and decodes it
// when a handler takes it. The pattern of a segment's id leaves room for a stream whose name is "segments".
table::table! {
    "/health" => { GET: health::alive },
    "/ready" => { GET: health::ready },
    "/metrics" => { GET: metrics::metrics },
    "/api/openapi.json" => { GET: openapi::document },
    "/api/v1/status" => { GET: status::status },
    "/api/v1/tree" => { GET: status::tree },
    "/api/v1/streams" => { GET: streams::list },
    "/api/v1/streams/{path}" => { GET: streams::one },
    "/api/v1/streams/{path}/history" => { GET: streams::history },
    "/api/v1/camera-kinds" => { GET: cameras::kinds },
    "/api/v1/camera-kinds/{kind}" => { PUT: kinds::put, DELETE: kinds::delete },
    "/api/v1/cameras" => { GET: cameras::list, POST: cameras::add },
    "/api/v1/cameras/export" => { GET: sheet::export },
    "/api/v1/cameras/import" => { POST: sheet::import },
    "/api/v1/cameras/plan" => { GET: plan::get_plan },
    "/api/v1/cameras/plan/apply" => { POST: plan::apply },
    "/api/v1/cameras/settings" => { GET: cameras::all_settings },
    "/api/v1/cameras/probe" => { POST: probes::test },
    "/api/v1/cameras/{id}" => { GET: cameras::one, PATCH: cameras::edit, DELETE: cameras::delete },
    "/api/v1/cameras/{id}/settings" => { GET: cameras::settings },
    "/api/v1/cameras/{id}/log" => { GET: camera_log::log },
    "/api/v1/cameras/{id}/probe" => { GET: probes::kept, POST: probes::probe_now },
    "/api/v1/cameras/{id}/restart" => { POST: cameras::restart },
    "/api/v1/incidents" => { GET: incidents::list },
    "/api/v1/recordings" => { GET: recordings::streams },
    "/api/v1/recordings/segments/{id:[0-9a-fA-F-]{36}(?:\\.mp4)?}" => { GET: recordings::media::segment },
    "/api/v1/recordings/{stream}/sessions" => { GET: recordings::sessions },
    "/api/v1/recordings/{stream}/segments" => { GET: recordings::segments },
    "/api/v1/recordings/{stream}/playlist.m3u8" => { GET: recordings::playlist::playlist },
    "/api/v1/ws" => { GET: ws::connect, POST: ws::check },
}
