//! How everybody sees one number of one stream or endpoint.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::anomaly_metric::AnomalyMetric;

/// How a number is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum AnomalyState {
    /// What is usual is not known yet: there is less than three weeks of history.
    Learning,
    /// It is not judged now: the stream is not live or has just come back, the number is not measured, or too few weeks had it at this hour.
    NotJudged,
    /// It is as usual, or has not been unusual for long enough.
    Usual,
    /// It has left what is usual for longer than the dwell time.
    Unusual,
}

impl AnomalyState {
    /// Every one.
    pub const ALL: [Self; 4] = [Self::Learning, Self::NotJudged, Self::Usual, Self::Unusual];

    /// Its word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Learning => "learning",
            Self::NotJudged => "notJudged",
            Self::Usual => "usual",
            Self::Unusual => "unusual",
        }
    }
}

/// One number of one stream or of one endpoint of the network. Units: bit/s, frames per second, readers, ms. What is not known is null.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AnomalyStatus {
    /// Configured name of its server; null of an endpoint.
    pub server: Option<String>,
    /// Name of the stream; null of an endpoint.
    pub stream: Option<String>,
    /// Configured name of the endpoint; null of a stream.
    pub endpoint: Option<String>,
    /// Which number.
    pub metric: AnomalyMetric,
    /// How it is.
    pub state: AnomalyState,
    /// What it is: the median of the last three minutes; of frames, what the last probe has counted.
    pub value: Option<f64>,
    /// The least that is usual at this hour of the week; null where too little is never unusual.
    pub usual_low: Option<f64>,
    /// The median of this hour of the week.
    pub usual_median: Option<f64>,
    /// The most that is usual at this hour of the week; null where too much is never unusual.
    pub usual_high: Option<f64>,
    /// Weeks that say so.
    pub weeks: Option<u8>,
    /// Since when it is unusual.
    pub since: Option<DateTime<Utc>>,
    /// What is unusual about it, in numbers.
    pub explanation: Option<String>,
    /// The end of the last minute that was looked at.
    pub at: Option<DateTime<Utc>>,
    /// From when on it can be judged, while what is usual is not known yet; null before anything was measured.
    pub judges_from: Option<DateTime<Utc>>,
}
