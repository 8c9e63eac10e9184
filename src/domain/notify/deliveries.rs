//! What has become of the messages of a receiver.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Counted since there is such a receiver. Without secrets.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Deliveries {
    /// Messages that wait to be delivered.
    pub waiting: u64,
    /// Messages that it has taken.
    pub delivered: u64,
    /// Messages that it will never take.
    pub refused: u64,
    /// Messages that were dropped because too many waited, or for too long.
    pub dropped: u64,
    /// Tries that failed.
    pub failures: u64,
    /// When it took the last one; null when it has taken none.
    pub delivered_at: Option<DateTime<Utc>>,
    /// When a try failed last; null when none has.
    pub failed_at: Option<DateTime<Utc>>,
    /// Since when nothing is delivered; null while it is well.
    pub failing_since: Option<DateTime<Utc>>,
    /// Why the last try failed; null once one has not.
    pub fault: Option<String>,
}
