//! The texts a browser gets: one JSON object per thing, and the frames around them.
//!
//! ```text
//! {"type":"snapshot","seq":n,"part":1,"parts":k,"items":[ENVELOPE,...]}   (k frames of one seq)
//! {"type":"delta","seq":n,"prev":m,"upsert":[ENVELOPE,...],"update":[ENVELOPE,...],"remove":[ENVELOPE,...]}
//! ```
//!
//! An ENVELOPE is `{"kind":KIND,"item":ITEM}`. ITEM is the thing's own JSON, as in the API; in `update` it is what identifies
//! the thing and the fields that changed (`null` where a field is no longer there), in `remove` only what identifies it. `prev`
//! is the number of the frame that this client got before, or less: whoever has an older one has a hole.
//!
//! A new kind is a new [`ItemKey`] and its lines in the functions below it; the page has one place too
//! (`web/src/store.ts`). `web/src/feed.fixture.json` has one of each, and tests of both sides read it.

use std::sync::Arc;

use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;
use uuid::Uuid;

use super::feed_frame::FeedFrame;
use crate::adapters::live::{Change, Latest};
use crate::base::SharedText;
use crate::domain::name::StreamName;

/// The words of the feed.
pub(super) const KINDS: [&str; 7] = ["server", "camera", "stream", "recording", "maintenance", "host", "incident"];

/// A snapshot is cut into frames of about so many bytes, so that a page can draw the first while the last is on its way, and
/// a frame of ten thousand streams does not hold up what else the connection carries.
const PART: usize = 256 * 1024;

/// What identifies an item; also the form of a `remove` entry. The order is the order of a snapshot.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(tag = "kind", content = "item", rename_all = "lowercase")]
pub(super) enum ItemKey {
    Server { name: String },
    Camera { id: i64 },
    Stream { server: SharedText, name: StreamName },
    Recording { server: String, name: StreamName },
    Maintenance { key: String },
    Host { name: String },
    Incident { id: Uuid },
}

/// Whom a change is about.
pub(super) fn key(change: &Change) -> ItemKey {
    match change {
        Change::Server(status) => ItemKey::Server { name: status.name.clone() },
        Change::Stream(status) => ItemKey::Stream { server: status.server.clone(), name: status.name.clone() },
        Change::StreamGone { server, name } => ItemKey::Stream { server: server.as_str().into(), name: name.clone() },
        Change::Camera(status) => ItemKey::Camera { id: status.id },
        Change::CameraGone { id } => ItemKey::Camera { id: *id },
        Change::Recording(status) => ItemKey::Recording { server: status.server.clone(), name: status.name.clone() },
        Change::RecordingGone { server, name } => ItemKey::Recording { server: server.clone(), name: name.clone() },
        Change::Maintenance(one) => ItemKey::Maintenance { key: one.key.clone() },
        Change::MaintenanceGone { key } => ItemKey::Maintenance { key: key.clone() },
        Change::Host(status) => ItemKey::Host { name: status.name.clone() },
        Change::HostGone { name } => ItemKey::Host { name: name.clone() },
        Change::Incident(incident) => ItemKey::Incident { id: incident.id },
        Change::IncidentGone { id } => ItemKey::Incident { id: *id },
    }
}

/// Whether the thing is no longer there.
pub(super) fn is_gone(change: &Change) -> bool {
    match change {
        Change::Server(_)
        | Change::Stream(_)
        | Change::Camera(_)
        | Change::Recording(_)
        | Change::Maintenance(_)
        | Change::Host(_)
        | Change::Incident(_) => false,
        Change::StreamGone { .. }
        | Change::CameraGone { .. }
        | Change::RecordingGone { .. }
        | Change::MaintenanceGone { .. }
        | Change::HostGone { .. }
        | Change::IncidentGone { .. } => true,
    }
}

/// The JSON of the thing itself; `None` when it is gone.
pub(super) fn item(change: &Change) -> Option<Box<str>> {
    match change {
        Change::Server(status) => text(status),
        Change::Stream(status) => text(status.as_ref()),
        Change::Camera(status) => text(status),
        Change::Recording(status) => text(status),
        Change::Maintenance(maintenance) => text(maintenance),
        Change::Host(status) => text(status.as_ref()),
        Change::Incident(incident) => text(incident.as_ref()),
        Change::StreamGone { .. }
        | Change::CameraGone { .. }
        | Change::RecordingGone { .. }
        | Change::MaintenanceGone { .. }
        | Change::HostGone { .. }
        | Change::IncidentGone { .. } => None,
    }
}

/// Everything that is true now, as changes.
pub(super) fn everything(latest: Latest) -> impl Iterator<Item = Change> {
    let servers = latest.servers.into_iter().map(Change::Server);
    let cameras = latest.cameras.into_iter().map(Change::Camera);
    let streams = latest.streams.into_iter().map(|status| Change::Stream(Arc::new(status)));
    let recordings = latest.recordings.into_iter().map(Change::Recording);
    let maintenance = latest.maintenance.into_iter().map(Change::Maintenance);
    let hosts = latest.hosts.into_iter().map(|status| Change::Host(Arc::new(status)));
    let incidents = latest.incidents.into_iter().map(|incident| Change::Incident(Arc::new(incident)));
    servers.chain(cameras).chain(streams).chain(recordings).chain(maintenance).chain(hosts).chain(incidents)
}

/// `{"a":1}` of a stream becomes `{"kind":"stream","item":{"a":1}}`.
pub(super) fn envelope(key: &ItemKey, item: &str) -> String {
    let kind = match key {
        ItemKey::Server { .. } => "server",
        ItemKey::Camera { .. } => "camera",
        ItemKey::Stream { .. } => "stream",
        ItemKey::Recording { .. } => "recording",
        ItemKey::Maintenance { .. } => "maintenance",
        ItemKey::Host { .. } => "host",
        ItemKey::Incident { .. } => "incident",
    };
    format!(r#"{{"kind":"{kind}","item":{item}}}"#)
}

/// The entry of a thing that is gone.
pub(super) fn removal(key: &ItemKey) -> String {
    // Names and numbers always serialise.
    serde_json::to_string(key).unwrap_or_default()
}

/// The entry with what identifies the thing and the fields in which `new` differs from `old`; `None` when none does. Both are
/// texts of [`item`].
pub(super) fn difference(key: &ItemKey, old: &str, new: &str) -> Option<String> {
    if old == new {
        return None;
    }
    let (Ok(was), Ok(is)) = (fields(old), fields(new)) else { return Some(envelope(key, new)) };
    let changed = is.0.iter().enumerate().filter(|(index, (name, value))| was.value(*index, name) != Some(value.get()));
    let changed = changed.map(|(_, (name, value))| (*name, value.get()));
    let gone = was.0.iter().enumerate().filter(|(index, (name, _))| is.value(*index, name).is_none());
    let gone = gone.map(|(_, (name, _))| (*name, "null"));
    let mut entry = removal(key);
    // What closes the item and its envelope.
    entry.truncate(entry.len().saturating_sub(2));
    for (name, value) in changed.chain(gone) {
        entry.push_str(",\"");
        entry.push_str(name);
        entry.push_str("\":");
        entry.push_str(value);
    }
    entry.push_str("}}");
    Some(entry)
}

/// The fields of an object in their order, each with its text. An error where a name has escapes: ours have none.
fn fields(object: &str) -> serde_json::Result<Fields<'_>> {
    serde_json::from_str(object)
}

struct Fields<'a>(Vec<(&'a str, &'a RawValue)>);

impl<'a> Fields<'a> {
    /// The text of a field that probably has this place: two texts of one kind of thing have most fields in common.
    fn value(&self, place: usize, name: &str) -> Option<&'a str> {
        let there = self.0.get(place).filter(|(other, _)| *other == name);
        there.or_else(|| self.0.iter().find(|(other, _)| *other == name)).map(|(_, value)| value.get())
    }
}

impl<'de> Deserialize<'de> for Fields<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder;
        impl<'de> Visitor<'de> for InOrder {
            type Value = Fields<'de>;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut fields = Vec::with_capacity(32);
                while let Some(field) = map.next_entry()? {
                    fields.push(field);
                }
                Ok(Fields(fields))
            }
        }
        deserializer.deserialize_map(InOrder)
    }
}

/// Frames with everything.
pub(super) fn snapshot(seq: u64, entries: impl Iterator<Item = String>) -> Vec<FeedFrame> {
    let mut parts = vec![String::new()];
    for entry in entries {
        match parts.last_mut() {
            Some(part) if part.is_empty() => part.push_str(&entry),
            Some(part) if part.len() + entry.len() < PART => {
                part.push(',');
                part.push_str(&entry);
            }
            _ => parts.push(entry),
        }
    }
    let count = parts.len();
    let frame = |(index, items): (usize, &String)| {
        format!(r#"{{"type":"snapshot","seq":{seq},"part":{},"parts":{count},"items":[{items}]}}"#, index + 1).into()
    };
    parts.iter().enumerate().map(frame).collect()
}

/// The entries of a delta.
#[derive(Default)]
pub(super) struct Delta<'a> {
    pub(super) upsert: Vec<&'a str>,
    pub(super) update: Vec<&'a str>,
    pub(super) remove: Vec<&'a str>,
}

impl Delta<'_> {
    /// A frame with what changed since the frame `prev`; `None` when there is nothing to tell.
    pub(super) fn frame(&self, seq: u64, prev: u64) -> Option<FeedFrame> {
        if self.upsert.is_empty() && self.update.is_empty() && self.remove.is_empty() {
            return None;
        }
        let (upsert, update, remove) = (self.upsert.join(","), self.update.join(","), self.remove.join(","));
        let frame = format!(
            r#"{{"type":"delta","seq":{seq},"prev":{prev},"upsert":[{upsert}],"update":[{update}],"remove":[{remove}]}}"#
        );
        Some(frame.into())
    }
}

/// `None` would remove the item; these types always serialise.
fn text(status: &impl Serialize) -> Option<Box<str>> {
    serde_json::to_string(status).ok().map(String::into_boxed_str)
}

#[cfg(test)]
#[path = "hub_wire_tests.rs"]
mod tests;
