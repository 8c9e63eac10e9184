//! What `/metrics` has of numbers of streams and endpoints that may be unusual. One that is not judged has no sample of its own.

use super::exposition::{Exposition, MetricKind};
use crate::actors::health::AnomalyTable;
use crate::domain::anomaly::{AnomalyMetric, AnomalyState, AnomalyStatus};

/// One sample for each number that is judged, and how many there are in each state.
pub(super) fn write(text: &mut Exposition, table: &AnomalyTable) {
    let (counts, all) = (table.counts(), table.statuses());
    if counts.streams == 0 {
        return;
    }
    let help =
        "1 while a number of a stream has left what is usual for longer than the dwell time, 0 while it is usual.";
    let mut family = text.family("stream_unusual", MetricKind::Gauge, help);
    for one in &all {
        if let (Some(value), Some(server), Some(stream)) = (judged(one), &one.server, &one.stream) {
            family.sample(&[("server", server), ("stream", stream), ("metric", one.metric.as_str())], value);
        }
    }
    let help = "1 while the latency of an endpoint has left what is usual for longer than the dwell time, 0 while it is usual.";
    let mut family = text.family("network_unusual", MetricKind::Gauge, help);
    for one in &all {
        if let (Some(value), Some(endpoint)) = (judged(one), &one.endpoint) {
            family.sample(&[("endpoint", endpoint)], value);
        }
    }
    let help = "Numbers of streams and endpoints by how they are judged.";
    let mut family = text.family("anomalies", MetricKind::Gauge, help);
    let count = |metric: AnomalyMetric, state: AnomalyState| {
        all.iter().filter(|one: &&AnomalyStatus| one.metric == metric && one.state == state).count() as u64
    };
    for metric in AnomalyMetric::ALL.into_iter().filter(|metric| all.iter().any(|one| one.metric == *metric)) {
        for state in AnomalyState::ALL {
            family.sample(&[("metric", metric.as_str()), ("state", state.as_str())], count(metric, state));
        }
    }
    let help = "Times that a stream or endpoint has become unusual.";
    text.family("anomalies_total", MetricKind::Counter, help).value(counts.told);
    let help = "Streams and endpoints that are not watched for anomalies, as there are too many.";
    text.family("anomaly_streams_left_out", MetricKind::Gauge, help).value(counts.left_out as u64);
}

/// One that is not judged has no value.
fn judged(one: &AnomalyStatus) -> Option<u64> {
    match one.state {
        AnomalyState::Unusual => Some(1),
        AnomalyState::Usual => Some(0),
        AnomalyState::Learning | AnomalyState::NotJudged => None,
    }
}
