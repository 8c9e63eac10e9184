//! The only place that builds things: adapters from settings, actors from adapters, HTTP on top.
//!
//! Holds no logic of its own. Called by `main`.

pub mod instance;

use crate::base::{Error, Kind, Result};
use crate::config::Settings;

/// Runs the roles of `settings` until stopped by a signal.
///
/// # Errors
/// When something cannot be built or started; nothing is left running then.
pub fn run(_settings: Settings) -> Result<()> {
    Err(Error::new(Kind::Unsupported, "run is not wired up in this build"))
}
