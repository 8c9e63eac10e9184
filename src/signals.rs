//! Signals: the first SIGTERM or SIGINT asks for an ordered stop, the second one ends the process at once; SIGHUP asks
//! for the configuration to be read again.

use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::base::{Error, Result};

/// What somebody wants of us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wish {
    /// Stop; the signal's name.
    Stop(&'static str),
    /// SIGHUP: read the configuration again. Also what a closed terminal sends.
    Reload,
}

/// The signals that we listen to.
pub struct Signals {
    terminate: Signal,
    interrupt: Signal,
    hangup: Signal,
}

impl Signals {
    /// Takes over SIGTERM, SIGINT and SIGHUP from the system's default, which would be to die.
    ///
    /// # Errors
    /// `Internal` when the system refuses.
    pub fn take_over() -> Result<Self> {
        let take = |kind| {
            let fault = |error| Error::internal("cannot take over SIGTERM, SIGINT and SIGHUP").with_source(error);
            signal(kind).map_err(fault)
        };
        let (terminate, interrupt) = (take(SignalKind::terminate())?, take(SignalKind::interrupt())?);
        Ok(Self { terminate, interrupt, hangup: take(SignalKind::hangup())? })
    }

    /// Waits for the next one. Those that came in the meantime are not lost, several of a kind count as one.
    pub async fn next(&mut self) -> Wish {
        tokio::select! {
            _ = self.terminate.recv() => Wish::Stop("SIGTERM"),
            _ = self.interrupt.recv() => Wish::Stop("SIGINT"),
            _ = self.hangup.recv() => Wish::Reload,
        }
    }

    /// Waits for the next one that asks for a stop, and returns its name. A SIGHUP is kept for later.
    pub async fn stop(&mut self) -> &'static str {
        tokio::select! {
            _ = self.terminate.recv() => "SIGTERM",
            _ = self.interrupt.recv() => "SIGINT",
        }
    }
}
