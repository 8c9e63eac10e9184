//! What one probe of an endpoint found.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::probe::ProbeFault;

/// What the round trips are that were measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum RoundTripBy {
    /// ICMP echo by an unprivileged socket (`net.ipv4.ping_group_range`).
    IcmpDatagram,
    /// ICMP echo by a raw socket (CAP_NET_RAW).
    IcmpRaw,
    /// A TCP connection in place of ICMP, which this process may not send. A refusal is an answer too.
    TcpForIcmp,
    /// The connection that the protocol itself needs.
    Tcp,
    /// The first answer of SRT, over UDP.
    SrtInduction,
}

impl RoundTripBy {
    /// The word of the API and of labels.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::IcmpDatagram => "icmpDatagram",
            Self::IcmpRaw => "icmpRaw",
            Self::TcpForIcmp => "tcpForIcmp",
            Self::Tcp => "tcp",
            Self::SrtInduction => "srtInduction",
        }
    }
}

/// How long each part of a probe took. Of a probe that failed, as far as it came.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ProbePhases {
    /// Looking up the name; null of an address.
    pub resolve_seconds: Option<f64>,
    /// The TCP connection.
    pub connect_seconds: Option<f64>,
    /// The TLS handshake.
    pub tls_seconds: Option<f64>,
    /// From the first byte of the question to the answer of the protocol: the head of the HTTP answer, the end of the handshake of
    /// RTMP, the first answer of RTSP or SRT.
    pub answer_seconds: Option<f64>,
}

impl ProbePhases {
    /// Each with its word.
    pub fn each(&self) -> [(&'static str, Option<f64>); 4] {
        [
            ("resolve", self.resolve_seconds),
            ("connect", self.connect_seconds),
            ("tls", self.tls_seconds),
            ("answer", self.answer_seconds),
        ]
    }
}

/// The certificate that an endpoint shows, accepted or not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CertificateFacts {
    /// Not valid before.
    pub not_before: DateTime<Utc>,
    /// Not valid after.
    pub not_after: DateTime<Utc>,
}

/// What one probe found, as far as it came.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NetworkRound {
    /// What the round trips are; `None` where it came to none.
    pub by: Option<RoundTripBy>,
    /// The address that was asked, of those that the name has.
    pub address: Option<String>,
    /// Seconds of each question; `None`: lost.
    pub round_trips: Vec<Option<f64>>,
    /// Its parts.
    pub phases: ProbePhases,
    /// The certificate that was shown.
    pub certificate: Option<CertificateFacts>,
    /// Status of the HTTP answer.
    pub http_status: Option<u16>,
    /// The largest packet that is sent to it unbroken, in bytes with its headers, as far as the kernel knows: that of the interface until
    /// something on the way has said that it takes less (IPv4 over TCP only).
    pub path_mtu: Option<u32>,
    /// What is wrong; `None`: it is up.
    pub fault: Option<ProbeFault>,
}
