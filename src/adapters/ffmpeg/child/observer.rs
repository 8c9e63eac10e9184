//! What a run says and how it ended, for those who ask later.
//!
//! Holds no process: the child may be dropped, and with it killed; a observer still knows its last words.

use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::watch;

use super::lines::Tail;
use super::{ChildProcess, ProcessExit, exit_of};
use crate::adapters::ffmpeg::ffmpeg_progress::Complaints;

/// Sees one run, and outlives it.
#[derive(Clone, Debug)]
pub struct RunObserver {
    pid: u32,
    tail: Arc<Mutex<Tail>>,
    exit: watch::Receiver<Option<ProcessExit>>,
}

impl RunObserver {
    /// Process id of the run.
    pub fn pid(&self) -> u32 {
        self.pid
    }

    /// The last lines of stderr so far, redacted, oldest first.
    pub fn lines(&self) -> Vec<String> {
        self.tail.lock().unwrap_or_else(PoisonError::into_inner).lines()
    }

    /// See [`Tail::complaints`].
    pub fn complaints(&self) -> Complaints {
        self.tail.lock().unwrap_or_else(PoisonError::into_inner).complaints()
    }

    /// Waits until it has been reaped.
    pub fn gone(&self) -> impl Future<Output = ()> + Send + use<> {
        let mut exit = self.exit.clone();
        async move { _ = exit_of(&mut exit).await }
    }

    /// Its end, once it has been reaped.
    pub fn exit(&self) -> Option<ProcessExit> {
        self.exit.borrow().clone()
    }
}

impl ChildProcess {
    /// Somebody who knows this run's last words even when the child has been dropped.
    pub fn observer(&self) -> RunObserver {
        RunObserver { pid: self.pid, tail: Arc::clone(&self.tail), exit: self.exit.clone() }
    }
}
