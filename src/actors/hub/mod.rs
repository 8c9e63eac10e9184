//! The hub: what every browser sees, kept as one numbered sequence of changes.
//!
//! Owns the numbering (`seq`), the texts of snapshots and deltas, and one bounded send_queue per WebSocket session. Learns
//! everything from the live store and asks nobody else. Never knows what a socket is: a session of `http::ws` holds a
//! [`Subscription`], and leaves by dropping it. Changes of one tick become one delta, serialised once for all sessions.
//!
//! [`HubHandle`] outlives the actor: each generation puts its own address into it, so that a session which comes after
//! a restart finds the new hub. Sessions of the old one see their [`Subscription`] end and tell the browser to come back.

mod hub_actor;
mod hub_handle;
mod hub_state;
mod hub_wire;
mod snapshot_cache;
mod subscriber;
#[cfg(test)]
mod tests;

pub use hub_actor::{Hub, HubHandle, HubLimits};
pub use hub_state::HubState;
pub use subscriber::{CloseReason, SessionLease, Subscription};
