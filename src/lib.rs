//! Streamwarden: keeps live video flowing through MediaMTX servers.
//!
//! The folders are layers and imports point down only (`tests/it/layers.rs` reads every `use` line):
//!
//! ```text
//! main -> cli -> app -> {http, demo, logging, signals} -> actors -> adapters -> {config, domain} -> base
//! ```
//!
//! * [`base`]: error type, backoff, single flight, network ranges, hashes, redaction. No tokio, no actix, no I/O.
//! * [`domain`]: the pure rules. Every decision that can be tested with a table lives here.
//! * [`config`]: one flat table of values, each with its origin, becomes checked [`config::Settings`], all complaints at once.
//! * [`adapters`]: the outside world (databases, MediaMTX, ffmpeg, live store, objects, spool), one folder each.
//! * [`actors`]: the supervision tree, one folder per job.
//! * [`http`]: routes, errors, WebSocket, metrics, static files.
//! * `demo`: the media server stand-in and the sample cameras (feature `demo`).
//! * [`logging`], [`signals`]: log4rs from its file or the built-in default; the signals of the process.
//! * [`app`]: builds everything, starts and stops it; checks the configuration against the outside world.
//! * [`cli`]: the command line: parses, calls `app`, prints.

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
