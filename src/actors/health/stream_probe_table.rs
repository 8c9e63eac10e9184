//! What is known of every probed stream, and whose turn it is: shared by the manager, the workers and HTTP.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chrono::{TimeDelta, Utc};
use tokio::time::Instant;

use crate::actors::incidents::now;
use crate::domain::health::{OutageEvent, ProbeKey, ProbeQueue, ProbeRecord, ProbeResult, StreamProbeStatus};

/// A path that has just become live is probed when its server has had time for a key frame.
const SETTLED: Duration = Duration::from_secs(2);

/// Clones are the same table. It outlives the actors.
#[derive(Clone)]
pub struct StreamProbeTable(Arc<SharedTable>);

struct SharedTable {
    begun: Instant,
    workers: usize,
    // Held for moments only, and never across an await.
    kept: Mutex<KeptTable>,
}

struct KeptTable {
    queue: ProbeQueue<ProbeKey>,
    records: BTreeMap<ProbeKey, ProbeRecord>,
    /// What each worker probes.
    claims: BTreeMap<usize, ProbeKey>,
}

impl KeptTable {
    fn new(workers: usize) -> Self {
        Self { queue: ProbeQueue::new(workers), records: BTreeMap::new(), claims: BTreeMap::new() }
    }
}

impl StreamProbeTable {
    /// An empty one for so many workers.
    pub fn new(workers: usize) -> Self {
        let kept = Mutex::new(KeptTable::new(workers));
        Self(Arc::new(SharedTable { begun: Instant::now(), workers, kept }))
    }

    /// Forgets everything: another process probes.
    pub(super) fn forget(&self) {
        *self.lock() = KeptTable::new(self.0.workers);
    }

    fn lock(&self) -> MutexGuard<'_, KeptTable> {
        // Whoever panicked in there has left whole entries behind.
        self.0.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now(&self) -> Duration {
        self.0.begun.elapsed()
    }

    /// All of them, by name. Cheap enough for every scrape.
    pub fn statuses(&self) -> Vec<StreamProbeStatus> {
        let (steady, wall) = (self.now(), Utc::now());
        let kept = self.lock();
        let next = |key: &ProbeKey| {
            let left = kept.queue.due_at(key)?.saturating_sub(steady);
            Some(wall + TimeDelta::from_std(left).unwrap_or_default())
        };
        kept.records.values().map(|record| record.status(next(&record.key))).collect()
    }

    /// How many targets there are, and how many are due and wait for a worker.
    pub fn counts(&self) -> (usize, usize) {
        let now = self.now();
        let kept = self.lock();
        (kept.records.len(), kept.queue.waiting(now))
    }

    /// Something to be probed. Nothing new when it is there already.
    pub(super) fn add(&self, record: ProbeRecord) {
        let now = self.now();
        let mut kept = self.lock();
        if !kept.records.contains_key(&record.key) {
            if record.is_live() {
                kept.queue.add(record.key.clone(), now);
            }
            kept.records.insert(record.key.clone(), record);
        }
    }

    /// Something that is not probed any more, with everything that was known of it.
    pub(super) fn remove(&self, key: &ProbeKey) {
        let mut kept = self.lock();
        kept.queue.remove(key);
        kept.records.remove(key);
    }

    /// Whether a path is live, as its server says.
    pub(super) fn set_live(&self, key: &ProbeKey, is_live: bool) {
        let at = self.now() + SETTLED;
        let mut kept = self.lock();
        let Some(record) = kept.records.get_mut(key) else { return };
        if record.is_live() == is_live {
            return;
        }
        record.set_live(is_live, now());
        if is_live {
            kept.queue.add(key.clone(), at);
        } else {
            kept.queue.remove(key);
        }
    }

    /// Whether it is probed now.
    pub(super) fn is_live(&self, key: &ProbeKey) -> bool {
        self.lock().records.get(key).is_some_and(ProbeRecord::is_live)
    }

    /// The next one for this worker, which has none, with its limit.
    pub(super) fn claim(&self, worker: usize) -> Option<(ProbeKey, Duration)> {
        let now = self.now();
        let mut kept = self.lock();
        let key = kept.queue.take(now)?;
        let limit = kept.records.get(&key)?.limit;
        kept.claims.insert(worker, key.clone());
        Some((key, limit))
    }

    /// What a worker of this number had when it died is to be probed by another.
    pub(super) fn give_back(&self, worker: usize) {
        let mut kept = self.lock();
        if let Some(key) = kept.claims.remove(&worker) {
            kept.queue.give_back(&key);
        }
    }

    /// The worker is through. What follows for incidents; nothing for what is not probed any more.
    pub(super) fn finished(&self, worker: usize, result: ProbeResult) -> OutageEvent {
        let now = self.now();
        let mut kept = self.lock();
        let Some(key) = kept.claims.remove(&worker) else { return OutageEvent::Nothing };
        let Some(record) = kept.records.get_mut(&key).filter(|record| record.is_live()) else {
            return OutageEvent::Nothing;
        };
        let (rest, event) = record.take(result);
        let is_failing = record.is_failing();
        kept.queue.done(&key, now + rest, is_failing);
        event
    }

    /// How long it is until something is due.
    pub(super) fn next_in(&self) -> Option<Duration> {
        let now = self.now();
        self.lock().queue.next_due().map(|due| due.saturating_sub(now))
    }
}
