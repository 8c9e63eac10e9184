//! Restreaming: every camera that should run is relayed to the media server by one supervised ffmpeg.
//!
//! [`Restreams`] reads the cameras, compares them with what runs, and starts, updates and ends one [`Restream`] each; it
//! also hands out the turns of the start budget and carries out the commands of API and CLI. A [`Restream`] owns the
//! process of one camera and does what `domain::restream` decides.
//!
//! What a relay should know (its source, whether the server answers and has its path) reaches it through a watch
//! channel that always holds the latest: nothing queues up, and a rebuilt actor finds it there. States are written to
//! the live store; what monitors say is read from there. Never here: SQL, argument vectors, rules.

mod adjust;
mod asked;
mod assignment;
mod commands;
mod fleet;
mod hearing;
mod incidents;
mod known;
mod looks;
mod manager;
mod plan;
mod process;
mod relay;
mod reread;
mod runner;
mod runs;
mod setup;
mod stories;
mod turns;

pub use asked::{ProbeCamera, TestCamera};
pub use commands::{AddCamera, DeleteCamera, EditCamera, Refresh, RestartCamera, Written};
pub use manager::Restreams;
pub use plan::{ApplyPlan, LookAtPlan};
pub use process::probe;
pub use relay::Restream;
pub use runner::{Machine, Process, Runner};
pub use runs::{LookAtRuns, RunLogs};
pub use setup::{LAST_KNOWN, RestreamSetup};
