//! What is true now, and a bounded past: latest state, history, publish/subscribe.
//!
//! [`LiveStore`] is implemented by `memory` (the embedded default) and by `redis` (the memory, and a Redis behind it). Actors that own a state write it here and read
//! nobody else's memory: the hub, the recorders, the restreams and HTTP all learn about streams from here. That keeps
//! actors free of one another's addresses, so a manager may be rebuilt without anybody noticing.

#[cfg(test)]
pub mod faulty_store;
pub mod memory;
pub mod publisher;
pub mod redis;
pub mod subscription;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use futures_util::stream::BoxStream;
use tokio::time::timeout;
use uuid::Uuid;

use crate::base::{Error, ErrorKind, Result};
use crate::domain::camera::CameraStatus;
use crate::domain::duty::WorkClaim;
use crate::domain::history::Reading;
use crate::domain::host::HostStatus;
use crate::domain::incident::Incident;
use crate::domain::maintenance::Maintenance;
use crate::domain::name::StreamName;
use crate::domain::recording::RecordingStatus;
use crate::domain::stream::{Sample, ServerStatus, StreamStatus};

/// Everything that is true now.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Latest {
    /// Servers, by name.
    pub servers: Vec<ServerStatus>,
    /// Streams, by server and name.
    pub streams: Vec<StreamStatus>,
    /// Cameras, by id.
    pub cameras: Vec<CameraStatus>,
    /// Recordings that go on, by server and name.
    pub recordings: Vec<RecordingStatus>,
    /// Cameras and streams that are excused, by key. Each process reads it from its own database.
    pub maintenance: Vec<Maintenance>,
    /// Hosts, by name.
    pub hosts: Vec<HostStatus>,
    /// Incidents that last or have ended lately, of all nodes. Each process reads them from its own database.
    pub incidents: Vec<Incident>,
}

impl Latest {
    /// The stream of this name on this server; found by halving, as [`Latest::streams`] is in order.
    pub fn stream(&self, server: &str, name: &str) -> Option<&StreamStatus> {
        let key = |stream: &StreamStatus| (stream.server.as_str(), stream.name.as_str()).cmp(&(server, name));
        self.streams.binary_search_by(key).ok().map(|place| &self.streams[place])
    }
}

/// One change of [`Latest`].
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// A server's state.
    Server(ServerStatus),
    /// A stream's state. Shared: there is one for each stream and poll, and everybody hears of it.
    Stream(Arc<StreamStatus>),
    /// A stream that is no longer worth showing.
    StreamGone {
        /// Its server.
        server: String,
        /// Its name.
        name: StreamName,
    },
    /// A camera's state.
    Camera(CameraStatus),
    /// A camera whose row is gone.
    CameraGone {
        /// Its id.
        id: i64,
    },
    /// A recorder's state.
    Recording(RecordingStatus),
    /// A recorder that ended.
    RecordingGone {
        /// Its server.
        server: String,
        /// Its stream.
        name: StreamName,
    },
    /// A camera or stream that is excused.
    Maintenance(Maintenance),
    /// The end of that.
    MaintenanceGone {
        /// Of which one.
        key: String,
    },
    /// A measurement of a host.
    Host(Arc<HostStatus>),
    /// A host that is no longer watched.
    HostGone {
        /// Its name.
        name: String,
    },
    /// An incident as it is now.
    Incident(Arc<Incident>),
    /// One that has been over for a while.
    IncidentGone {
        /// Its id.
        id: Uuid,
    },
}

/// A process that shares a live store with others.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LiveNode {
    /// Its name.
    pub name: String,
    /// It is this process.
    pub is_this: bool,
    /// Its last sign of life; `None` while it gives some.
    pub silent_since: Option<DateTime<Utc>>,
    /// Its roles, by their words.
    pub roles: Vec<String>,
    /// Version of the program.
    pub version: Option<String>,
    /// When it started.
    pub started_at: Option<DateTime<Utc>>,
    /// Servers that it polls.
    pub polls: Vec<String>,
    /// Cameras that it tells of, count.
    pub cameras: usize,
    /// Recordings that it tells of, count.
    pub recordings: usize,
}

/// A command that another node has given to this one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeCommand {
    /// Of this very command: its answer names it.
    pub id: Uuid,
    /// Name of the node that waits for the answer.
    pub from: String,
    /// What is to be done, as JSON.
    pub command: String,
}

/// A live store that takes longer does not answer.
pub const LIMIT: Duration = Duration::from_secs(5);

/// Batches of changes, each as it was published.
pub type LiveChanges = BoxStream<'static, Arc<Vec<Change>>>;

/// Latest state, history, publish/subscribe.
///
/// An implementation brings [`apply`](LiveStore::apply), [`read`](LiveStore::read) and what has no default; callers use
/// [`publish`](LiveStore::publish) and [`latest`](LiveStore::latest), which have a time limit. What one over a network has to
/// keep, because the hub, the recorders and the relays rely on it:
///
/// - *Together*: the changes of one call become visible at once and reach a subscriber as one batch (in Redis: one
///   `MULTI` or script that writes the hashes and publishes).
/// - *In order*: every subscriber hears the batches in the order in which they were applied. A call that was given up for its
///   time takes effect before any later call of this process, or not at all (one connection for writes, closed when a call is
///   given up). Applying a batch twice does no harm: it is what a retry does.
/// - *No hole*: what is applied after `subscribe` has returned is heard, and `read` holds everything that a subscriber has heard
///   before. A subscriber that missed something, by its own slowness or by a lost connection, is told by the end of its
///   stream, and never goes on behind a hole. Nobody waits for a slow one.
/// - *Errors*: [`ErrorKind::Unavailable`](crate::base::ErrorKind) and `Timeout` mean the store, and everything is tried again; any other
///   kind means the change that was given, and its neighbours are written without it.
/// - *Nothing by absence*: a store that comes back empty says so by an empty `read`; owners tell their states anew.
#[async_trait]
pub trait LiveStore: Send + Sync {
    /// Applies changes together and tells every subscriber, in order. Changes that change nothing are still told.
    async fn apply(&self, changes: Vec<Change>) -> Result<()>;
    /// Everything that is true now.
    async fn read(&self) -> Result<Latest>;
    /// One stream as it is now; without a server the first of that name.
    async fn stream(&self, server: Option<&str>, name: &StreamName) -> Result<Option<Arc<StreamStatus>>> {
        let is_it = |stream: &StreamStatus| stream.name == *name && server.is_none_or(|server| stream.server == server);
        Ok(self.read().await?.streams.into_iter().find(is_it).map(Arc::new))
    }
    /// All cameras, by id.
    async fn cameras(&self) -> Result<Vec<CameraStatus>> {
        Ok(self.read().await?.cameras)
    }
    /// Adds one sample per stream to the history.
    async fn record_samples(&self, server: &str, samples: Vec<(StreamName, Sample)>) -> Result<()>;
    /// What follows from one poll of a server: its changes together, then its samples. One round trip, where there is one.
    async fn apply_poll(&self, server: &str, changes: Vec<Change>, samples: Vec<(StreamName, Sample)>) -> Result<()> {
        self.apply(changes).await?;
        self.record_samples(server, samples).await
    }
    /// Samples of one stream between two times, oldest first.
    async fn history(
        &self,
        server: &str,
        name: &StreamName,
        from: DateTime<Utc>,
        to: DateTime<Utc>,
    ) -> Result<Vec<Sample>>;
    /// Measurements of one host between two times, oldest first.
    async fn host_history(&self, _host: &str, _from: DateTime<Utc>, _to: DateTime<Utc>) -> Result<Vec<Reading>> {
        Ok(Vec::new())
    }
    /// Changes from now on; in force when it returns. The stream ends when something was missed: subscribe anew, then read
    /// [`LiveStore::latest`] (a subscription of `LiveUpdates` does both).
    async fn subscribe(&self) -> Result<LiveChanges>;
    /// Which process has to poll this server now. Where another one does, that shares the live store, what it finds is heard here.
    /// Asked before each poll.
    async fn claim(&self, _server: &str, _interval: Duration) -> WorkClaim {
        WorkClaim::Alone
    }
    /// Whether this process has to do this work (a word) now, which is done by one of those that share the live store. Asked again
    /// and again; who has not asked for two intervals has lost it.
    async fn claim_work(&self, _work: &str, _interval: Duration) -> WorkClaim {
        WorkClaim::Alone
    }
    /// The processes that share it, by name, this one among them; empty where nobody can.
    fn nodes(&self) -> Vec<LiveNode> {
        Vec::new()
    }
    /// Gives a command (JSON) to another node and waits for its answer (JSON), no longer than `limit`. `Unavailable` when it does
    /// not hear; any other error is the answer.
    async fn command(&self, node: &str, _command: String, _limit: Duration) -> Result<String> {
        Err(Error::unavailable(format!("the node {node} cannot be reached from here: there is no Redis between us")))
    }
    /// Where it is kept, for people, without a password.
    fn kept_in(&self) -> String {
        "memory".to_owned()
    }
    /// What is wrong with what lies behind this process's memory, in a sentence; here everything goes on.
    fn fault(&self) -> Option<String> {
        None
    }

    /// [`LiveStore::apply`], or `Timeout` after [`LIMIT`].
    async fn publish(&self, changes: Vec<Change>) -> Result<()> {
        in_time(self.apply(changes)).await
    }
    /// [`LiveStore::apply_poll`], or `Timeout` after [`LIMIT`].
    async fn publish_poll(&self, server: &str, changes: Vec<Change>, samples: Vec<(StreamName, Sample)>) -> Result<()> {
        in_time(self.apply_poll(server, changes, samples)).await
    }
    /// [`LiveStore::stream`], or `Timeout` after [`LIMIT`].
    async fn latest_of(&self, server: Option<&str>, name: &StreamName) -> Result<Option<Arc<StreamStatus>>> {
        in_time(self.stream(server, name)).await
    }
    /// [`LiveStore::cameras`], or `Timeout` after [`LIMIT`].
    async fn all_cameras(&self) -> Result<Vec<CameraStatus>> {
        in_time(self.cameras()).await
    }
    /// [`LiveStore::read`], or `Timeout` after [`LIMIT`].
    async fn latest(&self) -> Result<Latest> {
        in_time(self.read()).await
    }
}

async fn in_time<T>(call: impl Future<Output = Result<T>> + Send) -> Result<T> {
    let late = |_| Err(Error::new(ErrorKind::Timeout, format!("timeout, no answer in {} s", LIMIT.as_secs())));
    timeout(LIMIT, call).await.unwrap_or_else(late)
}

/// The live store as everybody holds it.
pub type SharedLive = Arc<dyn LiveStore>;
