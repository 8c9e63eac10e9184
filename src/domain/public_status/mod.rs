//! What viewers are told of streams, servers and endpoints: names, states, times. Pure.
//!
//! Incidents hold causes, addresses and names of people; nothing of them is taken over but when they began and, of those kinds that a
//! viewer notices, one of three words. A kind that is added to [`super::incident::IncidentKind`] tells nothing until it is named in [`trouble_of`].

mod judged_status;

use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use super::uptime::DayUptime;
pub use judged_status::{JudgedStatus, KnownNow, state_of_endpoint, state_of_stream, trouble_of};

/// What is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum PublicKind {
    /// A stream.
    Stream,
    /// A media server.
    Server,
    /// An endpoint of the network.
    Endpoint,
}

/// One thing that is shown.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PublicKey {
    /// What it is.
    pub kind: PublicKind,
    /// Server of a stream; empty for everything else.
    pub server: String,
    /// Its name in the configuration of whoever has it.
    pub name: String,
}

/// How something is now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum PublicState {
    /// It is there.
    Up,
    /// Its operators work on it.
    Maintenance,
    /// Nothing is known of it.
    Unknown,
    /// It is there, and not well.
    Degraded,
    /// It is not there.
    Down,
}

/// What is wrong, as far as viewers notice it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum PublicTrouble {
    /// It is not there.
    Down,
    /// It is lost again and again.
    Unstable,
    /// It answers, and not well.
    Slow,
}

/// Something that is wrong: an incident that lasts, or a state that none was raised for yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PublicIncident {
    /// What it happened to.
    pub kind: PublicKind,
    /// Its name for people.
    pub name: String,
    /// What is wrong.
    pub trouble: PublicTrouble,
    /// Since when; null where that is not known.
    pub since: Option<DateTime<Utc>>,
}

/// A day of 86,400 seconds (UTC), as far as it has passed. What is neither up nor down of it is not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PublicDay {
    /// Which.
    pub day: NaiveDate,
    /// Seconds that it is known to have been up.
    #[schema(maximum = 86400)]
    pub up_seconds: u32,
    /// Seconds that it is known to have been away.
    #[schema(maximum = 86400)]
    pub down_seconds: u32,
    /// Seconds of which nothing is known.
    #[schema(maximum = 86400)]
    pub unknown_seconds: u32,
}

/// One thing with its past.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PublicThing {
    /// What it is.
    pub kind: PublicKind,
    /// Its name for people.
    pub name: String,
    /// How it is now.
    pub state: PublicState,
    /// Share of the known time of all days that it was up, 0 to 1, rounded down; null where nothing is known.
    pub uptime: Option<f64>,
    /// The last 90 days, oldest first, today included.
    pub days: Vec<PublicDay>,
}

/// Everything that viewers are told.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PublicStatus {
    /// The heading.
    pub title: String,
    /// When this was true; at most some seconds ago.
    pub at: DateTime<Utc>,
    /// The worst of all states but maintenance; `unknown` where nothing is shown.
    pub state: PublicState,
    /// What is wrong now, the longest first.
    pub incidents: Vec<PublicIncident>,
    /// What is shown: streams, then servers, then endpoints, by name.
    pub items: Vec<PublicThing>,
    /// So many more would be shown, and are too many.
    pub left_out: usize,
    /// The days could not be read lately: what has changed since is missing.
    pub stale: bool,
    /// What is before this time was made up by `streamwarden demo`; absent where nothing is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sample_until: Option<DateTime<Utc>>,
}

impl From<DayUptime> for PublicDay {
    fn from(DayUptime { day, up, down, unknown }: DayUptime) -> Self {
        Self { day, up_seconds: up, down_seconds: down, unknown_seconds: unknown }
    }
}
