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
        |stream| Some(f64::from(u8::from(stream.state == StreamState::Live))),
    ),
    (
        "stream_bitrate_bytes_per_second",
        MetricKind::Gauge,
        "Incoming bit rate of a stream, in bytes as Prometheus has it.",
        |stream| Some(stream.bitrate? as f64 / 8.0),
    ),
    ("stream_readers", MetricKind::Gauge, "Readers of a stream; absent while its server does not answer.", |stream| {
        Some(f64::from(stream.readers))
    }),
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
        // A gauge tells how it is: while a server does not answer nobody knows. What was counted stays true.
        let is_told = |stream: &&StreamStatus| kind == MetricKind::Counter || stream.state != StreamState::Unknown;
        for stream in latest.streams.iter().filter(is_told) {
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

#[cfg(test)]
mod tests {
    use super::super::exposition::TextFormat;
    use super::*;
    use crate::domain::sample;

    #[test]
    fn what_is_old_has_no_samples() {
        let told = |state| {
            let stream = StreamStatus {
                state,
                readers: 5,
                rtt: Some(40.0),
                loss_rate: Some(1.0),
                link_capacity_mbps: Some(8.0),
                retransmit_rate: Some(2.0),
                ..sample::stream("main", "gate")
            };
            let mut text = Exposition::new(TextFormat::Prometheus);
            each(&mut text, &Latest { streams: vec![stream], ..Latest::default() });
            let text = text.into_text();
            let old = ["live", "readers", "srt_round_trip", "srt_loss", "srt_link", "srt_retransmitted"];
            let is_told = |name: &&str| {
                let begin = format!("streamwarden_stream_{name}");
                text.lines().any(|line| line.starts_with(&begin))
            };
            old.into_iter().filter(is_told).count()
        };
        assert_eq!((told(StreamState::Live), told(StreamState::Unknown)), (6, 0));
    }
}
