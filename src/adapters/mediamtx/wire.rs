//! The wire types of `/v3`, 1.2 to 1.20, and the way from them to [`PathReading`].
//!
//! Owns which field of which version means what (names were deprecated, never removed, up to 1.20.1). Pure: bytes in,
//! readings out. Talked to by [`super::client`].

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde::de::IgnoredAny;

use super::lenient::{Field, List, Object};
use crate::domain::name::StreamName;
use crate::domain::stream::{PathReading, PathSource, SrtReading, Track};

/// One page of any list endpoint.
#[derive(Debug, Deserialize)]
#[serde(default, rename_all = "camelCase", bound(deserialize = "T: Deserialize<'de>"))]
pub(super) struct Page<T> {
    /// Pages at the `itemsPerPage` that was asked for.
    pub page_count: Field<u64>,
    /// Not there = not an answer of a list endpoint: an empty list is `[]`, never `null`.
    pub items: List<Object<T>>,
}

impl<T> Default for Page<T> {
    fn default() -> Self {
        Self { page_count: Field::default(), items: List::default() }
    }
}

/// Something that pages can be made of, told apart by its key.
pub(super) trait Listed: for<'de> Deserialize<'de> {
    /// Unique within a listing.
    fn key(&self) -> &str;
}

/// `/v3/paths/list` item.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Path {
    name: Field<String>,
    ready: Field<bool>,
    ready_time: Field<DateTime<Utc>>,
    /// Since 1.16.0; `ready` before.
    available: Field<bool>,
    available_time: Field<DateTime<Utc>>,
    /// Since 1.16.0.
    online: Field<bool>,
    /// Since 1.16.0; of an unreachable pull path the zero time or that of an earlier connection.
    online_time: Field<DateTime<Utc>>,
    source: Object<Endpoint>,
    tracks: List<Field<String>>,
    /// Since 1.17.0.
    tracks2: List<Object<CodecTrack>>,
    /// Only counted.
    readers: List<IgnoredAny>,
    /// Since 1.17.0; `bytesReceived` before.
    inbound_bytes: Field<u64>,
    outbound_bytes: Field<u64>,
    bytes_received: Field<u64>,
    /// Since 1.3.0.
    bytes_sent: Field<u64>,
}

/// A source.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Endpoint {
    #[serde(rename = "type")]
    kind: Field<String>,
    id: Field<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct CodecTrack {
    codec: Field<String>,
    codec_props: Object<CodecProps>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct CodecProps {
    width: Field<u64>,
    height: Field<u64>,
    /// A word for H264 and H265, a number for VP9 and AV1 (which we leave out).
    profile: Field<String>,
    sample_rate: Field<u64>,
    channel_count: Field<u64>,
}

/// `/v3/srtconns/list` item: only what we show. Versions before 1.6.0 list connections without numbers.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct SrtConn {
    id: Field<String>,
    #[serde(rename = "msRTT")]
    rtt: Field<f64>,
    #[serde(rename = "mbpsReceiveRate")]
    receive_rate: Field<f64>,
    #[serde(rename = "mbpsLinkCapacity")]
    link_capacity: Field<f64>,
    #[serde(rename = "packetsReceivedLossRate")]
    loss_rate: Field<f64>,
}

/// `/v3/info`, since 1.15.2.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Info {
    pub version: Field<String>,
}

/// An item of any list of sessions or connections: where it comes from.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Peer {
    pub remote_addr: Field<String>,
}

/// The body of an error.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct ErrorBody {
    pub error: Field<String>,
}

impl Listed for Path {
    fn key(&self) -> &str {
        self.name.0.as_deref().unwrap_or_default()
    }
}

impl Listed for SrtConn {
    fn key(&self) -> &str {
        self.id.0.as_deref().unwrap_or_default()
    }
}

impl Path {
    /// The normal form, or the refused name.
    pub(super) fn reading(self) -> Result<PathReading, String> {
        let name = self.name.0.unwrap_or_default();
        let name = StreamName::parse(&name).map_err(|_| name)?;
        let available = self.available.0.or(self.ready.0).unwrap_or(false);
        Ok(PathReading {
            name,
            available,
            online: self.online.0.unwrap_or(available),
            // An alwaysAvailable path is available from its creation: its publisher came with `online`.
            available_since: self.available_time.0.or(self.ready_time.0).max(self.online_time.0.filter(|_| available)),
            source: self.source.0.map(Endpoint::source),
            tracks: tracks(self.tracks2, self.tracks),
            readers: self.readers.0.map_or(0, |readers| u32::try_from(readers.len()).unwrap_or(u32::MAX)),
            bytes_received: self.inbound_bytes.0.or(self.bytes_received.0).unwrap_or(0),
            bytes_sent: self.outbound_bytes.0.or(self.bytes_sent.0).unwrap_or(0),
            srt: None,
        })
    }
}

impl Endpoint {
    fn source(self) -> PathSource {
        let kind = self.kind.0.unwrap_or_else(|| "unknown".to_owned());
        PathSource { kind: spelling(kind), id: self.id.0.unwrap_or_default() }
    }
}

/// `webRTC...` was `webrtc...` from 1.3.0 (source) and 1.4.0 (session) until 1.11.0. The set stays open.
fn spelling(kind: String) -> String {
    ["webRTCSession", "webRTCSource"]
        .into_iter()
        .find(|known| known.eq_ignore_ascii_case(&kind))
        .map_or(kind, str::to_owned)
}

fn tracks(detailed: List<Object<CodecTrack>>, labels: List<Field<String>>) -> Vec<Track> {
    let detailed = detailed.0.unwrap_or_default();
    if detailed.is_empty() {
        let labels = labels.0.unwrap_or_default().into_iter().filter_map(|label| label.0);
        return labels.map(|codec| Track { codec, ..Track::default() }).collect();
    }
    detailed.into_iter().filter_map(|track| track.0).filter_map(CodecTrack::track).collect()
}

impl CodecTrack {
    fn track(self) -> Option<Track> {
        // 0 and "" are the server's "not known yet".
        let known = |field: Field<u64>| field.0.and_then(|value| u32::try_from(value).ok()).filter(|value| *value > 0);
        let props = self.codec_props.0.unwrap_or_default();
        Some(Track {
            codec: self.codec.0?,
            width: known(props.width),
            height: known(props.height),
            profile: props.profile.0.filter(|profile| !profile.is_empty()),
            sample_rate: known(props.sample_rate),
            channels: known(props.channel_count),
        })
    }
}

/// Type of a path's source when it is an SRT connection, which has an entry in `/v3/srtconns/list`.
const SRT_CONNECTION: &str = "srtConn";

/// True when `/v3/srtconns/list` has something to add.
pub(super) fn wants_srt(paths: &[PathReading]) -> bool {
    paths.iter().any(|path| path.source.as_ref().is_some_and(|source| source.kind == SRT_CONNECTION))
}

/// Gives every path whose source is an SRT connection that connection's numbers.
pub(super) fn merge_srt(paths: &mut [PathReading], connections: Vec<SrtConn>) {
    let numbers: HashMap<String, SrtReading> = connections.into_iter().filter_map(SrtConn::reading).collect();
    for path in paths {
        path.srt = match &path.source {
            Some(source) if source.kind == SRT_CONNECTION => numbers.get(&source.id).copied(),
            _ => None,
        };
    }
}

impl SrtConn {
    fn reading(self) -> Option<(String, SrtReading)> {
        let reading = SrtReading {
            rtt: self.rtt.0?,
            recv_rate_mbps: self.receive_rate.0?,
            link_capacity_mbps: self.link_capacity.0?,
            loss_rate: self.loss_rate.0.unwrap_or(0.0),
        };
        Some((self.id.0?, reading))
    }
}
