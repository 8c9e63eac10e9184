//! Probed streams: whose turn it is, what becomes of a worker that dies, of what is no longer live, and of what an earlier run
//! has left.

use std::sync::Arc;
use std::time::Duration;

use actix::Actor;
use chrono::Utc;
use uuid::Uuid;

use super::health_setup::{FrameRates, HealthSetup, ReadServer};
use super::stream_probe_table::StreamProbeTable;
use super::stream_probes::StreamProbes;
use crate::actors::incidents::{IncidentsHandle, now};
use crate::actors::supervision::Stop;
use crate::adapters::ffmpeg::ffmpeg_version::FfmpegVersion;
use crate::adapters::live::memory::MemoryLiveStore;
use crate::adapters::live::{Change, SharedLive};
use crate::adapters::mediamtx::rtsp_connection::RtspPlace;
use crate::config::settings::ApiTrust;
use crate::domain::health::{OutageEvent, ProbeKey, ProbeRecord, ProbeResult, ProbeState, StreamProbeStatus};
use crate::domain::health::{ProbePlace, ProbeTarget};
use crate::domain::incident::{Incident, IncidentKind, Subject};
use crate::domain::name::StreamName;
use crate::domain::probe::{FaultKind, ProbeFault};
use crate::domain::sample;

const TIME: Duration = Duration::from_secs(60);

fn failed() -> ProbeResult {
    let found = Err(ProbeFault::new(FaultKind::Refused, "refused"));
    ProbeResult { at: now(), took: Duration::from_millis(5), found }
}

fn path(name: &str) -> ProbeKey {
    let stream = Some(StreamName::parse(name).expect("a name"));
    ProbeKey { server: Some("main".to_owned()), stream, ..ProbeKey::of_address("all") }
}

fn only(table: &StreamProbeTable) -> StreamProbeStatus {
    let mut all = table.statuses();
    assert_eq!(all.len(), 1);
    all.remove(0)
}

#[tokio::test(start_paused = true)]
async fn a_probe_is_claimed_once_and_given_back_by_who_dies() {
    let table = StreamProbeTable::new(2);
    let key = ProbeKey::of_address("cdn");
    table.add(ProbeRecord::new(key.clone(), Some("rtsp://h/x".to_owned()), TIME, TIME));
    assert_eq!((table.claim(1), table.claim(2)), (Some((key.clone(), TIME)), None));
    assert!(only(&table).next_at.is_none(), "it is being probed");
    // Worker 1 is built again.
    table.give_back(1);
    assert_eq!(table.claim(2), Some((key, TIME)));
    assert_eq!(table.finished(1, failed()), OutageEvent::Nothing, "it has none");
    assert_eq!(table.finished(2, failed()), OutageEvent::Nothing, "one failure");
    assert_eq!((only(&table).state, table.next_in()), (ProbeState::Doubtful, Some(TIME / 4)));
    tokio::time::advance(TIME / 4).await;
    assert!(table.claim(1).is_some());
    assert!(matches!(table.finished(1, failed()), OutageEvent::Raise(_)));
    let status = only(&table);
    assert_eq!((status.state, status.outages, status.failed_probes), (ProbeState::Out, 1, 2));
}

#[tokio::test(start_paused = true)]
async fn a_path_is_probed_only_while_it_is_live() {
    let table = StreamProbeTable::new(1);
    let key = path("cam/front");
    table.add(ProbeRecord::of_path(key.clone(), TIME, TIME));
    assert_eq!((only(&table).state, table.claim(1)), (ProbeState::NotLive, None));
    table.set_live(&key, true);
    tokio::time::advance(TIME).await;
    assert!(table.claim(1).is_some());
    // It ends while it is being probed: what the probe says of it is not believed.
    table.set_live(&key, false);
    assert_eq!(table.finished(1, failed()), OutageEvent::Nothing);
    let status = only(&table);
    assert_eq!((status.state, status.probes, status.at), (ProbeState::NotLive, 0, None));
    table.set_live(&key, true);
    tokio::time::advance(TIME).await;
    assert!(table.claim(1).is_some(), "it is live again");
    table.remove(&key);
    assert_eq!(table.finished(1, failed()), OutageEvent::Nothing);
    assert!(table.statuses().is_empty() && table.claim(1).is_none() && table.next_in().is_none());
}

#[tokio::test(start_paused = true)]
async fn a_thousand_targets_are_known_at_once() {
    let table = StreamProbeTable::new(4);
    for number in 0..1_000 {
        let key = ProbeKey::of_address(&format!("t{number:04}"));
        table.add(ProbeRecord::new(key, None, TIME, TIME));
    }
    let claimed = (1..=4).filter_map(|worker| table.claim(worker)).count();
    assert_eq!((claimed, table.counts(), table.statuses().len()), (4, (1_000, 996), 1_000));
}

/// One target: the path `x` of any server; the configuration has the server `main`.
fn setup() -> HealthSetup {
    let base = "rtsp://127.0.0.1:1".parse().expect("a URL");
    let place = RtspPlace { base, trust: ApiTrust::Machine, server: "main".to_owned(), key: "rtsp_url" };
    HealthSetup {
        workers: 0,
        window: TIME,
        targets: vec![ProbeTarget {
            name: "all".to_owned(),
            place: ProbePlace::Paths { server: None, pattern: "x".to_owned() },
            interval: TIME,
            limit: TIME,
        }],
        servers: [("main".to_owned(), ReadServer { place, login: None })].into(),
        ffprobe: "/nowhere".into(),
        version: FfmpegVersion { major: 8, libavformat: (62, 0), text: "8.0".to_owned() },
        mark: String::new(),
        reach: Default::default(),
        frame_rates: FrameRates::to(|_, _| {}),
    }
}

#[actix::test]
async fn what_an_earlier_run_left_of_a_path_lasts_until_its_server_answers() {
    let stream = |server: &str, name: &str| Subject::Stream { server: server.to_owned(), name: name.to_owned() };
    let kept = (IncidentKind::ProbeFailed, stream("main", "x"));
    let gone = [stream("main", "y"), stream("other", "x"), Subject::Target { name: "cdn".to_owned() }];
    let left = gone.into_iter().chain([kept.1.clone()]).map(|subject| {
        Incident::open(Uuid::now_v7(), IncidentKind::ProbeFailed, subject, "refused".to_owned(), Utc::now())
    });
    let incidents = IncidentsHandle::default();
    incidents.adopt(&left.collect::<Vec<_>>());
    let live: SharedLive = Arc::new(MemoryLiveStore::new(TIME));
    let (setup, table) = (Arc::new(setup()), StreamProbeTable::new(1));
    let probes = StreamProbes::new(setup, table, Arc::clone(&live), incidents.clone()).start();
    let until = async |open: usize| {
        let waited = async {
            while incidents.open_now().len() > open {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(60), waited).await.expect("what is over ends");
    };
    until(1).await;
    assert_eq!(incidents.open_now(), [kept], "nobody has asked the server yet");
    live.publish(vec![Change::Server(sample::server("main"))]).await.expect("told");
    until(0).await;
    assert!(probes.send(Stop::within(TIME)).await.expect("an answer").late.is_empty());
}
