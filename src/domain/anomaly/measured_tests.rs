//! False alarms and missed faults, measured on streams with fixed seeds. `cargo bench --bench anomalies` measures more of them.

use std::time::Duration;

use super::{AnomalyEvent, AnomalyMetric, AnomalyRule, Baseline, Sensitivity, StreamAnomalies};
use crate::domain::history::{Aggregate, Bucket, Metric, Reading, Tier};
use crate::domain::moment::Moment;
use crate::domain::stream::StreamState;

#[path = "../../../benches/anomalies/synthetic.rs"]
#[allow(dead_code, reason = "the bench uses the rest")]
mod synthetic;

use synthetic::Measured;

/// Streams; each is learned for four weeks and judged for days.
const STREAMS: u64 = 10;
const DAYS: i64 = 1;

#[test]
fn few_alarms_are_false_and_few_faults_are_missed() {
    let metrics = AnomalyMetric::OF_STREAMS.to_vec();
    let rule = AnomalyRule { metrics, sensitivity: Sensitivity::Medium, dwell: Duration::from_secs(300) };
    let mut measured = Measured::default();
    (0..STREAMS).for_each(|seed| measured.measure(&rule, seed, DAYS, 1));
    assert!(measured.false_alarms_a_day() <= 0.05, "{measured:#?}");
    assert!(measured.injected() >= 20 && measured.missed() * 100 <= measured.injected(), "{measured:#?}");
}
