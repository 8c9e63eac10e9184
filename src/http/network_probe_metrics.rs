//! What `/metrics` has of network probes. A figure that was not measured has no sample; an endpoint that is no longer in the configuration
//! has none at all.

use chrono::Utc;

use super::exposition::{Exposition, FamilyOf, MetricKind};
use super::stream_probe_metrics::word_of;
use crate::actors::health::NetworkProbeTable;
use crate::domain::health::{EndpointState, NetworkProbeStatus};

/// One sample an endpoint.
const FAMILIES: [FamilyOf<NetworkProbeStatus>; 17] = [
    ("network_success", MetricKind::Gauge, "1 when the last probe of an endpoint was good, 0 when it failed.", |one| {
        one.at.map(|_| flag(one.fault.is_none()))
    }),
    ("network_down", MetricKind::Gauge, "1 while an endpoint is down: so many probes in a row have failed.", |one| {
        one.at.map(|_| flag(one.state == EndpointState::Down))
    }),
    (
        "network_degraded",
        MetricKind::Gauge,
        "1 while an endpoint answers and too much is lost, it is slow, or its certificate ends soon.",
        |one| one.at.map(|_| flag(one.trouble.is_some())),
    ),
    (
        "network_timestamp_seconds",
        MetricKind::Gauge,
        "When the last probe of an endpoint ended, in Unix time.",
        |one| one.at.map(|at| at.timestamp_millis() as f64 / 1e3),
    ),
    ("network_duration_seconds", MetricKind::Gauge, "How long the last probe of an endpoint took.", |one| {
        one.took_seconds
    }),
    ("network_round_trip_seconds", MetricKind::Gauge, "Median of the round trips of the last probe.", |one| {
        one.round_trip_seconds
    }),
    ("network_latency_seconds", MetricKind::Gauge, "Median of the round trips of health.endpoint_window.", |one| {
        one.window.median_seconds
    }),
    (
        "network_jitter_seconds",
        MetricKind::Gauge,
        "Median absolute deviation of the round trips of health.endpoint_window.",
        |one| one.window.jitter_seconds,
    ),
    (
        "network_loss_ratio",
        MetricKind::Gauge,
        "Share of the round trips of health.endpoint_window that is lost.",
        |one| one.window.loss_ratio,
    ),
    ("network_round_trips_total", MetricKind::Counter, "Round trips that were tried.", |one| {
        Some(one.round_trips as f64)
    }),
    ("network_round_trips_lost_total", MetricKind::Counter, "Round trips without an answer.", |one| {
        Some(one.lost_round_trips as f64)
    }),
    ("network_runs_total", MetricKind::Counter, "Probes of an endpoint.", |one| Some(one.probes as f64)),
    ("network_failures_total", MetricKind::Counter, "Probes of an endpoint that failed.", |one| {
        Some(one.failed_probes as f64)
    }),
    ("network_outages_total", MetricKind::Counter, "Outages of an endpoint.", |one| Some(one.outages as f64)),
    ("network_outage_seconds", MetricKind::Gauge, "How long the outage of an endpoint lasts that goes on.", |one| {
        one.outage.as_ref().map(|outage| (Utc::now() - outage.from).num_milliseconds().max(0) as f64 / 1e3)
    }),
    (
        "network_certificate_expiry_timestamp_seconds",
        MetricKind::Gauge,
        "When the certificate that an endpoint has shown last ends, in Unix time.",
        |one| one.certificate.as_ref().map(|certificate| certificate.not_after.timestamp() as f64),
    ),
    (
        "network_path_mtu_bytes",
        MetricKind::Gauge,
        "Largest packet that is sent to an endpoint unbroken, as far as the kernel knows (TCP over IPv4).",
        |one| one.path_mtu_bytes.map(f64::from),
    ),
];

fn flag(is: bool) -> f64 {
    f64::from(u8::from(is))
}

/// One sample for each endpoint.
pub(super) fn write(text: &mut Exposition, table: &NetworkProbeTable) {
    let probes = table.statuses();
    if probes.is_empty() {
        return;
    }
    let labelled: Vec<_> = probes.iter().map(|one| (vec![("endpoint", one.endpoint.as_str())], one)).collect();
    text.families(&FAMILIES, &labelled);
    let help = "How long a part of the last probe took: resolve, connect, tls, answer.";
    let mut family = text.family("network_phase_seconds", MetricKind::Gauge, help);
    for one in &probes {
        for (phase, seconds) in one.phases.each() {
            if let Some(seconds) = seconds {
                family.sample(&[("endpoint", one.endpoint.as_str()), ("phase", phase)], seconds);
            }
        }
    }
    facts(text, &probes);
    let (_, waiting) = table.counts();
    let help = "Network probes that are due and wait for others to end.";
    text.family("network_waiting", MetricKind::Gauge, help).value(waiting as u64);
}

/// What is a word and no number.
fn facts(text: &mut Exposition, probes: &[NetworkProbeStatus]) {
    let help = "Always 1; the labels say how an endpoint is asked, and what its round trips are.";
    let mut family = text.family("network_endpoint_info", MetricKind::Gauge, help);
    for one in probes {
        let by = one.measured_by.map_or("", |by| by.as_str());
        let labels = [("endpoint", one.endpoint.as_str()), ("kind", one.kind.as_str()), ("measured_by", by)];
        family.sample(&labels, 1_u64);
    }
    let help = "Always 1; the label says why the last probe failed.";
    let mut family = text.family("network_fault_info", MetricKind::Gauge, help);
    for one in probes {
        let Some(fault) = &one.fault else { continue };
        family.sample(&[("endpoint", &one.endpoint), ("fault", &word_of(fault.kind))], 1_u64);
    }
}
