//! Streamwarden: keeps live video flowing through MediaMTX servers.
//!
//! The folders are layers and imports point down only (`tests/it/layers.rs` reads every `use` line):
//!
//! ```text
//! main -> app -> {http, demo} -> actors -> adapters -> {config, domain} -> base
//! ```
//!
//! * [`base`]: error, backoff, ids, redaction. No tokio, no actix, no I/O.
//! * [`domain`]: the pure rules. Every decision that can be tested with a table lives here.
//! * [`config`]: raw serde values become checked [`config::Settings`], all complaints at once.
//! * [`adapters`]: the outside world, one folder each.
//! * [`actors`]: who is alive, who restarts whom, who tells whom.
//! * [`http`]: routes, errors, WebSocket, static files.
//! * [`demo`]: the media server stand-in and the sample cameras.
//! * [`app`]: the only place that builds things.

pub mod actors;
pub mod adapters;
pub mod app;
pub mod base;
pub mod cli;
pub mod config;
#[cfg(feature = "demo")]
pub mod demo;
pub mod domain;
pub mod http;
pub mod logging;
pub mod signals;
