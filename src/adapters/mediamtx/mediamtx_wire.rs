//! The wire types of `/v3`, 1.2 to 1.20, and the way from them to [`PathReading`].
//!
//! Owns which field of which version means what (names were deprecated, never removed, up to 1.20.1). Pure: bytes in,
//! readings out. Talked to by [`super::mediamtx_client`].

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde::de::IgnoredAny;

use super::ServerIdentity;
use super::lenient::{LenientField, LenientList, LenientObject};
use crate::domain::name::StreamName;
use crate::domain::stream::{PathReading, PathSource, SrtReading, StreamTrack};

/// One page of any list endpoint.
#[derive(Debug, Deserialize)]
#[serde(default, rename_all = "camelCase", bound(deserialize = "T: Deserialize<'de>"))]
pub(super) struct WirePage<T> {
    /// Pages at the `itemsPerPage` that was asked for.
    pub page_count: LenientField<u64>,
    /// Not there = not an answer of a list endpoint: an empty list is `[]`, never `null`.
    pub items: LenientList<LenientObject<T>>,
}

impl<T> Default for WirePage<T> {
    fn default() -> Self {
        Self { page_count: LenientField::default(), items: LenientList::default() }
    }
}

/// A page as it was read, whichever way.
#[derive(Debug)]
pub(super) struct Items<T> {
    /// As in [`WirePage`].
    pub page_count: Option<u64>,
    /// How many items there are.
    pub count: usize,
    /// Those that are objects. `None`: not an answer of a list endpoint.
    pub items: Option<Vec<T>>,
}

impl<T> WirePage<T> {
    /// Its items, each as `read` says.
    pub(super) fn map<U>(self, read: impl Fn(T) -> U) -> Items<U> {
        let count = self.items.0.as_ref().map_or(0, Vec::len);
        let items = self.items.0.map(|items| items.into_iter().filter_map(|item| item.0).map(read).collect());
        Items { page_count: self.page_count.0, count, items }
    }
}

/// A path of a listing: its normal form, or the refused name.
pub(super) type PathItem = Result<PathReading, String>;

/// The name by which a path is told apart within a listing.
pub(super) fn path_name(item: &PathItem) -> &str {
    match item {
        Ok(reading) => reading.name.as_str(),
        Err(name) => name,
    }
}

/// `/v3/paths/list` item.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct WirePath {
    name: LenientField<String>,
    conf_name: LenientField<String>,
    ready: LenientField<bool>,
    ready_time: LenientField<DateTime<Utc>>,
    /// Since 1.16.0; `ready` before.
    available: LenientField<bool>,
    available_time: LenientField<DateTime<Utc>>,
    /// Since 1.16.0.
    online: LenientField<bool>,
    /// Since 1.16.0; of an unreachable pull path the zero time or that of an earlier connection.
    online_time: LenientField<DateTime<Utc>>,
    source: LenientObject<Endpoint>,
    tracks: LenientList<LenientField<String>>,
    /// Since 1.17.0.
    tracks2: LenientList<LenientObject<CodecTrack>>,
    /// Only counted.
    readers: LenientList<IgnoredAny>,
    /// Since 1.17.0; `bytesReceived` before.
    inbound_bytes: LenientField<u64>,
    outbound_bytes: LenientField<u64>,
    bytes_received: LenientField<u64>,
    /// Since 1.3.0.
    bytes_sent: LenientField<u64>,
}

/// A source.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Endpoint {
    #[serde(rename = "type")]
    kind: LenientField<String>,
    id: LenientField<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct CodecTrack {
    codec: LenientField<String>,
    codec_props: LenientObject<CodecProps>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct CodecProps {
    width: LenientField<u64>,
    height: LenientField<u64>,
    /// A word for H264 and H265, a number for VP9 and AV1 (which we leave out).
    profile: LenientField<String>,
    sample_rate: LenientField<u64>,
    channel_count: LenientField<u64>,
}

/// `/v3/srtconns/list` item: only what we show. Versions before 1.6.0 list connections without numbers.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct SrtConn {
    id: LenientField<String>,
    #[serde(rename = "msRTT")]
    rtt: LenientField<f64>,
    #[serde(rename = "mbpsReceiveRate")]
    receive_rate: LenientField<f64>,
    #[serde(rename = "mbpsLinkCapacity")]
    link_capacity: LenientField<f64>,
    #[serde(rename = "packetsReceivedLossRate")]
    loss_rate: LenientField<f64>,
    #[serde(rename = "packetsReceivedRetrans")]
    retransmitted: LenientField<u64>,
}

/// `/v3/info`, since 1.15.2.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct WireInfo {
    version: LenientField<String>,
    started: LenientField<DateTime<Utc>>,
}

impl WireInfo {
    pub(super) fn identity(self) -> ServerIdentity {
        ServerIdentity { version: self.version.0.map(|text| version_text(&text)), started_at: self.started.0 }
    }
}

/// As one short line: a binary that was built by hand says what its build was told, line end included.
pub(super) fn version_text(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").chars().filter(|c| !c.is_control()).take(60).collect()
}

/// An item of any list of sessions or connections: where it comes from.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct WirePeer {
    pub remote_addr: LenientField<String>,
}

/// The body of an error.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct ErrorBody {
    pub error: LenientField<String>,
}

impl WirePath {
    /// Names of the fields that tell the bytes received and sent.
    pub(super) fn counters(&self) -> (&'static str, &'static str) {
        let received = if self.inbound_bytes.0.is_some() { "inboundBytes" } else { "bytesReceived" };
        let sent = if self.outbound_bytes.0.is_some() { "outboundBytes" } else { "bytesSent" };
        (received, sent)
    }

    /// The normal form, or the refused name.
    pub(super) fn reading(self) -> PathItem {
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
            tracks: tracks(self.tracks2, self.tracks).into(),
            readers: self.readers.0.map_or(0, |readers| u32::try_from(readers.len()).unwrap_or(u32::MAX)),
            bytes_received: self.inbound_bytes.0.or(self.bytes_received.0).unwrap_or(0),
            bytes_sent: self.outbound_bytes.0.or(self.bytes_sent.0).unwrap_or(0),
            srt: None,
            config: self.conf_name.0.map(Into::into),
            on_demand: false,
        })
    }
}

impl Endpoint {
    fn source(self) -> PathSource {
        let kind = self.kind.0.unwrap_or_else(|| "unknown".to_owned());
        PathSource { kind: spelling(kind).into(), id: self.id.0.unwrap_or_default().into() }
    }
}

/// `webRTC...` was `webrtc...` from 1.3.0 (source) and 1.4.0 (session) until 1.11.0. The set stays open.
fn spelling(kind: String) -> String {
    ["webRTCSession", "webRTCSource"]
        .into_iter()
        .find(|known| known.eq_ignore_ascii_case(&kind))
        .map_or(kind, str::to_owned)
}

fn tracks(
    detailed: LenientList<LenientObject<CodecTrack>>,
    labels: LenientList<LenientField<String>>,
) -> Vec<StreamTrack> {
    let detailed = detailed.0.unwrap_or_default();
    if detailed.is_empty() {
        let labels = labels.0.unwrap_or_default().into_iter().filter_map(|label| label.0);
        return labels.map(|codec| StreamTrack { codec, ..StreamTrack::default() }).collect();
    }
    detailed.into_iter().filter_map(|track| track.0).filter_map(CodecTrack::track).collect()
}

impl CodecTrack {
    fn track(self) -> Option<StreamTrack> {
        // 0 and "" are the server's "not known yet".
        let known =
            |field: LenientField<u64>| field.0.and_then(|value| u32::try_from(value).ok()).filter(|value| *value > 0);
        let props = self.codec_props.0.unwrap_or_default();
        Some(StreamTrack {
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
            Some(source) if source.kind == SRT_CONNECTION => numbers.get(source.id.as_str()).copied(),
            _ => None,
        };
    }
}

impl SrtConn {
    /// By which it is told apart within a listing.
    pub(super) fn key(&self) -> &str {
        self.id.0.as_deref().unwrap_or_default()
    }

    fn reading(self) -> Option<(String, SrtReading)> {
        let reading = SrtReading {
            rtt: self.rtt.0?,
            recv_rate_mbps: self.receive_rate.0?,
            link_capacity_mbps: self.link_capacity.0?,
            loss_rate: self.loss_rate.0.unwrap_or(0.0),
            retransmitted: self.retransmitted.0,
        };
        Some((self.id.0?, reading))
    }
}
