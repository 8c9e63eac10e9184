//! The outside world, one folder each, each behind a trait or a plain handle.
//!
//! Adapters translate; they decide nothing and never import one another. Actors hold them as `Arc<dyn Trait>`.

pub mod database;
pub mod ffmpeg;
pub mod folder;
pub mod last_known;
pub mod live;
pub mod mediamtx;
pub mod objects;
pub mod resolve;
pub mod spool;
pub mod systemd;
