//! Signals: the first SIGTERM or SIGINT asks for an ordered stop, the second one ends the process at once.

use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::base::{Error, Result};

/// The signals that end us.
pub struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    /// Takes over SIGTERM and SIGINT from the system's default, which would be to die.
    ///
    /// # Errors
    /// `Internal` when the system refuses.
    pub fn take_over() -> Result<Self> {
        let take = |kind| {
            signal(kind).map_err(|error| Error::internal("cannot take over SIGTERM and SIGINT").with_source(error))
        };
        Ok(Self { terminate: take(SignalKind::terminate())?, interrupt: take(SignalKind::interrupt())? })
    }

    /// Waits for the next one; returns its name.
    pub async fn next(&mut self) -> &'static str {
        tokio::select! {
            _ = self.terminate.recv() => "SIGTERM",
            _ = self.interrupt.recv() => "SIGINT",
        }
    }
}
