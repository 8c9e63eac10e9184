//! What every live store has to do, run over the one in memory and over the one with a Redis behind it.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use futures_util::{FutureExt, StreamExt};
use streamwarden::adapters::live::memory::MemoryLiveStore;
use streamwarden::adapters::live::{Change, LiveStore, SharedLive};
use streamwarden::domain::camera::CameraStatus;
use streamwarden::domain::recording::RecordingStatus;
use streamwarden::domain::sample;
use streamwarden::domain::stream::{Sample, ServerStatus, SrtFigures, StreamState, StreamStatus};
use tempfile::TempDir;

use super::harness::{HISTORY, Node, name, now, seconds};
use crate::support::redis::RedisServer;
use crate::support::wait::eventually;

/// Where a live store keeps what survives a restart.
enum Place {
    Memory(TempDir),
    Redis(RedisServer),
}

/// A live store of one process.
enum Process {
    Memory(Arc<MemoryLiveStore>),
    Redis(Node),
}

impl Place {
    fn memory() -> Self {
        Self::Memory(tempfile::tempdir().expect("a folder"))
    }

    fn redis() -> Self {
        Self::Redis(RedisServer::start())
    }

    /// A process begins.
    async fn open(&self) -> Process {
        match self {
            Self::Memory(folder) => {
                let live = MemoryLiveStore::new(HISTORY);
                live.restore(&folder.path().join("history.snapshot")).expect("nothing is wrong");
                Process::Memory(Arc::new(live))
            }
            Self::Redis(server) => {
                let node = Node::start(server, "n1");
                node.fault(None).await;
                Process::Redis(node)
            }
        }
    }

    /// A process ends, when this many samples of the stream `cam` are kept.
    async fn close(&self, process: Process, samples: u32) {
        match (self, process) {
            (Self::Memory(folder), Process::Memory(live)) => {
                live.save(&folder.path().join("history.snapshot")).expect("written");
            }
            (Self::Redis(server), Process::Redis(_node)) => {
                let written = || async { (server.ask::<u32>("XLEN mediamtx:history:cam") >= samples).then_some(()) };
                eventually("all samples are written", written).await;
            }
            _ => panic!("a process of another place"),
        }
    }
}

impl Process {
    fn live(&self) -> SharedLive {
        match self {
            Self::Memory(live) => Arc::clone(live) as SharedLive,
            Self::Redis(node) => Arc::clone(&node.live) as SharedLive,
        }
    }
}

fn at() -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000, 0).expect("a time")
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

async fn the_latest_state_is_ordered_and_things_go(place: Place) {
    let process = place.open().await;
    let live = process.live();
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

async fn subscribers_hear_every_change_in_order(place: Place) {
    let process = place.open().await;
    let live = process.live();
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

async fn a_subscriber_that_sleeps_is_told_so_and_others_do_not_wait(place: Place) {
    let process = place.open().await;
    let live = process.live();
    let mut asleep = live.subscribe().await.expect("subscribed");
    for id in 0..2_000 {
        live.publish(vec![camera(id)]).await.expect("published");
    }
    let mut again = live.subscribe().await.expect("subscribed");
    assert_eq!(asleep.next().await, None, "it cannot have heard everything");
    assert_eq!(live.latest().await.expect("read").cameras.len(), 2_000);
    live.publish(vec![camera(0)]).await.expect("published");
    assert_eq!(*again.next().await.expect("told"), [camera(0)]);
}

async fn samples_are_kept_per_server_and_stream(place: Place) {
    let process = place.open().await;
    let live = process.live();
    let begun = now();
    let sample = |readers| Sample { bitrate: Some(7), readers, gap: true, ..Sample::new(begun, StreamState::Live) };
    live.record_samples("a", vec![(name("x"), sample(1)), (name("y"), sample(2))]).await.expect("recorded");
    live.record_samples("b", vec![(name("x"), sample(3))]).await.expect("recorded");
    for (server, stream, readers) in [("a", "x", 1), ("a", "y", 2), ("b", "x", 3)] {
        assert_eq!(live.history(server, &name(stream), begun, begun).await.expect("read"), [sample(readers)]);
    }
    assert!(live.history("b", &name("y"), begun, begun).await.expect("read").is_empty());
}

/// Polls every 2 s: 4 Mbit/s in, 8 Mbit/s out, an SRT source.
async fn poll(live: &SharedLive, from: DateTime<Utc>, polls: std::ops::Range<i64>) {
    for n in polls {
        let bytes = 1_000_000 * u64::try_from(n).expect("a number");
        let srt = SrtFigures {
            rtt: Some(20.0 + n as f64 / 4.0),
            recv_rate_mbps: Some(4.25),
            link_capacity_mbps: Some(90.5),
            loss_rate: Some(if n % 10 == 3 { 0.25 } else { 0.0 }),
            retransmit_rate: Some(if n % 10 == 3 { 2.5 } else { 0.0 }),
        };
        let at = from + seconds(2 * n);
        let readers = if n < 20 { 2 } else { 3 };
        let status = StreamStatus { bytes_received: bytes, bytes_sent: 2 * bytes, ..sample::stream("main", "cam") };
        let numbers =
            Sample { bitrate: Some(4_000_000), bitrate_out: Some(8_000_000), ..Sample::new(at, status.state) };
        let poll = vec![(name("cam"), Sample { readers, srt, reset: n == 5, ..numbers })];
        let changes = vec![server("main", true), Change::Stream(Arc::new(status))];
        live.publish_poll("main", changes, poll).await.expect("memory takes it");
        // The writer takes some polls at a time.
        tokio::task::yield_now().await;
    }
}

async fn a_restart_keeps_the_history_with_every_number_and_marks_the_gap(place: Place) {
    let begun = now() - seconds(600);
    let process = place.open().await;
    for n in 0..10 {
        poll(&process.live(), begun, 4 * n..4 * n + 4).await;
        if let (Place::Redis(server), written) = (&place, u32::try_from(4 * n + 4).expect("a number")) {
            let is_written = || async { (server.ask::<u32>("XLEN mediamtx:history:cam") == written).then_some(()) };
            eventually("it is written", is_written).await;
        }
    }
    place.close(process, 40).await;

    let process = place.open().await;
    let live = process.live();
    let samples = live.history("main", &name("cam"), begun, now()).await.expect("an answer");
    assert_eq!(samples.len(), 40);
    for (n, sample) in samples.iter().enumerate() {
        assert_eq!((sample.at, sample.state), (begun + seconds(2 * n as i64), StreamState::Live));
        assert_eq!((sample.readers, sample.gap), (if n < 20 { 2 } else { 3 }, n == 0), "{n}");
        let srt = sample.srt;
        assert_eq!((srt.rtt, srt.recv_rate_mbps), (Some(20.0 + n as f64 / 4.0), Some(4.25)), "{n}");
        assert_eq!(srt.link_capacity_mbps, Some(90.5));
        assert_eq!(srt.loss_rate, Some(if n % 10 == 3 { 0.25 } else { 0.0 }), "{n}");
        assert_eq!(sample.reset, n == 5, "{n}");
        // In Redis none is not told, and not known of the first.
        let sent_again = srt.retransmit_rate.or((n == 0).then_some(0.0));
        assert_eq!(sent_again, Some(if n % 10 == 3 { 2.5 } else { 0.0 }), "{n}");
        // In Redis what came before the first entry is not known, and what was sent is told once a minute.
        let known = matches!(place, Place::Memory(_));
        assert_eq!(sample.bitrate.or((n == 0 && !known).then_some(4_000_000)), Some(4_000_000), "{n}");
        let told = known || (1..=31).contains(&n);
        assert_eq!(sample.bitrate_out, told.then_some(8_000_000), "{n}");
    }
    // Thirty seconds later it is watched again: too short to be seen, and marked.
    poll(&live, begun, 55..58).await;
    let samples = live.history("main", &name("cam"), begun, now()).await.expect("an answer");
    let gaps: Vec<_> = samples.iter().filter(|sample| sample.gap).map(|sample| sample.at).collect();
    assert_eq!((samples.len(), gaps), (43, vec![begun, begun + seconds(110)]));
    let part = live.history("main", &name("cam"), begun + seconds(10), begun + seconds(14)).await.expect("an answer");
    assert_eq!(part.iter().map(|sample| sample.readers).collect::<Vec<_>>(), [2, 2, 2], "a part knows the readers too");
}

/// Each of them over both.
macro_rules! both {
    ($($behaviour:ident),* $(,)?) => {
        mod memory {
            $(#[tokio::test] async fn $behaviour() { super::$behaviour(super::Place::memory()).await; })*
        }
        mod redis {
            $(#[tokio::test] async fn $behaviour() { super::$behaviour(super::Place::redis()).await; })*
        }
    };
}

both!(
    the_latest_state_is_ordered_and_things_go,
    subscribers_hear_every_change_in_order,
    a_subscriber_that_sleeps_is_told_so_and_others_do_not_wait,
    samples_are_kept_per_server_and_stream,
    a_restart_keeps_the_history_with_every_number_and_marks_the_gap,
);

#[tokio::test]
async fn a_snapshot_is_bounded_by_the_memory_that_samples_may_take() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("history.snapshot");
    let live = MemoryLiveStore::bounded(Duration::from_secs(86_400), 200_000);
    for second in 0..5_000 {
        let sample = Sample {
            bitrate: Some(7_919 * second % 1_000_000),
            ..Sample::new(at() + seconds(second as i64), StreamState::Live)
        };
        live.record_samples("main", (0..20).map(|n| (name(&format!("cam{n}")), sample)).collect())
            .await
            .expect("recorded");
    }
    let bytes = live.save(&path).expect("written").kept;
    assert!((100_000..=210_000).contains(&bytes), "{bytes}");
}
