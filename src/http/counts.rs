//! How many there are of everything: read once, shown by `/api/v1/status` and `/metrics`.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;
use utoipa::ToSchema;

use super::health::within_time;
use super::http_state::HttpState;
use crate::adapters::live::Latest;
use crate::base::Result;
use crate::domain::camera::{CameraState, CameraStatus};
use crate::domain::incident::Subject;
use crate::domain::maintenance;
use crate::domain::recording::{RecordingState, SegmentState};
use crate::domain::stream::{StreamState, StreamStatus};

/// How many there are of everything. A state nobody is in is listed with 0, so that a graph has no holes.
#[derive(Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct StateCounts {
    /// Streams by state; `maintenance` for those that are excused and not live.
    pub(super) streams: BTreeMap<&'static str, u64>,
    /// Cameras by state; `maintenance` for those that are excused and not running.
    pub(super) cameras: BTreeMap<&'static str, u64>,
    /// Restarts of all cameras since their rows were taken up.
    pub(super) camera_restarts: u64,
    /// Recordings by state.
    pub(super) recordings: BTreeMap<&'static str, u64>,
    /// Streams that are being recorded now.
    pub(super) recordings_active: u64,
    /// Segments by state; null while the database does not answer.
    pub(super) segments: Option<BTreeMap<&'static str, u64>>,
    /// Segments that are recorded and not yet in the object store; null while the database does not answer.
    pub(super) upload_backlog: Option<u64>,
    /// WebSocket sessions.
    pub(super) ws_clients: u64,
    /// WebSocket sessions closed because they were too slow.
    pub(super) ws_dropped: u64,
}

impl StateCounts {
    /// Reads them, with what they were read from. A database that does not answer in that time hides its own numbers only.
    pub(super) async fn read(state: &HttpState, limit: Duration) -> Result<(Self, Latest)> {
        let latest = state.live.latest().await?;
        let segments = within_time(limit, state.stores.recordings.segment_counts()).await.ok();
        Ok((Self::of(&latest, segments, state).await, latest))
    }

    async fn of(latest: &Latest, segments: Option<Vec<(SegmentState, u64)>>, state: &HttpState) -> Self {
        let hub = state.hub.look().await.unwrap_or_default();
        let is_active = |state| matches!(state, RecordingState::Starting | RecordingState::Recording);
        let waits = |state: &SegmentState| matches!(state, SegmentState::Sealed | SegmentState::Uploading);
        Self {
            streams: streams(latest),
            cameras: cameras(latest),
            camera_restarts: latest.cameras.iter().map(|camera| u64::from(camera.restarts)).sum(),
            recordings: by_word(&RECORDING_STATES, latest.recordings.iter().map(|recording| (recording.state, 1))),
            recordings_active: latest.recordings.iter().filter(|one| is_active(one.state)).count() as u64,
            upload_backlog: segments
                .as_ref()
                .map(|segments| segments.iter().filter(|(state, _)| waits(state)).map(|(_, count)| count).sum()),
            segments: segments
                .map(|segments| by_word(&SegmentState::ALL.map(|state| (state, state.as_str())), segments.into_iter())),
            ws_clients: hub.clients as u64,
            ws_dropped: hub.dropped,
        }
    }
}

/// The word for what is excused and does not do what it should.
const MAINTENANCE: &str = "maintenance";

fn streams(latest: &Latest) -> BTreeMap<&'static str, u64> {
    let keys = maintenance::excused_keys(&latest.maintenance, &latest.cameras);
    let excused = |stream: &&StreamStatus| {
        let key = || Subject::Stream { server: stream.server.to_string(), name: stream.name.to_string() }.key();
        stream.state != StreamState::Live && !keys.is_empty() && keys.contains(&key())
    };
    let (excused, counted): (Vec<_>, Vec<_>) = latest.streams.iter().partition(excused);
    let mut counts = by_word(&STREAM_STATES, counted.into_iter().map(|stream| (stream.state, 1)));
    counts.insert(MAINTENANCE, excused.len() as u64);
    counts
}

fn cameras(latest: &Latest) -> BTreeMap<&'static str, u64> {
    let excused = |camera: &&CameraStatus| {
        camera.state != CameraState::Running && maintenance::of_camera(&latest.maintenance, camera).is_some()
    };
    let (excused, counted): (Vec<_>, Vec<_>) = latest.cameras.iter().partition(excused);
    let mut counts = by_word(&CAMERA_STATES, counted.into_iter().map(|camera| (camera.state, 1)));
    counts.insert(MAINTENANCE, excused.len() as u64);
    counts
}

const STREAM_STATES: [(StreamState, &str); 4] = [
    (StreamState::Live, "live"),
    (StreamState::Stalled, "stalled"),
    (StreamState::Offline, "offline"),
    (StreamState::Unknown, "unknown"),
];

const CAMERA_STATES: [(CameraState, &str); 9] = [
    (CameraState::Waiting, "waiting"),
    (CameraState::Probing, "probing"),
    (CameraState::Starting, "starting"),
    (CameraState::Running, "running"),
    (CameraState::Stalled, "stalled"),
    (CameraState::Backoff, "backoff"),
    (CameraState::Degraded, "degraded"),
    (CameraState::Held, "held"),
    (CameraState::Stopped, "stopped"),
];

const RECORDING_STATES: [(RecordingState, &str); 5] = [
    (RecordingState::Starting, "starting"),
    (RecordingState::Recording, "recording"),
    (RecordingState::Restarting, "restarting"),
    (RecordingState::Paused, "paused"),
    (RecordingState::Off, "off"),
];

fn by_word<S: Copy + PartialEq>(
    words: &[(S, &'static str)],
    states: impl Iterator<Item = (S, u64)>,
) -> BTreeMap<&'static str, u64> {
    let mut counts: BTreeMap<&'static str, u64> = words.iter().map(|(_, word)| (*word, 0)).collect();
    for (state, count) in states {
        if let Some((_, word)) = words.iter().find(|(known, _)| *known == state) {
            *counts.entry(word).or_default() += count;
        }
    }
    counts
}
