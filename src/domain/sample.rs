//! Rows and states for tests and benches, as plain as they come: a test names what it is about and takes the rest from here,
//! `StreamStatus { readers: 3, ..sample::stream("main", "gate") }`. A new field is added once.

use std::sync::atomic::{AtomicU64, Ordering};

use chrono::{DateTime, TimeDelta};
use uuid::Uuid;

use super::camera::{CameraRow, CameraState, CameraStatus};
use super::host::{Cpu, DiskForecast, DiskStatus, HostState, HostStatus, Memory, NetworkStatus};
use super::name::StreamName;
use super::node::NodeClaim;
use super::recording::{RecordingSession, RecordingState, RecordingStatus, Segment, SegmentState};
use super::segment_track::{SegmentTrack, TrackKind};
use super::stream::{ServerStatus, StreamState, StreamStatus};

/// A camera of kind `generic` that is switched on and recorded; it has no address yet.
pub fn camera_row(id: i64, name: &str) -> CameraRow {
    CameraRow {
        id,
        name: name.to_owned(),
        kind: "generic".to_owned(),
        host: None,
        port: None,
        port_text: None,
        username: None,
        password: None,
        channel: None,
        substream: None,
        url: None,
        transport: None,
        audio: None,
        enabled: true,
        record: true,
        updated_at: None,
        label: None,
    }
}

/// A camera that has been running since 1970, on the server `main`, at the path of its name.
pub fn camera(id: i64, name: &str) -> CameraStatus {
    CameraStatus {
        id,
        name: name.to_owned(),
        label: None,
        kind: "generic".to_owned(),
        host: None,
        enabled: true,
        record: true,
        state: CameraState::Running,
        since: DateTime::UNIX_EPOCH,
        down_since: None,
        restarts: 0,
        last_error: None,
        fault: None,
        next_start: None,
        sound: None,
        server: "main".to_owned(),
        path: name.to_owned(),
    }
}

/// A host measured in 1970 with a core, a disk and an interface; nothing else of it could be measured.
pub fn host(name: &str) -> HostStatus {
    HostStatus {
        name: name.to_owned(),
        state: HostState::Live,
        at: DateTime::UNIX_EPOCH,
        interval: 10.0,
        cores: Some(1),
        cpu: Some(Cpu { user: 20.0, system: 10.0, iowait: 5.0, steal: 1.0, busy: 31.0 }),
        load: None,
        memory: Some(Memory { total: 4 << 30, used: 1 << 30 }),
        swap: None,
        pressure: None,
        disks: vec![DiskStatus {
            mount: "/".to_owned(),
            device: "/dev/vda1".to_owned(),
            total: Some(100 << 30),
            free: Some(60 << 30),
            used_percent: Some(40.0),
            inodes: None,
            inodes_free: None,
            read_rate: Some(0.0),
            write_rate: Some(1_000.0),
            forecast: DiskForecast::Unknown,
            days_until_full: None,
            reason: None,
        }],
        networks: vec![NetworkStatus {
            name: "eth0".to_owned(),
            received_bitrate: Some(8_000.0),
            sent_bitrate: Some(16_000.0),
            link_bitrate: Some(1e9),
            faulty_packets: 0,
        }],
        temperatures: Vec::new(),
        mediamtx: None,
        unmeasured: [("mediamtx".to_owned(), "no process of this host is named mediamtx".to_owned())].into(),
    }
}

/// A stream that has been live since 1970; nothing else is known of it.
pub fn stream(server: &str, name: &str) -> StreamStatus {
    StreamStatus::blank(server, stream_name(name), StreamState::Live, DateTime::UNIX_EPOCH)
}

/// A server that has been answering since 1970.
pub fn server(name: &str) -> ServerStatus {
    ServerStatus {
        name: name.to_owned(),
        reachable: true,
        since: DateTime::UNIX_EPOCH,
        reason: None,
        rtsp_answers: None,
        version: None,
        started_at: None,
        last_poll: None,
    }
}

/// A recording that has been going on since 1970 and has no segments yet.
pub fn recording(server: &str, name: &str) -> RecordingStatus {
    RecordingStatus {
        server: server.to_owned(),
        name: stream_name(name),
        state: RecordingState::Recording,
        since: DateTime::UNIX_EPOCH,
        session: None,
        segments: 0,
        reason: None,
    }
}

/// A session of the server `main` that began in 1970 and goes on, with an id that no other sample has.
pub fn session(stream: &str) -> RecordingSession {
    RecordingSession {
        id: id(),
        server: "main".to_owned(),
        stream: stream_name(stream),
        started_at: DateTime::UNIX_EPOCH,
        ended_at: None,
        end_reason: None,
    }
}

/// Ten seconds of picture between these decoding times, in microseconds.
pub fn track(first_us: u64, last_us: u64) -> SegmentTrack {
    let codec = "avc1".to_owned();
    let (kind, frames, key_frames) = (TrackKind::Video, 250, 5);
    SegmentTrack { kind, codec, frames, key_frames, first_us, last_us, last_frame_us: 40_000 }
}

/// A sealed segment of two seconds, with an id that no other sample has; they follow one another.
pub fn segment(session: &RecordingSession, number: u32) -> Segment {
    Segment {
        id: id(),
        session: session.id,
        server: session.server.clone(),
        stream: session.stream.clone(),
        number,
        state: SegmentState::Sealed,
        started_at: session.started_at + TimeDelta::seconds(2 * i64::from(number)),
        duration_ms: 2000,
        media_ms: None,
        media_start_ms: None,
        bytes: 2,
        frames: 50,
        init_bytes: 1,
        media_bytes: 1,
        spool_path: format!("{}/segment_{number:03}.mp4", session.stream),
        object_key: format!("{}/{}/segment_{number:03}.mp4", session.stream, session.id),
        reason: None,
        tracks: None,
    }
}

fn stream_name(name: &str) -> StreamName {
    StreamName::parse(name).expect("samples have valid names")
}

fn id() -> Uuid {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    Uuid::from_u128(NEXT.fetch_add(1, Ordering::Relaxed).into())
}

/// A node of this name that starts, relays nothing and records nothing.
pub fn node_claim(name: &str) -> NodeClaim {
    NodeClaim {
        name: name.to_owned(),
        instance: Uuid::new_v4(),
        run: Uuid::new_v4(),
        relays: false,
        records: false,
        starts: true,
        ended: Vec::new(),
    }
}
