//! Frames and what a browser makes of them.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

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

fn camera(path: &str) -> Change {
    Change::Camera(CameraStatus {
        label: Some("Eingang Süd".to_owned()),
        kind: "hikvision".to_owned(),
        record: false,
        since: at(0),
        restarts: 2,
        path: path.to_owned(),
        ..sample::camera(7, "front")
    })
}

fn json(frame: &FeedFrame) -> Value {
    serde_json::from_str(frame).expect("a frame is JSON")
}

/// Clients that all want the same, and what they have made of their frames.
struct Client {
    filter: FeedFilter,
    last: BTreeMap<FeedFilter, u64>,
    seq: u64,
    picture: BTreeMap<String, Value>,
}

impl Client {
    fn new(cache: &mut SnapshotCache, filter: FeedFilter) -> Self {
        let picture = shown(cache, &filter);
        Self { last: [(filter.clone(), cache.seq())].into(), seq: cache.seq(), filter, picture }
    }

    fn all(cache: &mut SnapshotCache) -> Self {
        Self::new(cache, FeedFilter::default())
    }

    fn flush(&mut self, cache: &mut SnapshotCache) -> Option<Value> {
        let frame = cache.flush(&mut self.last).remove(&self.filter)?;
        let frame = json(&frame);
        assert!(frame["prev"].as_u64() <= Some(self.seq) && frame["seq"].as_u64() > Some(self.seq), "no hole: {frame}");
        self.seq = frame["seq"].as_u64().expect("a number");
        self.apply(&frame);
        Some(frame)
    }

    /// As `web/src/store.ts` does it.
    fn apply(&mut self, frame: &Value) {
        for envelope in frame["remove"].as_array().expect("remove") {
            assert!(self.picture.remove(&id(envelope)).is_some(), "what goes was there: {envelope}");
        }
        for envelope in frame["upsert"].as_array().expect("upsert") {
            self.picture.insert(id(envelope), without_null(&envelope["item"]));
        }
        for envelope in frame["update"].as_array().expect("update") {
            let item = self.picture.get_mut(&id(envelope)).expect("what changes was there");
            let (item, changes) = (item.as_object_mut().expect("an item"), envelope["item"].as_object());
            item.extend(changes.expect("fields").clone());
            *item = without_null(&Value::Object(std::mem::take(item))).as_object().expect("an item").clone();
        }
    }
}

/// A field that is null and one that is not there mean the same.
fn without_null(item: &Value) -> Value {
    let fields = item.as_object().expect("an item").iter().filter(|(_, value)| !value.is_null());
    Value::Object(fields.map(|(name, value)| (name.clone(), value.clone())).collect::<Map<_, _>>())
}

fn id(envelope: &Value) -> String {
    match (envelope["kind"].as_str(), &envelope["item"]) {
        (Some("camera"), item) => format!("camera {}", item["id"]),
        (Some(kind), item) => format!("{kind} {} {}", item["server"], item["name"]),
        (None, _) => unreachable!("every item has a kind"),
    }
}

/// What the snapshot shows.
fn shown(cache: &mut SnapshotCache, filter: &FeedFilter) -> BTreeMap<String, Value> {
    let frames: Vec<Value> = cache.snapshot(filter).iter().map(json).collect();
    let items = frames.iter().flat_map(|frame| frame["items"].as_array().expect("items"));
    items.map(|envelope| (id(envelope), without_null(&envelope["item"]))).collect()
}

fn filled() -> SnapshotCache {
    let mut cache = SnapshotCache::default();
    cache.replace(Latest::default());
    cache
}

#[test]
fn changes_of_one_frame_become_one_delta_with_the_last_word() {
    let mut cache = filled();
    let empty = json!({"type": "snapshot", "seq": 1, "part": 1, "parts": 1, "items": []});
    assert_eq!(json(&cache.snapshot(&FeedFilter::default())[0]), empty);
    let mut client = Client::all(&mut cache);
    assert!(cache.note(&[stream("a", 1), stream("b", 1)]));
    assert!(cache.note(&[stream("a", 2), gone("b")]));
    let delta = client.flush(&mut cache).expect("a change");
    assert_eq!((&delta["seq"], &delta["prev"]), (&json!(2), &json!(1)));
    assert_eq!(delta["upsert"].as_array().map(Vec::len), Some(1));
    assert_eq!(delta["upsert"][0]["item"]["bytesReceived"], 2);
    assert_eq!(delta["remove"], json!([]), "nobody has seen b, so nobody needs to forget it");
    assert_eq!(client.flush(&mut cache), None, "nothing to tell, no frame");
    assert_eq!(cache.seq(), 2);
}

#[test]
fn a_change_tells_what_identifies_the_thing_and_what_changed() {
    let mut cache = filled();
    let mut client = Client::all(&mut cache);
    let late = |reason: Option<&str>, bytes| {
        let reason = reason.map(str::to_owned);
        Change::Stream(Arc::new(StreamStatus {
            since: at(0),
            bytes_received: bytes,
            reason,
            ..sample::stream("main", "a")
        }))
    };
    cache.note(&[late(None, 1)]);
    client.flush(&mut cache);
    cache.note(&[late(Some("slow"), 2)]);
    let delta = client.flush(&mut cache).expect("a change");
    let key = json!({"server": "main", "name": "a"});
    assert_eq!(delta["update"][0]["kind"], "stream");
    let mut wanted = key.clone();
    wanted["bytesReceived"] = json!(2);
    wanted["reason"] = json!("slow");
    assert_eq!(delta["update"][0]["item"], wanted);
    cache.note(&[late(None, 2)]);
    let delta = client.flush(&mut cache).expect("a change");
    let mut wanted = key;
    wanted["reason"] = Value::Null;
    assert_eq!(delta["update"][0]["item"], wanted, "what is no longer there is null");
    assert_eq!((&delta["upsert"], &delta["remove"]), (&json!([]), &json!([])));
}

#[test]
fn a_change_that_changes_nothing_is_not_told() {
    let mut cache = filled();
    let mut client = Client::all(&mut cache);
    cache.note(&[stream("a", 1)]);
    client.flush(&mut cache);
    assert!(!cache.note(&[stream("a", 1), gone("never-seen")]));
    assert!(!cache.note(&[stream("a", 9), stream("a", 1)]), "there and back again within a frame");
    assert_eq!(client.flush(&mut cache), None);
}

#[test]
fn every_item_has_one_kind_and_a_camera_keeps_its_own() {
    let mut cache = SnapshotCache::default();
    let server = ServerStatus { since: at(0), ..sample::server("main") };
    cache.replace(Latest { servers: vec![server], ..Latest::default() });
    let mut client = Client::all(&mut cache);
    cache.note(&[camera("front")]);
    client.flush(&mut cache);
    let items = json(&cache.snapshot(&FeedFilter::default())[0])["items"].clone();
    assert_eq!((&items[0]["kind"], &items[0]["item"]["name"]), (&json!("server"), &json!("main")));
    assert_eq!((&items[1]["kind"], &items[1]["item"]["kind"]), (&json!("camera"), &json!("hikvision")));
    assert_eq!(items[1]["item"]["label"], json!("Eingang Süd"));
    cache.note(&[Change::CameraGone { id: 7 }]);
    let delta = client.flush(&mut cache).expect("a change");
    assert_eq!(delta["remove"], json!([{"kind": "camera", "item": {"id": 7}}]));
}

#[test]
fn a_filter_hears_only_of_its_own_and_sees_no_hole() {
    let mut cache = filled();
    let site = FeedFilter { prefix: Some("site/".to_owned()), ..FeedFilter::default() };
    let mut client = Client::new(&mut cache, site);
    for bytes in 1..4 {
        cache.note(&[stream("other", bytes)]);
        assert_eq!(client.flush(&mut cache), None, "not its own");
    }
    cache.note(&[stream("site/a", 1), stream("other", 9)]);
    let delta = client.flush(&mut cache).expect("its own");
    assert_eq!(delta["upsert"].as_array().map(Vec::len), Some(1));
    assert_eq!((&delta["seq"], &delta["prev"]), (&json!(5), &json!(1)));
    // A camera that moves into what it sees, and out of it.
    cache.note(&[camera("front")]);
    assert_eq!(client.flush(&mut cache), None);
    cache.note(&[camera("site/front")]);
    assert_eq!(client.flush(&mut cache).expect("it came")["upsert"][0]["item"]["id"], 7);
    cache.note(&[camera("front")]);
    assert_eq!(client.flush(&mut cache).expect("it went")["remove"][0]["item"], json!({"id": 7}));
    cache.note(&[Change::CameraGone { id: 7 }]);
    assert_eq!(client.flush(&mut cache), None, "it was gone for this one");
}

#[test]
fn a_great_snapshot_comes_in_parts() {
    let mut cache = filled();
    let streams: Vec<Change> = (0..3_000).map(|n| stream(&format!("site/{n:04}"), n)).collect();
    cache.note(&streams);
    cache.flush(&mut BTreeMap::new());
    let frames = cache.snapshot(&FeedFilter::default()).to_vec();
    assert!(frames.len() > 2, "{} parts", frames.len());
    assert!(frames.iter().all(|frame| frame.len() < 300_000));
    let heads: Vec<Value> = frames.iter().map(json).collect();
    let (seq, parts) = (cache.seq(), frames.len());
    for (index, head) in heads.iter().enumerate() {
        let wanted = (&json!(seq), &json!(index + 1), &json!(parts));
        assert_eq!((&head["seq"], &head["part"], &head["parts"]), wanted);
    }
    assert_eq!(shown(&mut cache, &FeedFilter::default()).len(), 3_000);
}

proptest! {
    /// Whatever happens, frames lead to the picture that a snapshot of the same number shows, for every filter.
    #[test]
    fn deltas_lead_to_the_later_snapshot(ticks in proptest::collection::vec(
        proptest::collection::vec((0..6_u8, 0..3_u8, 0..3_u64), 0..6), 0..12)) {
        let mut cache = filled();
        let server = FeedFilter { server: Some("main".to_owned()), ..FeedFilter::default() };
        let prefix = FeedFilter { prefix: Some("b".to_owned()), ..FeedFilter::default() };
        let filters = [FeedFilter::default(), server, prefix];
        let mut clients: Vec<Client> = filters.map(|filter| Client::new(&mut cache, filter)).into();
        for tick in ticks {
            let changes: Vec<Change> = tick.into_iter().map(|(what, name, number)| {
                let name = ["a", "b", "bc"][usize::from(name)];
                match what {
                    0 | 1 => stream(name, number),
                    2 => gone(name),
                    3 => camera(name),
                    4 => Change::CameraGone { id: 7 },
                    _ => Change::Server(ServerStatus { since: at(number as i64), ..sample::server("main") }),
                }
            }).collect();
            cache.note(&changes);
            let mut last: BTreeMap<FeedFilter, u64> = clients.iter().flat_map(|client| client.last.clone()).collect();
            let frames = cache.flush(&mut last);
            for client in &mut clients {
                if let Some(frame) = frames.get(&client.filter) {
                    client.apply(&json(frame));
                }
                client.last.clone_from(&last.clone().into_iter().filter(|(filter, _)| *filter == client.filter).collect());
                prop_assert_eq!(&client.picture, &shown(&mut cache, &client.filter));
            }
        }
    }
}
