//! `/metrics`: what Prometheus reads. Counted at the moment of the scrape from what everybody else sees too.

use std::collections::BTreeMap;
use std::time::Duration;

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};
use chrono::Utc;

use super::access::Viewer;
use super::counts::StateCounts;
use super::exposition::{Exposition, MetricKind, TextFormat};
use super::health::within_time;
use super::http_error::{ErrorAnswer, Problem};
use super::http_state::{HttpState, VERSION};
use super::{
    anomaly_metrics, encoder_metrics, host_metrics, network_probe_metrics, notify_metrics, platform_metrics,
    stream_metrics, stream_probe_metrics, work_metrics,
};
use crate::adapters::ffmpeg::child;
use crate::adapters::live::Latest;
use crate::domain::incident::IncidentKind;

/// For each service, all at once: a scrape is answered within a second whoever hangs.
const TIMEOUT: Duration = Duration::from_millis(700);

/// Metrics for Prometheus: text format 0.0.4, or OpenMetrics 1.0 for whoever prefers it (`Accept`).
#[utoipa::path(get, path = "/metrics", operation_id = "metrics", tag = "health", responses(
    (status = 200, content((String = "text/plain"), (String = "application/openmetrics-text"))),
    (status = 503, body = Problem, content_type = "application/problem+json"),
))]
pub(super) async fn metrics(_: Viewer, request: HttpRequest, state: web::Data<HttpState>) -> ErrorAnswer {
    // Asked of the database itself: a count that took too long says nothing about it.
    let (read, database_up, objects, receivers) = tokio::join!(
        StateCounts::read(&state, TIMEOUT),
        within_time(TIMEOUT, state.stores.health.ping()),
        within_time(TIMEOUT, state.objects.free()),
        within_time(TIMEOUT, state.notifications.records())
    );
    let ((counts, latest), database_up) = (read?, database_up.is_ok());
    let format = TextFormat::asked_by(&request);
    let mut text = Exposition::new(format);
    process(&mut text, &state);
    work_metrics::this_process(&mut text, state.started_at);
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
    // Nobody knows of them before somebody has asked.
    if *state.incidents_read.borrow() {
        incidents(&mut text, &latest);
    }
    work_metrics::actors(&mut text);
    work_metrics::polls(&mut text, &latest);
    work_metrics::relays(&mut text);
    work_metrics::uploads(&mut text);
    state.completeness.write(&mut text, &state.stores).await;
    stream_metrics::each(&mut text, &latest);
    host_metrics::hosts(&mut text, &latest.hosts);
    stream_probe_metrics::write(&mut text, &state.health.streams);
    network_probe_metrics::write(&mut text, &state.health.network);
    anomaly_metrics::write(&mut text, &state.health.anomalies);
    encoder_metrics::write(&mut text, &state.health.encoders);
    platform_metrics::write(&mut text, &state.health.platforms);
    notify_metrics::receivers(&mut text, &receivers.unwrap_or_default());
    Ok(HttpResponse::Ok()
        .content_type(format.content_type())
        .insert_header((header::VARY, "accept"))
        .body(text.into_text()))
}

/// Incidents that last; a kind without any has 0, so that a graph has no holes.
fn incidents(text: &mut Exposition, latest: &Latest) {
    let open = latest.incidents.iter().filter(|incident| incident.closed_at.is_none());
    let mut counts: BTreeMap<&str, u64> = IncidentKind::ALL.iter().map(|kind| (kind.as_str(), 0)).collect();
    open.for_each(|incident| *counts.entry(incident.kind.as_str()).or_default() += 1);
    let mut family = text.family(
        "incidents_open",
        MetricKind::Gauge,
        "Incidents that last, by kind; absent until the database has told of them.",
    );
    counts.into_iter().for_each(|(kind, count)| family.sample(&[("kind", kind)], count));
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
