//! For tests: a live store in memory that fails on order, and counts what is asked of it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};

use super::memory::MemoryLiveStore;
use super::{Change, Latest, LiveChanges, LiveStore};
use crate::base::{Error, Result};
use crate::domain::name::StreamName;
use crate::domain::stream::Sample;

/// Fails when it applies changes, as it is told to.
pub struct FaultyLiveStore {
    memory: MemoryLiveStore,
    /// The recording of this name is refused.
    refused: Option<&'static str>,
    /// Everything is refused.
    pub refuses: AtomicBool,
    /// It does not answer.
    pub hangs: AtomicBool,
    /// It cannot be read.
    pub unreadable: AtomicBool,
    /// It panics.
    pub panics: AtomicBool,
    /// How often changes were to be applied.
    pub tries: AtomicUsize,
    /// How often everything was copied.
    pub copies: AtomicUsize,
}

impl FaultyLiveStore {
    /// Without a fault.
    pub fn new() -> Arc<Self> {
        Self::refusing(None)
    }

    /// One that refuses the recording of this name.
    pub fn refusing(refused: Option<&'static str>) -> Arc<Self> {
        let [refuses, hangs, unreadable, panics] = [(); 4].map(|()| AtomicBool::new(false));
        let [tries, copies] = [(); 2].map(|()| AtomicUsize::new(0));
        let memory = MemoryLiveStore::new(Duration::from_secs(60));
        Arc::new(Self { memory, refused, refuses, hangs, unreadable, panics, tries, copies })
    }
}

#[async_trait]
impl LiveStore for FaultyLiveStore {
    async fn apply(&self, changes: Vec<Change>) -> Result<()> {
        self.tries.fetch_add(1, Ordering::Relaxed);
        if self.hangs.load(Ordering::Relaxed) {
            std::future::pending::<()>().await;
        }
        assert!(!self.panics.load(Ordering::Relaxed), "provoked by the test");
        let is_refused = |change: &Change| match change {
            Change::Recording(status) => Some(status.name.as_str()) == self.refused,
            _ => false,
        };
        match self.refuses.load(Ordering::Relaxed) {
            true => Err(Error::unavailable("no")),
            false if changes.iter().any(is_refused) => Err(Error::invalid("name", "not this one")),
            false => self.memory.apply(changes).await,
        }
    }

    async fn record_samples(&self, server: &str, samples: Vec<(StreamName, Sample)>) -> Result<()> {
        self.memory.record_samples(server, samples).await
    }

    async fn read(&self) -> Result<Latest> {
        self.copies.fetch_add(1, Ordering::Relaxed);
        if self.unreadable.load(Ordering::Relaxed) {
            return Err(Error::unavailable("no"));
        }
        self.memory.read().await
    }

    async fn history(
        &self,
        server: &str,
        name: &StreamName,
        from: DateTime<Utc>,
        to: DateTime<Utc>,
    ) -> Result<Vec<Sample>> {
        self.memory.history(server, name, from, to).await
    }

    async fn subscribe(&self) -> Result<LiveChanges> {
        self.memory.subscribe().await
    }
}
