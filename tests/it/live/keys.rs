//! What lies in Redis, as somebody else's program reads it.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use streamwarden::adapters::live::LiveStore;
use streamwarden::domain::stream::StreamState;

use super::harness::{Node, Path, name, now, seconds};
use crate::support::redis::RedisServer;
use crate::support::wait::eventually;

type Entries = Vec<(String, BTreeMap<String, i64>)>;

async fn latest(server: &RedisServer, key: &str, wanted: impl Fn(&Value) -> bool) -> Value {
    eventually(key, || async {
        let text: Option<String> = server.ask(&format!("GET {key}"));
        serde_json::from_str::<Value>(&text?).ok().filter(&wanted)
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_list_the_history_and_the_message_of_a_poll_have_the_names_that_are_agreed() {
    let server = RedisServer::start();
    let mut listener = server.client();
    let mut messages = listener.as_pubsub();
    messages.subscribe("mediamtx:updates").expect("subscribed");
    let node = Node::start(&server, "n1");
    node.fault(None).await;
    let begun = now();
    node.poll("main", begun, &[Path { name: "cam/front", bytes: 1_000 }, Path { name: "srt1", bytes: 5 }]).await;
    let list =
        latest(&server, "mediamtx:streams:latest", |list| list.as_array().is_some_and(|list| list.len() == 2)).await;
    let front = &list[0];
    assert_eq!(
        json!({ "name": front["name"], "sourceType": front["sourceType"], "bytesReceived": front["bytesReceived"],
            "readers": front["readers"], "rtt": front.get("rtt") }),
        json!({ "name": "cam/front", "sourceType": "rtspSession", "bytesReceived": 1_000, "readers": 2, "rtt": null })
    );
    let srt = &list[1];
    assert_eq!(
        (&srt["rtt"], &srt["recvRateMbps"], &srt["linkCapacityMbps"]),
        (&json!(23.5), &json!(4.25), &json!(90.5))
    );
    let message: String = messages.get_message().expect("a message").get_payload().expect("text");
    let message: Value = serde_json::from_str(&message).expect("JSON");
    let fields: Vec<&String> = message.as_object().expect("an object").keys().collect();
    assert_eq!(fields, ["changed", "removed", "seq", "server", "ts"]);
    assert_eq!((&message["server"], &message["changed"]), (&json!("main"), &json!(["cam/front", "srt1"])));
    let seq = message["seq"].as_u64().expect("a number");

    node.poll("main", begun + seconds(2), &[Path { name: "cam/front", bytes: 3_000 }]).await;
    let message: String = messages.get_message().expect("a message").get_payload().expect("text");
    let message: Value = serde_json::from_str(&message).expect("JSON");
    assert_eq!((message["seq"].as_u64(), &message["changed"]), (Some(seq + 1), &json!(["cam/front"])));
    let entries: Entries = entries(server.ask("XRANGE mediamtx:history:cam/front - +"));
    let told: Vec<_> = entries.iter().map(|(_, f)| (f["k"], f.get("r").copied(), f.get("o").copied())).collect();
    assert_eq!(told, [(0, Some(2), Some(0)), (2, None, None)], "readers on change and once a minute");
    assert_eq!(entries[1].0, format!("{}-0", (begun + seconds(2)).timestamp_millis()));
    assert_eq!((entries[0].1.get("g"), entries[1].1.get("g")), (Some(&1), None), "what was before is not known");
    let ttl: i64 = server.ask("TTL mediamtx:history:cam/front");
    assert!(ttl > 6 * 3600, "{ttl}");
    let ttl: i64 = server.ask("TTL mediamtx:streams:latest");
    assert!((100..=180).contains(&ttl), "a list that nobody renews goes: {ttl}");
}

fn entries(reply: redis::Value) -> Entries {
    let all: Vec<(String, Vec<(String, i64)>)> = redis::from_redis_value(reply).expect("entries");
    all.into_iter().map(|(id, fields)| (id, fields.into_iter().collect())).collect()
}

#[tokio::test]
async fn a_second_server_and_another_prefix_have_keys_of_their_own() {
    let server = RedisServer::start();
    let mut settings = server.settings_at(&format!("redis://127.0.0.1:{}/3", server.port()));
    settings.prefix = "site:a".to_owned();
    let node = Node::with(&settings, "n1", &["main", "two"]);
    node.poll("main", now(), &[Path { name: "a", bytes: 1 }]).await;
    node.poll("two", now(), &[Path { name: "b", bytes: 1 }]).await;
    let keys = || async {
        let mut client = server.client();
        redis::cmd("SELECT").arg(3).exec(&mut client).expect("selected");
        let mut keys: Vec<String> = redis::cmd("KEYS").arg("*").query(&mut client).expect("keys");
        keys.sort();
        (keys.len() == 6).then_some(keys)
    };
    let wanted = [
        "site:a:history:a",
        "site:a:streams:latest",
        "site:a:streamwarden:node:n1",
        "site:a:streamwarden:nodes",
        "site:a:two:history:b",
        "site:a:two:streams:latest",
    ];
    assert_eq!(eventually("all keys", keys).await, wanted);
}

#[tokio::test]
async fn history_comes_back_after_a_restart_of_ours() {
    let server = RedisServer::start();
    let begun = now() - seconds(600);
    {
        let node = Node::start(&server, "n1");
        node.fault(None).await;
        for n in 0..5_u32 {
            let path = Path { name: "cam", bytes: 1_000 * u64::from(n) };
            node.poll("main", begun + seconds(2 * i64::from(n)), &[path]).await;
            eventually("written", || async { (server.ask::<u32>("XLEN mediamtx:history:cam") == n + 1).then_some(()) })
                .await;
        }
    }
    let node = Node::start(&server, "n1");
    let samples = node.live.history("main", &name("cam"), begun, now()).await.expect("an answer");
    assert_eq!(samples.len(), 5);
    assert_eq!((samples[0].bitrate, samples[4].bitrate, samples[4].state), (None, Some(4_000), StreamState::Live));
    // What this process has seen itself follows on it, once.
    node.poll("main", begun + seconds(300), &[Path { name: "cam", bytes: 9_000 }]).await;
    let samples = node.live.history("main", &name("cam"), begun, now()).await.expect("an answer");
    assert_eq!((samples.len(), samples[5].at), (6, begun + seconds(300)));
    let gaps: Vec<bool> = samples.iter().map(|sample| sample.gap).collect();
    assert_eq!(gaps, [true, false, false, false, false, true], "what nobody watched is marked");
}

#[tokio::test]
async fn another_process_hears_of_everything_and_overwrites_nothing() {
    let server = RedisServer::start();
    let (one, two) = (Node::start(&server, "n1"), Node::with(&server.settings(), "n2", &["main", "two"]));
    one.fault(None).await;
    two.fault(None).await;
    one.poll("main", now(), &[Path { name: "cam", bytes: 1_000 }]).await;
    let seen = two.stream("cam", |status| status.bytes_received == 1_000).await;
    assert_eq!((seen.server.as_str(), seen.readers), ("main", 2));
    two.poll("two", now(), &[Path { name: "yard", bytes: 7 }]).await;
    one.stream("yard", |status| status.server == "two").await;
    one.poll("main", now() + seconds(2), &[Path { name: "cam", bytes: 2_000 }]).await;
    two.stream("cam", |status| status.bytes_received == 2_000).await;
    let servers: Vec<String> = two.latest().await.servers.into_iter().map(|server| server.name).collect();
    assert_eq!(servers, ["main", "two"]);
    // One that comes later reads it all.
    let three = Node::start(&server, "n3");
    three.stream("cam", |_| true).await;
    three.stream("yard", |_| true).await;
}
