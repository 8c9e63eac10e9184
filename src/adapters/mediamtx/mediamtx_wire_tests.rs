//! Table test of the wire types: answers of real servers, 1.3 to 1.20, and answers as odd as they come.

use std::time::Duration;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::mediamtx_wire::{SrtConn, WirePage, WirePath, merge_srt, wants_srt};
use crate::domain::moment::Moment;
use crate::domain::stream::StreamState::{Live, Offline};
use crate::domain::stream::{PathReading, PathSeen, PathSource, SrtReading, StreamMemory, StreamTrack};

fn fixture(version: &str, file: &str) -> String {
    let path = format!("{}/tests/fixtures/mediamtx-{version}/{file}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(&path).expect(&path)
}

fn listing(text: &str) -> Vec<PathReading> {
    let page: WirePage<WirePath> = serde_json::from_str(text).expect("a page");
    let items = page.items.0.expect("items");
    items.into_iter().filter_map(|item| item.0).map(|path| path.reading().expect("a good name")).collect()
}

fn connections(text: &str) -> Vec<SrtConn> {
    let page: WirePage<SrtConn> = serde_json::from_str(text).expect("a page");
    page.items.0.expect("items").into_iter().filter_map(|item| item.0).collect()
}

fn find<'a>(paths: &'a [PathReading], name: &str) -> &'a PathReading {
    paths.iter().find(|path| path.name.as_str() == name).expect(name)
}

#[test]
fn every_version_has_the_same_normal_form() {
    for version in ["1.3.1", "1.9.3", "1.12.3", "1.20.1"] {
        let mut paths = listing(&fixture(version, "paths_list.json"));
        assert!(wants_srt(&paths), "{version}");
        merge_srt(&mut paths, connections(&fixture(version, "srtconns_list.json")));

        let cam = find(&paths, "cam/front");
        assert!(cam.available && cam.online && cam.available_since.is_some(), "{version}: {cam:?}");
        assert!(cam.bytes_received > 700_000 && cam.bytes_sent > 400_000, "{version}: {cam:?}");
        let codecs: Vec<&str> = cam.tracks.iter().map(|track| track.codec.as_str()).collect();
        assert_eq!(codecs, ["H264", "MPEG-4 Audio"], "{version}");
        assert_eq!(cam.source.as_ref().expect("source").kind, "rtspSession", "{version}");
        assert_eq!(cam.srt, None, "{version}");

        let idle = find(&paths, "idle-publisher");
        assert!(!idle.available && !idle.online && idle.source.is_none() && idle.readers == 0, "{version}: {idle:?}");

        let pull = find(&paths, "unreachable-pull");
        assert!(!pull.available && pull.available_since.is_none(), "{version}: {pull:?}");
        assert_eq!(pull.online, version == "1.20.1", "{version}");
        assert_eq!(pull.source, Some(PathSource { kind: "rtspSource".into(), id: "".into() }), "{version}");
    }
}

#[test]
fn details_that_1_20_tells() {
    let mut paths = listing(&fixture("1.20.1", "paths_list.json"));
    assert_eq!(paths.len(), 10);
    merge_srt(&mut paths, connections(&fixture("1.20.1", "srtconns_list.json")));

    let cam = find(&paths, "cam/front");
    let video = StreamTrack { codec: "H264".into(), width: Some(640), height: Some(360), ..StreamTrack::default() };
    assert_eq!(cam.tracks[0], StreamTrack { profile: Some("Baseline".into()), ..video });
    let audio = StreamTrack {
        codec: "MPEG-4 Audio".into(),
        sample_rate: Some(48_000),
        channels: Some(1),
        ..StreamTrack::default()
    };
    assert_eq!(cam.tracks[1], audio);
    assert_eq!(cam.readers, 2);

    let always = find(&paths, "always");
    assert!(always.available && !always.online && always.source.is_none() && always.bytes_received > 0);

    let srt = find(&paths, "contrib/srt").srt.expect("numbers of the publishing connection");
    let near = |a: f64, b: f64| (a - b).abs() < 1e-9;
    let SrtReading { rtt, recv_rate_mbps, link_capacity_mbps, loss_rate, retransmitted } = srt;
    assert_eq!(retransmitted, Some(0));
    assert!(near(rtt, 0.432275111794) && near(recv_rate_mbps, 1.901914601991), "{srt:?}");
    assert!(near(link_capacity_mbps, 1723.698943158) && near(loss_rate, 0.0), "{srt:?}");
}

#[test]
fn the_states_that_follow() {
    let old = [("cam/front", Live), ("contrib/rtmp", Live), ("contrib/srt", Live), ("idle-publisher", Offline)];
    let new = [("always", Offline), ("ondemand", Offline), ("unreachable-pull", Offline), ("pull-loop", Live), old[0]];
    let at = Moment { wall: chrono::DateTime::UNIX_EPOCH, steady: Duration::ZERO };
    for (version, wanted) in [("1.3.1", &old[..]), ("1.9.3", &old), ("1.12.3", &old), ("1.20.1", &new)] {
        let paths = listing(&fixture(version, "paths_list.json"));
        for (name, state) in wanted {
            let reading = find(&paths, name).clone();
            let told = StreamMemory::new("main", reading.name.clone()).observe(PathSeen::Listed(reading), at);
            assert_eq!(told.status.state, *state, "{name} of {version}");
        }
    }
}

#[test]
fn srt_connections_without_numbers_are_normal() {
    let mut paths = listing(&fixture("1.3.1", "paths_list.json"));
    merge_srt(&mut paths, connections(&fixture("1.3.1", "srtconns_list.json")));
    assert_eq!(find(&paths, "contrib/srt").srt, None);
}

#[test]
fn odd_values_cost_no_more_than_themselves() {
    let text = json!({"itemCount": "many", "pageCount": null, "more": [1], "items": [
        null,
        7,
        {"name": "bare"},
        {"name": "odd", "ready": "yes", "source": "none", "tracks": null, "readers": [null, {"type": 5}],
         "bytesReceived": 12.0, "bytesSent": -4, "availableTime": "yesterday", "new": {"deep": [{}]}},
        {"name": "new", "available": true, "availableTime": "2026-08-20T12:00:00.5+02:00",
         "source": {"type": "quantumSession", "extra": 1}, "tracks": ["H264"],
         "tracks2": [null, {"codec": "VP9", "codecProps": {"profile": 2}}, {"codec": "AV1", "codecProps":
         {"width": 0, "height": 0, "profile": "", "sampleRate": null}}, {"codecProps": {}}]},
        {"name": "rtc", "ready": true, "source": {"type": "webrtcSession", "id": "x"}, "tracks2": [], "tracks": ["VP8"]},
    ]});
    let paths = listing(&text.to_string());
    let names: Vec<&str> = paths.iter().map(|path| path.name.as_str()).collect();
    assert_eq!(names, ["bare", "odd", "new", "rtc"]);
    assert!(!paths[0].available && paths[0].tracks.is_empty());
    let odd = &paths[1];
    assert!(!odd.available && odd.source.is_none() && odd.available_since.is_none());
    assert_eq!((odd.bytes_received, odd.bytes_sent, odd.readers), (12, 0, 2));
    let new = &paths[2];
    assert_eq!(new.available_since.expect("time").to_rfc3339(), "2026-08-20T10:00:00.500+00:00");
    assert!(new.online, "no `online` means as available");
    assert_eq!(new.source.as_ref().expect("source").kind, "quantumSession");
    let bare = |codec: &str| StreamTrack { codec: codec.into(), ..StreamTrack::default() };
    assert_eq!(*new.tracks, [bare("VP9"), bare("AV1")]);
    assert_eq!(paths[3].source.as_ref().expect("source").kind, "webRTCSession");
    assert_eq!(*paths[3].tracks, [bare("VP8")]);
}

#[test]
fn names_that_climb_are_refused() {
    for name in ["../x", "", "a b", "a//b"] {
        let page: WirePage<WirePath> = serde_json::from_value(json!({"items": [{"name": name}]})).expect("a page");
        let path = page.items.0.expect("items").pop().expect("one").0.expect("object");
        assert_eq!(path.reading().expect_err("refused"), name);
    }
}

#[test]
fn a_listing_without_items_is_told_from_an_empty_one() {
    for text in ["{}", "{\"items\":null}", "{\"items\":{}}"] {
        let page: WirePage<WirePath> = serde_json::from_str(text).expect(text);
        assert!(page.items.0.is_none(), "{text}");
    }
    assert!(listing("{\"itemCount\":0,\"pageCount\":0,\"items\":[]}").is_empty());
}

fn rubbish() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,8}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        let key = prop_oneof!["(name|source|tracks|readers|ready|available|online|bytesReceived|type|id)", ".{0,4}"];
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::btree_map(key, inner, 0..6).prop_map(Value::from_iter),
        ]
    })
}

proptest! {
    #[test]
    fn one_item_of_rubbish_harms_none_of_its_neighbours(odd in rubbish(), place in 0..3_usize) {
        let good = |name: &str| json!({ "name": name, "ready": true, "source": { "type": "rtspSession", "id": "1" }, "bytesReceived": 7 });
        let mut items = vec![good("a"), good("b")];
        items.insert(place.min(2), odd);
        let text = json!({ "itemCount": 3, "pageCount": 1, "items": items }).to_string();
        let page: WirePage<WirePath> = serde_json::from_str(&text).expect("a page");
        let items = page.items.0.expect("items");
        let names: Vec<String> = items.into_iter().filter_map(|item| item.0)
            .filter_map(|path| path.reading().ok()).map(|path| path.name.as_str().to_owned()).collect();
        for name in ["a", "b"] {
            prop_assert!(names.iter().any(|found| found == name), "{} of {:?}", name, names);
        }
    }
}
