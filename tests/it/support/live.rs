//! A live store that behaves as one over a network can: it refuses writes, and its subscriptions end.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use streamwarden::adapters::live::memory::Memory;
use streamwarden::adapters::live::{Change, Latest, LiveStore};
use streamwarden::base::{Error, Result};
use streamwarden::domain::name::StreamName;
use streamwarden::domain::stream::Sample;
use tokio::sync::broadcast::{self, Receiver, Sender};

/// The real one, with switches.
pub struct SwitchedLive {
    memory: Memory,
    changes: Mutex<Sender<Arc<Vec<Change>>>>,
    refuses_cameras: AtomicBool,
    camera_writes: AtomicUsize,
}

impl SwitchedLive {
    /// One that works.
    pub fn new() -> Self {
        Self {
            memory: Memory::new(Duration::from_secs(600)),
            changes: Mutex::new(broadcast::channel(1024).0),
            refuses_cameras: AtomicBool::new(false),
            camera_writes: AtomicUsize::new(0),
        }
    }

    /// Every subscription ends; new ones are possible.
    pub fn sever(&self) {
        *self.changes.lock().expect("not poisoned") = broadcast::channel(1024).0;
    }

    /// From now on it takes states of cameras, or refuses them.
    pub fn refuse_cameras(&self, refuse: bool) {
        self.refuses_cameras.store(refuse, Ordering::Relaxed);
    }

    /// How often somebody has tried to write the state of a camera.
    pub fn camera_writes(&self) -> usize {
        self.camera_writes.load(Ordering::Relaxed)
    }
}

#[async_trait]
impl LiveStore for SwitchedLive {
    async fn publish(&self, changes: Vec<Change>) -> Result<()> {
        if changes.iter().any(|change| matches!(change, Change::Camera(_))) {
            self.camera_writes.fetch_add(1, Ordering::Relaxed);
            if self.refuses_cameras.load(Ordering::Relaxed) {
                return Err(Error::unavailable("not now"));
            }
        }
        self.memory.publish(changes.clone()).await?;
        // Nobody listens: fine.
        let _ = self.changes.lock().expect("not poisoned").send(Arc::new(changes));
        Ok(())
    }

    async fn record_samples(&self, server: &str, samples: Vec<(StreamName, Sample)>) -> Result<()> {
        self.memory.record_samples(server, samples).await
    }

    async fn latest(&self) -> Result<Latest> {
        self.memory.latest().await
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

    fn subscribe(&self) -> Receiver<Arc<Vec<Change>>> {
        self.changes.lock().expect("not poisoned").subscribe()
    }
}
