//! An endpoint as everybody sees it: what `GET probes/network` has of it.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::network_round::{CertificateFacts, ProbePhases, RoundTripBy};
use super::outage::Outage;
use super::rolling_window::WindowFigures;
use crate::domain::probe::ProbeFault;

/// How an endpoint is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum EndpointState {
    /// Not probed yet.
    Waiting,
    /// Its last probe was good.
    Up,
    /// It answers, and not well: packets are lost, it is slow, or its certificate ends soon.
    Degraded,
    /// Its last probe failed; not often enough in a row to be down.
    Doubtful,
    /// It does not answer, or not as it should.
    Down,
}

/// An endpoint as everybody sees it. Holds no secret.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct NetworkProbeStatus {
    /// Its name in the configuration.
    pub endpoint: String,
    /// How it is asked: `icmp`, `tcp`, `tls`, `http`, `https`, `rtsp`, `rtsps`, `rtmp`, `rtmps`, `srt`.
    pub kind: String,
    /// Scheme, host and port of its URL; nothing of the rest, which may be secret.
    pub url: String,
    /// How it is.
    pub state: EndpointState,
    /// Time between two probes by the configuration; one that fails is probed sooner.
    pub interval_seconds: f64,
    /// A probe that takes longer is ended.
    pub limit_seconds: f64,
    /// When the last probe ended; null before the first.
    pub at: Option<DateTime<Utc>>,
    /// How long it took.
    pub took_seconds: Option<f64>,
    /// The address that it asked.
    pub address: Option<String>,
    /// What the round trips are that were measured.
    pub measured_by: Option<RoundTripBy>,
    /// Median of the round trips of the last probe.
    pub round_trip_seconds: Option<f64>,
    /// Its parts.
    pub phases: ProbePhases,
    /// Latency, jitter and loss of the last minutes.
    pub window: WindowFigures,
    /// Status of the HTTP answer.
    pub http_status: Option<u16>,
    /// The largest packet that is sent to it unbroken, in bytes with its headers, as far as the kernel knows: that of the interface until
    /// something on the way has said that it takes less. Null of what is not asked by TCP over IPv4.
    pub path_mtu_bytes: Option<u32>,
    /// The last certificate that it has shown.
    pub certificate: Option<CertificateFacts>,
    /// What is wrong, with a remedy, when the last probe failed.
    pub fault: Option<ProbeFault>,
    /// Why it is degraded, when it is.
    pub trouble: Option<String>,
    /// When it is probed next; null while it is being probed.
    pub next_at: Option<DateTime<Utc>>,
    /// Probes since the start of the program.
    pub probes: u64,
    /// Of them, those that failed.
    pub failed_probes: u64,
    /// Round trips that were tried since the start of the program.
    pub round_trips: u64,
    /// Of them, those without an answer.
    pub lost_round_trips: u64,
    /// Outages since the start of the program.
    pub outages: u64,
    /// The outage that lasts.
    pub outage: Option<Outage>,
    /// The last one that is over.
    pub last_outage: Option<Outage>,
}
