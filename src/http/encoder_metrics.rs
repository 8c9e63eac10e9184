//! What `/metrics` has of hardware encoders. What a device does not say, or is not believed, has no sample.

use super::exposition::{Exposition, FamilyOf, MetricKind};
use crate::actors::health::EncoderTable;
use crate::domain::encoder::{EncoderDetails, EncoderState, EncoderStatus};

/// One sample an encoder.
const FAMILIES: [FamilyOf<EncoderStatus>; 9] = [
    ("encoder_up", MetricKind::Gauge, "1 when an encoder answers, 0 when it does not.", |one| match one.state {
        EncoderState::Waiting => None,
        state => Some(f64::from(u8::from(state != EncoderState::Silent))),
    }),
    (
        "encoder_streaming",
        MetricKind::Gauge,
        "1 while an encoder is seen to stream, 0 while it does not; absent while that is not known.",
        |one| match one.state {
            EncoderState::Streaming => Some(1.0),
            EncoderState::Waiting | EncoderState::Silent | EncoderState::Unproved | EncoderState::Unknown => None,
            _ => Some(0.0),
        },
    ),
    (
        "encoder_stalled",
        MetricKind::Gauge,
        "1 while an encoder says that it streams and sends nothing, or its platform does not take the stream.",
        |one| match one.state {
            EncoderState::Waiting | EncoderState::Silent => None,
            state => Some(f64::from(u8::from(matches!(state, EncoderState::Frozen | EncoderState::Interrupted)))),
        },
    ),
    ("encoder_bytes_per_second", MetricKind::Gauge, "What an encoder says that it sends.", |one| {
        one.reading.as_ref()?.bits_per_second.map(|bits| bits / 8.0)
    }),
    (
        "encoder_stream_duration_seconds",
        MetricKind::Gauge,
        "How long an encoder says that it has been streaming.",
        |one| one.reading.as_ref()?.duration_seconds,
    ),
    ("encoder_cache_used_ratio", MetricKind::Gauge, "Share of an encoder's cache that waits to be sent.", |one| {
        one.reading.as_ref()?.cache_percent.map(|percent| percent / 100.0)
    }),
    ("encoder_answer_timestamp_seconds", MetricKind::Gauge, "When an encoder answered last, in Unix time.", |one| {
        one.at.map(|at| at.timestamp_millis() as f64 / 1e3)
    }),
    ("encoder_polls_total", MetricKind::Counter, "Questions to an encoder.", |one| Some(one.polls as f64)),
    ("encoder_poll_failures_total", MetricKind::Counter, "Questions that an encoder did not answer.", |one| {
        Some(one.failed_polls as f64)
    }),
];

/// One sample for each encoder.
pub(super) fn write(text: &mut Exposition, table: &EncoderTable) {
    let encoders = table.statuses();
    if encoders.is_empty() {
        return;
    }
    let labelled: Vec<_> = encoders.iter().map(|one| (vec![("encoder", one.name.as_str())], one)).collect();
    text.families(&FAMILIES, &labelled);
    let help = "1 for the state that an encoder is in, 0 for the others.";
    let mut family = text.family("encoder_state", MetricKind::Gauge, help);
    for one in &encoders {
        for state in EncoderState::ALL {
            family.sample(&[("encoder", &one.name), ("state", state.as_str())], u64::from(one.state == state));
        }
    }
    let help = "Always 1; the labels say what an encoder is and how it is set.";
    let mut family = text.family("encoder_info", MetricKind::Gauge, help);
    for one in &encoders {
        let Some(reading) = &one.reading else { continue };
        let EncoderDetails { model, firmware, platform, video_format, .. } = &reading.details;
        let word = |word: &'_ Option<String>| word.clone().unwrap_or_default();
        let (model, firmware) = (word(model), word(firmware));
        let (platform, video_format) = (word(platform), word(video_format));
        let labels = [
            ("encoder", one.name.as_str()),
            ("protocol", reading.protocol.as_str()),
            ("model", &model),
            ("firmware", &firmware),
            ("platform", &platform),
            ("video_format", &video_format),
        ];
        family.sample(&labels, 1_u64);
    }
}
