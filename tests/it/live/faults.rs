//! What a Redis can do to us: this process goes on from its own memory, says what is wrong, and is well again by itself.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use secrecy::SecretString;
use serde_json::Value;
use streamwarden::adapters::live::LiveStore;
use streamwarden::config::settings::RedisSettings;

use super::harness::{Node, Path, name, now, seconds};
use crate::support::port::free_port;
use crate::support::redis::RedisServer;
use crate::support::wait::eventually;

/// Polls once a moment until it is told to stop, as a monitor goes on whatever Redis does; counts bytes.
struct Polls {
    bytes: u64,
}

impl Polls {
    fn new() -> Self {
        Self { bytes: 0 }
    }

    /// One poll, which must not take long: the memory takes it.
    async fn poll(&mut self, node: &Node) {
        self.bytes += 1_000;
        let begun = Instant::now();
        node.poll("main", now(), &[Path { name: "cam", bytes: self.bytes }]).await;
        assert!(begun.elapsed() < Duration::from_secs(1), "a poll waits for Redis");
        let latest = node.latest().await;
        assert_eq!(latest.streams[0].bytes_received, self.bytes, "readers of this process see it at once");
    }

    /// Polls until this is so.
    async fn until(&mut self, what: &str, node: &Node, mut is_so: impl FnMut() -> bool) {
        let begun = Instant::now();
        while !is_so() {
            assert!(
                begun.elapsed() < crate::support::wait::TIMEOUT,
                "waited in vain for {what}: {:?}",
                node.live.fault()
            );
            self.poll(node).await;
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    async fn until_fault(&mut self, node: &Node, word: &str) {
        let fault = || node.live.fault().is_some_and(|fault| fault.contains(word));
        self.until(&format!("the fault {word}"), node, fault).await;
    }

    async fn until_well(&mut self, node: &Node) {
        self.until("no fault", node, || node.live.fault().is_none() && node.live.health().borrow().is_connected())
            .await;
    }

    /// Redis has the newest list.
    async fn until_written(&mut self, node: &Node, server: &RedisServer) {
        self.poll(node).await;
        let bytes = self.bytes;
        eventually("the newest list", || async { (listed(server)? == bytes).then_some(()) }).await;
    }
}

/// Bytes of the stream in the list.
fn listed(server: &RedisServer) -> Option<u64> {
    let text: Option<String> = server.try_ask("GET mediamtx:streams:latest").ok()?;
    serde_json::from_str::<Value>(&text?).ok()?[0]["bytesReceived"].as_u64()
}

/// Marks of gaps in the history.
fn gaps(server: &RedisServer) -> Vec<bool> {
    let entries: Vec<(String, BTreeMap<String, i64>)> = {
        let all: Vec<(String, Vec<(String, i64)>)> = server.ask("XRANGE mediamtx:history:cam - +");
        all.into_iter().map(|(id, fields)| (id, fields.into_iter().collect())).collect()
    };
    entries.iter().map(|(_, fields)| fields.contains_key("g")).collect()
}

#[tokio::test]
async fn one_that_hangs_stops_nobody_and_leaves_a_marked_gap() {
    let server = RedisServer::start();
    let node = Node::start(&server, "n1");
    let mut polls = Polls::new();
    polls.until_well(&node).await;
    polls.until_written(&node, &server).await;
    server.pause(Signal::SIGSTOP);
    polls.until_fault(&node, "timeout, no answer").await;
    server.pause(Signal::SIGCONT);
    polls.until_well(&node).await;
    polls.until_written(&node, &server).await;
    let gaps = gaps(&server);
    assert!(gaps[0] && gaps[1..].iter().filter(|gap| **gap).count() >= 1, "{gaps:?}");
}

#[tokio::test]
async fn one_that_answers_after_five_seconds_is_told_and_is_well_when_it_is_quick_again() {
    let server = RedisServer::start();
    let node = Node::start(&server, "n1");
    let mut polls = Polls::new();
    polls.until_well(&node).await;
    let _: () = server.ask("CLIENT PAUSE 5000 ALL");
    polls.until_fault(&node, "timeout, no answer").await;
    polls.until_well(&node).await;
    polls.until_written(&node, &server).await;
}

#[tokio::test]
async fn one_that_comes_back_empty_gets_everything_again() {
    let mut server = RedisServer::start();
    let node = Node::start(&server, "n1");
    let mut polls = Polls::new();
    polls.until_well(&node).await;
    polls.until_written(&node, &server).await;
    server.stop();
    polls.until_fault(&node, "unreachable").await;
    server.run();
    polls.until_well(&node).await;
    polls.until_written(&node, &server).await;
    assert!(gaps(&server)[0], "the first entry says that something is missing");
    let ttl: i64 = server.ask("TTL mediamtx:history:cam");
    assert!(ttl > 0, "it expires again: {ttl}");
    let fields: Vec<String> = server.ask("HKEYS mediamtx:streamwarden:node:n1");
    assert!(fields.contains(&"about".to_owned()) && fields.contains(&"server:main".to_owned()), "{fields:?}");
    // Emptied by somebody, without a break of the connection.
    let _: () = server.ask("FLUSHALL");
    polls.until("the node's states", &node, || server.ask::<i64>("TTL mediamtx:streamwarden:node:n1") > 0).await;
}

#[tokio::test]
async fn full_or_read_only_is_told_and_reading_goes_on() {
    let server = RedisServer::with(&["--maxmemory-policy", "noeviction"]);
    let node = Node::start(&server, "n1");
    let mut polls = Polls::new();
    polls.until_well(&node).await;
    let _: () = server.ask("CONFIG SET maxmemory 1mb");
    polls.until_fault(&node, "maxmemory is reached").await;
    let _: () = server.ask("CONFIG SET maxmemory 0");
    polls.until_well(&node).await;
    let primary = RedisServer::start();
    let _: () = server.ask(&format!("REPLICAOF 127.0.0.1 {}", primary.port()));
    polls.until_fault(&node, "read-only replica").await;
    let _: () = server.ask("REPLICAOF NO ONE");
    polls.until_well(&node).await;
    polls.until_written(&node, &server).await;
}

#[tokio::test]
async fn connections_that_are_cut_are_made_again_and_nothing_is_missed() {
    let server = RedisServer::start();
    let (one, two) = (Node::start(&server, "n1"), Node::start(&server, "n2"));
    let mut polls = Polls::new();
    polls.until_well(&one).await;
    two.fault(None).await;
    for kind in ["normal", "pubsub"] {
        let _: i64 = server.ask(&format!("CLIENT KILL TYPE {kind}"));
        polls.poll(&one).await;
        polls.until_well(&one).await;
        let bytes = polls.bytes;
        polls.until_written(&one, &server).await;
        two.stream("cam", |status| status.bytes_received > bytes).await;
    }
}

/// Deaf for as long as a subscriber can be without noticing: messages were said meanwhile, and none came.
#[tokio::test]
async fn a_listener_that_was_deaf_hears_what_it_missed() {
    let mut server = RedisServer::start();
    let (one, two) = (Node::start(&server, "n1"), Node::start(&server, "n2"));
    let mut polls = Polls::new();
    polls.until_well(&one).await;
    polls.poll(&one).await;
    two.stream("cam", |_| true).await;
    server.stop();
    // Beyond every backoff there is.
    let begun = Instant::now();
    polls.until("a long outage", &one, || begun.elapsed() > Duration::from_secs(22)).await;
    server.run();
    polls.until_well(&one).await;
    polls.poll(&one).await;
    let bytes = polls.bytes;
    two.stream("cam", |status| status.bytes_received == bytes).await;
    // And messages come again.
    polls.poll(&one).await;
    let bytes = polls.bytes;
    two.stream("cam", |status| status.bytes_received == bytes).await;
}

#[tokio::test]
async fn rubbish_in_our_keys_stops_nothing() {
    let server = RedisServer::start();
    let _: () = server.ask("SET mediamtx:history:cam rubbish");
    let _: () = server.ask("SET mediamtx:streamwarden:nodes rubbish");
    let _: () = server.ask("LPUSH mediamtx:streams:latest rubbish");
    let _: () = server.ask("SET mediamtx:streamwarden:node:n1 rubbish");
    let (one, two) = (Node::start(&server, "n1"), Node::start(&server, "n2"));
    let mut polls = Polls::new();
    polls.until_fault(&one, "mediamtx:streamwarden:nodes").await;
    let _: () = server.ask("DEL mediamtx:streamwarden:nodes");
    polls.until_fault(&one, "the key mediamtx:history:cam holds something that is no stream").await;
    polls.until_written(&one, &server).await;
    polls.poll(&one).await;
    let bytes = polls.bytes;
    two.stream("cam", |status| status.bytes_received >= bytes).await;
    // Messages and values that nobody understands.
    for payload in ["rubbish", "{\"server\":7}", "[]", "{\"server\":\"main\"}", "{\"node\":\"n1\",\"seq\":-1}"] {
        for channel in ["mediamtx:updates", "mediamtx:streamwarden:updates"] {
            let _: i64 = server.ask(&format!("PUBLISH {channel} {payload}"));
        }
    }
    let _: i64 = server.ask("HSET mediamtx:streamwarden:node:n1 camera:7 rubbish recording:x [] other 1");
    let _: i64 = server.ask("ZADD mediamtx:streamwarden:nodes 1 nobody");
    let _: () = server.ask("SET mediamtx:streamwarden:node:nobody rubbish");
    polls.poll(&one).await;
    let bytes = polls.bytes;
    two.stream("cam", |status| status.bytes_received >= bytes).await;
    // Deleted, the history begins anew.
    let _: i64 = server.ask("DEL mediamtx:history:cam");
    polls.until("no fault", &one, || one.live.fault().is_none()).await;
    // An entry of the future, and things that are no entries of ours, in the history.
    let _: String = server.ask("XADD mediamtx:history:cam * hello world");
    let samples = one.live.history("main", &name("cam"), now() - seconds(3_600), now()).await.expect("an answer");
    assert!(!samples.is_empty());
    let _: String = server.ask("XADD mediamtx:history:cam 9999999999999-0 s 0 b 0 r 0");
    polls.until_fault(&one, "holds an entry of the future").await;
    polls.until_written(&one, &server).await;
}

#[tokio::test]
async fn a_user_without_a_right_is_told_and_the_rest_goes_on() {
    let server = RedisServer::start();
    let _: () = server.ask("ACL SETUSER app on >s3cret ~mediamtx:* &mediamtx:* +@all -xadd");
    let settings = server.settings_at(&format!("redis://app:s3cret@127.0.0.1:{}/0", server.port()));
    let node = Node::with(&settings, "n1", &["main"]);
    let mut polls = Polls::new();
    polls.until_fault(&node, "lacks rights").await;
    polls.until_written(&node, &server).await;
    let _: () = server.ask("ACL SETUSER app +xadd");
    polls.until_well(&node).await;
    polls.until("history", &node, || server.ask::<u64>("XLEN mediamtx:history:cam") > 0).await;
    let _: () = server.ask("ACL SETUSER app -subscribe");
    let _: i64 = server.ask("CLIENT KILL TYPE pubsub");
    polls.until_fault(&node, "listening").await;
    assert!(!node.live.fault().expect("a fault").contains("s3cret"));
    let _: () = server.ask("ACL SETUSER app >other <s3cret +subscribe");
    let _: i64 = server.ask("CLIENT KILL TYPE normal");
    polls.until_fault(&node, "refuses the login").await;
    let _: () = server.ask("ACL SETUSER app >s3cret");
    polls.until_well(&node).await;
}

#[tokio::test]
async fn sockets_passwords_and_certificates_work() {
    let plain = RedisServer::with(&["--requirepass", "p/w@1"]);
    for url in [
        format!("redis+unix://{}?db=2&pass=p%2Fw%401", plain.socket().display()),
        format!("redis://:p%2Fw%401@127.0.0.1:{}/2", plain.port()),
    ] {
        let node = Node::with(&plain.settings_at(&url), "n1", &["main"]);
        let mut polls = Polls::new();
        polls.until_well(&node).await;
        assert!(!node.live.kept_in().contains("p/w"), "{}", node.live.kept_in());
    }
    let folder = tempfile::tempdir().expect("a folder");
    let file = |name: &str| folder.path().join(name).display().to_string();
    certificates(folder.path());
    let port = free_port();
    let (tls, cert, key, ca) = (port.to_string(), file("server.crt"), file("server.key"), file("ca.crt"));
    let options = ["--tls-port", &tls, "--tls-cert-file", &cert, "--tls-key-file", &key, "--tls-ca-cert-file", &ca];
    let server = RedisServer::with(&[&options[..], &["--tls-auth-clients", "no"]].concat());
    let settings = |ca_file| RedisSettings {
        url: SecretString::from(format!("rediss://localhost:{tls}/0")),
        ca_file,
        prefix: "mediamtx".to_owned(),
    };
    let node = Node::with(&settings(Some(ca.into())), "n1", &["main"]);
    let mut polls = Polls::new();
    polls.until_well(&node).await;
    polls.until_written(&node, &server).await;
    let doubting = Node::with(&settings(None), "n2", &["main"]);
    Polls::new().until_fault(&doubting, "invalid peer certificate").await;
}

/// An authority and a certificate of `localhost`.
fn certificates(folder: &std::path::Path) {
    let run = |arguments: &str| {
        let done = std::process::Command::new("openssl").args(arguments.split(' ')).current_dir(folder).output();
        let done = done.expect("openssl");
        assert!(done.status.success(), "{arguments}: {}", String::from_utf8_lossy(&done.stderr));
    };
    let made = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2";
    run(&format!("req -x509 {made} -subj /CN=ca -keyout ca.key -out ca.crt"));
    run(&format!("req {made} -subj /CN=localhost -keyout server.key -out server.csr"));
    std::fs::write(folder.join("names"), "subjectAltName=DNS:localhost\n").expect("written");
    run("x509 -req -in server.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 2 -extfile names -out server.crt");
}
