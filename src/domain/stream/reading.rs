//! What a server's answer says about a path, in one form for all versions. Facts only: what follows is in `memory`.

use chrono::{DateTime, Utc};

use super::TrackList;
use crate::base::SharedText;
use crate::domain::name::StreamName;

/// The normal form of one path in a server's answer, whatever 1.x version gave it.
#[derive(Clone, Debug, PartialEq)]
pub struct PathReading {
    /// Checked name of the path.
    pub name: StreamName,
    /// A stream exists (always true for an alwaysAvailable path).
    pub available: bool,
    /// A real source feeds it. Versions before 1.16 do not tell: equal to `available` there.
    pub online: bool,
    /// Since when the server calls it available and online; changes when the publisher changes.
    pub available_since: Option<DateTime<Utc>>,
    /// Who feeds it; `None` is normal.
    pub source: Option<PathSource>,
    /// Tracks as far as the version tells them.
    pub tracks: TrackList,
    /// Readers the server lists.
    pub readers: u32,
    /// Bytes since the stream was created.
    pub bytes_received: u64,
    /// Bytes since the stream was created.
    pub bytes_sent: u64,
    /// SRT numbers of the source, when it is an SRT connection the server knows.
    pub srt: Option<SrtReading>,
    /// Name of the server's configuration that it belongs to (`confName`).
    pub config: Option<SharedText>,
    /// By its configuration it is there only while somebody reads it. False where the server does not tell.
    pub on_demand: bool,
}

/// The source of a path: an open set of types.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PathSource {
    /// As the server spells it, case normalised to the spelling of 1.20 (`webRTCSession`).
    pub kind: SharedText,
    /// Id in the matching list of the API; empty for pull sources.
    pub id: SharedText,
}

/// Numbers of an SRT connection.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SrtReading {
    /// Round trip time in ms, smoothed.
    pub rtt: f64,
    /// Mbit/s received.
    pub recv_rate_mbps: f64,
    /// Mbit/s, estimated.
    pub link_capacity_mbps: f64,
    /// Percent of packets lost on receiving.
    pub loss_rate: f64,
    /// Packets that came because they were sent once more, since the connection began.
    pub retransmitted: Option<u64>,
}
