//! Probes: what is known of the cameras' sources, who may look at them, and looks that people request.

mod host_rate;
mod known;
pub(super) mod probe_attempt;
mod probes_actor;
mod requested;
mod slots;

pub(super) use known::KnownSources;
pub(super) use probes_actor::{LoadKnown, Probes};
pub(super) use requested::{ProbeCamera, TestCamera};
pub(super) use slots::ProbeSlots;
