//! Health: what is probed, how often, what a probe found, and what follows from it.
//!
//! A target of the configuration is one address, or the paths of a media server that a pattern names. [`StreamMeter`] makes figures
//! of the packets that ffprobe saw, [`StreamReport::judge`] says whether they are a stream, [`ProbeRecord`] remembers what the
//! probes of one target found, and [`ProbeQueue`] says which is the next.

mod outage;
mod probe_queue;
mod probe_record;
mod probe_target;
mod probe_words;
mod stream_meter;
mod stream_report;

pub use outage::{Outage, OutageLog, OutageNews};
pub use probe_queue::ProbeQueue;
pub use probe_record::{ProbeRecord, ProbeResult, ProbeState, StreamProbeStatus};
pub use probe_target::{ProbeKey, ProbePlace, ProbeTarget, at_server};
pub use probe_words::in_words;
pub use stream_meter::{MediaKind, MediaPacket, StreamMeter};
pub use stream_report::{AudioReport, StreamReport, TrackFacts, VideoReport};
