//! The only place that builds things: adapters from settings, actors from adapters, HTTP on top.
//!
//! Holds no logic of its own. Called by `main`.

pub mod cameras;
pub mod check;
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

/// Runs one piece of work on this thread, for commands that end by themselves.
///
/// # Errors
/// `Internal` when the machine gives us no runtime.
pub fn block_on<T>(work: impl Future<Output = T>) -> Result<T> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map(|runtime| runtime.block_on(work))
        .map_err(|error| Error::internal("no tokio runtime can be made").with_source(error))
}
