//! The monitor on paused time: real actors and a real store, and a server that answers by script.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use actix::{Actor, Addr};
use async_trait::async_trait;
use futures_util::{FutureExt, StreamExt};
use tokio::time::Instant;

use super::{Monitor, Watched};
use crate::actors::incidents::IncidentsHandle;
use crate::actors::supervision::testkit::{Provoke, ProvokedFault};
use crate::actors::supervision::{Health, Observation, Observe, Stop};
use crate::adapters::live::memory::MemoryLiveStore;
use crate::adapters::live::{Change, LiveChanges, SharedLive};
use crate::adapters::mediamtx::{Listing, MediaServer, ServerIdentity};
use crate::base::{Error, Result};
use crate::domain::incident::{Incident, IncidentKind, Subject};
use crate::domain::name::StreamName;
use crate::domain::stream::{PathReading, PathSource, StreamState, StreamStatus};

const INTERVAL: Duration = Duration::from_secs(2);

/// What the server does when it is asked.
#[derive(Clone)]
enum Step {
    Lists(&'static [&'static str]),
    Slowly(Duration),
    Fails,
    Panics,
}

/// Follows its script, then repeats the last step. Every listed path gains 1,000 bytes per poll.
struct Scripted {
    script: Mutex<VecDeque<Step>>,
    asked: Mutex<Vec<Instant>>,
    busy: Mutex<bool>,
}

#[async_trait]
impl MediaServer for Scripted {
    async fn list(&self) -> Result<Listing> {
        let step = {
            let mut script = self.script.lock().expect("script");
            if script.len() > 1 { script.pop_front() } else { script.front().cloned() }
        };
        assert!(!std::mem::replace(&mut *self.busy.lock().expect("busy"), true), "two polls at once");
        let bytes = {
            let mut asked = self.asked.lock().expect("asked");
            asked.push(Instant::now());
            asked.len() as u64 * 1_000
        };
        let names: &[&str] = match step.expect("a script has steps") {
            Step::Lists(names) => names,
            Step::Slowly(time) => {
                tokio::time::sleep(time).await;
                &["a"]
            }
            Step::Fails => {
                *self.busy.lock().expect("busy") = false;
                return Err(Error::unavailable("nothing listens"));
            }
            Step::Panics => {
                *self.busy.lock().expect("busy") = false;
                panic!("a fault in the adapter");
            }
        };
        *self.busy.lock().expect("busy") = false;
        Ok(Listing { paths: names.iter().map(|name| reading(name, bytes)).collect(), ..Listing::default() })
    }

    async fn identity(&self) -> Result<ServerIdentity> {
        Ok(ServerIdentity { version: Some("v1.20.1".to_owned()), started_at: None })
    }
}

fn name(text: &str) -> StreamName {
    StreamName::parse(text).expect("a name")
}

fn reading(text: &str, bytes: u64) -> PathReading {
    PathReading {
        name: name(text),
        available: true,
        online: true,
        available_since: chrono::DateTime::from_timestamp(1_700_000_000, 0),
        source: Some(PathSource { kind: "rtspSession".into(), id: "x".into() }),
        tracks: Vec::new().into(),
        readers: 0,
        bytes_received: bytes,
        bytes_sent: 0,
        srt: None,
        config: None,
        on_demand: false,
    }
}

fn listen(live: &SharedLive) -> LiveChanges {
    live.subscribe().now_or_never().expect("at once").expect("subscribed")
}

struct Harness {
    monitor: Addr<Monitor>,
    incidents: IncidentsHandle,
    servers: Vec<Arc<Scripted>>,
    live: SharedLive,
    told: LiveChanges,
}

impl Harness {
    /// A monitor over one server per script, named `s0`, `s1`, ...
    fn with(scripts: Vec<Vec<Step>>) -> Self {
        Self::after(&[], scripts)
    }

    /// The same after a run that has left these open.
    fn after(left: &[Incident], scripts: Vec<Vec<Step>>) -> Self {
        let live: SharedLive = Arc::new(MemoryLiveStore::new(Duration::from_secs(3_600)));
        let told = listen(&live);
        let new = |script: Vec<Step>| {
            let (asked, busy) = (Mutex::default(), Mutex::default());
            Arc::new(Scripted { script: Mutex::new(script.into()), asked, busy })
        };
        let servers: Vec<_> = scripts.into_iter().map(new).collect();
        let watched = servers.iter().enumerate();
        let watched = watched.map(|(n, server)| Watched {
            name: format!("s{n}"),
            client: Arc::clone(server) as _,
            rtsp_url: "rtsp://127.0.0.1:1".parse().expect("a url"),
            readers_gone: false,
        });
        let incidents = IncidentsHandle::default();
        incidents.adopt(left);
        let monitor = Monitor::new(watched.collect(), Arc::clone(&live), INTERVAL, incidents.clone()).start();
        Self { monitor, incidents, servers, live, told }
    }

    /// The changes of the next poll of any server.
    async fn next(&mut self) -> Arc<Vec<Change>> {
        self.told.next().await.expect("the store lives")
    }

    async fn stream(&self, server: &str, stream: &str) -> Option<StreamStatus> {
        let latest = self.live.latest().await.expect("the store lives");
        latest.streams.into_iter().find(|status| status.server == server && status.name.as_str() == stream)
    }

    /// Lets polls pass until the stream is in that state.
    async fn until(&mut self, server: &str, stream: &str, state: StreamState) -> StreamStatus {
        for _ in 0..1_000 {
            if let Some(status) = self.stream(server, stream).await.filter(|status| status.state == state) {
                return status;
            }
            self.next().await;
        }
        panic!("{stream} of {server} never became {}", state.as_str());
    }

    async fn tree(&self) -> Vec<Observation> {
        self.monitor.send(Observe).await.expect("the monitor lives").children
    }

    async fn actor(&self, path: &[&str]) -> Option<Observation> {
        let children = self.tree().await;
        children.iter().find(|child| child.name == path[0])?.find(&path[1..]).cloned()
    }

    /// Lets polls pass until that actor runs in its second generation.
    async fn rebuilt(&mut self, path: &[&str]) -> Observation {
        for _ in 0..1_000 {
            let found = self.actor(path).await;
            if let Some(found) = found.filter(|found| found.generation == 2 && found.health == Health::Running) {
                return found;
            }
            tokio::time::sleep(Duration::from_millis(250)).await;
        }
        panic!("{path:?} was never rebuilt");
    }

    async fn provoke(&self, path: &str, fault: ProvokedFault) {
        assert!(self.monitor.send(Provoke::at(path, fault)).await.expect("the monitor lives"), "{path} not reached");
    }

    async fn stop(self) {
        assert_eq!(self.stop_late().await, Vec::<String>::new());
    }

    async fn stop_late(self) -> Vec<String> {
        self.monitor.send(Stop::within(Duration::from_secs(5))).await.expect("an answer").late
    }
}

fn streams<'a>(changes: &'a [Change]) -> Vec<(&'a str, StreamState)> {
    let stream = |change: &'a Change| match change {
        Change::Stream(status) => Some((status.name.as_str(), status.state)),
        _ => None,
    };
    changes.iter().filter_map(stream).collect()
}

#[actix::test]
async fn one_poll_is_one_change_with_server_and_streams() {
    tokio::time::pause();
    let mut harness = Harness::with(vec![vec![Step::Lists(&["a", "b/c"])]]);
    for poll in 0..3 {
        let changes = harness.next().await;
        assert_eq!(streams(&changes), [("a", StreamState::Live), ("b/c", StreamState::Live)]);
        let Change::Server(server) = &changes[0] else { panic!("the server comes first: {changes:?}") };
        assert!(server.reachable && server.reason.is_none() && server.last_poll.is_some());
        assert_eq!(server.version.as_deref(), Some("v1.20.1"));
        let bitrate = harness.stream("s0", "a").await.expect("a").bitrate;
        // 1,000 bytes in 2 s, and the timer's milliseconds.
        assert_eq!(bitrate.map(|rate| (3_990..=4_010).contains(&rate)), (poll > 0).then_some(true), "{bitrate:?}");
    }
    let tree = harness.tree().await;
    let names: Vec<_> = tree[0].children.iter().map(|child| child.name.as_str()).collect();
    assert_eq!((tree[0].kind.as_str(), names), ("server poller", vec!["a", "b/c"]));
    let (from, to) = (chrono::DateTime::UNIX_EPOCH, chrono::Utc::now() + chrono::TimeDelta::hours(1));
    let history = harness.live.history("s0", &name("a"), from, to).await.expect("history");
    assert_eq!(history.len(), 3);
    harness.stop().await;
}

#[actix::test]
async fn polls_neither_drift_nor_overlap_nor_pile_up() {
    tokio::time::pause();
    let slow = vec![Step::Slowly(Duration::from_millis(4_500)), Step::Slowly(Duration::from_millis(300))];
    let mut harness = Harness::with(vec![slow]);
    for _ in 0..50 {
        harness.next().await;
    }
    let asked = harness.servers[0].asked.lock().expect("asked").clone();
    let at: Vec<u128> = asked.iter().map(|time| (*time - asked[0]).as_millis()).collect();
    // Milliseconds are the resolution of the timer.
    for (poll, at) in at.iter().enumerate().skip(1) {
        let due = 6_000 + (poll as u128 - 1) * 2_000;
        assert!((due..due + 3).contains(at), "poll {poll} at {at} ms instead of {due}");
    }
    harness.stop().await;
}

#[actix::test]
async fn a_silent_server_makes_its_streams_unknown_until_its_next_answer() {
    tokio::time::pause();
    let lists = Step::Lists(&["a"]);
    let script = vec![lists.clone(), lists.clone(), Step::Fails, Step::Panics, Step::Fails, lists.clone()];
    let mut harness = Harness::with(vec![script, vec![lists]]);
    let before = harness.until("s0", "a", StreamState::Live).await;
    let unknown = harness.until("s0", "a", StreamState::Unknown).await;
    assert_eq!(unknown.reason.as_deref(), Some("nothing listens"));
    assert_eq!(unknown.bitrate, None);
    let latest = harness.live.latest().await.expect("latest");
    let server = latest.servers.iter().find(|status| status.name == "s0").expect("s0");
    assert!(!server.reachable && server.reason.as_deref() == Some("nothing listens") && server.last_poll.is_some());
    assert_eq!(server.since, unknown.since);

    let after = harness.until("s0", "a", StreamState::Live).await;
    assert_eq!(after.since, before.since, "the same publisher went on");
    assert_eq!(harness.servers[0].asked.lock().expect("asked").len(), 6, "back with the first answer");
    assert_eq!(harness.stream("s1", "a").await.expect("a of s1").state, StreamState::Live, "others do not care");
    let poller = harness.actor(&["s0"]).await.expect("s0");
    assert_eq!((poller.restarts, poller.state["failures"].as_u64()), (0, Some(3)), "{poller:?}");
    harness.stop().await;
}

#[actix::test]
async fn any_actor_may_fail_and_its_streams_keep_their_since() {
    tokio::time::pause();
    for fault in [ProvokedFault::Panic, ProvokedFault::Hang, ProvokedFault::Exit] {
        for victim in [&["s0"][..], &["s0", "a"]] {
            // The first stream is offline at once, so that its `since` is a time of ours.
            let lists = Step::Lists(&["a", "b"]);
            let mut harness = Harness::with(vec![vec![lists.clone(), Step::Lists(&["b"])], vec![lists]]);
            let before = harness.until("s0", "a", StreamState::Offline).await;
            harness.provoke(&victim.join("/"), fault).await;
            let rebuilt = harness.rebuilt(victim).await;
            assert_eq!(rebuilt.restarts, 1, "{fault:?} of {victim:?}");
            // What was told while it was rebuilt is passed over: the poll after that is looked at.
            harness.told = listen(&harness.live);
            harness.next().await;
            let after = harness.stream("s0", "a").await.expect("a is still known");
            assert_eq!((after.state, after.since), (before.state, before.since), "{fault:?} of {victim:?}");
            assert!(harness.actor(&["s0", "a"]).await.is_some(), "a is still watched: {fault:?} of {victim:?}");
            let other = harness.actor(&["s1"]).await.expect("s1");
            assert_eq!((other.restarts, other.generation), (0, 1));
            if victim.len() == 2 {
                assert_eq!(harness.actor(&["s0", "b"]).await.expect("b").restarts, 0, "{fault:?}");
            }
            harness.stop().await;
        }
    }
}

#[actix::test]
async fn a_hung_path_does_not_hold_up_its_siblings() {
    tokio::time::pause();
    let mut harness = Harness::with(vec![vec![Step::Lists(&["a", "b"])]]);
    harness.next().await;
    harness.provoke("s0/a", ProvokedFault::Hang).await;
    let begun = Instant::now();
    for _ in 0..3 {
        assert_eq!(streams(&harness.next().await), [("b", StreamState::Live)]);
    }
    assert!(begun.elapsed() < INTERVAL * 3 + Duration::from_secs(1), "{:?}", begun.elapsed());
    assert_eq!(harness.stop_late().await, ["s0/a"]);
}

#[actix::test]
async fn a_path_that_stays_away_is_forgotten_with_its_actor() {
    tokio::time::pause();
    let mut harness = Harness::with(vec![vec![Step::Lists(&["a", "b"]), Step::Lists(&["b"])]]);
    harness.until("s0", "a", StreamState::Offline).await;
    let begun = Instant::now();
    let gone = |change: &Change| matches!(change, Change::StreamGone { name, .. } if name.as_str() == "a");
    while !harness.next().await.iter().any(gone) {
        assert!(begun.elapsed() < Duration::from_secs(700), "never forgotten");
    }
    assert!(begun.elapsed() >= Duration::from_secs(590), "{:?}", begun.elapsed());
    assert_eq!(harness.stream("s0", "a").await, None);
    harness.next().await;
    assert!(harness.actor(&["s0", "a"]).await.is_none());
    assert!(harness.actor(&["s0", "b"]).await.is_some());
    harness.stop().await;
}

#[actix::test]
async fn what_changes_nothing_is_not_told_again() {
    tokio::time::pause();
    let mut harness = Harness::with(vec![vec![Step::Lists(&["a"]), Step::Fails]]);
    assert_eq!(streams(&harness.next().await), [("a", StreamState::Live)]);
    assert_eq!(streams(&harness.next().await), [("a", StreamState::Unknown)]);
    for _ in 0..3 {
        let changes = harness.next().await;
        assert!(matches!(changes[..], [Change::Server(_)]), "{changes:?}");
    }
    harness.stop().await;
}

#[actix::test]
async fn what_an_earlier_run_left_of_a_server_that_is_gone_ends() {
    tokio::time::pause();
    let server = |name: &str| Subject::Server { name: name.to_owned() };
    let stream = |server: &str| Subject::Stream { server: server.to_owned(), name: "a".to_owned() };
    let flapping = (IncidentKind::StreamFlapping, stream("s0"));
    let elsewhere = (IncidentKind::RecordingPaused, stream("renamed"));
    let gone = [(IncidentKind::ServerDown, server("renamed")), (IncidentKind::StreamFlapping, stream("renamed"))];
    let left = gone.into_iter().chain([flapping.clone(), elsewhere.clone()]).map(|(kind, subject)| {
        Incident::open(uuid::Uuid::now_v7(), kind, subject, "as before".to_owned(), chrono::Utc::now())
    });
    let mut harness = Harness::after(&left.collect::<Vec<_>>(), vec![vec![Step::Lists(&["a"])]]);
    harness.next().await;
    let mut open = harness.incidents.open_now();
    open.sort_by_key(|(kind, _)| *kind);
    assert_eq!(open, [elsewhere, flapping], "others tell of what is recorded");
    harness.stop().await;
}
