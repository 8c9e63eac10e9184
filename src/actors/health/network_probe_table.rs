//! What is known of every endpoint, and whose turn it is: shared by the actor and HTTP.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chrono::{TimeDelta, Utc};
use tokio::time::Instant;

use crate::domain::health::{
    DegradedEvent, EndpointEvent, EndpointRecord, EndpointState, NetworkProbeStatus, NetworkResult, OutageEvent,
    ProbeQueue,
};

/// Clones are the same table. It outlives the actors.
#[derive(Clone)]
pub struct NetworkProbeTable(Arc<SharedEndpoints>);

struct SharedEndpoints {
    begun: Instant,
    workers: usize,
    // Held for moments only, and never across an await.
    kept: Mutex<KeptEndpoints>,
}

struct KeptEndpoints {
    queue: ProbeQueue<String>,
    records: BTreeMap<String, EndpointRecord>,
    running: BTreeSet<String>,
}

impl KeptEndpoints {
    fn new(workers: usize) -> Self {
        Self { queue: ProbeQueue::new(workers), records: BTreeMap::new(), running: BTreeSet::new() }
    }
}

impl NetworkProbeTable {
    /// An empty one; so many endpoints are probed at once.
    pub fn new(workers: usize) -> Self {
        let kept = Mutex::new(KeptEndpoints::new(workers));
        Self(Arc::new(SharedEndpoints { begun: Instant::now(), workers, kept }))
    }

    /// Forgets everything: another process probes.
    pub(super) fn forget(&self) {
        *self.lock() = KeptEndpoints::new(self.0.workers);
    }

    fn lock(&self) -> MutexGuard<'_, KeptEndpoints> {
        // Whoever panicked in there has left whole entries behind.
        self.0.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now(&self) -> Duration {
        self.0.begun.elapsed()
    }

    /// All of them, by name. Cheap enough for every scrape.
    pub fn statuses(&self) -> Vec<NetworkProbeStatus> {
        let (steady, wall) = (self.now(), Utc::now());
        let kept = self.lock();
        let next = |name: &String| {
            let left = kept.queue.due_at(name)?.saturating_sub(steady);
            Some(wall + TimeDelta::from_std(left).unwrap_or_default())
        };
        kept.records.iter().map(|(name, record)| record.status(next(name))).collect()
    }

    /// How the endpoint of this name is.
    pub fn state(&self, name: &str) -> Option<EndpointState> {
        self.lock().records.get(name).map(EndpointRecord::state)
    }

    /// How many endpoints there are, and how many are due and wait.
    pub fn counts(&self) -> (usize, usize) {
        let now = self.now();
        let kept = self.lock();
        (kept.records.len(), kept.queue.waiting(now))
    }

    /// An endpoint. Nothing new when it is there already.
    pub(super) fn add(&self, record: EndpointRecord) {
        let now = self.now();
        let mut kept = self.lock();
        let name = record.endpoint.name.clone();
        if !kept.records.contains_key(&name) {
            kept.queue.add_unproven(name.clone(), now);
            kept.records.insert(name, record);
        }
    }

    /// The next one that is due, while there are not too many under way.
    pub(super) fn claim(&self) -> Option<String> {
        let now = self.now();
        let mut kept = self.lock();
        if kept.running.len() >= self.0.workers {
            return None;
        }
        let name = kept.queue.take(now)?;
        kept.running.insert(name.clone());
        Some(name)
    }

    /// Whoever had claimed them has died.
    pub(super) fn give_back(&self) {
        let mut kept = self.lock();
        for name in std::mem::take(&mut kept.running) {
            kept.queue.give_back(&name);
        }
    }

    /// A probe is through. What follows for incidents.
    pub(super) fn finished(&self, name: &str, result: NetworkResult) -> EndpointEvent {
        let now = self.now();
        let mut kept = self.lock();
        let kept = &mut *kept;
        let was_claimed = kept.running.remove(name);
        match kept.records.get_mut(name).filter(|_| was_claimed) {
            Some(record) => {
                let (rest, event) = record.take(result);
                kept.queue.done(&name.to_owned(), now + rest, record.is_failing());
                event
            }
            None => EndpointEvent { down: OutageEvent::Nothing, degraded: DegradedEvent::NotKnown },
        }
    }

    /// How long it is until something is due; `None` where nothing waits.
    pub(super) fn next_in(&self) -> Option<Duration> {
        let now = self.now();
        self.lock().queue.next_due().map(|due| due.saturating_sub(now))
    }

    /// Keys of everything that incidents of ours may be about.
    pub(super) fn subjects(&self) -> BTreeSet<String> {
        self.lock().records.values().map(|record| record.endpoint.subject().key()).collect()
    }
}
