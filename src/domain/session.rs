//! Who publishes to and reads from a path, as the lists of connections and sessions of a media server tell it.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The lists of a media server, one for each protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum SessionProtocol {
    /// RTSP.
    Rtsp,
    /// RTSP over TLS.
    Rtsps,
    /// RTMP.
    Rtmp,
    /// RTMP over TLS.
    Rtmps,
    /// SRT.
    Srt,
    /// WebRTC.
    WebRtc,
    /// HLS; before 1.18 only that somebody reads a path by it.
    Hls,
    /// Media over QUIC.
    Moq,
}

impl SessionProtocol {
    /// Every protocol.
    pub const ALL: [Self; 8] =
        [Self::Rtsp, Self::Rtsps, Self::Rtmp, Self::Rtmps, Self::Srt, Self::WebRtc, Self::Hls, Self::Moq];
}

/// What a session does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum SessionState {
    /// It feeds the path.
    Publish,
    /// It reads the path.
    Read,
}

/// One connection or session. A number that its server's version does not tell is null, never 0.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct StreamSession {
    /// Its id at the media server.
    pub id: String,
    /// By which protocol.
    pub protocol: SessionProtocol,
    /// Publisher or reader.
    pub state: SessionState,
    /// The path.
    #[serde(skip)]
    pub path: String,
    /// Where it comes from, `ADDRESS:PORT`; null where the server does not tell.
    pub address: Option<String>,
    /// What the configuration calls that address (`monitor.labels`).
    pub label: Option<String>,
    /// Who has logged in; null when nobody was asked or the version does not tell (before 1.17).
    pub user: Option<String>,
    /// What its program calls itself; since 1.19.
    pub user_agent: Option<String>,
    /// How its packets travel (RTSP: TCP, UDP, multicast).
    pub transport: Option<String>,
    /// Since when.
    pub since: Option<DateTime<Utc>>,
    /// Bytes that the server has received of it.
    pub bytes_received: Option<u64>,
    /// Bytes that the server has sent to it.
    pub bytes_sent: Option<u64>,
    /// Packets that never came: to the server of a publisher, to the reader as it reports (RTSP since 1.11, WebRTC since 1.14).
    pub packets_lost: Option<u64>,
    /// Packets that were sent once more (SRT since 1.6).
    pub packets_retransmitted: Option<u64>,
    /// Packets that came, or could have been sent, too late and were thrown away (SRT since 1.6, RTSP readers since 1.17).
    pub packets_discarded: Option<u64>,
    /// Frames that the server threw away because the reader was too slow (since 1.17).
    pub frames_discarded: Option<u64>,
    /// Packets that could not be read (RTSP since 1.11).
    pub packets_in_error: Option<u64>,
    /// Jitter of what comes, in units of the RTP clock (RTSP since 1.11, WebRTC since 1.14).
    pub jitter: Option<f64>,
    /// SRT: round trip time in ms, since 1.6.
    pub rtt: Option<f64>,
    /// The server can be asked to end it.
    pub can_be_kicked: bool,
}

/// The sessions of one server, as far as its version and its settings tell them.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct SessionLists {
    /// All of them.
    pub sessions: Vec<StreamSession>,
    /// Protocols whose list the server does not have: switched off there, or older than the list. Nobody knows whether there are any.
    pub not_known: Vec<SessionProtocol>,
}

impl SessionLists {
    /// Those of a path: the publisher, then the readers by protocol and age.
    pub fn of_path(&self, path: &str) -> Vec<StreamSession> {
        let mut found: Vec<StreamSession> = self.sessions.iter().filter(|one| one.path == path).cloned().collect();
        found.sort_by(|one, other| {
            (one.state, one.protocol, one.since, &one.id).cmp(&(other.state, other.protocol, other.since, &other.id))
        });
        found
    }
}
