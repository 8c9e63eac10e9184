//! A live event of a platform. Holds neither stream key nor the address that is streamed to.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{PlatformFault, RequestLimit};

/// How far an event is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum EventPhase {
    /// It has not begun.
    Planned,
    /// It goes on.
    Live,
    /// It is over.
    Ended,
    /// The platform does not say.
    Unknown,
}

impl EventPhase {
    /// Every one.
    pub const ALL: [Self; 4] = [Self::Planned, Self::Live, Self::Ended, Self::Unknown];

    /// Its word in answers and labels.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Planned => "planned",
            Self::Live => "live",
            Self::Ended => "ended",
            Self::Unknown => "unknown",
        }
    }
}

/// Whether the platform gets a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum IngestPhase {
    /// There is no address to stream to yet.
    NoAddress,
    /// Its address is being made.
    Provisioning,
    /// It waits for a stream.
    Ready,
    /// No stream came in time.
    TimedOut,
    /// It gets a stream.
    Streaming,
    /// The stream is over.
    Ended,
    /// A word that we do not know.
    Unknown,
}

/// What the platform says of the stream that it gets. Null where it does not say it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct IngestReport {
    /// How far it is.
    pub phase: IngestPhase,
    /// Width of the picture.
    pub width: Option<u32>,
    /// Height of the picture.
    pub height: Option<u32>,
    /// Since when it gets the stream.
    pub started_at: Option<DateTime<Utc>>,
    /// Until when its address can be streamed to.
    pub link_expires_at: Option<DateTime<Utc>>,
}

/// An event.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct LiveEvent {
    /// What the platform calls it.
    pub id: String,
    /// Its title.
    pub title: String,
    /// How far it is.
    pub phase: EventPhase,
    /// When it is to begin.
    pub planned_at: Option<DateTime<Utc>>,
    /// What the platform says of its stream; null where it says nothing.
    pub ingest: Option<IngestReport>,
    /// Viewers at the moment, where the account gives them.
    pub viewers: Option<u64>,
    /// Why this event could not be looked at; what is known of it is older then.
    pub fault: Option<PlatformFault>,
}

/// What one look has found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PlatformReport {
    /// Events, the newest first.
    pub events: Vec<LiveEvent>,
    /// What is left of the requests that we may make, where the platform says it.
    pub limit: Option<RequestLimit>,
}

impl LiveEvent {
    /// It goes on and no stream comes. Not known where the platform says nothing of the stream.
    pub fn lacks_stream(&self) -> Option<bool> {
        if self.phase != EventPhase::Live || self.fault.is_some() {
            return None;
        }
        match self.ingest.as_ref()?.phase {
            IngestPhase::Streaming => Some(false),
            IngestPhase::Unknown => None,
            _ => Some(true),
        }
    }
}
