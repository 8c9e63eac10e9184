//! A live store with its two connections, and polls as a monitor makes them.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use streamwarden::adapters::live::redis::{NodeFacts, RedisLiveStore};
use streamwarden::adapters::live::{Change, Latest, LiveStore};
use streamwarden::config::settings::RedisSettings;
use streamwarden::domain::name::StreamName;
use streamwarden::domain::stream::{Sample, ServerStatus, SrtFigures, StreamState, StreamStatus};
use tokio_util::task::AbortOnDropHandle;

use crate::support::redis::RedisServer;
use crate::support::wait::eventually;

pub const HISTORY: Duration = Duration::from_secs(6 * 3600);

/// One process.
pub struct Node {
    pub live: Arc<RedisLiveStore>,
    _tasks: Vec<AbortOnDropHandle<()>>,
}

/// As of a poll.
#[derive(Clone, Copy, Debug)]
pub struct Path {
    pub name: &'static str,
    pub bytes: u64,
}

impl Node {
    pub fn start(server: &RedisServer, node: &str) -> Self {
        Self::with(&server.settings(), node, &["main"])
    }

    /// With these servers, the first one first.
    pub fn with(settings: &RedisSettings, node: &str, servers: &[&str]) -> Self {
        Self::new(settings, node, servers, HISTORY)
    }

    /// One that keeps samples for so long.
    pub fn keeping(server: &RedisServer, history: Duration) -> Self {
        Self::new(&server.settings(), "n1", &["main"], history)
    }

    fn new(settings: &RedisSettings, node: &str, servers: &[&str], history: Duration) -> Self {
        let servers = servers.iter().map(|name| (*name).to_owned()).collect();
        let facts = NodeFacts { node: node.to_owned(), roles: vec!["monitor".to_owned()], servers };
        let live = Arc::new(RedisLiveStore::new(settings, facts, history).expect("settings that can be used"));
        let tasks = vec![tokio::spawn(live.write()), tokio::spawn(live.listen())];
        Self { live, _tasks: tasks.into_iter().map(AbortOnDropHandle::new).collect() }
    }

    /// What a monitor does after a poll of this server at this time.
    pub async fn poll(&self, server: &str, at: DateTime<Utc>, paths: &[Path]) {
        let mut changes = vec![Change::Server(server_status(server, at))];
        let statuses: Vec<StreamStatus> = paths.iter().map(|path| stream(server, path, at)).collect();
        let samples = statuses.iter().map(|status| (status.name.clone(), sample(status, at))).collect();
        changes.extend(statuses.into_iter().map(|status| Change::Stream(Arc::new(status))));
        self.live.publish_poll(server, changes, samples).await.expect("memory takes it");
    }

    pub async fn latest(&self) -> Latest {
        self.live.latest().await.expect("memory answers")
    }

    /// Waits until this process knows the stream as wanted.
    pub async fn stream(&self, name: &str, wanted: impl Fn(&StreamStatus) -> bool) -> StreamStatus {
        let found = || async { self.latest().await.streams.into_iter().find(|s| s.name.as_str() == name && wanted(s)) };
        eventually(&format!("{name} as wanted"), found).await
    }

    /// Waits until there is a fault with this word, or none.
    pub async fn fault(&self, word: Option<&str>) -> Option<String> {
        let found = || async {
            let fault = self.live.fault();
            match (&fault, word) {
                (None, None) => self.live.health().borrow().is_connected().then_some(fault),
                (Some(text), Some(word)) => text.contains(word).then_some(fault),
                _ => None,
            }
        };
        eventually(&format!("the fault {word:?}"), found).await
    }
}

pub fn name(text: &str) -> StreamName {
    StreamName::parse(text).expect("a name")
}

/// A time on whole milliseconds, as Redis keeps it.
pub fn now() -> DateTime<Utc> {
    DateTime::from_timestamp_millis(Utc::now().timestamp_millis()).expect("a time")
}

pub fn seconds(count: i64) -> TimeDelta {
    TimeDelta::seconds(count)
}

pub fn server_status(server: &str, at: DateTime<Utc>) -> ServerStatus {
    ServerStatus {
        name: server.to_owned(),
        reachable: true,
        since: at,
        reason: None,
        rtsp_answers: None,
        version: Some("v1.20.1".to_owned()),
        started_at: None,
        last_poll: Some(at),
    }
}

pub fn stream(server: &str, path: &Path, at: DateTime<Utc>) -> StreamStatus {
    let blank = StreamStatus::blank(server, name(path.name), StreamState::Live, at);
    let is_srt = path.name.starts_with("srt");
    // What a network does to the numbers.
    let noise = if path.name == "srt-noisy" { path.bytes % 700 } else { 0 } as f64;
    StreamStatus {
        source_type: Some(if is_srt { "srtConn" } else { "rtspSession" }.into()),
        bytes_received: path.bytes,
        readers: 2,
        bytes_sent: 2 * path.bytes,
        rtt: is_srt.then_some(23.5 + noise / 100.0),
        recv_rate_mbps: is_srt.then_some(4.25 + noise / 1_000.0),
        link_capacity_mbps: is_srt.then_some(90.5 + noise / 100.0),
        loss_rate: is_srt.then_some((noise % 40.0) / 100.0),
        ..blank
    }
}

pub fn sample(status: &StreamStatus, at: DateTime<Utc>) -> Sample {
    let srt = SrtFigures {
        rtt: status.rtt,
        recv_rate_mbps: status.recv_rate_mbps,
        link_capacity_mbps: status.link_capacity_mbps,
        loss_rate: status.loss_rate,
        retransmit_rate: status.retransmit_rate,
    };
    Sample { bitrate: Some(1), readers: status.readers, srt, ..Sample::new(at, status.state) }
}
