//! The hub with a real live store, in paused time.

use std::sync::Arc;
use std::time::Duration;

use actix::Actor;
use futures_util::StreamExt;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::{CloseReason, FeedFilter, Hub, HubHandle, HubLimits};
use crate::actors::supervision::{Exit, ExitReason, Observe, Stop};
use crate::adapters::live::memory::MemoryLiveStore;
use crate::adapters::live::subscription::{LiveUpdate, subscription};
use crate::adapters::live::{Change, SharedLive};
use crate::domain::sample;
use crate::domain::stream::ServerStatus;

/// Who asks.
const CLIENT: std::net::IpAddr = std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

fn server(name: &str) -> Change {
    let since = chrono::DateTime::from_timestamp(1_800_000_000, 0).expect("a time");
    Change::Server(ServerStatus { since, ..sample::server(name) })
}

fn live() -> SharedLive {
    Arc::new(MemoryLiveStore::new(Duration::from_secs(60)))
}

async fn publish(live: &SharedLive, changes: Vec<Change>) {
    live.publish(changes).await.expect("published");
}

fn started(live: &SharedLive, limits: HubLimits) -> HubHandle {
    let handle = HubHandle::default();
    Hub::new(live.clone(), handle.clone(), limits).start();
    handle
}

async fn filled(live: &SharedLive, limits: HubLimits) -> HubHandle {
    let handle = started(live, limits);
    while handle.look().await.is_none_or(|hub| hub.seq == 0) {
        tokio::task::yield_now().await;
    }
    handle
}

fn json(frame: &str) -> Value {
    serde_json::from_str(frame).expect("JSON")
}

#[actix::test]
async fn two_changes_are_told_at_once_and_the_next_ones_together() {
    tokio::time::pause();
    let live = live();
    let hub = filled(&live, HubLimits::default()).await;
    let mut line = hub.subscribe(CLIENT, FeedFilter::default()).await.expect("a line");
    assert_eq!(json(&line.next().await.expect("a snapshot"))["type"], "snapshot");
    let begun = Instant::now();
    for (seq, name) in [(2, "a"), (3, "b")] {
        publish(&live, vec![server(name)]).await;
        let delta = json(&line.next().await.expect("a delta"));
        assert_eq!((&delta["seq"], delta["upsert"].as_array().map(Vec::len)), (&json!(seq), Some(1)));
        assert!(begun.elapsed() < Duration::from_millis(5), "{:?}", begun.elapsed());
    }
    publish(&live, vec![server("c")]).await;
    publish(&live, vec![server("d")]).await;
    let delta = json(&line.next().await.expect("a delta"));
    assert_eq!((&delta["seq"], delta["upsert"].as_array().map(Vec::len)), (&json!(4), Some(2)));
    let took = begun.elapsed();
    assert!(took >= Duration::from_millis(50) && took < Duration::from_millis(60), "{took:?}");
    let quiet = tokio::time::timeout(Duration::from_secs(3600), line.next()).await;
    assert!(quiet.is_err(), "an hour without changes is an hour without frames");
    let begun = Instant::now();
    publish(&live, vec![server("e")]).await;
    line.next().await.expect("a delta");
    assert!(begun.elapsed() < Duration::from_millis(5), "{:?}", begun.elapsed());
}

#[actix::test]
async fn sessions_that_want_different_things_see_no_hole() {
    tokio::time::pause();
    let live = live();
    let hub = filled(&live, HubLimits::default()).await;
    let only = |server: &str| FeedFilter { server: Some(server.to_owned()), ..FeedFilter::default() };
    let mut all = hub.subscribe(CLIENT, FeedFilter::default()).await.expect("a line");
    let mut some = hub.subscribe(CLIENT, only("b")).await.expect("a line");
    for line in [&mut all, &mut some] {
        assert_eq!(json(&line.next().await.expect("a snapshot"))["seq"], 1);
    }
    for name in ["a", "b"] {
        publish(&live, vec![server(name)]).await;
        let delta = json(&all.next().await.expect("a delta"));
        assert_eq!(delta["upsert"][0]["item"]["name"], name);
    }
    let delta = json(&some.next().await.expect("a delta"));
    assert_eq!((&delta["seq"], &delta["prev"]), (&json!(3), &json!(1)), "{delta}");
    assert!(hub.set_filter(some.id, only("a")));
    let snapshot = json(&some.next().await.expect("a snapshot"));
    assert_eq!((&snapshot["type"], &snapshot["items"][0]["item"]["name"]), (&json!("snapshot"), &json!("a")));
    publish(&live, vec![server("b")]).await;
    publish(&live, vec![Change::Server(ServerStatus { reachable: false, ..sample::server("a") })]).await;
    let delta = json(&some.next().await.expect("a delta"));
    assert_eq!(delta["update"][0]["item"]["name"], "a");
    assert!(delta["prev"].as_u64() <= snapshot["seq"].as_u64(), "{delta}");
}

#[actix::test]
async fn whoever_comes_before_the_first_picture_gets_it_when_it_is_there() {
    let live = live();
    publish(&live, vec![server("a")]).await;
    let hub = started(&live, HubLimits::default());
    while hub.hub().is_none() {
        tokio::task::yield_now().await;
    }
    let mut line = hub.subscribe(CLIENT, FeedFilter::default()).await.expect("a line");
    let snapshot = json(&line.next().await.expect("a snapshot"));
    assert_eq!((&snapshot["type"], &snapshot["items"][0]["item"]["name"]), (&json!("snapshot"), &json!("a")));
}

#[actix::test]
async fn a_full_queue_ends_the_line_and_frees_its_place() {
    tokio::time::pause();
    let live = live();
    // The empty snapshot and one delta with a server have more than 200 bytes.
    let hub = filled(&live, HubLimits { queued_bytes: 200, clients: 1, ..HubLimits::default() }).await;
    let mut line = hub.subscribe(CLIENT, FeedFilter::default()).await.expect("a line");
    let refused = hub.subscribe(CLIENT, FeedFilter::default()).await.expect_err("one is the most");
    assert!(refused.message().contains("1 clients"), "{refused}");
    for n in 0..2 {
        assert_eq!(hub.look().await.map(|hub| hub.clients), Some(1), "there is room for {n}");
        publish(&live, vec![server(&n.to_string())]).await;
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
    let state = hub.look().await.expect("a hub");
    assert_eq!((state.clients, state.dropped), (0, 1), "the snapshot and one delta fit, the next does not");
    assert_eq!(line.next().await, Err(CloseReason::TooSlow), "the reason overtakes what waits");
    hub.subscribe(CLIENT, FeedFilter::default()).await.expect("there is room again");
}

#[actix::test]
async fn dropping_the_line_leaves_the_hub() {
    let live = live();
    let hub = filled(&live, HubLimits::default()).await;
    let line = hub.subscribe(CLIENT, FeedFilter::default()).await.expect("a line");
    assert_eq!(hub.look().await.expect("a hub").clients, 1);
    drop(line);
    while hub.look().await.expect("a hub").clients > 0 {
        tokio::task::yield_now().await;
    }
}

#[actix::test]
async fn a_stopping_hub_says_so() {
    let live = live();
    let hub = filled(&live, HubLimits::default()).await;
    let mut line = hub.subscribe(CLIENT, FeedFilter::default()).await.expect("a line");
    line.next().await.expect("a snapshot");
    hub.hub().expect("a hub").send(Stop::within(Duration::from_secs(1))).await.expect("stopped");
    assert_eq!(line.next().await, Err(CloseReason::Stopping));
    while hub.hub().is_some() {
        tokio::task::yield_now().await;
    }
    assert!(hub.subscribe(CLIENT, FeedFilter::default()).await.is_err());
    assert!(!hub.ask_snapshot(1));
}

#[actix::test]
async fn a_subscription_that_lags_reads_everything_again() {
    let live = live();
    let mut updates = Box::pin(subscription(live.clone(), "a test"));
    assert!(matches!(updates.next().await, Some(LiveUpdate::Everything(_))));
    publish(&live, vec![server("a")]).await;
    assert!(matches!(updates.next().await, Some(LiveUpdate::Changes(_))));
    // More than any store keeps for a subscriber that does not read.
    for n in 0..10_000 {
        publish(&live, vec![server(&(n % 10).to_string())]).await;
    }
    match updates.next().await {
        Some(LiveUpdate::Everything(latest)) => assert_eq!(latest.servers.len(), 11),
        other => unreachable!("expected everything, got {other:?}"),
    }
    publish(&live, vec![server("b")]).await;
    assert!(matches!(updates.next().await, Some(LiveUpdate::Changes(_))), "and goes on from there");
}

#[actix::test]
async fn one_address_leaves_lines_for_others() {
    let live = live();
    let hub = filled(&live, HubLimits { clients: 4, clients_per_address: 2, ..HubLimits::default() }).await;
    let other = "203.0.113.7".parse().expect("an address");
    let lines = [
        hub.subscribe(CLIENT, FeedFilter::default()).await.expect("a line"),
        hub.subscribe(CLIENT, FeedFilter::default()).await.expect("a line"),
    ];
    let refused = hub.subscribe(CLIENT, FeedFilter::default()).await.expect_err("two are the most");
    assert!(refused.message().contains("127.0.0.1") && refused.message().contains("X-Forwarded-For"), "{refused}");
    hub.subscribe(other, FeedFilter::default()).await.expect("another address has a line");
    drop(lines);
    while hub.subscribe(CLIENT, FeedFilter::default()).await.is_err() {
        tokio::task::yield_now().await;
    }
}

#[actix::test]
async fn sessions_are_shown_and_the_hub_hears_how_each_has_ended() {
    let live = live();
    let hub = filled(&live, HubLimits::default()).await;
    let address = hub.hub().expect("a hub");
    let mut lines = Vec::new();
    for _ in 0..4 {
        lines.push(hub.subscribe(CLIENT, FeedFilter::default()).await.expect("a line"));
    }
    let seen = address.send(Observe).await.expect("a hub").children;
    let names: Vec<_> = seen.iter().map(|session| (session.name.as_str(), session.kind.as_str())).collect();
    assert_eq!(names[..2], [("session-1", "websocket session"), ("session-2", "websocket session")]);
    assert_eq!(seen[3].state["client"], "127.0.0.1");
    assert!(seen[3].state["queuedBytes"].as_u64() > Some(50), "the snapshot: {}", seen[3].state);

    let mut leases = lines.iter_mut().map(|line| line.lease.take().expect("a place"));
    let (mut left, mut broken, gone) = (leases.next(), leases.next(), leases.next());
    let panics = leases.next();
    left.as_mut().expect("a place").ending(Exit::Success);
    broken.as_mut().expect("a place").ending(Exit::Failure("not understood".to_owned()));
    broken.as_mut().expect("a place").ending(Exit::Success);
    drop((left, broken, gone));
    let panic = std::thread::spawn(move || {
        let _held = panics;
        panic!("on purpose");
    });
    assert!(panic.join().is_err());
    while hub.look().await.expect("a hub").clients > 0 {
        tokio::task::yield_now().await;
    }
    let ended = hub.look().await.expect("a hub").ended;
    let reasons = [ExitReason::Success, ExitReason::Failure, ExitReason::DownstreamClosed, ExitReason::Panicked];
    assert_eq!(ended, reasons.map(|reason| (reason, 1)).into());
    assert!(address.send(Observe).await.expect("a hub").children.is_empty());
}
