//! What the live store has told us: streams with their tracks, and cameras that must not be recorded.

use std::collections::{BTreeMap, BTreeSet};

use crate::actors::record::start::RecordedSource;
use crate::adapters::live::{Change, Latest};
use crate::base::SharedText;
use crate::domain::admission::{Candidate, StreamKey};
use crate::domain::camera::CameraStatus;
use crate::domain::name::StreamName;
use crate::domain::stream::{StreamState, StreamStatus};

/// What is known of streams and cameras.
#[derive(Debug, Default)]
pub(super) struct KnownStreams {
    /// By server and name.
    streams: BTreeMap<SharedText, BTreeMap<StreamName, KnownStream>>,
    /// Camera id -> its path and whether it wants to be recorded.
    cameras: BTreeMap<i64, (StreamKey, bool)>,
}

#[derive(Clone, Debug, PartialEq)]
struct KnownStream {
    state: StreamState,
    source: RecordedSource,
    bytes: u64,
    on_demand: bool,
}

impl KnownStreams {
    /// Everything that is true now. Of streams that go on it stays known how often they began anew.
    pub(super) fn replace(&mut self, latest: &Latest) {
        let named: BTreeSet<(&str, &StreamName)> =
            latest.streams.iter().map(|stream| (stream.server.as_str(), &stream.name)).collect();
        for (server, streams) in &mut self.streams {
            streams.retain(|name, _| named.contains(&(server.as_str(), name)));
        }
        self.cameras.clear();
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
                self.streams.get_mut(server.as_str()).and_then(|streams| streams.remove(name)).is_some()
            }
            Change::Camera(camera) => self.camera(camera),
            Change::CameraGone { id } => self.cameras.remove(id).is_some(),
            Change::Server(_)
            | Change::Recording(_)
            | Change::RecordingGone { .. }
            | Change::Maintenance(_)
            | Change::MaintenanceGone { .. }
            | Change::Host(_)
            | Change::HostGone { .. }
            | Change::Incident(_)
            | Change::IncidentGone { .. } => false,
        }
    }

    fn stream(&mut self, stream: &StreamStatus) -> bool {
        let known = self.streams.get_mut(&stream.server).and_then(|streams| streams.get_mut(&stream.name));
        let Some(known) = known else {
            let source = RecordedSource { tracks: stream.tracks.clone(), publication: (stream.source_id.clone(), 0) };
            let (state, on_demand) = (stream.state, stream.on_demand);
            let new = KnownStream { state, source, bytes: stream.bytes_received, on_demand };
            self.streams.entry(stream.server.clone()).or_default().insert(stream.name.clone(), new);
            return true;
        };
        // The server counts from zero for each publication, also of one that has no id.
        let begun_anew = u64::from(stream.bytes_received < known.bytes);
        known.bytes = stream.bytes_received;
        let publication = (stream.source_id.clone(), known.source.publication.1 + begun_anew);
        let source = RecordedSource { tracks: stream.tracks.clone(), publication };
        let is_new = (known.state, known.on_demand) != (stream.state, stream.on_demand) || known.source != source;
        (known.state, known.on_demand, known.source) = (stream.state, stream.on_demand, source);
        is_new
    }

    fn camera(&mut self, camera: &CameraStatus) -> bool {
        // A camera with a name that no path can have is never restreamed.
        let Ok(name) = StreamName::parse(&camera.path) else { return self.cameras.remove(&camera.id).is_some() };
        let event = (StreamKey { server: camera.server.clone(), name }, camera.record);
        self.cameras.insert(camera.id, event.clone()) != Some(event)
    }

    /// Every stream of the servers that we know.
    pub(super) fn candidates(&self, is_ours: impl Fn(&str) -> bool) -> Vec<Candidate> {
        let unwanted: BTreeSet<&StreamKey> =
            self.cameras.values().filter(|(_, record)| !record).map(|(path, _)| path).collect();
        let ours = self.streams.iter().filter(|(server, _)| is_ours(server));
        let streams =
            ours.flat_map(|(server, streams)| streams.iter().map(move |(name, stream)| (server, name, stream)));
        let candidate = |(server, name, stream): (&SharedText, &StreamName, &KnownStream)| {
            let key = StreamKey { server: server.to_string(), name: name.clone() };
            let (state, on_demand) = (stream.state, stream.on_demand);
            Candidate { wanted: !unwanted.contains(&key), key, state, on_demand }
        };
        streams.map(candidate).collect()
    }

    /// Whether a stream is known at all.
    pub(super) fn has(&self, key: &StreamKey) -> bool {
        self.find(key).is_some()
    }

    /// Who publishes a stream.
    pub(super) fn source(&self, key: &StreamKey) -> RecordedSource {
        self.find(key).map(|stream| stream.source.clone()).unwrap_or_default()
    }

    fn find(&self, key: &StreamKey) -> Option<&KnownStream> {
        self.streams.get(key.server.as_str())?.get(&key.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::sample;

    #[test]
    fn being_told_everything_again_is_no_new_publisher() {
        let stream = |bytes_received| StreamStatus { bytes_received, ..sample::stream("main", "a") };
        let latest = |bytes| Latest { streams: vec![stream(bytes), sample::stream("main", "b")], ..Latest::default() };
        let key = |name| StreamKey { server: "main".into(), name: StreamName::parse(name).expect("a name") };
        let mut known = KnownStreams::default();
        known.replace(&latest(500));
        let first = known.source(&key("a"));
        assert!(known.apply(&Change::Stream(stream(20).into())), "its bytes begin at zero again");
        let second = known.source(&key("a"));
        assert_ne!(first.publication, second.publication);
        known.replace(&latest(30));
        assert_eq!(known.source(&key("a")), second);
        known.replace(&Latest { streams: vec![stream(40)], ..Latest::default() });
        assert!(known.has(&key("a")) && !known.has(&key("b")), "the other is gone");
    }
}
