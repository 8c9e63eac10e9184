//! What `/metrics` has of stream probes. A figure that the last probe did not measure has no sample; a target that is no longer there
//! has none at all.

use chrono::Utc;

use super::exposition::{Exposition, FamilyOf, MetricKind};
use crate::actors::health::StreamProbeTable;
use crate::domain::health::{ProbeState, StreamProbeStatus};
use crate::domain::probe::FaultKind;

/// One sample a target.
pub(super) const FAMILIES: [FamilyOf<StreamProbeStatus>; 20] = [
    ("probe_success", MetricKind::Gauge, "1 when the last probe of a stream was good, 0 when it failed.", |one| {
        one.at.map(|_| f64::from(u8::from(one.fault.is_none())))
    }),
    ("probe_out", MetricKind::Gauge, "1 while two probes of a stream or more have failed in a row.", |one| {
        one.at.map(|_| f64::from(u8::from(one.state == ProbeState::Out)))
    }),
    ("probe_timestamp_seconds", MetricKind::Gauge, "When the last probe of a stream ended, in Unix time.", |one| {
        one.at.map(|at| at.timestamp_millis() as f64 / 1e3)
    }),
    ("probe_duration_seconds", MetricKind::Gauge, "How long the last probe of a stream took.", |one| one.took_seconds),
    ("probe_runs_total", MetricKind::Counter, "Probes of a stream.", |one| Some(one.probes as f64)),
    ("probe_failures_total", MetricKind::Counter, "Probes of a stream that failed.", |one| {
        Some(one.failed_probes as f64)
    }),
    ("probe_outages_total", MetricKind::Counter, "Outages of a stream: two failed probes in a row or more.", |one| {
        Some(one.outages as f64)
    }),
    ("probe_outage_seconds", MetricKind::Gauge, "How long the outage of a stream lasts that goes on.", |one| {
        one.outage.as_ref().map(|outage| (Utc::now() - outage.from).num_milliseconds().max(0) as f64 / 1e3)
    }),
    ("probe_video_frames_per_second", MetricKind::Gauge, "Pictures counted by the last probe.", |one| {
        one.report.as_ref()?.video.as_ref()?.frames_per_second
    }),
    ("probe_video_bytes_per_second", MetricKind::Gauge, "Bytes of video counted by the last probe.", |one| {
        bytes(one.report.as_ref()?.video.as_ref()?.bits_per_second)
    }),
    (
        "probe_video_declared_bytes_per_second",
        MetricKind::Gauge,
        "Bit rate of video that the container claims.",
        |one| bytes(one.report.as_ref()?.video.as_ref()?.declared_bits_per_second),
    ),
    ("probe_video_width_pixels", MetricKind::Gauge, "Width of the picture.", |one| {
        one.report.as_ref()?.video.as_ref()?.width.map(f64::from)
    }),
    ("probe_video_height_pixels", MetricKind::Gauge, "Height of the picture.", |one| {
        one.report.as_ref()?.video.as_ref()?.height.map(f64::from)
    }),
    ("probe_gop_seconds", MetricKind::Gauge, "Mean time between key frames.", |one| {
        one.report.as_ref()?.video.as_ref()?.gop_seconds
    }),
    (
        "probe_key_frame_age_seconds",
        MetricKind::Gauge,
        "Age of the last key frame at the end of the last probe.",
        |one| one.report.as_ref()?.video.as_ref()?.key_frame_age_seconds,
    ),
    ("probe_audio_present", MetricKind::Gauge, "1 when sound came, 0 when none did.", |one| {
        one.report.as_ref().map(|report| f64::from(u8::from(report.audio.is_some())))
    }),
    ("probe_audio_bytes_per_second", MetricKind::Gauge, "Bytes of sound counted by the last probe.", |one| {
        bytes(one.report.as_ref()?.audio.as_ref()?.bits_per_second)
    }),
    ("probe_av_offset_seconds", MetricKind::Gauge, "How much later the sound is than the picture.", |one| {
        one.report.as_ref()?.av_offset_seconds
    }),
    ("probe_timestamp_jumps", MetricKind::Gauge, "Timestamps that leapt during the last probe.", |one| {
        one.report.as_ref().map(|report| f64::from(report.timestamp_jumps))
    }),
    ("probe_decode_errors", MetricKind::Gauge, "Damaged packets and decoder complaints of the last probe.", |one| {
        one.report.as_ref().map(|report| f64::from(report.decode_errors))
    }),
];

/// Base units: the report counts bits.
fn bytes(bits: Option<f64>) -> Option<f64> {
    bits.map(|bits| bits / 8.0)
}

/// One sample for each target, or path of a target.
pub(super) fn write(text: &mut Exposition, table: &StreamProbeTable) {
    let probes = table.statuses();
    if probes.is_empty() {
        return;
    }
    let labelled: Vec<_> = probes.iter().map(|one| (labels(one), one)).collect();
    text.families(&FAMILIES, &labelled);
    facts(text, &probes);
    let (_, waiting) = table.counts();
    text.family("probe_waiting", MetricKind::Gauge, "Probes that are due and wait for a worker.").value(waiting as u64);
}

/// What is a word and no number.
fn facts(text: &mut Exposition, probes: &[StreamProbeStatus]) {
    let help = "Always 1; the labels say what the last probe found.";
    let mut family = text.family("probe_video_info", MetricKind::Gauge, help);
    for one in probes {
        let Some(video) = one.report.as_ref().and_then(|report| report.video.as_ref()) else { continue };
        let mut labels = labels(one);
        labels.extend([("codec", video.codec.as_deref()), ("profile", video.profile.as_deref())].map(known));
        family.sample(&labels, 1_u64);
    }
    let help = "Always 1; the label says why the last probe failed.";
    let mut family = text.family("probe_fault_info", MetricKind::Gauge, help);
    for one in probes {
        let Some(fault) = &one.fault else { continue };
        let (mut labels, word) = (labels(one), word_of(fault.kind));
        labels.push(("fault", &word));
        family.sample(&labels, 1_u64);
    }
}

/// As in the API.
pub(super) fn word_of(kind: FaultKind) -> String {
    let word = serde_json::to_value(kind).ok();
    word.as_ref().and_then(serde_json::Value::as_str).unwrap_or_default().to_owned()
}

fn known<'a>((name, value): (&'a str, Option<&'a str>)) -> (&'a str, &'a str) {
    (name, value.unwrap_or_default())
}

fn labels(one: &StreamProbeStatus) -> Vec<(&str, &str)> {
    let mut labels = vec![("target", one.key.target.as_str())];
    if let (Some(server), Some(stream)) = (&one.key.server, &one.key.stream) {
        labels.extend([("server", server.as_str()), ("stream", stream.as_str())]);
    }
    labels
}
