//! What `/metrics` has of platforms and their live events. What a platform does not say has no sample.

use super::exposition::{Exposition, FamilyOf, MetricKind};
use crate::actors::health::PlatformTable;
use crate::domain::platform::{EventPhase, IngestPhase, LiveEvent, PlatformState, PlatformStatus};

/// One sample a platform.
const PLATFORMS: [FamilyOf<PlatformStatus>; 5] = [
    ("platform_up", MetricKind::Gauge, "1 when a platform answers, 0 when it does not or refuses us.", |one| match one
        .state
    {
        PlatformState::Waiting => None,
        state => Some(f64::from(u8::from(!matches!(state, PlatformState::Down | PlatformState::Refused)))),
    }),
    ("platform_answer_timestamp_seconds", MetricKind::Gauge, "When a platform answered last, in Unix time.", |one| {
        one.at.map(|at| at.timestamp_millis() as f64 / 1e3)
    }),
    (
        "platform_requests_remaining",
        MetricKind::Gauge,
        "Requests that a platform still takes until its limit begins anew.",
        |one| one.limit.map(|limit| limit.remaining as f64),
    ),
    ("platform_polls_total", MetricKind::Counter, "Polls of a platform.", |one| Some(one.polls as f64)),
    ("platform_poll_failures_total", MetricKind::Counter, "Polls of a platform that failed.", |one| {
        Some(one.failed_polls as f64)
    }),
];

/// One sample a live event.
const EVENTS: [FamilyOf<LiveEvent>; 5] = [
    (
        "platform_event_ingest_streaming",
        MetricKind::Gauge,
        "1 while a platform gets the stream of a live event, 0 while it does not.",
        |one| {
            let phase = one.ingest.as_ref()?.phase;
            (phase != IngestPhase::Unknown).then_some(f64::from(u8::from(phase == IngestPhase::Streaming)))
        },
    ),
    (
        "platform_event_without_stream",
        MetricKind::Gauge,
        "1 while a live event goes on and its platform gets no stream, 0 while it gets one.",
        |one| one.lacks_stream().map(|lacks| f64::from(u8::from(lacks))),
    ),
    ("platform_event_viewers", MetricKind::Gauge, "Viewers of a live event.", |one| {
        one.viewers.map(|viewers| viewers as f64)
    }),
    ("platform_event_height_pixels", MetricKind::Gauge, "Height of the picture that a platform gets.", |one| {
        one.ingest.as_ref()?.height.map(f64::from)
    }),
    (
        "platform_event_link_expires_timestamp_seconds",
        MetricKind::Gauge,
        "Until when the address of a live event can be streamed to, in Unix time.",
        |one| one.ingest.as_ref()?.link_expires_at.map(|at| at.timestamp() as f64),
    ),
];

/// One sample for each platform, and for each of its events.
pub(super) fn write(text: &mut Exposition, table: &PlatformTable) {
    let platforms = table.statuses();
    if platforms.is_empty() {
        return;
    }
    let labelled: Vec<_> = platforms.iter().map(|one| (vec![("platform", one.name.as_str())], one)).collect();
    text.families(&PLATFORMS, &labelled);
    let labelled: Vec<_> = events(&platforms)
        .map(|(platform, event)| (vec![("platform", platform), ("event", event.id.as_str())], event))
        .collect();
    text.families(&EVENTS, &labelled);
    let help = "1 for how far a live event is, 0 for the others.";
    let mut family = text.family("platform_event_phase", MetricKind::Gauge, help);
    for (platform, event) in events(&platforms) {
        for phase in EventPhase::ALL {
            let labels = [("platform", platform), ("event", event.id.as_str()), ("phase", phase.as_str())];
            family.sample(&labels, u64::from(event.phase == phase));
        }
    }
}

fn events(platforms: &[PlatformStatus]) -> impl Iterator<Item = (&str, &LiveEvent)> {
    platforms.iter().flat_map(|one| one.events.iter().map(|event| (one.name.as_str(), event)))
}
