//! A platform as everybody sees it.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{LiveEvent, PlatformFault, RequestLimit};

/// How a platform is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum PlatformState {
    /// Nobody has asked it yet.
    Waiting,
    /// It answers.
    Well,
    /// It is left alone, as it wishes no more requests for now.
    Resting,
    /// It has not answered once.
    Doubtful,
    /// It does not answer.
    Down,
    /// It refuses us: somebody has to change token or plan.
    Refused,
}

/// A platform as everybody sees it. Holds neither token nor stream keys.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PlatformStatus {
    /// Its name in the configuration.
    pub name: String,
    /// Which one it is: `vimeo`.
    pub kind: String,
    /// How it is.
    pub state: PlatformState,
    /// Time between two polls, in seconds, where it allows it.
    pub interval_seconds: f64,
    /// When it answered last; null before the first answer.
    pub at: Option<DateTime<Utc>>,
    /// Its live events as of then, the newest first.
    pub events: Vec<LiveEvent>,
    /// What is left of the requests that we may make, where it says it.
    pub limit: Option<RequestLimit>,
    /// Why the last look failed; null when it did not.
    pub fault: Option<PlatformFault>,
    /// Looks since the start of the program.
    pub polls: u64,
    /// Of them, those that failed.
    pub failed_polls: u64,
}
