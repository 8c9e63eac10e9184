//! Health: looks at streams from outside, as a player would, asks endpoints over the network, encoders and platforms, and says what is
//! wrong with them.
//!
//! ```text
//! HealthManager       the role: one manager for each kind of probe
//!  |- StreamProbes    which targets there are, and which paths are live
//!  |   `- StreamWorker x N   one probe at a time: claim -> ffprobe -> result, incident
//!  |- NetworkProbes   endpoints: each probe is a task, so many of them at once
//!  |- Anomalies       numbers of streams that leave what is usual
//!  |- Encoders        hardware encoders
//!  |   `- a task for each    asks it, tells what follows
//!  `- Platforms       platforms that streams are sent to
//!      `- a task for each    looks at it as often as it allows, tells what follows
//! ```
//!
//! Each part is done by one process of those that share the live store (`LiveStore::claim_work`, `domain/duty`): the others have not
//! started it, and take over what is open of its incidents when they do.
//!
//! What was found is in a [`StreamProbeTable`] and a [`NetworkProbeTable`], which outlive the actors and are read by HTTP at every time: nobody waits for a
//! probe. Whose turn it is is a rule of `domain/health`. A worker that dies gives back what it had when it is built again.
//! Paths are known from the live store; a path that is not live is not probed. Another kind of probe is a folder here, a child of
//! [`HealthManager`] and a table in [`HealthHandle`]. Never here: argument vectors, HTTP.

mod anomalies;
mod anomaly_setup;
mod anomaly_table;
#[cfg(test)]
mod anomaly_tests;
mod encoder_table;
mod encoder_watch;
mod encoders;
mod health_handle;
mod health_manager;
mod health_parts;
mod health_setup;
mod known_devices;
mod network_probe_table;
mod network_probes;
mod network_setup;
mod part_duty;
mod platform_manager;
mod platform_table;
mod platform_watch;
mod stream_probe_table;
mod stream_probes;
mod stream_worker;
#[cfg(test)]
mod tests;

pub use anomaly_setup::{AnomalySetup, EndedMinutes};
pub use anomaly_table::{AnomalyCounts, AnomalyTable};
pub use encoder_table::{EncoderSetup, EncoderTable};
pub use health_handle::HealthHandle;
pub use health_manager::{HealthManager, role, without_role};
pub use health_parts::HealthParts;
pub use health_setup::{FrameRates, HealthSetup, ReadServer, targets};
pub use network_probe_table::NetworkProbeTable;
pub use network_probes::ask;
pub use network_setup::{KeepReading, NetworkSetup, endpoints};
pub use platform_table::PlatformTable;
pub use stream_probe_table::StreamProbeTable;
