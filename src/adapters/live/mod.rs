//! What is true now, and a bounded past: latest state, history, publish/subscribe.
//!
//! [`LiveStore`] is implemented by `memory` (the embedded default). Actors that own a state write it here and read
//! nobody else's memory: the hub, the recorders, the restreams and HTTP all learn about streams from here. That keeps
//! actors free of one another's addresses, so a manager may be rebuilt without anybody noticing.

pub mod feed;
pub mod memory;
pub mod publisher;

use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use tokio::sync::broadcast;

use crate::base::Result;
use crate::domain::camera::CameraStatus;
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
    /// A stream's state.
    Stream(StreamStatus),
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
}

/// Latest state, history, publish/subscribe.
#[async_trait]
pub trait LiveStore: Send + Sync {
    /// Applies changes together and tells every subscriber, in order. Changes that change nothing are still told.
    async fn publish(&self, changes: Vec<Change>) -> Result<()>;
    /// Adds one sample per stream to the history.
    async fn record_samples(&self, server: &str, samples: Vec<(StreamName, Sample)>) -> Result<()>;
    /// Everything that is true now.
    async fn latest(&self) -> Result<Latest>;
    /// Samples of one stream between two times, oldest first.
    async fn history(
        &self,
        server: &str,
        name: &StreamName,
        from: DateTime<Utc>,
        to: DateTime<Utc>,
    ) -> Result<Vec<Sample>>;
    /// Changes from now on. A subscriber that lags is told so by the channel and reads [`LiveStore::latest`] again.
    fn subscribe(&self) -> broadcast::Receiver<Arc<Vec<Change>>>;
}

/// The live store as everybody holds it.
pub type SharedLive = Arc<dyn LiveStore>;
