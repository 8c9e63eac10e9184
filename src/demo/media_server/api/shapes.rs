//! The objects of MediaMTX 1.20's API, field by field in its order.
//!
//! Owns the translation of our streams, connections and sessions into them. Pure but for reading the counters. Talked
//! to by the route table.

use chrono::{DateTime, Utc};
use serde::Serialize;
use uuid::Uuid;

use crate::demo::media_server::connection_table::{Activity, ConnectionEntry, SessionEntry, locked};
use crate::demo::media_server::stream::Stream;
use crate::demo::media_server::tracks::{Properties, Track};

/// `/v3/info`.
#[derive(Debug, Serialize)]
pub struct Info {
    version: &'static str,
    started: DateTime<Utc>,
}

impl Info {
    /// The version whose shapes these are.
    pub fn new(started: DateTime<Utc>) -> Self {
        Self { version: "v1.20.1", started }
    }
}

/// Something was done.
#[derive(Debug, Serialize)]
pub struct Done {
    status: &'static str,
}

impl Done {
    /// As since 1.15.5.
    pub const OK: Self = Self { status: "ok" };
}

/// An error.
#[derive(Debug, Serialize)]
pub struct ErrorBody {
    status: &'static str,
    error: String,
}

impl ErrorBody {
    /// With this sentence.
    pub fn new(error: impl Into<String>) -> Self {
        Self { status: "error", error: error.into() }
    }
}

/// Who feeds or reads a path.
#[derive(Debug, Serialize)]
pub struct Peer {
    #[serde(rename = "type")]
    kind: &'static str,
    id: Uuid,
}

impl Peer {
    fn rtsp(id: Uuid) -> Self {
        Self { kind: "rtspSession", id }
    }

    fn srt(id: Uuid) -> Self {
        Self { kind: "srtConn", id }
    }
}

/// `tracks2`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PathTrack {
    codec: &'static str,
    codec_props: Option<Props>,
}

/// `codecProps`, untagged.
#[derive(Debug, Serialize)]
#[serde(untagged, rename_all_fields = "camelCase")]
enum Props {
    Video { width: u32, height: u32, profile: String, level: String },
    Audio { sample_rate: u32, channel_count: u32 },
    G711 { mu_law: bool, sample_rate: u32, channel_count: u32 },
    Opus { channel_count: u32 },
}

impl From<&Track> for PathTrack {
    fn from(track: &Track) -> Self {
        let codec_props = match &track.properties {
            Properties::Video(picture) => Some(Props::Video {
                width: picture.width,
                height: picture.height,
                profile: picture.profile.clone(),
                level: picture.level.clone(),
            }),
            Properties::Audio { sample_rate, channels } => {
                Some(Props::Audio { sample_rate: *sample_rate, channel_count: *channels })
            }
            Properties::G711 { mu_law, sample_rate, channels } => {
                Some(Props::G711 { mu_law: *mu_law, sample_rate: *sample_rate, channel_count: *channels })
            }
            Properties::Opus { channels } => Some(Props::Opus { channel_count: *channels }),
            Properties::None => None,
        };
        Self { codec: track.codec, codec_props }
    }
}

/// A path.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Path {
    name: String,
    conf_name: String,
    ready: bool,
    ready_time: DateTime<Utc>,
    available: bool,
    available_time: DateTime<Utc>,
    online: bool,
    online_time: DateTime<Utc>,
    source: Peer,
    tracks: Vec<&'static str>,
    tracks2: Vec<PathTrack>,
    readers: Vec<Peer>,
    inbound_bytes: u64,
    outbound_bytes: u64,
    inbound_frames_in_error: u64,
    bytes_received: u64,
    bytes_sent: u64,
}

impl Path {
    /// Of a stream with this configuration; its publisher is told as an SRT connection or as what it is.
    pub fn of(stream: &Stream, srt: bool, config: &str) -> Self {
        let (inbound, outbound) = (stream.inbound.get(), stream.outbound.get());
        let tracks = &stream.description.tracks;
        Self {
            name: stream.path.clone(),
            conf_name: config.to_owned(),
            ready: true,
            ready_time: stream.since,
            available: true,
            available_time: stream.since,
            online: true,
            online_time: stream.since,
            source: if srt { Peer::srt(stream.publisher) } else { Peer::rtsp(stream.publisher) },
            tracks: tracks.iter().map(|track| track.codec).collect(),
            tracks2: tracks.iter().map(PathTrack::from).collect(),
            readers: stream.readers().into_iter().map(Peer::rtsp).collect(),
            inbound_bytes: inbound,
            outbound_bytes: outbound,
            inbound_frames_in_error: stream.errors.get(),
            bytes_received: inbound,
            bytes_sent: outbound,
        }
    }
}

/// What of a path's configuration somebody asks for.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PathConfig {
    name: String,
    source: &'static str,
    source_on_demand: bool,
    run_on_demand: &'static str,
}

impl PathConfig {
    /// Of this name; a program is run on demand for it.
    pub fn of(name: &str, on_demand: bool) -> Self {
        let run_on_demand = if on_demand { "true" } else { "" };
        Self { name: name.to_owned(), source: "publisher", source_on_demand: false, run_on_demand }
    }
}

/// An RTSP connection.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Connection {
    id: Uuid,
    created: DateTime<Utc>,
    remote_addr: String,
    session: Option<Uuid>,
    tunnel: &'static str,
    inbound_bytes: u64,
    outbound_bytes: u64,
    bytes_received: u64,
    bytes_sent: u64,
}

impl From<&ConnectionEntry> for Connection {
    fn from(entry: &ConnectionEntry) -> Self {
        let (inbound, outbound) = (entry.inbound.get(), entry.outbound.get());
        Self {
            id: entry.id,
            created: entry.created,
            remote_addr: entry.remote.to_string(),
            session: *locked(&entry.session),
            tunnel: "none",
            inbound_bytes: inbound,
            outbound_bytes: outbound,
            bytes_received: inbound,
            bytes_sent: outbound,
        }
    }
}

/// Who a session is, as every list of sessions and connections begins.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SessionClient {
    id: Uuid,
    created: DateTime<Utc>,
    remote_addr: String,
    state: &'static str,
    path: String,
    query: String,
    user: String,
}

impl SessionClient {
    pub(super) fn of(entry: &SessionEntry) -> Self {
        Self {
            id: entry.id,
            created: entry.created,
            remote_addr: entry.remote.to_string(),
            state: match *locked(&entry.activity) {
                Activity::Idle => "idle",
                Activity::Read => "read",
                Activity::Publish => "publish",
            },
            path: entry.path.clone(),
            query: entry.query.clone(),
            user: entry.user.clone(),
        }
    }
}

/// An RTSP session. Names of MediaMTX, hence the spelling of `RTP` and `RTCP`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Session {
    #[serde(flatten)]
    client: SessionClient,
    user_agent: String,
    transport: Option<&'static str>,
    profile: Option<&'static str>,
    conns: [Uuid; 1],
    inbound_bytes: u64,
    #[serde(rename = "inboundRTPPackets")]
    inbound_rtp: u64,
    #[serde(rename = "inboundRTPPacketsLost")]
    inbound_lost: u64,
    #[serde(rename = "inboundRTPPacketsInError")]
    inbound_rtp_errors: u64,
    #[serde(rename = "inboundRTPPacketsJitter")]
    jitter: f64,
    #[serde(rename = "inboundRTCPPackets")]
    inbound_rtcp: u64,
    #[serde(rename = "inboundRTCPPacketsInError")]
    inbound_rtcp_errors: u64,
    outbound_bytes: u64,
    #[serde(rename = "outboundRTPPackets")]
    outbound_rtp: u64,
    #[serde(rename = "outboundRTPPacketsReportedLost")]
    outbound_reported_lost: u64,
    #[serde(rename = "outboundRTPPacketsDiscarded")]
    outbound_discarded: u64,
    #[serde(rename = "outboundRTCPPackets")]
    outbound_rtcp: u64,
    bytes_received: u64,
    bytes_sent: u64,
    rtp_packets_received: u64,
    rtp_packets_sent: u64,
    rtp_packets_lost: u64,
    rtp_packets_in_error: u64,
    rtp_packets_jitter: f64,
    rtcp_packets_received: u64,
    rtcp_packets_sent: u64,
    rtcp_packets_in_error: u64,
}

impl From<&SessionEntry> for Session {
    fn from(entry: &SessionEntry) -> Self {
        let traffic = &entry.traffic;
        let activity = *locked(&entry.activity);
        let flows = activity != Activity::Idle;
        Self {
            client: SessionClient::of(entry),
            user_agent: entry.user_agent.clone(),
            transport: flows.then_some("TCP"),
            profile: flows.then_some("AVP"),
            conns: [entry.connection],
            inbound_bytes: traffic.inbound_bytes.get(),
            inbound_rtp: traffic.inbound_rtp.get(),
            inbound_lost: traffic.inbound_lost.get(),
            inbound_rtp_errors: traffic.inbound_rtp_errors.get(),
            jitter: f64::from_bits(traffic.jitter.get()),
            inbound_rtcp: traffic.inbound_rtcp.get(),
            inbound_rtcp_errors: traffic.inbound_rtcp_errors.get(),
            outbound_bytes: traffic.outbound_bytes.get(),
            outbound_rtp: traffic.outbound_rtp.get(),
            outbound_reported_lost: traffic.outbound_reported_lost.get(),
            outbound_discarded: traffic.outbound_discarded.get(),
            outbound_rtcp: traffic.outbound_rtcp.get(),
            bytes_received: traffic.inbound_bytes.get(),
            bytes_sent: traffic.outbound_bytes.get(),
            rtp_packets_received: traffic.inbound_rtp.get(),
            rtp_packets_sent: traffic.outbound_rtp.get(),
            rtp_packets_lost: traffic.inbound_lost.get(),
            rtp_packets_in_error: traffic.inbound_rtp_errors.get(),
            rtp_packets_jitter: f64::from_bits(traffic.jitter.get()),
            rtcp_packets_received: traffic.inbound_rtcp.get(),
            rtcp_packets_sent: traffic.outbound_rtcp.get(),
            rtcp_packets_in_error: traffic.inbound_rtcp_errors.get(),
        }
    }
}
