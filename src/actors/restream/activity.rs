//! Which cameras have really run lately: the rule is [`RecentlyRunning`], this is its memory.
//!
//! Told by the relays and by whoever watches the media server, asked by the planner; kept outside all of them.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use actix::Message;
use futures_util::{Stream, stream};
use tokio::sync::watch;
use tokio::time::Instant;

use crate::domain::change_guard::RecentlyRunning;

/// Clones are the same memory.
#[derive(Clone)]
pub(super) struct RelayActivity(Arc<SharedActivity>);

struct SharedActivity {
    ran: Mutex<RecentlyRunning>,
    /// Moment from which it counts.
    born: Instant,
    /// Counts those that have begun to run.
    begun: watch::Sender<u64>,
}

/// A camera has begun to run that had not lately.
#[derive(Message, Clone, Copy, Debug)]
#[rtype(result = "()")]
pub(super) struct BegunToRun;

impl RelayActivity {
    /// Nobody has run.
    pub(super) fn new() -> Self {
        Self(Arc::new(SharedActivity { ran: Mutex::default(), born: Instant::now(), begun: watch::Sender::new(0) }))
    }

    fn lock(&self) -> MutexGuard<'_, RecentlyRunning> {
        self.0.ran.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The time that it counts by.
    pub(super) fn time(&self) -> Duration {
        self.0.born.elapsed()
    }

    /// The camera runs, or does not.
    pub(super) fn note(&self, id: i64, runs: bool) {
        let now = self.time();
        let begun = {
            let mut ran = self.lock();
            let begun = runs && !ran.lately(id, now);
            ran.note(id, runs, now);
            begun
        };
        if begun {
            self.0.begun.send_modify(|count| *count += 1);
        }
    }

    /// It ran before this process began, as an earlier run has left word of.
    pub(super) fn ran_before(&self, id: i64) {
        self.lock().ran_before(id, self.time());
    }

    /// Cameras have other ids from now on.
    pub(super) fn renumber(&self, moved: &BTreeMap<i64, i64>) {
        self.lock().renumber(moved);
    }

    /// The camera is gone or switched off.
    pub(super) fn forget(&self, id: i64) {
        self.lock().forget(id);
    }

    /// The media server takes streams, or does not.
    pub(super) fn server(&self, is_up: bool) {
        self.lock().server(is_up, self.time());
    }

    /// Whether it runs, or ran some minutes ago.
    pub(super) fn lately(&self, id: i64) -> bool {
        self.lock().lately(id, self.time())
    }

    /// All of those.
    pub(super) fn all_lately(&self) -> Vec<i64> {
        self.lock().all_lately(self.time())
    }

    /// How many run at this moment.
    pub(super) fn running(&self) -> usize {
        self.lock().running()
    }

    /// One message for each camera that begins to run from now on, several in quick succession counting as one.
    pub(super) fn begun(&self) -> impl Stream<Item = BegunToRun> + use<> {
        stream::unfold(self.0.begun.subscribe(), |mut begun| async move {
            begun.changed().await.ok().map(|()| (BegunToRun, begun))
        })
    }
}
