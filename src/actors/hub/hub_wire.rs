//! The texts a browser gets: one JSON object per thing, and the frames around them.
//!
//! ```text
//! {"type":"snapshot","seq":n,"items":[ENVELOPE,...]}
//! {"type":"delta","seq":n+1,"upsert":[ENVELOPE,...],"remove":[ENVELOPE,...]}
//! ```
//!
//! An ENVELOPE is `{"kind":KIND,"item":ITEM}`. ITEM is the thing's own JSON, as in the API; in `remove` it is what identifies
//! it. A new kind is a new [`ItemKey`] and its lines in the functions below it; the page has one place too
//! (`web/src/store.ts`). `web/src/feed.fixture.json` has one of each, and tests of both sides read it.

use std::sync::Arc;

use bytestring::ByteString;
use serde::Serialize;

use crate::adapters::live::{Change, Latest};
use crate::domain::name::StreamName;

/// What identifies an item; also the form of a `remove` entry. The order is the order of a snapshot.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(tag = "kind", content = "item", rename_all = "lowercase")]
pub(super) enum ItemKey {
    Server { name: String },
    Camera { id: i64 },
    Stream { server: String, name: StreamName },
    Recording { server: String, name: StreamName },
}

/// Whom a change is about.
pub(super) fn key(change: &Change) -> ItemKey {
    match change {
        Change::Server(status) => ItemKey::Server { name: status.name.clone() },
        Change::Stream(status) => ItemKey::Stream { server: status.server.clone(), name: status.name.clone() },
        Change::StreamGone { server, name } => ItemKey::Stream { server: server.clone(), name: name.clone() },
        Change::Camera(status) => ItemKey::Camera { id: status.id },
        Change::CameraGone { id } => ItemKey::Camera { id: *id },
        Change::Recording(status) => ItemKey::Recording { server: status.server.clone(), name: status.name.clone() },
        Change::RecordingGone { server, name } => ItemKey::Recording { server: server.clone(), name: name.clone() },
    }
}

/// Whether the thing is no longer there.
pub(super) fn is_gone(change: &Change) -> bool {
    match change {
        Change::Server(_) | Change::Stream(_) | Change::Camera(_) | Change::Recording(_) => false,
        Change::StreamGone { .. } | Change::CameraGone { .. } | Change::RecordingGone { .. } => true,
    }
}

/// The text of a change; `None` when the thing is gone.
pub(super) fn item(change: &Change) -> Option<Box<str>> {
    match change {
        Change::Server(status) => text("server", status),
        Change::Stream(status) => text("stream", status.as_ref()),
        Change::Camera(status) => text("camera", status),
        Change::Recording(status) => text("recording", status),
        Change::StreamGone { .. } | Change::CameraGone { .. } | Change::RecordingGone { .. } => None,
    }
}

/// Everything that is true now, as changes.
pub(super) fn everything(latest: Latest) -> impl Iterator<Item = Change> {
    let servers = latest.servers.into_iter().map(Change::Server);
    let cameras = latest.cameras.into_iter().map(Change::Camera);
    let streams = latest.streams.into_iter().map(|status| Change::Stream(Arc::new(status)));
    let recordings = latest.recordings.into_iter().map(Change::Recording);
    servers.chain(cameras).chain(streams).chain(recordings)
}

/// A frame with everything.
pub(super) fn snapshot<'a>(seq: u64, items: impl Iterator<Item = &'a str>) -> ByteString {
    let mut out = format!(r#"{{"type":"snapshot","seq":{seq},"items":["#);
    list(&mut out, items);
    out.push_str("]}");
    out.into()
}

/// A frame with what changed since the frame before it.
pub(super) fn delta<'a>(
    seq: u64,
    upsert: impl Iterator<Item = &'a str>,
    remove: impl Iterator<Item = &'a ItemKey>,
) -> ByteString {
    let mut out = format!(r#"{{"type":"delta","seq":{seq},"upsert":["#);
    list(&mut out, upsert);
    out.push_str(r#"],"remove":["#);
    let keys: Vec<String> = remove.filter_map(|key| serde_json::to_string(key).ok()).collect();
    list(&mut out, keys.iter().map(String::as_str));
    out.push_str("]}");
    out.into()
}

fn list<'a>(out: &mut String, parts: impl Iterator<Item = &'a str>) {
    for (index, part) in parts.enumerate() {
        if index > 0 {
            out.push(',');
        }
        out.push_str(part);
    }
}

/// `{"a":1}` becomes `{"kind":"stream","item":{"a":1}}`. `None` would remove the item; these types always serialise.
fn text(kind: &str, status: &impl Serialize) -> Option<Box<str>> {
    let item = serde_json::to_string(status).ok()?;
    Some(format!(r#"{{"kind":"{kind}","item":{item}}}"#).into_boxed_str())
}

#[cfg(test)]
#[path = "hub_wire_tests.rs"]
mod tests;
