//! What `/metrics` has of notifications. While the database does not answer there are no samples.

use super::exposition::{Exposition, MetricKind};
use crate::adapters::database::ReceiverRecord;
use crate::domain::notify::Deliveries;

/// A number of a receiver.
type OfReceiver = fn(&Deliveries) -> u64;

const FAMILIES: [(&str, MetricKind, &str, OfReceiver); 6] = [
    ("notifications_waiting", MetricKind::Gauge, "Messages that wait for a receiver.", |one| one.waiting),
    ("notifications_delivered_total", MetricKind::Counter, "Messages that a receiver has taken.", |one| one.delivered),
    ("notifications_failures_total", MetricKind::Counter, "Tries of a message that failed.", |one| one.failures),
    ("notifications_refused_total", MetricKind::Counter, "Messages that a receiver will never take.", |one| {
        one.refused
    }),
    (
        "notifications_dropped_total",
        MetricKind::Counter,
        "Messages dropped because too many waited, or for too long.",
        |one| one.dropped,
    ),
    ("notifications_failing", MetricKind::Gauge, "1 while nothing is delivered to a receiver.", |one| {
        u64::from(one.failing_since.is_some())
    }),
];

/// One sample of each for each receiver.
pub(super) fn receivers(text: &mut Exposition, records: &[ReceiverRecord]) {
    for (name, kind, help, value) in FAMILIES {
        let mut family = text.family(name, kind, help);
        for record in records {
            family.sample(&[("receiver", &record.receiver)], value(&record.deliveries));
        }
    }
}
