//! Health: what is probed, how often, what a probe found, and what follows from it.
//!
//! A target of the configuration is one address, or the paths of a media server that a pattern names. [`StreamMeter`] makes figures
//! of the packets that ffprobe saw, [`StreamReport::judge`] says whether they are a stream, [`ProbeRecord`] remembers what the
//! probes of one target found, and [`ProbeQueue`] says which is the next.
//!
//! An [`Endpoint`] is asked over the network and not read as a stream: [`NetworkRound`] is what one probe found, [`RollingWindow`] makes
//! latency, jitter and loss of the last minutes, and [`EndpointRecord`] says when it is down or degraded.

mod endpoint;
mod endpoint_status;
mod network_round;
mod outage;
mod probe_queue;
mod probe_record;
mod probe_target;
mod probe_words;
mod rolling_window;
mod stream_meter;
mod stream_report;
mod threshold_alarm;

pub use endpoint::{DegradedEvent, Endpoint, EndpointEvent, EndpointLimits, EndpointRecord, NetworkResult};
pub use endpoint_status::{EndpointState, NetworkProbeStatus};
pub use network_round::{CertificateFacts, NetworkRound, ProbePhases, RoundTripBy};
pub use outage::{Outage, OutageEvent, OutageLog, OutageRule};
pub use probe_queue::ProbeQueue;
pub use probe_record::{ProbeRecord, ProbeResult, ProbeState, StreamProbeStatus};
pub use probe_target::{ProbeKey, ProbePlace, ProbeTarget, at_server};
pub use probe_words::in_words;
pub use rolling_window::{RollingWindow, WindowFigures, median};
pub use stream_meter::{MediaKind, MediaPacket, StreamMeter};
pub use stream_report::{AudioReport, StreamReport, TrackFacts, VideoReport};
pub use threshold_alarm::{ThresholdAlarm, ThresholdRule};
