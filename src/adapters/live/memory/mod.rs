//! The embedded default: everything in this process's memory, bounded. The samples survive a restart in a file.
//!
//! Owns the latest state of all things, the channel that tells of changes, and the recent samples of every stream and host.
//! Decides nothing: it keeps what it is told, in the order in which it is told.

mod block;
mod history;
mod host_readings;
mod saved;
mod snapshot;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use futures_util::{StreamExt, stream};
use tokio::sync::broadcast::{self, error::RecvError};
use uuid::Uuid;

use self::history::Histories;
use self::host_readings::HostReadings;
pub use self::saved::SavedBytes;
use self::saved::SavedHistory;
use super::{Change, Latest, LiveChanges, LiveStore};
use crate::base::Result;
use crate::domain::camera::CameraStatus;
use crate::domain::history::Reading;
use crate::domain::host::HostStatus;
use crate::domain::incident::Incident;
use crate::domain::maintenance::Maintenance;
use crate::domain::name::StreamName;
use crate::domain::recording::RecordingStatus;
use crate::domain::stream::{Sample, ServerStatus, StreamStatus};

/// Messages a subscriber may be behind. Full: the slowest subscriber loses the oldest ones, learns so from the end of
/// its stream and reads [`LiveStore::latest`] again; nobody else waits for it. Enough for a restart of 1,000 cameras that
/// are told of one by one.
const BEHIND: usize = 1_024;

/// A live store in memory.
pub struct MemoryLiveStore {
    now: RwLock<Now>,
    histories: RwLock<Histories>,
    readings: RwLock<HostReadings>,
    changes: broadcast::Sender<Arc<Vec<Change>>>,
    /// What is on disk; one at a time writes there.
    saved: Mutex<SavedHistory>,
}

#[derive(Default)]
struct Now {
    servers: BTreeMap<String, ServerStatus>,
    /// By server and name.
    streams: BTreeMap<String, BTreeMap<StreamName, Arc<StreamStatus>>>,
    cameras: BTreeMap<i64, CameraStatus>,
    recordings: BTreeMap<(String, StreamName), RecordingStatus>,
    maintenance: BTreeMap<String, Maintenance>,
    hosts: BTreeMap<String, Arc<HostStatus>>,
    incidents: BTreeMap<Uuid, Arc<Incident>>,
}

/// Bytes of samples when nobody says how many (`monitor.history_memory`).
pub const HISTORY_MEMORY: u64 = 128 << 20;

impl MemoryLiveStore {
    /// A store that keeps samples for `history` (`monitor.history`), within [`HISTORY_MEMORY`].
    pub fn new(history: Duration) -> Self {
        Self::bounded(history, HISTORY_MEMORY)
    }

    /// One whose samples take no more than `most` bytes. A sample takes about eight: 1,000 streams at the defaults come to
    /// 90 MB, and streams that do not fit get a shorter history each.
    pub fn bounded(history: Duration, most: u64) -> Self {
        let most = usize::try_from(most).unwrap_or(usize::MAX);
        Self {
            now: RwLock::default(),
            histories: RwLock::new(Histories::new(history, most)),
            readings: RwLock::new(HostReadings::new(history)),
            changes: broadcast::Sender::new(BEHIND),
            saved: Mutex::default(),
        }
    }

    /// Writes the samples to this file, or those that are new to another one beside it; each is replaced in one step. Blocks:
    /// call it where that is allowed. Says how many bytes it has written, and how many there are.
    ///
    /// # Errors
    /// When the folder cannot be written; the files are as before then.
    pub fn save(&self, path: &Path) -> Result<SavedBytes> {
        let mut saved = self.saved.lock().unwrap_or_else(PoisonError::into_inner);
        let stored = self.histories.read().unwrap_or_else(PoisonError::into_inner).stored();
        saved.save(path, &stored)
    }

    /// Takes the samples that an earlier run has saved in this file and in those beside it; those that are too old are left. Says of how many streams
    /// there were some.
    ///
    /// # Errors
    /// When the file cannot be read; one that is not whole, or not ours, is put aside and named.
    pub fn restore(&self, path: &Path) -> Result<usize> {
        let Some(stored) = snapshot::read(path)? else { return Ok(0) };
        let count = stored.len();
        self.histories.write().unwrap_or_else(PoisonError::into_inner).restore(stored, Utc::now());
        Ok(count)
    }
}

impl MemoryLiveStore {
    /// The streams of one server as they are now.
    pub(super) fn streams(&self, server: &str) -> BTreeMap<StreamName, Arc<StreamStatus>> {
        let now = self.now.read().unwrap_or_else(PoisonError::into_inner);
        now.streams.get(server).cloned().unwrap_or_default()
    }

    /// Somebody else watches this server: what we have of its past has a hole from now on.
    pub(super) fn forget_history(&self, server: &str) {
        self.histories.write().unwrap_or_else(PoisonError::into_inner).forget(server);
    }

    /// Time of the oldest measurement of a host.
    pub(super) fn readings_begin(&self, host: &str) -> Option<DateTime<Utc>> {
        self.readings.read().unwrap_or_else(PoisonError::into_inner).begins(host)
    }

    /// Keeps what a batch tells of hosts.
    fn record_hosts(&self, changes: &[Change]) {
        if !changes.iter().any(|change| matches!(change, Change::Host(_) | Change::HostGone { .. })) {
            return;
        }
        let mut readings = self.readings.write().unwrap_or_else(PoisonError::into_inner);
        for change in changes {
            match change {
                Change::Host(status) => readings.record(status),
                Change::HostGone { name } => readings.forget(name),
                _ => {}
            }
        }
    }

    /// Time of the oldest sample of a stream.
    pub(super) fn history_begins(&self, server: &str, name: &StreamName) -> Option<DateTime<Utc>> {
        self.histories.read().unwrap_or_else(PoisonError::into_inner).begins(server, name)
    }
}

#[async_trait]
impl LiveStore for MemoryLiveStore {
    async fn apply(&self, changes: Vec<Change>) -> Result<()> {
        if changes.is_empty() {
            return Ok(());
        }
        self.record_hosts(&changes);
        // Told while the state is locked: everybody hears of changes in the order in which they were applied.
        let mut now = self.now.write().unwrap_or_else(PoisonError::into_inner);
        for change in &changes {
            now.apply(change);
        }
        // An error means that nobody listens.
        let _ = self.changes.send(Arc::new(changes));
        Ok(())
    }

    async fn record_samples(&self, server: &str, samples: Vec<(StreamName, Sample)>) -> Result<()> {
        self.histories.write().unwrap_or_else(PoisonError::into_inner).record(server, samples);
        Ok(())
    }

    async fn read(&self) -> Result<Latest> {
        let now = self.now.read().unwrap_or_else(PoisonError::into_inner);
        Ok(Latest {
            servers: now.servers.values().cloned().collect(),
            streams: now
                .streams
                .values()
                .flat_map(BTreeMap::values)
                .map(|status| StreamStatus::clone(status))
                .collect(),
            cameras: now.cameras.values().cloned().collect(),
            recordings: now.recordings.values().cloned().collect(),
            maintenance: now.maintenance.values().cloned().collect(),
            hosts: now.hosts.values().map(|status| HostStatus::clone(status)).collect(),
            incidents: now.incidents.values().map(|incident| Incident::clone(incident)).collect(),
        })
    }

    async fn stream(&self, server: Option<&str>, name: &StreamName) -> Result<Option<Arc<StreamStatus>>> {
        let now = self.now.read().unwrap_or_else(PoisonError::into_inner);
        Ok(match server {
            Some(server) => now.streams.get(server).and_then(|streams| streams.get(name)).cloned(),
            None => now.streams.values().find_map(|streams| streams.get(name)).cloned(),
        })
    }

    async fn cameras(&self) -> Result<Vec<CameraStatus>> {
        let now = self.now.read().unwrap_or_else(PoisonError::into_inner);
        Ok(now.cameras.values().cloned().collect())
    }

    async fn history(
        &self,
        server: &str,
        name: &StreamName,
        from: DateTime<Utc>,
        to: DateTime<Utc>,
    ) -> Result<Vec<Sample>> {
        Ok(self.histories.read().unwrap_or_else(PoisonError::into_inner).between(server, name, from, to))
    }

    async fn host_history(&self, host: &str, from: DateTime<Utc>, to: DateTime<Utc>) -> Result<Vec<Reading>> {
        Ok(self.readings.read().unwrap_or_else(PoisonError::into_inner).between(host, from, to))
    }

    async fn subscribe(&self) -> Result<LiveChanges> {
        Ok(changes(self.changes.subscribe()))
    }
}

/// What a channel tells, up to the first hole.
fn changes(told: broadcast::Receiver<Arc<Vec<Change>>>) -> LiveChanges {
    let next = |mut told: broadcast::Receiver<_>| async move {
        match told.recv().await {
            Ok(batch) => Some((batch, told)),
            Err(RecvError::Lagged(missed)) => {
                log::debug!(missed = missed; "a subscriber of the live store is too slow, it reads everything again");
                None
            }
            Err(RecvError::Closed) => None,
        }
    };
    stream::unfold(told, next).boxed()
}

impl Now {
    fn apply(&mut self, change: &Change) {
        match change {
            Change::Server(server) => {
                self.servers.insert(server.name.clone(), server.clone());
            }
            Change::Stream(stream) => {
                let streams = match self.streams.get_mut(stream.server.as_str()) {
                    Some(streams) => streams,
                    None => self.streams.entry(stream.server.to_string()).or_default(),
                };
                streams.insert(stream.name.clone(), Arc::clone(stream));
            }
            Change::StreamGone { server, name } => {
                if let Some(streams) = self.streams.get_mut(server) {
                    streams.remove(name);
                }
            }
            Change::Camera(camera) => {
                self.cameras.insert(camera.id, camera.clone());
            }
            Change::CameraGone { id } => {
                self.cameras.remove(id);
            }
            Change::Recording(recording) => {
                self.recordings.insert((recording.server.clone(), recording.name.clone()), recording.clone());
            }
            Change::RecordingGone { server, name } => {
                self.recordings.remove(&(server.clone(), name.clone()));
            }
            Change::Maintenance(maintenance) => {
                self.maintenance.insert(maintenance.key.clone(), maintenance.clone());
            }
            Change::MaintenanceGone { key } => {
                self.maintenance.remove(key);
            }
            Change::Host(host) => {
                self.hosts.insert(host.name.clone(), Arc::clone(host));
            }
            Change::HostGone { name } => {
                self.hosts.remove(name);
            }
            Change::Incident(incident) => {
                self.incidents.insert(incident.id, Arc::clone(incident));
            }
            Change::IncidentGone { id } => {
                self.incidents.remove(id);
            }
        }
    }
}
