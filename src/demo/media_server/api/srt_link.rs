//! SRT connections of the stand-in: the true counters of a publisher that came by RTSP, on a link that is made up.
//!
//! The stand-in speaks no SRT. Paths of [`Options::srt`](crate::demo::media_server::Options::srt) are told as if it did, so that the
//! demo has something to show of such links. Pure but for reading the counters. Talked to by the route table.

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::shapes::SessionClient;
use crate::demo::media_server::connection_table::SessionEntry;

/// Round trip time of the link at rest, ms.
const RTT: f64 = 38.0;
/// Capacity at rest, Mbit/s.
const CAPACITY: f64 = 24.0;
/// The link is congested once in so many seconds...
const CONGESTED_EVERY: i64 = 300;
/// ... for so long, seconds.
const CONGESTED_FOR: i64 = 24;

/// How the link is at a moment.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Link {
    /// Round trip time, ms.
    pub rtt: f64,
    /// Mbit/s that it could carry.
    pub capacity: f64,
    /// Percent of the packets that are lost.
    pub loss_rate: f64,
}

impl Link {
    /// At this second since 1970: the same for everybody who asks.
    pub fn at(second: i64) -> Self {
        let wave = |period: f64| (second.rem_euclid(86_400) as f64 * std::f64::consts::TAU / period).sin();
        let phase = second.rem_euclid(CONGESTED_EVERY);
        if phase < CONGESTED_FOR {
            // Rises and falls: 0 at both ends, 1 in the middle.
            let depth = (phase as f64 / CONGESTED_FOR as f64 * std::f64::consts::PI).sin();
            return Self { rtt: RTT + 90.0 * depth, capacity: CAPACITY - 14.0 * depth, loss_rate: 2.5 * depth };
        }
        Self { rtt: RTT + 5.0 * wave(47.0) + 3.0 * wave(11.0), capacity: CAPACITY + 3.0 * wave(131.0), loss_rate: 0.0 }
    }
}

/// An entry of `/v3/srtconns/list`, of a publisher.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SrtConnection {
    #[serde(flatten)]
    client: SessionClient,
    packets_received: u64,
    packets_received_loss: u64,
    packets_received_retrans: u64,
    packets_received_drop: u64,
    bytes_received: u64,
    bytes_sent: u64,
    #[serde(rename = "msRTT")]
    rtt: f64,
    mbps_send_rate: f64,
    mbps_receive_rate: f64,
    mbps_link_capacity: f64,
    packets_received_loss_rate: f64,
}

impl SrtConnection {
    /// Of a session that publishes.
    pub fn at(entry: &SessionEntry, now: DateTime<Utc>) -> Self {
        let (bytes, packets) = (entry.traffic.inbound_bytes.get(), entry.traffic.inbound_rtp.get());
        let seconds = ((now - entry.created).num_milliseconds() as f64 / 1e3).max(1.0);
        let link = Link::at(now.timestamp());
        // As often as the link is congested, and all of them sent again.
        let lost = packets / 400;
        Self {
            client: SessionClient::of(entry),
            packets_received: packets,
            packets_received_loss: lost,
            packets_received_retrans: lost,
            packets_received_drop: 0,
            bytes_received: bytes,
            bytes_sent: 0,
            rtt: link.rtt,
            mbps_send_rate: 0.0,
            mbps_receive_rate: bytes as f64 * 8.0 / seconds / 1e6,
            mbps_link_capacity: link.capacity,
            packets_received_loss_rate: link.loss_rate,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_link_is_congested_now_and_then() {
        let at = |second: i64| Link::at(1_800_000_000 + second);
        let worst = at(CONGESTED_FOR / 2);
        assert!(worst.rtt > 120.0 && worst.loss_rate > 2.0 && worst.capacity < 12.0, "{worst:?}");
        for second in CONGESTED_FOR..CONGESTED_EVERY {
            let Link { rtt, capacity, loss_rate } = at(second);
            assert!((29.0..=47.0).contains(&rtt) && (20.0..=28.0).contains(&capacity), "{second}: {rtt} {capacity}");
            assert_eq!(loss_rate, 0.0, "{second}");
        }
        assert_eq!(at(7), at(7 + CONGESTED_EVERY), "every time alike");
    }
}
