//! One process group from fork to reaping: the only place that sends signals to our children.
//!
//! Signals and reaping share one lock. Without it a signal could follow the reaping by a moment and meet a stranger
//! that got the number meanwhile.

use std::future::Future;
use std::os::unix::process::ExitStatusExt;
use std::pin::pin;
use std::process::ExitStatus;
use std::sync::{Arc, Mutex, PoisonError};

use nix::errno::Errno;
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;

/// A process group whose leader we started. Clones are the same group.
#[derive(Clone, Debug)]
pub(super) struct Group {
    pid: Pid,
    /// True until the leader has been reaped.
    alive: Arc<Mutex<bool>>,
}

impl Group {
    pub(super) fn new(pid: u32) -> Self {
        let pid = Pid::from_raw(i32::try_from(pid).unwrap_or(i32::MAX));
        Self { pid, alive: Arc::new(Mutex::new(true)) }
    }

    pub(super) fn is_alive(&self) -> bool {
        *self.alive.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sends a signal to every process of the group while its leader has not been reaped; later it does nothing.
    pub(super) fn signal(&self, signal: Signal) {
        let alive = self.alive.lock().unwrap_or_else(PoisonError::into_inner);
        if *alive {
            self.send(signal);
        }
    }

    fn send(&self, signal: Signal) {
        match killpg(self.pid, signal) {
            // ESRCH: everybody is gone. EPERM: only zombies or processes of others are left.
            Ok(()) | Err(Errno::ESRCH | Errno::EPERM) => {}
            Err(errno) => log::warn!(pid = self.pid.as_raw(), signal = signal.as_str(); "signal failed: {errno}"),
        }
    }

    /// Waits for the leader to exit, reaps it, and kills what it left in its group.
    pub(super) async fn reap(&self, child: &mut tokio::process::Child) -> std::io::Result<ExitStatus> {
        let mut wait = pin!(child.wait());
        std::future::poll_fn(|context| {
            let mut alive = self.alive.lock().unwrap_or_else(PoisonError::into_inner);
            let polled = wait.as_mut().poll(context);
            if polled.is_ready() {
                *alive = false;
                // The number cannot have been given away since the line above: the kernel hands them out in a circle.
                self.send(Signal::SIGKILL);
            }
            polled
        })
        .await
    }
}

/// How a child ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// It left with this code.
    Code(i32),
    /// It was ended by this signal.
    Signal(i32),
    /// The system did not tell.
    Unknown,
}

impl From<ExitStatus> for Ending {
    fn from(status: ExitStatus) -> Self {
        match (status.code(), status.signal()) {
            (Some(code), _) => Self::Code(code),
            (None, Some(signal)) => Self::Signal(signal),
            (None, None) => Self::Unknown,
        }
    }
}

impl std::fmt::Display for Ending {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Code(code) => write!(out, "exit code {code}"),
            Self::Signal(number) => match Signal::try_from(*number) {
                Ok(signal) => write!(out, "ended by {}", signal.as_str()),
                Err(_) => write!(out, "ended by signal {number}"),
            },
            Self::Unknown => out.write_str("ended"),
        }
    }
}
