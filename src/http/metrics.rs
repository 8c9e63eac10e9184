//! `/metrics`: what Prometheus reads. Counted at the moment of the scrape from what everybody else sees too.

use std::collections::BTreeMap;
use std::time::Duration;

use actix_web::{HttpResponse, web};
use chrono::Utc;

use super::access::Viewer;
use super::counts::StateCounts;
use super::exposition::{CONTENT_TYPE, Exposition, MetricKind};
use super::health::within_time;
use super::host_metrics;
use super::http_error::{ErrorAnswer, Problem};
use super::http_state::{HttpState, VERSION};
use super::stream_probe_metrics;
use crate::adapters::ffmpeg::child;
use crate::adapters::live::Latest;

/// For each service, all at once: a scrape is answered within a second whoever hangs.
const TIMEOUT: Duration = Duration::from_millis(700);

/// Metrics in Prometheus text format 0.0.4.
#[utoipa::path(get, path = "/metrics", operation_id = "metrics", tag = "health", responses(
    (status = 200, body = String, content_type = "text/plain"),
    (status = 503, body = Problem, content_type = "application/problem+json"),
))]
pub(super) async fn metrics(_: Viewer, state: web::Data<HttpState>) -> ErrorAnswer {
    // Asked of the database itself: a count that took too long says nothing about it.
    let (read, database_up, objects) = tokio::join!(
        StateCounts::read(&state, TIMEOUT),
        within_time(TIMEOUT, state.stores.health.ping()),
        within_time(TIMEOUT, state.objects.free())
    );
    let ((counts, latest), database_up) = (read?, database_up.is_ok());
    let mut text = Exposition::default();
    process(&mut text, &state);
    totals(&mut text, &counts);
    text.family("database_up", MetricKind::Gauge, "1 when the database answers.").value(u64::from(database_up));
    if let Some(segments) = &counts.segments {
        by_state(&mut text, "segments", "Recorded segments by state.", segments);
    }
    if let Some(backlog) = counts.upload_backlog {
        text.family("upload_backlog_segments", MetricKind::Gauge, "Segments recorded and not yet in the object store.")
            .value(backlog);
    }
    free(&mut text, &state, objects.ok().flatten());
    state.completeness.write(&mut text, &state.stores).await;
    each(&mut text, &latest);
    host_metrics::hosts(&mut text, &latest.hosts);
    stream_probe_metrics::write(&mut text, &state.health.streams);
    Ok(HttpResponse::Ok().content_type(CONTENT_TYPE).body(text.into_text()))
}

fn process(text: &mut Exposition, state: &HttpState) {
    let node = state.node.as_str();
    text.family("build_info", MetricKind::Gauge, "Always 1; the labels say what runs.")
        .sample(&[("version", VERSION), ("node", node)], 1_u64);
    let uptime = (Utc::now() - state.started_at).num_milliseconds().max(0);
    text.family(
        "log_lines_dropped_total",
        MetricKind::Counter,
        "Log lines dropped because earlier ones could not be written.",
    )
    .value((state.dropped_log_lines)());
    text.family("uptime_seconds", MetricKind::Gauge, "Seconds since the process started.")
        .value(uptime as f64 / 1000.0);
}

fn totals(text: &mut Exposition, counts: &StateCounts) {
    let help = "Children started with passwords visible in ps, because they could not be hidden.";
    text.family("visible_arguments_total", MetricKind::Counter, help).value(child::starts_with_visible_arguments());
    by_state(text, "streams", "Streams by state.", &counts.streams);
    by_state(text, "cameras", "Cameras by state.", &counts.cameras);
    by_state(text, "recordings", "Recordings by state.", &counts.recordings);
    text.family("recordings_active", MetricKind::Gauge, "Streams being recorded now.").value(counts.recordings_active);
    text.family("websocket_clients", MetricKind::Gauge, "WebSocket sessions connected now.").value(counts.ws_clients);
    text.family(
        "websocket_dropped_total",
        MetricKind::Counter,
        "WebSocket sessions closed because they were too slow.",
    )
    .value(counts.ws_dropped);
}

/// What the disks have left, as far as somebody knows.
fn free(text: &mut Exposition, state: &HttpState, objects: Option<u64>) {
    let disks = [("spool", state.disk.borrow().free), ("objects", objects)];
    let mut family = text.family("disk_free_bytes", MetricKind::Gauge, "Bytes free on the disk of a folder.");
    for (folder, free) in disks {
        if let Some(free) = free {
            family.sample(&[("folder", folder)], free);
        }
    }
}

fn by_state(text: &mut Exposition, name: &str, help: &str, counts: &BTreeMap<&'static str, u64>) {
    let mut family = text.family(name, MetricKind::Gauge, help);
    for (state, count) in counts {
        family.sample(&[("state", state)], *count);
    }
}

/// One sample per stream, camera and server.
fn each(text: &mut Exposition, latest: &Latest) {
    let mut family = text.family("stream_bitrate_bits_per_second", MetricKind::Gauge, "Incoming bit rate of a stream.");
    for stream in &latest.streams {
        if let Some(bitrate) = stream.bitrate {
            family.sample(&[("server", &stream.server), ("stream", stream.name.as_str())], bitrate);
        }
    }
    let mut family = text.family("stream_readers", MetricKind::Gauge, "Readers of a stream.");
    for stream in &latest.streams {
        family.sample(&[("server", &stream.server), ("stream", stream.name.as_str())], u64::from(stream.readers));
    }
    let mut family = text.family("camera_restarts_total", MetricKind::Counter, "Restarts of a camera's ffmpeg.");
    for camera in &latest.cameras {
        let id = camera.id.to_string();
        family.sample(&[("id", &id), ("camera", &camera.name)], u64::from(camera.restarts));
    }
    let mut family =
        text.family("server_reachable", MetricKind::Gauge, "1 when the last poll of a server was answered.");
    for server in &latest.servers {
        family.sample(&[("server", &server.name)], u64::from(server.reachable));
    }
}
