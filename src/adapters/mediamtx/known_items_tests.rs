//! A list that is read by what was read last has the same outcome as one that is parsed: over polls, edits and odd values.

use proptest::prelude::{Strategy, any, prop_assert_eq, proptest};
use proptest::sample::{Index, select};
use serde_json::{Value, json};

use super::known_items::KnownItems;
use super::mediamtx_wire::{PathItem, WirePage, WirePath};

fn parsed(body: &str) -> Vec<PathItem> {
    let page: WirePage<WirePath> = serde_json::from_str(body).expect("a page");
    page.map(WirePath::reading).items.expect("items")
}

fn read(known: &mut KnownItems, body: &str) -> Option<Vec<PathItem>> {
    known.read(body.as_bytes()).map(|page| page.items.expect("items"))
}

fn item(name: &str, bytes: u64) -> Value {
    json!({"name": name, "source": {"type": "rtspSession", "id": "a\"{1}\\"}, "ready": true, "tracks": ["H264"],
        "tracks2": [{"codec": "H264", "codecProps": {"width": 640, "height": 360}}], "inboundBytes": bytes,
        "outboundBytes": 2 * bytes, "inboundFramesInError": 3, "bytesReceived": bytes, "bytesSent": 2 * bytes,
        "readers": [{"type": "rtspSession", "id": "x"}]})
}

fn list(items: &[Value]) -> String {
    json!({"itemCount": items.len(), "pageCount": 1, "items": items}).to_string()
}

#[test]
fn answers_of_every_version_mean_the_same_however_they_are_read() {
    for version in ["1.3.1", "1.9.3", "1.12.3", "1.20.1"] {
        let path = format!("{}/tests/fixtures/mediamtx-{version}/paths_list.json", env!("CARGO_MANIFEST_DIR"));
        let body = std::fs::read_to_string(&path).expect(&path);
        let mut known = KnownItems::default();
        for _ in 0..2 {
            assert_eq!(read(&mut known, &body).expect(version), parsed(&body), "{version}");
        }
        let later =
            body.replace("ytes\":", "ytes\":1").replace("Received\":", "Received\":1").replace("Sent\":", "Sent\":1");
        assert_ne!(later, body);
        assert_eq!(read(&mut known, &later).expect(version), parsed(&later), "{version}, counters went on");
    }
}

#[test]
fn an_item_that_contradicts_itself_costs_no_neighbour() {
    let body = r#"{"items":[{"name":"a"},{"name":"b","name":"c"},{"name":"d"},7,null]}"#;
    let page = KnownItems::default().read(body.as_bytes()).expect("a page");
    let names: Vec<_> = page.items.expect("items").into_iter().map(|item| item.expect("a name").name).collect();
    assert_eq!((names.iter().map(|name| name.as_str()).collect::<Vec<_>>(), page.count), (vec!["a", "d"], 5));
}

#[test]
fn what_is_no_list_of_paths_is_left_to_the_ordinary_way() {
    for body in [
        "",
        "7",
        "{}",
        "{\"items\":null}",
        "{\"items\":[}",
        "{\"items\":[]} x",
        "{\"items\":[{\"name\":\"a\"}",
        "<html>",
    ] {
        let page = KnownItems::default().read(body.as_bytes());
        assert!(page.is_none(), "{body}");
    }
    assert!(KnownItems::default().read(b"{\"items\":[{\"name\":\"\xff\"}]}").is_none());
}

#[test]
fn paths_that_come_go_and_trade_places_are_told_apart() {
    let mut known = KnownItems::default();
    let names = |names: &str| names.chars().map(|name| item(&name.to_string(), 7)).collect::<Vec<_>>();
    for round in ["abcdef", "abcdef", "acdef", "abcdef", "xabcdef", "fedcba", "", "ab", "b"] {
        let body = list(&names(round));
        assert_eq!(read(&mut known, &body).expect(round), parsed(&body), "{round}");
    }
    let many = |from: usize| (from..from + 500).map(|n| item(&format!("cam{}", n % 500), 5)).collect::<Vec<_>>();
    for from in [0, 250, 0, 1] {
        let body = list(&many(from));
        assert_eq!(read(&mut known, &body).expect("a page"), parsed(&body), "from {from}");
    }
}

/// A value that a field is changed to.
fn odd() -> impl Strategy<Value = Value> {
    select(vec![
        json!(null),
        json!(0),
        json!(18_446_744_073_709_551_615_u64),
        json!(12.0),
        json!(-4),
        json!("9"),
        json!("\\\"}"),
        json!([{"a": 1}]),
        json!({"inboundBytes": 5}),
        json!(true),
        json!(1e300),
    ])
}

proptest! {
    #[test]
    fn any_edit_between_two_polls_is_seen(
        edits in proptest::collection::vec((any::<Index>(), any::<Index>(), odd(), any::<bool>()), 0..6),
        grown in any::<u32>(),
    ) {
        let mut items: Vec<Value> = (0..5).map(|n| item(&format!("cam{n}"), 1_000 + n)).collect();
        let mut known = KnownItems::default();
        read(&mut known, &list(&items));
        for (which, field, value, goes) in edits {
            let item = which.get(&items).clone();
            let Value::Object(mut fields) = item else { unreachable!("an item") };
            let name = field.get(&fields.keys().cloned().collect::<Vec<_>>()).clone();
            if goes { fields.remove(&name); } else { fields.insert(name, value); }
            if fields.is_empty() { fields.insert("name".into(), json!("left")); }
            let at = which.index(items.len());
            items[at] = Value::Object(fields);
            if let Some(bytes) = items[0].get_mut("inboundBytes") { *bytes = json!(grown); }
            let body = list(&items);
            let first = read(&mut known, &body).expect("a page");
            prop_assert_eq!(&first, &parsed(&body));
            prop_assert_eq!(&read(&mut known, &body).expect("a page"), &first);
        }
    }
}
