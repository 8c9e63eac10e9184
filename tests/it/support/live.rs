//! A live store that behaves as one over a network can: it refuses writes, answers none, and its subscriptions end.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use futures_util::{StreamExt, stream};
use streamwarden::adapters::live::memory::MemoryLiveStore;
use streamwarden::adapters::live::{Change, Latest, LiveChanges, LiveStore};
use streamwarden::base::{Error, Result};
use streamwarden::domain::name::StreamName;
use streamwarden::domain::stream::Sample;
use tokio::sync::broadcast::{self, Sender};

/// What it does with states of cameras.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Writes {
    /// Takes them.
    Taken,
    /// Refuses them.
    Refused,
    /// Never answers.
    Hanging,
}

/// The real one, with switches.
pub struct SwitchedLive {
    memory: MemoryLiveStore,
    changes: Mutex<Sender<Arc<Vec<Change>>>>,
    writes: Mutex<Writes>,
    tries: Mutex<BTreeMap<i64, Vec<Instant>>>,
}

impl SwitchedLive {
    /// One that works.
    pub fn new() -> Self {
        Self {
            memory: MemoryLiveStore::new(Duration::from_secs(600)),
            changes: Mutex::new(broadcast::channel(1024).0),
            writes: Mutex::new(Writes::Taken),
            tries: Mutex::default(),
        }
    }

    /// Every subscription ends; new ones are possible.
    pub fn sever(&self) {
        *self.changes.lock().expect("not poisoned") = broadcast::channel(1024).0;
    }

    /// What it does with states of cameras from now on; earlier tries are forgotten.
    pub fn set_writes(&self, writes: Writes) {
        *self.writes.lock().expect("not poisoned") = writes;
        self.tries.lock().expect("not poisoned").clear();
    }

    /// When somebody has tried to write the state of each camera.
    pub fn tries(&self) -> BTreeMap<i64, Vec<Instant>> {
        self.tries.lock().expect("not poisoned").clone()
    }

    fn note_try(&self, changes: &[Change]) -> Writes {
        let mut tries = self.tries.lock().expect("not poisoned");
        let cameras = changes.iter().filter_map(|change| match change {
            Change::Camera(camera) => Some(camera.id),
            _ => None,
        });
        let before: usize = tries.values().map(Vec::len).sum();
        cameras.for_each(|id| tries.entry(id).or_default().push(Instant::now()));
        let concerns_cameras = tries.values().map(Vec::len).sum::<usize>() > before;
        if concerns_cameras { *self.writes.lock().expect("not poisoned") } else { Writes::Taken }
    }
}

#[async_trait]
impl LiveStore for SwitchedLive {
    async fn apply(&self, changes: Vec<Change>) -> Result<()> {
        match self.note_try(&changes) {
            Writes::Taken => {}
            Writes::Refused => return Err(Error::unavailable("not now")),
            Writes::Hanging => std::future::pending().await,
        }
        self.memory.apply(changes.clone()).await?;
        // Nobody listens: fine.
        let _ = self.changes.lock().expect("not poisoned").send(Arc::new(changes));
        Ok(())
    }

    async fn record_samples(&self, server: &str, samples: Vec<(StreamName, Sample)>) -> Result<()> {
        self.memory.record_samples(server, samples).await
    }

    async fn read(&self) -> Result<Latest> {
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
        let told = self.changes.lock().expect("not poisoned").subscribe();
        Ok(stream::unfold(told, |mut told| async move { Some((told.recv().await.ok()?, told)) }).boxed())
    }
}
