//! The role `agent`, which measures the host that this process runs on, and whoever watches over the measurements of all hosts.
//!
//! [`HostAgent`] measures every `agent.interval` on a thread for blocking work and publishes the result to the live store.
//! [`HostWatch`], in every process that polls, hears of the hosts there, of whatever process they come: one that is silent, and a
//! disk that is nearly full, are incidents. [`post_measurements`] sends this host's to a monitor elsewhere. Never here: files of the kernel (`adapters::host`), rules (`domain::host`).

mod host_agent;
mod host_poster;
mod host_watch;
#[cfg(test)]
mod tests;

pub use host_agent::HostAgent;
pub use host_poster::post_measurements;
pub use host_watch::HostWatch;
