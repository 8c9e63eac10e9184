//! An encoder as everybody sees it.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{EncoderFault, EncoderFeeds, EncoderReading};

/// What is believed of a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum EncoderState {
    /// Nobody has asked it yet.
    Waiting,
    /// It does not answer.
    Silent,
    /// It does not stream.
    Idle,
    /// It calls its platform.
    Connecting,
    /// It says that it streams, and nothing has shown it yet.
    Unproved,
    /// It streams: its duration goes on and its bit rate is not 0.
    Streaming,
    /// It says that it streams, but its duration stands still or its bit rate is 0.
    Frozen,
    /// It was stopped and sends the rest of its cache.
    Flushing,
    /// Its platform does not take the stream.
    Interrupted,
    /// It says something that we do not know.
    Unknown,
}

impl EncoderState {
    /// Every one.
    pub const ALL: [Self; 10] = [
        Self::Waiting,
        Self::Silent,
        Self::Idle,
        Self::Connecting,
        Self::Unproved,
        Self::Streaming,
        Self::Frozen,
        Self::Flushing,
        Self::Interrupted,
        Self::Unknown,
    ];

    /// Its word in answers and labels.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Silent => "silent",
            Self::Idle => "idle",
            Self::Connecting => "connecting",
            Self::Unproved => "unproved",
            Self::Streaming => "streaming",
            Self::Frozen => "frozen",
            Self::Flushing => "flushing",
            Self::Interrupted => "interrupted",
            Self::Unknown => "unknown",
        }
    }
}

/// An encoder as everybody sees it. Holds no stream key.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct EncoderStatus {
    /// Its name in the configuration.
    pub name: String,
    /// Its host name or address.
    pub host: String,
    /// What is believed of it.
    pub state: EncoderState,
    /// Since when; null before the first answer.
    pub since: Option<DateTime<Utc>>,
    /// It should always stream, by the configuration.
    pub always_on: bool,
    /// What it feeds, by the configuration.
    pub feeds: EncoderFeeds,
    /// Time between two questions.
    pub interval_seconds: f64,
    /// When it answered last; null before the first answer.
    pub at: Option<DateTime<Utc>>,
    /// What it said last; null while it does not answer.
    pub reading: Option<EncoderReading>,
    /// Why it did not answer the last question; null when it did.
    pub fault: Option<EncoderFault>,
    /// Questions since the start of the program.
    pub polls: u64,
    /// Of them, those without an answer.
    pub failed_polls: u64,
}
