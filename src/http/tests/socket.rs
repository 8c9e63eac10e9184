//! The WebSocket over a real server and real sockets.

use std::io::Read;
use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use actix::Actor;
use flate2::read::ZlibDecoder;
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};
use tokio_util::sync::CancellationToken;

use super::world::{World, camera, server as server_of, stream};
use crate::actors::hub::{Hub, HubLimits};
use crate::actors::root::Root;
use crate::actors::supervision::testkit::{Provoke, ProvokedFault};
use crate::actors::supervision::{Child, ExitReason, Restart};
use crate::adapters::live::Change;
use crate::domain::name::StreamName;
use crate::http::http_server::{HttpServer, STOP_SECONDS, serve};

type Client = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// Nothing here takes a second; a test that waits for ever should fail instead.
const TIMEOUT: Duration = Duration::from_secs(10);

fn start(world: &World) -> HttpServer {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    serve(listener, world.state.clone(), 4096).expect("a server")
}

async fn connect(server: &HttpServer) -> Client {
    let (client, _) = connect_async(format!("ws://{}/api/v1/ws", server.address())).await.expect("a session");
    client
}

/// The next message of the server, pings left out.
async fn next(client: &mut Client) -> Message {
    loop {
        let message =
            timeout(TIMEOUT, client.next()).await.expect("a message in time").expect("no end").expect("a frame");
        if !message.is_ping() {
            return message;
        }
    }
}

async fn frame(client: &mut Client) -> Value {
    match next(client).await {
        Message::Text(text) => serde_json::from_str(&text).expect("JSON"),
        other => unreachable!("expected a frame, got {other:?}"),
    }
}

/// Reads until the server closes; gives code and reason.
async fn close(client: &mut Client) -> (u16, String) {
    loop {
        if let Message::Close(Some(close)) = next(client).await {
            return (close.code.into(), close.reason.to_string());
        }
    }
}

#[actix_web::test]
async fn a_snapshot_comes_first_and_then_numbered_deltas() {
    let world = World::new().await;
    world.publish(vec![Change::Server(server_of("main")), Change::Camera(camera(7, "front"))]).await;
    world.reaches(|hub| hub.seq == 2).await;
    let server = start(&world);
    let (mut one, mut two) = (connect(&server).await, connect(&server).await);
    let snapshot = frame(&mut one).await;
    assert_eq!(snapshot["type"], "snapshot");
    let kinds: Vec<&Value> = snapshot["items"].as_array().expect("items").iter().map(|item| &item["kind"]).collect();
    assert_eq!(kinds, ["server", "camera"]);
    assert_eq!(frame(&mut two).await, snapshot);

    let seq = snapshot["seq"].as_u64().expect("a number");
    let gone = Change::StreamGone { server: "main".to_owned(), name: StreamName::parse("a").expect("a name") };
    for (n, changes) in [vec![Change::Stream(Arc::new(stream("main", "a")))], vec![gone]].into_iter().enumerate() {
        world.publish(changes).await;
        let delta = frame(&mut one).await;
        assert_eq!((&delta["type"], delta["seq"].as_u64()), (&json!("delta"), Some(seq + 1 + n as u64)));
        assert_eq!(frame(&mut two).await, delta, "everybody gets the same");
        let key = json!({"kind": "stream", "item": {"server": "main", "name": "a"}});
        assert_eq!(delta["remove"], if n == 0 { json!([]) } else { json!([key]) });
        assert_eq!(delta["upsert"].as_array().map(Vec::len), Some(1 - n));
    }

    one.send(Message::text(r#"{"type":"snapshot"}"#)).await.expect("sent");
    let fresh = frame(&mut one).await;
    assert_eq!((&fresh["type"], &fresh["seq"]), (&json!("snapshot"), &json!(seq + 2)));
    // As when a browser is closed.
    drop(one);
    world.reaches(|hub| hub.clients == 1 && hub.ended.get(&ExitReason::DownstreamClosed) == Some(&1)).await;
    server.stop().await;
}

#[actix_web::test]
async fn whoever_asks_for_it_gets_long_frames_compressed_with_the_same_text() {
    let world = World::new().await;
    let many = (0..50).map(|n| Change::Stream(Arc::new(stream("main", &format!("cam{n}"))))).collect();
    world.publish(many).await;
    world.reaches(|hub| hub.seq == 2).await;
    let server = start(&world);
    let address = server.address();
    let (mut packed, _) = connect_async(format!("ws://{address}/api/v1/ws?compress=deflate")).await.expect("a session");
    let mut plain = connect(&server).await;
    let Message::Binary(deflated) = next(&mut packed).await else { unreachable!("a long frame is compressed") };
    let mut text = String::new();
    ZlibDecoder::new(deflated.as_ref()).read_to_string(&mut text).expect("a zlib stream");
    assert_eq!(next(&mut plain).await, Message::text(text.clone()), "the same text");
    assert!(deflated.len() * 4 < text.len(), "{} of {}", deflated.len(), text.len());
    world.publish(vec![Change::Server(server_of("main"))]).await;
    assert_eq!(frame(&mut packed).await, frame(&mut plain).await, "a short frame is a text for both");
    let refused = connect_async(format!("ws://{address}/api/v1/ws?compress=gzip")).await;
    assert!(matches!(refused, Err(Error::Http(answer)) if answer.status() == 422));
    server.stop().await;
}

#[actix_web::test]
async fn a_flood_of_filters_is_answered_by_a_few_snapshots_the_last_one_with_the_last_filter() {
    let world = World::new().await;
    let many = (0..20).map(|n| Change::Stream(Arc::new(stream("main", &format!("cam{n}"))))).collect();
    world.publish(many).await;
    world.reaches(|hub| hub.seq == 2).await;
    let server = start(&world);
    let mut client = connect(&server).await;
    frame(&mut client).await;
    for n in 0..200 {
        let prefix = if n == 199 { "cam7" } else { "cam1" };
        client.send(Message::text(format!(r#"{{"type":"filter","prefix":"{prefix}"}}"#))).await.expect("sent");
    }
    let mut snapshots = 0;
    loop {
        snapshots += 1;
        let items = frame(&mut client).await["items"].as_array().expect("items").clone();
        if items.len() == 1 {
            assert_eq!(items[0]["item"]["name"], "cam7");
            break;
        }
    }
    assert!(snapshots <= 10, "{snapshots} snapshots");
    server.stop().await;
}

#[actix_web::test]
async fn what_is_not_understood_closes_the_session() {
    let world = World::new().await;
    let server = start(&world);
    let long = format!(r#"{{"type":"snapshot","x":"{}"}}"#, "x".repeat(10_000));
    let table = [
        (Message::text("hello"), 4000),
        (Message::text(r#"{"type":"delete"}"#), 4000),
        (Message::binary(vec![1, 2, 3]), 4000),
        (Message::text(long), 1009),
    ];
    for (message, code) in table {
        let mut client = connect(&server).await;
        client.send(message.clone()).await.expect("sent");
        let (found, reason) = close(&mut client).await;
        assert_eq!(found, code, "{message:?}: {reason}");
        assert!(!reason.is_empty());
    }
    world.reaches(|hub| hub.clients == 0 && hub.ended.get(&ExitReason::Failure) == Some(&4)).await;
    server.stop().await;
}

#[actix_web::test]
async fn a_stopping_server_closes_with_a_reason_and_does_not_wait_for_browsers() {
    let world = World::new().await;
    let server = start(&world);
    let mut client = connect(&server).await;
    frame(&mut client).await;
    let begun = std::time::Instant::now();
    let reader = actix_web::rt::spawn(async move {
        let code = close(&mut client).await.0;
        // The client answers the close frame as browsers do.
        while client.next().await.is_some_and(|message| message.is_ok()) {}
        code
    });
    server.stop().await;
    assert_eq!(reader.await.expect("a reader"), 1001);
    // Whoever does not go is waited for so long; actix looks once a second whether all have gone.
    assert!(begun.elapsed() < Duration::from_secs(STOP_SECONDS), "stopping took {:?}", begun.elapsed());
}

#[actix_web::test]
async fn a_slow_client_is_closed_with_a_reason_and_others_go_on() {
    let limits =
        HubLimits { interval: Duration::from_millis(1), queued_bytes: 1 << 20, clients: 10, ..HubLimits::default() };
    let world = World::with(limits).await;
    let server = start(&world);
    let (mut slow, mut quick) = (connect(&server).await, connect(&server).await);
    frame(&mut quick).await;
    let reader = actix_web::rt::spawn(async move {
        let mut last = 0;
        while let Some(Ok(message)) = quick.next().await {
            if let Message::Text(text) = message {
                let delta: Value = serde_json::from_str(&text).expect("JSON");
                last = delta["seq"].as_u64().expect("a number");
            }
        }
        last
    });
    // 100 kB per frame, each read by the quick one before the next, until the slow one's buffers are full.
    let flood = async {
        let mut round = 0;
        loop {
            let hub = world.state.hub.look().await.expect("a hub");
            if hub.dropped == 1 {
                return hub.seq;
            }
            round += 1;
            let changes = (0..1_000).map(|n| {
                let mut status = stream("main", &format!("site/a-rather-long-name-of-a-stream-{n}"));
                status.bytes_received = round;
                Change::Stream(Arc::new(status))
            });
            world.publish(changes.collect()).await;
            while world.state.hub.look().await.is_some_and(|now| now.seq == hub.seq) {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        }
    };
    let seq = timeout(Duration::from_secs(60), flood).await.expect("the slow client is noticed");
    assert!(seq > 4, "the queue had to fill first");
    let (code, reason) = close(&mut slow).await;
    assert_eq!(code, 4001, "{reason}");
    world.reaches(|hub| hub.clients == 1).await;
    server.stop().await;
    assert!(reader.await.expect("the quick one") >= seq, "the quick client missed nothing");
}

#[actix_web::test]
async fn one_client_too_many_and_pages_of_others_are_refused() {
    let world = World::with(HubLimits { clients: 1, ..HubLimits::default() }).await;
    let server = start(&world);
    let refused = |result: Result<_, Error>| match result {
        Err(Error::Http(response)) => response.status().as_u16(),
        Err(other) => unreachable!("expected an answer, got {other}"),
        Ok((_, _)) => 101,
    };
    let url = format!("ws://{}/api/v1/ws", server.address());
    let mut foreign = url.as_str().into_client_request().expect("a request");
    foreign.headers_mut().insert("origin", "http://evil.example".parse().expect("a header"));
    assert_eq!(refused(connect_async(foreign).await), 403);
    let mut own = url.as_str().into_client_request().expect("a request");
    own.headers_mut().insert("origin", format!("http://{}", server.address()).parse().expect("a header"));
    let (first, _) = connect_async(own).await.expect("our own page is let in");
    assert_eq!(refused(connect_async(url.as_str()).await), 503);
    drop(first);
    world.reaches(|hub| hub.clients == 0).await;
    drop(connect(&server).await);
    server.stop().await;
}

#[actix_web::test]
async fn after_a_panic_of_the_hub_browsers_come_back_to_the_next_one() {
    let world = World::new().await;
    world.publish(vec![Change::Server(server_of("main"))]).await;
    let (live, hub) = (world.live().clone(), world.state.hub.clone());
    let child = Child::new("hub", Restart::Always, move || Hub::new(live.clone(), hub.clone(), HubLimits::default()));
    let before = world.state.hub.hub();
    let root = Root::new(vec![child], CancellationToken::new().drop_guard()).start();
    // The supervised hub takes the place of the world's own.
    while world.state.hub.hub() == before {
        tokio::task::yield_now().await;
    }
    let server = start(&world);
    let mut client = connect(&server).await;
    let snapshot = frame(&mut client).await;
    assert!(root.send(Provoke::at("hub", ProvokedFault::Panic)).await.expect("a root"));
    let (code, reason) = close(&mut client).await;
    assert_eq!(code, 1013, "{reason}");
    while world.state.hub.hub().is_none() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let mut client = connect(&server).await;
    assert_eq!(frame(&mut client).await["items"], snapshot["items"]);
    server.stop().await;
}
