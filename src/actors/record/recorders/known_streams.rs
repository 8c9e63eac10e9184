//! What the live store has told us: streams with their tracks, and cameras that must not be recorded.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};

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
    /// Since when it is live, as long as nothing has interrupted that; where the server does not answer nothing is known to have.
    live_since: Option<DateTime<Utc>>,
    on_demand: bool,
}

impl KnownStream {
    /// Whether somebody publishes anew who cannot be told by an id. The server counts from zero for each publication; and the time since
    /// which a live stream is live changes only with that at which the server calls it available.
    fn begins_anew(&self, stream: &StreamStatus) -> bool {
        let is_live = stream.state == StreamState::Live;
        let later = is_live && self.live_since.is_some_and(|since| since != stream.since);
        later || stream.bytes_received < self.bytes
    }

    fn live_since(before: Option<DateTime<Utc>>, stream: &StreamStatus) -> Option<DateTime<Utc>> {
        match stream.state {
            StreamState::Live => Some(stream.since),
            StreamState::Unknown => before,
            StreamState::Stalled | StreamState::Offline => None,
        }
    }
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
            let live_since = KnownStream::live_since(None, stream);
            let new = KnownStream { state, source, bytes: stream.bytes_received, live_since, on_demand };
            self.streams.entry(stream.server.clone()).or_default().insert(stream.name.clone(), new);
            return true;
        };
        let begun_anew = u64::from(known.begins_anew(stream));
        (known.bytes, known.live_since) = (stream.bytes_received, KnownStream::live_since(known.live_since, stream));
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

    #[test]
    fn a_publisher_that_keeps_its_id_and_its_count_begins_anew_with_a_new_time() {
        use StreamState::{Live, Stalled, Unknown};
        let at = |seconds: i64| DateTime::from_timestamp(1_800_000_000 + seconds, 0).expect("a time");
        let key = StreamKey { server: "main".into(), name: StreamName::parse("a").expect("a name") };
        let mut known = KnownStreams::default();
        let mut publication = |bytes_received, state, since| {
            let source_id = Some("one".into());
            let stream = StreamStatus { bytes_received, state, since, source_id, ..sample::stream("main", "a") };
            known.apply(&Change::Stream(stream.into()));
            known.source(&key).publication.1
        };
        for (what, bytes, state, since, wanted) in [
            ("first sight", 100, Live, at(0), 0),
            ("it goes on", 200, Live, at(0), 0),
            ("available since another time, and more bytes than before", 300, Live, at(9), 1),
            ("nothing moves", 300, Stalled, at(20), 1),
            ("the same moves again", 400, Live, at(30), 1),
            ("the server does not answer", 400, Unknown, at(40), 1),
            ("the same after that", 500, Live, at(30), 1),
            ("the server does not answer", 500, Unknown, at(50), 1),
            ("another one after that", 600, Live, at(55), 2),
            ("its bytes begin at zero", 5, Live, at(55), 3),
        ] {
            assert_eq!(publication(bytes, state, since), wanted, "{what}");
        }
    }
}
