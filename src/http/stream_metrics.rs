//! What `/metrics` has of each stream, camera and media server. What is gone has no samples any more; a value that is not known
//! has none either.

use super::exposition::{Exposition, MetricKind};
use crate::adapters::live::Latest;
use crate::domain::camera::undelivered;
use crate::domain::maintenance;
use crate::domain::stream::{StreamState, StreamStatus};

/// A number of a stream, where it is known.
type StreamValue = fn(&StreamStatus) -> Option<f64>;
/// Families with one sample a stream.
const OF_STREAM: [(&str, MetricKind, &str, StreamValue); 9] = [
    (
        "stream_live",
        MetricKind::Gauge,
        "1 while a stream is live, else 0; absent while its server does not answer.",
        |stream| {
            let known = Some(stream.state).filter(|state| *state != StreamState::Unknown)?;
            Some(f64::from(u8::from(known == StreamState::Live)))
        },
    ),
    (
        "stream_bitrate_bytes_per_second",
        MetricKind::Gauge,
        "Incoming bit rate of a stream, in bytes as Prometheus has it.",
        |stream| Some(stream.bitrate? as f64 / 8.0),
    ),
    ("stream_readers", MetricKind::Gauge, "Readers of a stream.", |stream| Some(f64::from(stream.readers))),
    (
        "stream_received_bytes_total",
        MetricKind::Counter,
        "Bytes received of a stream since it was created.",
        |stream| Some(stream.bytes_received as f64),
    ),
    ("stream_sent_bytes_total", MetricKind::Counter, "Bytes sent of a stream since it was created.", |stream| {
        Some(stream.bytes_sent as f64)
    }),
    ("stream_srt_round_trip_seconds", MetricKind::Gauge, "Round trip time of an SRT source.", |stream| {
        Some(stream.rtt? / 1000.0)
    }),
    ("stream_srt_loss_ratio", MetricKind::Gauge, "Share of the packets of an SRT source that were lost.", |stream| {
        Some(stream.loss_rate? / 100.0)
    }),
    (
        "stream_srt_link_bytes_per_second",
        MetricKind::Gauge,
        "What the link of an SRT source is estimated to carry.",
        |stream| Some(stream.link_capacity_mbps? * 1e6 / 8.0),
    ),
    (
        "stream_srt_retransmitted_packets_per_second",
        MetricKind::Gauge,
        "Packets of an SRT source that came because they were sent once more.",
        |stream| stream.retransmit_rate,
    ),
];

/// One sample per stream, camera and server.
pub(super) fn each(text: &mut Exposition, latest: &Latest) {
    for (name, kind, help, value) in OF_STREAM {
        let mut family = text.family(name, kind, help);
        for stream in &latest.streams {
            if let Some(value) = value(stream) {
                family.sample(&[("server", &stream.server), ("stream", stream.name.as_str())], value);
            }
        }
    }
    cameras(text, latest);
    let mut family =
        text.family("server_reachable", MetricKind::Gauge, "1 when the last poll of a server was answered.");
    for server in &latest.servers {
        family.sample(&[("server", &server.name)], u64::from(server.reachable));
    }
}

fn cameras(text: &mut Exposition, latest: &Latest) {
    let help =
        "1 while a camera should deliver a picture and does not; absent for one that is switched off or excused.";
    let mut family = text.family("camera_down", MetricKind::Gauge, help);
    for camera in &latest.cameras {
        if !camera.enabled || maintenance::of_camera(&latest.maintenance, camera).is_some() {
            continue;
        }
        let watched = latest.servers.iter().any(|server| server.name == camera.server);
        let down = undelivered(camera, latest.stream(&camera.server, &camera.path), watched).is_some();
        family.sample(&[("id", &camera.id.to_string()), ("camera", &camera.name)], u64::from(down));
    }
    let mut family = text.family("camera_restarts_total", MetricKind::Counter, "Restarts of a camera's ffmpeg.");
    for camera in &latest.cameras {
        let id = camera.id.to_string();
        family.sample(&[("id", &id), ("camera", &camera.name)], u64::from(camera.restarts));
    }
}
