//! How each kind of actor fares, counted over the life of this process: how many run, how often one was restarted, how long they
//! were busy, and how long what was put into their mailboxes waited there. One entry a kind, however many cameras there are.

use std::collections::BTreeMap;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use crate::base::tally::Tally;

static KINDS: Mutex<BTreeMap<&'static str, Arc<Kind>>> = Mutex::new(BTreeMap::new());

/// One kind of actor.
#[derive(Debug, Default)]
pub struct Kind {
    running: AtomicU64,
    /// Restarts after an end that its policy does not take for its last.
    pub restarts: Tally,
    /// Turns of their tasks, and the time in them.
    pub turns: Tally,
    /// Questions of heartbeats, and the time until they were read from the mailbox.
    pub waits: Tally,
}

impl Kind {
    /// How many run now.
    pub fn running(&self) -> u64 {
        self.running.load(Ordering::Relaxed)
    }
}

/// Every kind that has run so far.
pub fn kinds() -> Vec<(&'static str, Arc<Kind>)> {
    let all = KINDS.lock().unwrap_or_else(PoisonError::into_inner);
    all.iter().map(|(name, kind)| (*name, Arc::clone(kind))).collect()
}

/// That kind.
pub(super) fn kind(name: &'static str) -> Arc<Kind> {
    let mut all = KINDS.lock().unwrap_or_else(PoisonError::into_inner);
    Arc::clone(all.entry(name).or_default())
}

/// Counts as running until it is dropped, however its task ends.
struct Running(Arc<Kind>);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.running.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Runs the task of an actor of this kind, and counts what it costs.
pub(super) async fn counted<F: Future>(kind: Arc<Kind>, task: F) -> F::Output {
    kind.running.fetch_add(1, Ordering::Relaxed);
    let running = Running(kind);
    let mut task = pin!(task);
    poll_fn(|context| {
        let begun = Instant::now();
        let polled = task.as_mut().poll(context);
        running.0.turns.took(begun.elapsed());
        polled
    })
    .await
}
