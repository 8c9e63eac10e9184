//! The hub: what every browser sees, kept as one numbered sequence of changes.
//!
//! Owns the numbering (`seq`), the texts of snapshots and deltas, and one queue per WebSocket session, bounded by its bytes. Learns
//! everything from the live store and asks nobody else. Never knows what a socket is: a session of `http::ws` holds a
//! [`Subscription`], and leaves by dropping it. A change after a quiet time is told at once, and at most 20 frames a second
//! leave; changes between them become one delta, serialised once for all sessions that want the same ([`FeedFilter`]), and compressed
//! once for those that ask for it ([`FeedFrame`]).
//!
//! [`HubHandle`] outlives the actor: each generation puts its own address into it, so that a session which comes after
//! a restart finds the new hub. Sessions of the old one see their [`Subscription`] end and tell the browser to come back.

mod feed_filter;
mod feed_frame;
mod hub_actor;
mod hub_handle;
mod hub_state;
mod hub_wire;
mod snapshot_cache;
mod subscriber;
#[cfg(test)]
mod tests;

pub use feed_filter::FeedFilter;
pub use feed_frame::FeedFrame;
pub use hub_actor::{Hub, HubHandle, HubLimits};
pub use hub_state::HubState;
pub use subscriber::{CloseReason, SessionLease, Subscription};
