//! The monitor: what every server says about every path, poll after poll, told to the live store.
//!
//! [`Monitor`] holds one [`ServerPoller`] per server; that one polls, and holds one [`PathPoller`] per path, which
//! remembers and judges one stream by the rules of `domain::stream`. All that follows from one poll is published
//! together. A server of which neither API nor RTSP port answers is an incident. Where several processes share a live store, one
//! polls a server, and its open incidents are that one's. Nobody talks to these actors but their
//! supervisors: results are read from the live store, and a rebuilt actor goes on from there. Never here: HTTP (the adapter's), rules (the domain's), what others do about a stream.

mod camera_paths;
mod manager;
mod outage;
mod outage_state;
mod path_poller;
mod path_table;
mod poll_claim;
mod server_poller;
mod session_watch;
mod stream_incidents;
mod takeover;
mod takeover_state;
mod watched;

#[cfg(test)]
mod tests;

pub use manager::Monitor;
pub use path_poller::PathPoller;
pub use server_poller::{FAILED_POLLS, POLLS, ServerPoller};
pub use session_watch::{FoundSessions, SessionWatch};
pub use watched::Watched;
