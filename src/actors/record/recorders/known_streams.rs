//! What the live store has told us: streams with their tracks, and cameras that must not be recorded.

use std::collections::{BTreeMap, BTreeSet};

use crate::adapters::live::{Change, Latest};
use crate::domain::admission::{Candidate, StreamKey};
use crate::domain::camera::CameraStatus;
use crate::domain::name::StreamName;
use crate::domain::stream::{StreamState, StreamStatus, StreamTrack};

/// What is known of streams and cameras.
#[derive(Debug, Default)]
pub(super) struct KnownStreams {
    streams: BTreeMap<StreamKey, (StreamState, Vec<StreamTrack>)>,
    /// Camera id -> its path and whether it wants to be recorded.
    cameras: BTreeMap<i64, (StreamKey, bool)>,
}

impl KnownStreams {
    /// Everything that is true now.
    pub(super) fn replace(&mut self, latest: &Latest) {
        *self = Self::default();
        for stream in &latest.streams {
            self.stream(stream);
        }
        for camera in &latest.cameras {
            self.camera(camera);
        }
    }

    /// Takes up a change; true when it matters to recorders.
    pub(super) fn apply(&mut self, change: &Change) -> bool {
        match change {
            Change::Stream(stream) => self.stream(stream),
            Change::StreamGone { server, name } => {
                self.streams.remove(&StreamKey { server: server.clone(), name: name.clone() }).is_some()
            }
            Change::Camera(camera) => self.camera(camera),
            Change::CameraGone { id } => self.cameras.remove(id).is_some(),
            Change::Server(_) | Change::Recording(_) | Change::RecordingGone { .. } => false,
        }
    }

    fn stream(&mut self, stream: &StreamStatus) -> bool {
        let key = StreamKey { server: stream.server.clone(), name: stream.name.clone() };
        let is_known =
            |(state, tracks): &(StreamState, Vec<StreamTrack>)| *state == stream.state && *tracks == stream.tracks;
        if self.streams.get(&key).is_some_and(is_known) {
            return false;
        }
        self.streams.insert(key, (stream.state, stream.tracks.clone()));
        true
    }

    fn camera(&mut self, camera: &CameraStatus) -> bool {
        // A camera with a name that no path can have is never restreamed.
        let Ok(name) = StreamName::parse(&camera.path) else { return self.cameras.remove(&camera.id).is_some() };
        let news = (StreamKey { server: camera.server.clone(), name }, camera.record);
        self.cameras.insert(camera.id, news.clone()) != Some(news)
    }

    /// Every stream of the servers that we know.
    pub(super) fn candidates(&self, is_ours: impl Fn(&str) -> bool) -> Vec<Candidate> {
        let unwanted: BTreeSet<&StreamKey> =
            self.cameras.values().filter(|(_, record)| !record).map(|(path, _)| path).collect();
        let ours = self.streams.iter().filter(|(key, _)| is_ours(&key.server));
        let candidate = |(key, (state, _)): (&StreamKey, &(StreamState, Vec<StreamTrack>))| Candidate {
            key: key.clone(),
            state: *state,
            wanted: !unwanted.contains(key),
        };
        ours.map(candidate).collect()
    }

    /// Whether a stream is known at all.
    pub(super) fn has(&self, key: &StreamKey) -> bool {
        self.streams.contains_key(key)
    }

    /// The tracks of a stream, as far as the server tells them.
    pub(super) fn tracks(&self, key: &StreamKey) -> Vec<StreamTrack> {
        self.streams.get(key).map(|(_, tracks)| tracks.clone()).unwrap_or_default()
    }
}
