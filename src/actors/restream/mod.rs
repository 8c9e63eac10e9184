//! Restreaming: every camera that should run is relayed to the media server by one supervised ffmpeg.
//!
//! [`Restreams`] reads the cameras, compares them with what runs, and starts, updates and ends one [`Restream`] each; it
//! also hands out the start_permits of the start budget and carries out the commands of API and CLI. A [`Restream`] owns the
//! process of one camera and does what `domain::restream` decides; of its manager it knows only what it may report.
//!
//! What a relay should know (its source, whether the server answers and has its path) reaches it through a watch
//! channel that always holds the latest: nothing queues up, and a rebuilt actor finds it there. States are written to
//! the live store; what monitors say is read from there. Never here: SQL, argument vectors, rules.

mod assignment;
mod manager;
mod relay;
mod runner;
mod runs;
mod setup;

pub use manager::{
    AddCamera, ApplyPlan, DeleteCamera, EditCamera, GetPlan, GetRunLog, ProbeCamera, Refresh, RestartCamera, Restreams,
    TestCamera, Written,
};
pub use relay::Restream;
pub use relay::process::probe;
pub use runner::{Machine, Process, Runner};
pub use runs::RunLogs;
pub use setup::{LAST_KNOWN, RestreamSetup, reach};
