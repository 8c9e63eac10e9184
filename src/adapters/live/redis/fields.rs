//! What a node tells of itself: one field of its hash for each thing it owns.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::adapters::live::{Change, LiveNode};
use crate::domain::camera::CameraStatus;
use crate::domain::host::{HostStatus, checked};
use crate::domain::name::StreamName;
use crate::domain::recording::RecordingStatus;
use crate::domain::stream::ServerStatus;

/// Name of the field that tells of the node itself.
pub(super) const ABOUT: &str = "about";

/// A server as its poller tells of it: its state, and where its streams are.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct ServerField {
    /// Beginning of its keys.
    pub(super) base: String,
    #[serde(flatten)]
    pub(super) status: ServerStatus,
}

/// Field of a change that is not about a stream, and its value; `None` for what is gone.
pub(super) fn field(change: &Change, base: impl Fn(&str) -> String) -> Option<(String, Option<String>)> {
    let json = |value: serde_json::Result<String>| value.ok();
    Some(match change {
        Change::Server(status) => {
            let field = ServerField { base: base(&status.name), status: status.clone() };
            (server(&status.name), json(serde_json::to_string(&field)))
        }
        Change::Camera(status) => (format!("camera:{}", status.id), json(serde_json::to_string(status))),
        Change::CameraGone { id } => (format!("camera:{id}"), None),
        Change::Recording(status) => (recording(&status.server, &status.name), json(serde_json::to_string(status))),
        Change::RecordingGone { server, name } => (recording(server, name), None),
        Change::Host(status) => (format!("host:{}", status.name), json(serde_json::to_string(status.as_ref()))),
        Change::HostGone { name } => (format!("host:{name}"), None),
        Change::Stream(_) | Change::StreamGone { .. } => return None,
        // Each process reads it from its own database.
        Change::Maintenance(_) | Change::MaintenanceGone { .. } | Change::Incident(_) | Change::IncidentGone { .. } => {
            return None;
        }
    })
}

pub(super) fn server(name: &str) -> String {
    format!("server:{name}")
}

fn recording(server: &str, name: &StreamName) -> String {
    format!("recording:{server}/{}", name.as_str())
}

/// What a node owns, by the names of its fields; everything else of it is left open.
pub(super) fn owned(names: &mut dyn Iterator<Item = &String>) -> LiveNode {
    let mut node = LiveNode::default();
    for name in names {
        match name.split_once(':') {
            Some(("server", server)) => node.polls.push(server.to_owned()),
            Some(("camera", _)) => node.cameras += 1,
            Some(("recording", _)) => node.recordings += 1,
            _ => {}
        }
    }
    node
}

/// What a node tells of itself.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct AboutNode {
    pub(super) version: Option<String>,
    pub(super) roles: Vec<String>,
    pub(super) started_at: Option<DateTime<Utc>>,
}

/// What somebody else's field says.
#[derive(Debug, PartialEq)]
pub(super) enum NodeUpdate {
    /// A server, and the beginning of its keys.
    Server(ServerStatus, String),
    /// Anything else.
    Change(Change),
}

/// Reads a field of another node. `None` for what is not understood: a later version's, or rubbish.
pub(super) fn read(name: &str, value: &[u8]) -> Option<NodeUpdate> {
    let (kind, of) = name.split_once(':')?;
    match kind {
        "server" => {
            let field: ServerField = serde_json::from_slice(value).ok()?;
            (field.status.name == of).then_some(NodeUpdate::Server(field.status, field.base))
        }
        "camera" => {
            let status: CameraStatus = serde_json::from_slice(value).ok()?;
            (status.id.to_string() == of).then_some(NodeUpdate::Change(Change::Camera(status)))
        }
        "recording" => {
            let status: RecordingStatus = serde_json::from_slice(value).ok()?;
            (recording(&status.server, &status.name) == name).then_some(NodeUpdate::Change(Change::Recording(status)))
        }
        "host" => {
            let status: HostStatus = serde_json::from_slice(value).ok()?;
            let status = checked(status, Utc::now()).ok()?;
            (status.name == of).then(|| NodeUpdate::Change(Change::Host(Arc::new(status))))
        }
        _ => None,
    }
}

/// The end of what a field told of; `None` for a server and a host, which only fall silent, and for what is not understood.
pub(super) fn gone(name: &str) -> Option<Change> {
    let (kind, of) = name.split_once(':')?;
    match kind {
        "camera" => Some(Change::CameraGone { id: of.parse().ok()? }),
        "recording" => {
            let (server, name) = of.split_once('/')?;
            Some(Change::RecordingGone { server: server.to_owned(), name: StreamName::parse(name).ok()? })
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::sample;

    #[test]
    fn fields_come_back_and_rubbish_does_not() {
        let base = |server: &str| format!("p:{server}");
        let camera = Change::Camera(sample::camera(7, "gate"));
        let (name, value) = field(&camera, base).expect("a field");
        assert_eq!(read(&name, value.expect("a value").as_bytes()), Some(NodeUpdate::Change(camera)));
        assert_eq!(gone(&name), Some(Change::CameraGone { id: 7 }));
        let recording = Change::Recording(sample::recording("main", "cam/front"));
        let (name, value) = field(&recording, base).expect("a field");
        assert_eq!(name, "recording:main/cam/front");
        assert_eq!(read(&name, value.expect("a value").as_bytes()), Some(NodeUpdate::Change(recording)));
        let status = sample::server("two");
        let (name, value) = field(&Change::Server(status.clone()), base).expect("a field");
        let value = value.expect("a value");
        assert_eq!(read(&name, value.as_bytes()), Some(NodeUpdate::Server(status, "p:two".to_owned())));
        assert_eq!(gone(&name), None);
        let host = Change::Host(Arc::new(HostStatus { at: Utc::now(), ..sample::host("edge-1") }));
        let (name, told) = field(&host, base).expect("a field");
        assert_eq!(read(&name, told.expect("a value").as_bytes()), Some(NodeUpdate::Change(host)));
        assert_eq!((name.as_str(), gone(&name)), ("host:edge-1", None));
        for (name, value) in [("camera:8", "{}"), ("server:other", value.as_str()), ("x", "1"), ("camera:7", "\u{0}")] {
            assert_eq!(read(name, value.as_bytes()), None, "{name}");
        }
        assert_eq!(gone("recording:main/../x"), None);
    }
}
