//! The state all browsers share: the items as of `seq`, and the changes waiting for the next tick.
//!
//! Plain data: told what happened, gives frames out. Never reads the clock and sends nothing.

use std::collections::BTreeMap;

use bytestring::ByteString;

use super::hub_wire::{self, ItemKey};
use crate::adapters::live::{Change, Latest};

/// Items as of `seq`, and what changed since.
#[derive(Default)]
pub(super) struct SnapshotCache {
    seq: u64,
    items: BTreeMap<ItemKey, Item>,
    waiting: BTreeMap<ItemKey, Option<Item>>,
    /// Text of the snapshot as of `seq`: a hundred browsers that come in one tick share it.
    snapshot: Option<ByteString>,
}

/// A thing as it was told. Its text is made once, and only when somebody is there to read it.
struct Item {
    told: Change,
    text: Option<Box<str>>,
}

impl Item {
    fn text(&mut self) -> &str {
        self.text.get_or_insert_with(|| hub_wire::item(&self.told).unwrap_or_default())
    }
}

impl SnapshotCache {
    /// Number of the last frame.
    pub(super) fn seq(&self) -> u64 {
        self.seq
    }

    /// Forgets everything and takes this instead; whoever has an older picture needs the snapshot.
    pub(super) fn replace(&mut self, latest: Latest) {
        self.seq += 1;
        self.waiting.clear();
        self.snapshot = None;
        let items = hub_wire::everything(latest).map(|told| (hub_wire::key(&told), Item { told, text: None }));
        self.items = items.collect();
    }

    /// Notes changes for the next tick. True when there is something to tell: a change that changes nothing is dropped.
    pub(super) fn note(&mut self, changes: &[Change]) -> bool {
        for change in changes {
            let (key, is_gone) = (hub_wire::key(change), hub_wire::is_gone(change));
            let changes_nothing = match self.items.get(&key) {
                Some(known) => known.told == *change,
                None => is_gone,
            };
            if changes_nothing {
                self.waiting.remove(&key);
            } else {
                let item = (!is_gone).then(|| Item { told: change.clone(), text: None });
                self.waiting.insert(key, item);
            }
        }
        !self.waiting.is_empty()
    }

    /// The waiting changes as one frame; `None` when there are none.
    pub(super) fn flush(&mut self) -> Option<ByteString> {
        if self.waiting.is_empty() {
            return None;
        }
        let (upsert, remove): (Vec<_>, Vec<_>) = self.waiting.iter_mut().partition(|(_, item)| item.is_some());
        let upsert = upsert.into_iter().filter_map(|(_, item)| item.as_mut().map(Item::text));
        let frame = hub_wire::delta(self.seq + 1, upsert, remove.into_iter().map(|(key, _)| key));
        self.pass();
        Some(frame)
    }

    /// Takes up the waiting changes without telling anybody: nobody is there.
    pub(super) fn pass(&mut self) {
        if self.waiting.is_empty() {
            return;
        }
        self.seq += 1;
        self.snapshot = None;
        for (key, item) in std::mem::take(&mut self.waiting) {
            match item {
                Some(item) => self.items.insert(key, item),
                None => self.items.remove(&key),
            };
        }
    }

    /// Everything as of `seq`; waiting changes come with the next delta.
    pub(super) fn snapshot(&mut self) -> ByteString {
        let (seq, items) = (self.seq, &mut self.items);
        self.snapshot.get_or_insert_with(|| hub_wire::snapshot(seq, items.values_mut().map(Item::text))).clone()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use chrono::{DateTime, Utc};
    use serde_json::{Value, json};

    use super::*;
    use crate::domain::camera::CameraStatus;
    use crate::domain::name::StreamName;
    use crate::domain::sample;
    use crate::domain::stream::{ServerStatus, StreamStatus};

    fn at(second: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000 + second, 0).expect("a valid time")
    }

    fn stream(name: &str, bytes: u64) -> Change {
        Change::Stream(Arc::new(StreamStatus { since: at(0), bytes_received: bytes, ..sample::stream("main", name) }))
    }

    fn gone(name: &str) -> Change {
        Change::StreamGone { server: "main".to_owned(), name: StreamName::parse(name).expect(name) }
    }

    fn camera() -> Change {
        Change::Camera(CameraStatus {
            label: Some("Eingang Süd".to_owned()),
            kind: "hikvision".to_owned(),
            record: false,
            since: at(0),
            restarts: 2,
            ..sample::camera(7, "front")
        })
    }

    fn json(frame: &ByteString) -> Value {
        serde_json::from_str(frame).expect("a frame is JSON")
    }

    /// What a browser does with frames: the picture it must end up with is the snapshot of the same `seq`.
    fn apply(picture: &mut BTreeMap<String, Value>, frame: &Value) {
        let key = |envelope: &Value| match (envelope["kind"].as_str(), &envelope["item"]) {
            (Some("camera"), item) => format!("camera {}", item["id"]),
            (Some(kind), item) => format!("{kind} {} {}", item["server"], item["name"]),
            (None, _) => unreachable!("every item has a kind"),
        };
        for item in frame["upsert"].as_array().expect("upsert") {
            picture.insert(key(item), item.clone());
        }
        for item in frame["remove"].as_array().expect("remove") {
            picture.remove(&key(item));
        }
    }

    #[test]
    fn changes_of_one_tick_become_one_delta_with_the_last_word() {
        let mut cache = SnapshotCache::default();
        cache.replace(Latest::default());
        assert_eq!(json(&cache.snapshot()), json!({"type": "snapshot", "seq": 1, "items": []}));
        assert!(cache.note(&[stream("a", 1), stream("b", 1)]));
        assert!(cache.note(&[stream("a", 2), gone("b")]));
        let delta = json(&cache.flush().expect("a change"));
        assert_eq!(delta["seq"], 2);
        assert_eq!(delta["upsert"].as_array().map(Vec::len), Some(1));
        assert_eq!(delta["upsert"][0]["item"]["bytesReceived"], 2);
        assert_eq!(delta["remove"], json!([]), "nobody has seen b, so nobody needs to forget it");
        assert_eq!(cache.flush(), None, "a quiet tick has no frame");
        assert_eq!(cache.seq(), 2);
    }

    #[test]
    fn a_change_that_changes_nothing_is_not_told() {
        let mut cache = SnapshotCache::default();
        cache.replace(Latest::default());
        cache.note(&[stream("a", 1)]);
        cache.flush();
        assert!(!cache.note(&[stream("a", 1), gone("never-seen")]));
        assert!(!cache.note(&[stream("a", 9), stream("a", 1)]), "there and back again within a tick");
        assert_eq!(cache.flush(), None);
    }

    #[test]
    fn snapshot_plus_deltas_is_the_later_snapshot() {
        let mut cache = SnapshotCache::default();
        cache.replace(Latest::default());
        let mut picture = BTreeMap::new();
        let ticks = [
            vec![stream("a", 1), camera()],
            vec![stream("a", 5), stream("b", 1)],
            vec![gone("a"), Change::CameraGone { id: 7 }],
            vec![stream("a", 1)],
        ];
        for tick in ticks {
            cache.note(&tick);
            apply(&mut picture, &json(&cache.flush().expect("a change")));
            let snapshot = json(&cache.snapshot());
            let items: Vec<Value> = snapshot["items"].as_array().expect("items").clone();
            assert_eq!(picture.values().cloned().collect::<Vec<_>>(), items);
        }
    }

    #[test]
    fn every_item_has_one_kind_and_a_camera_keeps_its_own() {
        let mut cache = SnapshotCache::default();
        let server = ServerStatus { since: at(0), ..sample::server("main") };
        cache.replace(Latest { servers: vec![server], ..Latest::default() });
        cache.note(&[camera()]);
        cache.flush();
        let snapshot = cache.snapshot();
        let items = json(&snapshot)["items"].clone();
        assert_eq!((&items[0]["kind"], &items[0]["item"]["name"]), (&json!("server"), &json!("main")));
        assert_eq!((&items[1]["kind"], &items[1]["item"]["kind"]), (&json!("camera"), &json!("hikvision")));
        assert_eq!(items[1]["item"]["label"], json!("Eingang Süd"));
        cache.note(&[Change::CameraGone { id: 7 }]);
        let delta = json(&cache.flush().expect("a change"));
        assert_eq!(delta["remove"], json!([{"kind": "camera", "item": {"id": 7}}]));
    }
}
