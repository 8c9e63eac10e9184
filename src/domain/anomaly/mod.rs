//! Anomalies: numbers of a stream that leave what is usual for them at this hour of the week.
//!
//! [`Baseline`] learns from the ten-minute buckets of the last four weeks what is usual in each hour of a week: the median, and how far
//! values stray to either side (median absolute deviation and deciles, so that an hour of trouble in four weeks does not move it).
//! [`StreamAnomalies`] is given the minutes of one stream as they end and says when one of its numbers has been unusual for longer than
//! the dwell time, in numbers. Two thresholds, and a longer dwell time for the end, make a number that comes and goes one incident.
//!
//! Learned from the tiers of the history and from nothing else, so that a restart only reads them again. What was not measured says
//! nothing: an hour without enough weeks behind it is not judged, nor is a stream that is not live.

mod anomaly_metric;
mod anomaly_status;
mod baseline;
mod hour_of_week;
#[cfg(test)]
mod measured_tests;
mod robust;
mod stream_anomalies;

pub use anomaly_metric::{AnomalyMetric, FigureUnit};
pub use anomaly_status::{AnomalyState, AnomalyStatus};
pub use baseline::{Baseline, LEARNED_DAYS, UNLEARNED_DAYS, Usual};
pub use hour_of_week::HourOfWeek;
pub use stream_anomalies::{AnomalyEvent, AnomalyRule, Sensitivity, StreamAnomalies};
