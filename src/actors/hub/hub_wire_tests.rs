//! The frames against the file that the page's tests read too.

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::*;
use crate::domain::camera::{CameraState, CameraStatus};
use crate::domain::host::HostStatus;
use crate::domain::incident::Subject;
use crate::domain::incident::{Incident, IncidentKind, Remark};
use crate::domain::maintenance::Maintenance;
use crate::domain::recording::{RecordingState, RecordingStatus};
use crate::domain::sample;
use crate::domain::stream::{ServerStatus, StreamState, StreamStatus};

fn since() -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000, 0).expect("a time")
}

fn front() -> StreamName {
    StreamName::parse("front").expect("a name")
}

fn server() -> ServerStatus {
    ServerStatus {
        name: "main".into(),
        reachable: true,
        since: since(),
        reason: None,
        rtsp_answers: None,
        version: None,
        started_at: None,
        last_poll: None,
    }
}

fn camera() -> CameraStatus {
    CameraStatus {
        id: 7,
        name: "front".into(),
        label: Some("Eingang Süd".into()),
        kind: "hikvision".into(),
        host: None,
        enabled: true,
        record: true,
        state: CameraState::Running,
        since: since(),
        restarts: 2,
        last_error: None,
        fault: None,
        next_start: None,
        down_since: None,
        sound: None,
        server: "main".into(),
        path: "front".into(),
    }
}

fn maintenance() -> Maintenance {
    let until = since() + chrono::TimeDelta::hours(1);
    Maintenance::checked(Subject::camera_of(7, "front"), until, "lens is cleaned", "eve".to_owned(), since())
        .expect("good")
}

fn stream() -> StreamStatus {
    StreamStatus {
        server: "main".into(),
        name: front(),
        state: StreamState::Live,
        since: since(),
        reason: None,
        source_type: Some("rtspSession".into()),
        source_id: None,
        bytes_received: 1,
        bytes_sent: 0,
        readers: 2,
        bitrate: Some(1_000),
        tracks: vec![].into(),
        rtt: None,
        recv_rate_mbps: None,
        link_capacity_mbps: None,
        loss_rate: None,
        retransmit_rate: None,
        on_demand: false,
    }
}

fn recording() -> RecordingStatus {
    RecordingStatus {
        server: "main".into(),
        name: front(),
        state: RecordingState::Recording,
        since: since(),
        session: None,
        segments: 3,
        reason: None,
    }
}

fn host() -> HostStatus {
    let (disks, networks, unmeasured) = Default::default();
    HostStatus { at: since(), disks, networks, unmeasured, ..sample::host("edge-1") }
}

fn incident() -> Incident {
    let (id, subject) = (uuid::Uuid::from_u128(7), Subject::Server { name: "main".to_owned() });
    let cause = "nothing listens there".to_owned();
    let mut incident = Incident::open(id, IncidentKind::ServerDown, subject, cause, since());
    incident.take(Remark::note("eve".to_owned(), "on my way", since()).expect("a good one"));
    incident
}

#[test]
fn the_frames_are_those_that_the_page_reads() {
    let latest = Latest {
        servers: vec![server()],
        cameras: vec![camera()],
        streams: vec![stream()],
        recordings: vec![recording()],
        maintenance: vec![maintenance()],
        hosts: vec![host()],
        incidents: vec![incident()],
    };
    let entry = |change: &Change| item(change).map(|item| envelope(&key(change), &item)).expect("an item");
    let items: Vec<String> = everything(latest).map(|change| entry(&change)).collect();
    let slow = Change::Stream(Arc::new(StreamStatus { reason: Some("slow".into()), bytes_received: 2, ..stream() }));
    let (old, new) = (item(&Change::Stream(Arc::new(stream()))), item(&slow));
    let update = difference(&key(&slow), &old.expect("an item"), &new.expect("an item")).expect("a change");
    let gone = [
        Change::CameraGone { id: 7 },
        Change::StreamGone { server: "main".into(), name: front() },
        Change::RecordingGone { server: "main".into(), name: front() },
        Change::MaintenanceGone { key: "camera:7".into() },
        Change::HostGone { name: "edge-1".into() },
        Change::IncidentGone { id: incident().id },
    ];
    let gone: Vec<String> = gone.iter().map(|change| removal(&key(change))).collect();
    let changed = Delta { upsert: vec![&items[0]], update: vec![&update], remove: vec![] };
    let removed = Delta { remove: gone.iter().map(String::as_str).collect(), ..Delta::default() };
    let json = |frame: FeedFrame| serde_json::from_str::<Value>(&frame).expect("JSON");
    let frames = serde_json::json!({
        "snapshot": json(snapshot(1, items.iter().cloned()).remove(0)),
        "delta": json(changed.frame(2, 1).expect("a frame")),
        "removal": json(removed.frame(4, 2).expect("a frame")),
    });
    let known: Value = serde_json::from_str(include_str!("../../../web/src/feed.fixture.json")).expect("JSON");
    assert_eq!(frames, known, "web/src/feed.fixture.json should be {frames:#}");
}
