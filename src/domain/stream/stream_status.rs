//! What we say about streams and servers: the forms of the API, the WebSocket and the live store.

use std::ops::Deref;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize, Serializer};
use utoipa::ToSchema;

use crate::base::SharedText;
use crate::domain::name::StreamName;

/// One track of a stream.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct StreamTrack {
    /// Codec label of MediaMTX (`H264`, `MPEG-4 Audio`, `G711`, ...).
    pub codec: String,
    /// Pixels; absent when unknown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub width: Option<u32>,
    /// Pixels; absent when unknown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub height: Option<u32>,
    /// Codec profile; absent when unknown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub profile: Option<String>,
    /// Hz; absent when unknown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sample_rate: Option<u32>,
    /// Channels; absent when unknown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub channels: Option<u32>,
}

impl StreamTrack {
    /// Whether it is sound, by the labels of MediaMTX.
    pub fn is_sound(&self) -> bool {
        const SOUND: [&str; 12] = [
            "MPEG-4 Audio",
            "MPEG-4 Audio LATM",
            "MPEG-1/2 Audio",
            "Opus",
            "Vorbis",
            "FLAC",
            "AC3",
            "Speex",
            "G711",
            "G722",
            "G726",
            "LPCM",
        ];
        SOUND.contains(&self.codec.as_str())
    }
}

/// The tracks of a stream. Clones share them.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(from = "Vec<StreamTrack>")]
pub struct TrackList(Arc<[StreamTrack]>);

impl PartialEq for TrackList {
    fn eq(&self, other: &Self) -> bool {
        // Clones are compared with each poll.
        Arc::ptr_eq(&self.0, &other.0) || self.0 == other.0
    }
}

impl Serialize for TrackList {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        out.collect_seq(self.0.iter())
    }
}

impl From<Vec<StreamTrack>> for TrackList {
    fn from(tracks: Vec<StreamTrack>) -> Self {
        Self(tracks.into())
    }
}

impl FromIterator<StreamTrack> for TrackList {
    fn from_iter<I: IntoIterator<Item = StreamTrack>>(tracks: I) -> Self {
        Self(tracks.into_iter().collect())
    }
}

impl Deref for TrackList {
    type Target = [StreamTrack];
    fn deref(&self) -> &[StreamTrack] {
        &self.0
    }
}

/// What we say about a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum StreamState {
    /// Available, online and bytes move.
    Live,
    /// Available, but no bytes since the last polls.
    Stalled,
    /// No stream.
    Offline,
    /// The server does not answer: we do not know.
    Unknown,
}

impl StreamState {
    /// The word of the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Stalled => "stalled",
            Self::Offline => "offline",
            Self::Unknown => "unknown",
        }
    }
}

/// One stream as everybody sees it: API, WebSocket, live store. JSON names are those of the design.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct StreamStatus {
    /// Name of the server in our configuration.
    #[schema(value_type = String)]
    pub server: SharedText,
    /// Path name.
    #[schema(value_type = String)]
    pub name: StreamName,
    /// live, stalled, offline or unknown.
    pub state: StreamState,
    /// Since when it is in this state.
    pub since: DateTime<Utc>,
    /// Why the state is not live, in a sentence; absent when live.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// MediaMTX source type; null without a source.
    #[schema(value_type = Option<String>)]
    pub source_type: Option<SharedText>,
    /// Id of the source in the matching list of MediaMTX; absent without one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub source_id: Option<SharedText>,
    /// Bytes received since the stream was created.
    pub bytes_received: u64,
    /// Bytes sent since the stream was created.
    pub bytes_sent: u64,
    /// Readers, count.
    pub readers: u32,
    /// Incoming bits per second over the last polls. 0 when nothing arrives (stalled, offline); null while it is not
    /// known: until two polls have been seen, and while the server does not answer.
    pub bitrate: Option<u64>,
    /// Tracks as the server tells them.
    #[schema(value_type = Vec<StreamTrack>)]
    pub tracks: TrackList,
    /// SRT: round trip time in ms.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rtt: Option<f64>,
    /// SRT: Mbit/s received.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recv_rate_mbps: Option<f64>,
    /// SRT: estimated Mbit/s.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link_capacity_mbps: Option<f64>,
    /// SRT: percent of packets lost.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub loss_rate: Option<f64>,
    /// SRT: packets per second that came because they were sent once more; absent until two polls have been seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retransmit_rate: Option<f64>,
    /// The server's configuration lets it be there only while somebody reads it (MediaMTX: `sourceOnDemand`, `runOnDemand`);
    /// absent otherwise.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub on_demand: bool,
}

impl StreamStatus {
    /// A stream of which nothing is known but its name.
    pub fn blank(server: impl Into<SharedText>, name: StreamName, state: StreamState, since: DateTime<Utc>) -> Self {
        Self {
            server: server.into(),
            name,
            state,
            since,
            reason: None,
            source_type: None,
            source_id: None,
            bytes_received: 0,
            bytes_sent: 0,
            readers: 0,
            bitrate: None,
            tracks: TrackList::default(),
            rtt: None,
            recv_rate_mbps: None,
            link_capacity_mbps: None,
            loss_rate: None,
            retransmit_rate: None,
            on_demand: false,
        }
    }
}

/// One poll's reading of one path, as kept in history.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sample {
    /// When the poll was answered.
    pub at: DateTime<Utc>,
    /// State at that time.
    pub state: StreamState,
    /// Bits per second, 0 when nothing arrived; null when it was not known.
    pub bitrate: Option<u64>,
    /// Readers, count.
    pub readers: u32,
    /// Bits per second sent to readers; `None` when it was not known.
    pub bitrate_out: Option<u64>,
    /// Numbers of an SRT source.
    pub srt: SrtFigures,
    /// The time since the sample before was not watched, or is not kept.
    pub gap: bool,
    /// A counter of bytes began anew since the sample before.
    pub reset: bool,
}

/// Numbers of an SRT source, as far as they were measured.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct SrtFigures {
    /// Round trip time in ms.
    pub rtt: Option<f64>,
    /// Mbit/s received.
    pub recv_rate_mbps: Option<f64>,
    /// Mbit/s, estimated.
    pub link_capacity_mbps: Option<f64>,
    /// Percent of packets lost.
    pub loss_rate: Option<f64>,
    /// Packets per second that were sent once more.
    pub retransmit_rate: Option<f64>,
}

impl Sample {
    /// One of which only the state is known.
    pub fn new(at: DateTime<Utc>, state: StreamState) -> Self {
        let (bitrate, bitrate_out, srt) = (None, None, SrtFigures::default());
        Self { at, state, bitrate, readers: 0, bitrate_out, srt, gap: false, reset: false }
    }
}

/// What stands in [`ServerStatus::reason`] where the host answers and nobody listens at the address.
pub const CONNECTION_REFUSED: &str = "(connection refused)";

/// How a server answers our polls.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ServerStatus {
    /// Name in our configuration.
    pub name: String,
    /// True when the last poll was answered.
    pub reachable: bool,
    /// Since when `reachable` is what it is.
    pub since: DateTime<Utc>,
    /// Why not, in a sentence with a remedy; absent when reachable.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Whether its RTSP port answers, as its monitor found while its API did not; absent while that answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rtsp_answers: Option<bool>,
    /// Version as the server tells it (1.15.2 and later).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// When this run of the server began, as it tells (1.15.2 and later). Another time: it was restarted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_at: Option<DateTime<Utc>>,
    /// Time of the last answered poll.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_poll: Option<DateTime<Utc>>,
}
