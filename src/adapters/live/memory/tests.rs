//! Latest state and the channel.

use futures_util::FutureExt;

use super::*;
use crate::domain::sample;
use crate::domain::stream::StreamState;

fn memory() -> MemoryLiveStore {
    MemoryLiveStore::new(Duration::from_secs(60))
}

fn at() -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000, 0).expect("a time")
}

fn name(text: &str) -> StreamName {
    StreamName::parse(text).expect("a name")
}

fn server(text: &str, reachable: bool) -> Change {
    Change::Server(ServerStatus { reachable, since: at(), ..sample::server(text) })
}

fn stream(server: &str, text: &str, readers: u32) -> Change {
    Change::Stream(Arc::new(StreamStatus { since: at(), readers, ..sample::stream(server, text) }))
}

fn camera(id: i64) -> Change {
    Change::Camera(CameraStatus { since: at(), ..sample::camera(id, &format!("cam{id}")) })
}

fn recording(text: &str) -> Change {
    Change::Recording(RecordingStatus { since: at(), ..sample::recording("main", text) })
}

#[tokio::test]
async fn the_latest_state_is_ordered_and_things_go() {
    let live = memory();
    let changes = vec![
        server("b", true),
        server("a", true),
        stream("b", "x", 1),
        stream("a", "z", 1),
        stream("a", "y", 1),
        camera(10),
        camera(9),
        recording("y"),
        recording("x"),
        stream("a", "y", 2),
    ];
    live.publish(changes).await.expect("published");
    let latest = live.latest().await.expect("read");
    assert_eq!(latest.servers.iter().map(|server| server.name.as_str()).collect::<Vec<_>>(), ["a", "b"]);
    let streams: Vec<_> = latest.streams.iter().map(|s| (s.server.as_str(), s.name.as_str(), s.readers)).collect();
    assert_eq!(streams, [("a", "y", 2), ("a", "z", 1), ("b", "x", 1)]);
    assert_eq!(latest.cameras.iter().map(|camera| camera.id).collect::<Vec<_>>(), [9, 10]);
    assert_eq!(latest.recordings.iter().map(|recording| recording.name.as_str()).collect::<Vec<_>>(), ["x", "y"]);

    let gone = vec![
        Change::StreamGone { server: "a".to_owned(), name: name("y") },
        Change::StreamGone { server: "a".to_owned(), name: name("unknown") },
        Change::CameraGone { id: 9 },
        Change::RecordingGone { server: "main".to_owned(), name: name("x") },
        server("b", false),
    ];
    live.publish(gone).await.expect("published");
    let latest = live.latest().await.expect("read");
    assert_eq!((latest.streams.len(), latest.cameras.len(), latest.recordings.len()), (2, 1, 1));
    assert!(!latest.servers[1].reachable);
}

#[tokio::test]
async fn subscribers_hear_every_change_in_order() {
    let live = memory();
    live.publish(vec![camera(0)]).await.expect("published before anybody listens");
    let mut changes = live.subscribe().await.expect("subscribed");
    live.publish(Vec::new()).await.expect("nothing to tell");
    for id in 1..=3 {
        live.publish(vec![camera(id), camera(id)]).await.expect("published");
    }
    for id in 1..=3 {
        assert_eq!(*changes.next().await.expect("told"), [camera(id), camera(id)], "unchanged ones are told too");
    }
    assert!(changes.next().now_or_never().is_none());
}

#[tokio::test]
async fn a_subscriber_that_sleeps_is_told_so_and_others_do_not_wait() {
    let live = memory();
    let mut asleep = live.subscribe().await.expect("subscribed");
    for id in 0..BEHIND as i64 + 5 {
        live.publish(vec![camera(id)]).await.expect("published");
    }
    assert_eq!(asleep.next().await, None, "it cannot have heard everything");
    let mut again = live.subscribe().await.expect("subscribed");
    assert_eq!(live.latest().await.expect("read").cameras.len(), BEHIND + 5);
    live.publish(vec![camera(0)]).await.expect("published");
    assert_eq!(*again.next().await.expect("told"), [camera(0)]);
}

#[tokio::test]
async fn samples_are_kept_per_server_and_stream() {
    let live = memory();
    let sample = |readers| Sample { at: at(), state: StreamState::Live, bitrate: Some(7), readers };
    live.record_samples("a", vec![(name("x"), sample(1)), (name("y"), sample(2))]).await.expect("recorded");
    live.record_samples("b", vec![(name("x"), sample(3))]).await.expect("recorded");
    for (server, stream, readers) in [("a", "x", 1), ("a", "y", 2), ("b", "x", 3)] {
        assert_eq!(live.history(server, &name(stream), at(), at()).await.expect("read"), [sample(readers)]);
    }
    assert!(live.history("b", &name("y"), at(), at()).await.expect("read").is_empty());
}
