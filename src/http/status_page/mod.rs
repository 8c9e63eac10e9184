//! The page for viewers, `/status`, and its JSON: off by default, without a login where the configuration says so.
//!
//! Whoever asks loads nothing: see [`status_cache`]. `domain/public_status` says what of the inside is told, `domain/uptime` how days are
//! counted. The page is made here and needs no script, so it costs the dashboard nothing and works in any browser.

mod gather;
mod html;
mod reader;
pub(super) mod routes;
pub(super) mod status_cache;
mod words;
