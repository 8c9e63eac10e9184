//! Signals: the first SIGTERM or SIGINT asks for an ordered stop, the second one ends the process at once; SIGHUP asks
//! for the configuration to be read again, or, with a terminal as standard input, says that the terminal was closed.

use std::io::IsTerminal;

use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::base::{Error, Result};

/// What a SIGHUP is called that comes from a terminal.
const CLOSED: &str = "SIGHUP (the terminal was closed)";

/// What a signal asks of us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProcessSignal {
    /// Stop; the signal's name.
    Stop(&'static str),
    /// SIGHUP without a terminal: read the configuration again.
    Reload,
}

/// The signals that we listen to.
pub struct Signals {
    terminate: Signal,
    interrupt: Signal,
    hangup: Signal,
    /// Standard input was a terminal at the start.
    in_terminal: bool,
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
        let in_terminal = std::io::stdin().is_terminal();
        Ok(Self { terminate, interrupt, hangup: take(SignalKind::hangup())?, in_terminal })
    }

    /// Waits for the next one. Those that came in the meantime are not lost, several of a kind count as one.
    pub async fn next(&mut self) -> ProcessSignal {
        tokio::select! {
            _ = self.terminate.recv() => ProcessSignal::Stop("SIGTERM"),
            _ = self.interrupt.recv() => ProcessSignal::Stop("SIGINT"),
            _ = self.hangup.recv() => match self.in_terminal {
                true => ProcessSignal::Stop(CLOSED),
                false => ProcessSignal::Reload,
            },
        }
    }

    /// Waits for the next one that asks for a stop, and returns its name. A SIGHUP that asks for something else is kept for
    /// later.
    pub async fn stop(&mut self) -> &'static str {
        tokio::select! {
            _ = self.terminate.recv() => "SIGTERM",
            _ = self.interrupt.recv() => "SIGINT",
            _ = self.hangup.recv(), if self.in_terminal => CLOSED,
        }
    }
}
