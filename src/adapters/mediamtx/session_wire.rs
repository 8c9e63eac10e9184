//! The lists of connections and sessions of `/v3`, 1.2 to 1.20, and the way from them to [`StreamSession`].
//!
//! Pure: bytes in, sessions out. Which version has what is told by the fields that are there. Talked to by
//! [`super::session_client`].

use chrono::{DateTime, Utc};
use serde::Deserialize;

use super::lenient::LenientField;
use crate::domain::session::{SessionProtocol, SessionState, StreamSession};

/// Where a list is, and whether its items can be kicked.
pub(super) struct SessionList {
    pub(super) protocol: SessionProtocol,
    /// Its part of the address: `/v3/NAME/list`.
    pub(super) name: &'static str,
    pub(super) has_kick: bool,
}

const fn list(protocol: SessionProtocol, name: &'static str) -> SessionList {
    SessionList { protocol, name, has_kick: true }
}

/// Every list. The second of a protocol is asked for where the first is not there.
pub(super) const LISTS: [SessionList; 9] = [
    list(SessionProtocol::Rtsp, "rtspsessions"),
    list(SessionProtocol::Rtsps, "rtspssessions"),
    list(SessionProtocol::Rtmp, "rtmpconns"),
    list(SessionProtocol::Rtmps, "rtmpsconns"),
    list(SessionProtocol::Srt, "srtconns"),
    list(SessionProtocol::WebRtc, "webrtcsessions"),
    list(SessionProtocol::Hls, "hlssessions"),
    // Before 1.18: that a path is read by HLS, and not by whom.
    SessionList { protocol: SessionProtocol::Hls, name: "hlsmuxers", has_kick: false },
    list(SessionProtocol::Moq, "moqsessions"),
];

/// An item of any of the lists.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct WireSession {
    id: LenientField<String>,
    created: LenientField<DateTime<Utc>>,
    remote_addr: LenientField<String>,
    state: LenientField<String>,
    path: LenientField<String>,
    user: LenientField<String>,
    user_agent: LenientField<String>,
    transport: LenientField<String>,
    /// Since 1.17, the deprecated names before.
    inbound_bytes: LenientField<u64>,
    outbound_bytes: LenientField<u64>,
    bytes_received: LenientField<u64>,
    bytes_sent: LenientField<u64>,
    #[serde(rename = "inboundRTPPacketsLost")]
    inbound_lost: LenientField<u64>,
    #[serde(rename = "outboundRTPPacketsReportedLost")]
    outbound_lost: LenientField<u64>,
    rtp_packets_lost: LenientField<u64>,
    #[serde(rename = "inboundRTPPacketsInError")]
    inbound_in_error: LenientField<u64>,
    rtp_packets_in_error: LenientField<u64>,
    #[serde(rename = "inboundRTPPacketsJitter")]
    inbound_jitter: LenientField<f64>,
    rtp_packets_jitter: LenientField<f64>,
    #[serde(rename = "outboundRTPPacketsDiscarded")]
    outbound_discarded: LenientField<u64>,
    outbound_frames_discarded: LenientField<u64>,
    // SRT.
    packets_send_loss: LenientField<u64>,
    packets_received_loss: LenientField<u64>,
    packets_retrans: LenientField<u64>,
    packets_received_retrans: LenientField<u64>,
    packets_send_drop: LenientField<u64>,
    packets_received_drop: LenientField<u64>,
    #[serde(rename = "msRTT")]
    rtt: LenientField<f64>,
}

impl WireSession {
    /// By which it is told apart within its list: a muxer has only its path.
    pub(super) fn key(&self) -> &str {
        self.id.0.as_deref().or(self.path.0.as_deref()).unwrap_or_default()
    }

    /// `None` for one that neither publishes nor reads yet.
    pub(super) fn session(self, list: &SessionList) -> Option<StreamSession> {
        let path = self.path.0.filter(|path| !path.is_empty())?;
        let state = match self.state.0.as_deref() {
            Some("publish") => SessionState::Publish,
            Some("read") => SessionState::Read,
            // HLS has no other.
            None if list.protocol == SessionProtocol::Hls => SessionState::Read,
            _ => return None,
        };
        let publishes = state == SessionState::Publish;
        let text = |field: LenientField<String>| field.0.filter(|text| !text.is_empty());
        let of =
            |inbound: LenientField<u64>, outbound: LenientField<u64>| if publishes { inbound.0 } else { outbound.0 };
        let id = text(self.id);
        Some(StreamSession {
            can_be_kicked: list.has_kick && id.is_some(),
            id: id.unwrap_or_else(|| path.clone()),
            protocol: list.protocol,
            state,
            path,
            address: text(self.remote_addr),
            label: None,
            user: text(self.user),
            user_agent: text(self.user_agent),
            transport: text(self.transport),
            since: self.created.0,
            bytes_received: self.inbound_bytes.0.or(self.bytes_received.0),
            bytes_sent: self.outbound_bytes.0.or(self.bytes_sent.0),
            packets_lost: of(self.inbound_lost, self.outbound_lost)
                .or(of(self.packets_received_loss, self.packets_send_loss))
                // Of a reader the old name tells nothing: it counted what the server missed.
                .or(self.rtp_packets_lost.0.filter(|_| publishes)),
            packets_retransmitted: of(self.packets_received_retrans, self.packets_retrans),
            packets_discarded: of(self.packets_received_drop, self.packets_send_drop)
                .or(self.outbound_discarded.0.filter(|_| !publishes)),
            frames_discarded: self.outbound_frames_discarded.0.filter(|_| !publishes),
            packets_in_error: self.inbound_in_error.0.or(self.rtp_packets_in_error.0).filter(|_| publishes),
            jitter: self.inbound_jitter.0.or(self.rtp_packets_jitter.0).filter(|_| publishes),
            rtt: self.rtt.0,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::mediamtx_wire::WirePage;
    use super::*;

    fn read(name: &str, json: &str) -> Vec<StreamSession> {
        let list = LISTS.iter().find(|list| list.name == name).expect("a list");
        let page: WirePage<WireSession> = serde_json::from_str(json).expect("JSON");
        page.map(|item| item.session(list)).items.expect("a list").into_iter().flatten().collect()
    }

    macro_rules! fixture {
        ($version:literal, $list:literal) => {
            read($list, include_str!(concat!("../../../tests/fixtures/mediamtx-", $version, "/", $list, "_list.json")))
        };
    }

    #[test]
    fn what_a_version_does_not_tell_is_not_known_and_never_zero() {
        let newest = fixture!("1.20.1", "rtspsessions");
        let publisher = newest.iter().find(|one| one.path == "cam/front" && one.state == SessionState::Publish);
        let publisher = publisher.expect("a publisher");
        assert_eq!((publisher.packets_lost, publisher.packets_in_error), (Some(0), Some(0)));
        assert!(publisher.jitter.is_some_and(|jitter| jitter > 1.0), "{publisher:?}");
        assert_eq!((publisher.packets_discarded, publisher.user_agent.as_deref()), (None, Some("Lavf59.27.100")));
        let reader = newest.iter().find(|one| one.state == SessionState::Read).expect("a reader");
        assert_eq!((reader.packets_lost, reader.packets_discarded, reader.jitter), (Some(0), Some(0), None));
        assert!(newest.iter().all(|one| one.can_be_kicked && one.transport.as_deref() == Some("TCP")));

        for old in [fixture!("1.3.1", "srtconns"), fixture!("1.3.1", "srtconns")] {
            let [one] = old.as_slice() else { panic!("one: {old:?}") };
            assert!(one.bytes_received.is_some_and(|bytes| bytes > 0) && one.since.is_some());
            assert_eq!((one.packets_lost, one.packets_retransmitted, one.packets_discarded), (None, None, None));
            assert_eq!((one.rtt, one.user.as_deref(), one.user_agent.as_deref()), (None, None, None));
        }
        for newer in [fixture!("1.9.3", "srtconns"), fixture!("1.12.3", "srtconns"), fixture!("1.20.1", "srtconns")] {
            let one = newer.iter().find(|one| one.state == SessionState::Publish).expect("a publisher");
            let told = (one.packets_lost, one.packets_retransmitted, one.packets_discarded);
            assert_eq!(told, (Some(0), Some(0), Some(0)));
            assert!(one.rtt.is_some_and(|rtt| rtt > 0.0));
        }
    }

    #[test]
    fn each_side_is_told_of_its_own_losses() {
        let numbers = r#""packetsSendLoss":1,"packetsReceivedLoss":2,"packetsRetrans":3,"packetsReceivedRetrans":4,
            "packetsSendDrop":5,"packetsReceivedDrop":6,"outboundFramesDiscarded":7"#;
        for (state, lost, again, dropped, frames) in [("publish", 2, 4, 6, None), ("read", 1, 3, 5, Some(7))] {
            let json = format!(r#"{{"items":[{{"id":"x","path":"p","state":"{state}",{numbers}}}]}}"#);
            let [one] = read("srtconns", &json).try_into().expect("one");
            let told = (one.packets_lost, one.packets_retransmitted, one.packets_discarded, one.frames_discarded);
            assert_eq!(told, (Some(lost), Some(again), Some(dropped), frames), "{state}");
        }
        let json = r#"{"items":[{"id":"x","path":"p","state":"read","rtpPacketsLost":9,"rtpPacketsJitter":0}]}"#;
        let [one] = read("rtspsessions", json).try_into().expect("one");
        assert_eq!((one.packets_lost, one.jitter), (None, None), "of a reader nothing is known there");
    }

    #[test]
    fn what_has_no_path_or_does_nothing_is_left_out_and_rubbish_costs_no_neighbour() {
        let json = r#"{"items":[{"id":"a","path":"","state":"idle"},{"id":"b","path":"p","state":"idle"},7,null,
            {"id":{},"path":"p","state":"read","outboundBytes":"x"}]}"#;
        let [one] = read("rtmpconns", json).try_into().expect("one");
        assert_eq!((one.id.as_str(), one.can_be_kicked, one.bytes_sent), ("p", false, None));
        let [muxer] = read("hlsmuxers", r#"{"items":[{"path":"p","bytesSent":5}]}"#).try_into().expect("one");
        assert_eq!((muxer.state, muxer.can_be_kicked, muxer.bytes_sent), (SessionState::Read, false, Some(5)));
        let json = r#"{"items":[{"id":"h","path":"p","remoteAddr":"10.0.0.9:5","outboundBytes":5}]}"#;
        let [session] = read("hlssessions", json).try_into().expect("one");
        assert_eq!((session.state, session.can_be_kicked), (SessionState::Read, true));
    }
}
