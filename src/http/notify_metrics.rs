//! What `/metrics` has of notifications. While the database does not answer there are no samples.

use super::exposition::{Exposition, FamilyOf, MetricKind};
use crate::adapters::database::ReceiverRecord;
use crate::domain::notify::Deliveries;

/// One sample a receiver.
const FAMILIES: [FamilyOf<Deliveries>; 6] = [
    ("notifications_waiting", MetricKind::Gauge, "Messages that wait for a receiver.", |one| Some(one.waiting as f64)),
    ("notifications_delivered_total", MetricKind::Counter, "Messages that a receiver has taken.", |one| {
        Some(one.delivered as f64)
    }),
    ("notifications_failures_total", MetricKind::Counter, "Tries of a message that failed.", |one| {
        Some(one.failures as f64)
    }),
    ("notifications_refused_total", MetricKind::Counter, "Messages that a receiver will never take.", |one| {
        Some(one.refused as f64)
    }),
    (
        "notifications_dropped_total",
        MetricKind::Counter,
        "Messages dropped because too many waited, or for too long.",
        |one| Some(one.dropped as f64),
    ),
    ("notifications_failing", MetricKind::Gauge, "1 while nothing is delivered to a receiver.", |one| {
        Some(f64::from(u8::from(one.failing_since.is_some())))
    }),
];

/// One sample of each for each receiver.
pub(super) fn receivers(text: &mut Exposition, records: &[ReceiverRecord]) {
    let labelled: Vec<_> =
        records.iter().map(|record| (vec![("receiver", record.receiver.as_str())], &record.deliveries)).collect();
    text.families(&FAMILIES, &labelled);
}
