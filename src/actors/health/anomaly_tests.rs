//! Anomalies with a real database: what is usual is read from the history, an incident is raised and ended, a restart knows as much.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use actix::Actor;
use chrono::Utc;
use uuid::Uuid;

use super::anomalies::Anomalies;
use super::anomaly_setup::AnomalySetup;
use super::anomaly_table::AnomalyTable;
use crate::actors::incidents::{Incidents, IncidentsHandle};
use crate::actors::supervision::Stop;
use crate::adapters::database::{HistoryStore, IncidentStore, NodeStore, sqlite};
use crate::config::ANOMALY_METRICS;
use crate::config::settings::AnomalySettings;
use crate::domain::anomaly::{AnomalyMetric, AnomalyState};
use crate::domain::history::{Bucket, CodeBand, Metric, SeriesKey, SeriesKind, Tier};
use crate::domain::incident::{Incident, IncidentKind, Subject};
use crate::domain::sample;
use crate::domain::stream::StreamState;

type Minutes = Arc<Mutex<VecDeque<(SeriesKey, Bucket)>>>;

fn bucket(at: i64, bitrate: f64) -> Bucket {
    bucket_of(Metric::Bitrate, at, bitrate)
}

fn bucket_of(metric: Metric, at: i64, value: f64) -> Bucket {
    let band = CodeBand::of(metric, value, value, value, value).expect("a number");
    let (state, bands) = (Some(StreamState::Live), vec![(metric, band)]);
    Bucket { at, state, bands, ..Bucket::default() }
}

fn gate() -> SeriesKey {
    SeriesKey::stream("main", "gate")
}

/// Four weeks of 4 Mbit/s.
async fn database(folder: &std::path::Path, now: i64) -> Arc<sqlite::Sqlite> {
    let database = sqlite::open(folder.join("test.db")).await.expect("a database");
    database.join(sample::node_claim("here")).await.expect("admitted");
    let first = Tier::TenMinutes.bucket_of(now - 28 * 86_400);
    let past = (first..now).step_by(600).map(|at| bucket(at, 4e6)).collect();
    database.add_history(vec![(gate(), Tier::TenMinutes, past)]).await.expect("written");
    database
}

async fn until(what: &str, mut is: impl FnMut() -> bool) {
    let waited = async {
        while !is() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    assert!(tokio::time::timeout(Duration::from_secs(60), waited).await.is_ok(), "{what}");
}

/// Tells `bitrate` for some minutes, once the past was read.
async fn tell(minutes: &Minutes, table: &AnomalyTable, next: &mut i64, bitrate: f64) {
    for _ in 0..8 {
        minutes.lock().expect("a queue").push_back((gate(), bucket(*next, bitrate)));
        minutes.lock().expect("a queue").push_back((SeriesKey::stream("main", "test"), bucket(*next, bitrate)));
        *next += 60;
    }
    until("minutes were taken", || minutes.lock().expect("a queue").is_empty()).await;
    until("the past was read", || table.counts().streams == 1 && table.counts().not_learned == 0).await;
}

#[actix::test]
async fn what_is_usual_is_read_from_the_history_and_again_after_a_restart() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut next = Tier::Minute.bucket_of(Utc::now().timestamp());
    let database = database(folder.path(), next).await;
    let (minutes, incidents): (Minutes, _) = (Minutes::default(), IncidentsHandle::default());
    let (heard, settings) = (
        Arc::clone(&minutes),
        AnomalySettings {
            enabled: true,
            // Told at once: minutes do not take their time here.
            dwell: Duration::ZERO,
            exclude: vec!["test".to_owned()],
            ..AnomalySettings::default()
        },
    );
    let take = Arc::new(move || heard.lock().expect("a queue").drain(..).collect());
    let setup = AnomalySetup::of(&settings, Default::default(), take, database).expect("enabled");
    let setup = Arc::new(AnomalySetup { every: Duration::from_millis(10), ..setup });
    let open = || incidents.open_now().into_iter().any(|(kind, _)| kind == IncidentKind::StreamUnusual);
    for run in 0..2 {
        let table = AnomalyTable::default();
        let actor = Anomalies::new(Arc::clone(&setup), table.clone(), incidents.clone()).start();
        tell(&minutes, &table, &mut next, 4e6).await;
        tell(&minutes, &table, &mut next, 4e6).await;
        until("it is usual", || table.statuses().iter().any(|one| one.state == AnomalyState::Usual)).await;
        assert!(!open(), "{run}");
        tell(&minutes, &table, &mut next, 1.2e6).await;
        until("it is unusual", open).await;
        let statuses = table.statuses();
        let [bitrate] = statuses.as_slice() else { panic!("one number was measured: {statuses:?}") };
        assert_eq!(
            (bitrate.metric, bitrate.state, bitrate.weeks),
            (AnomalyMetric::Bitrate, AnomalyState::Unusual, Some(4))
        );
        assert!(
            bitrate.explanation.as_ref().is_some_and(|told| told.starts_with("bitrate 1.2 Mbit/s; usual for ")),
            "{bitrate:?}"
        );
        assert_eq!(incidents.open_now()[0].1, Subject::Stream { server: "main".to_owned(), name: "gate".to_owned() });
        if run == 1 {
            tell(&minutes, &table, &mut next, 4e6).await;
            until("it is usual again", || !open()).await;
            assert_eq!(table.counts().told, 1);
        }
        actor.send(Stop::within(Duration::from_secs(10))).await.expect("stopped");
        // What lasts when the program ends lasts until the next run knows better.
        assert_eq!(open(), run == 0);
        if run == 0 {
            minutes.lock().expect("a queue").clear();
            incidents.clear(
                IncidentKind::StreamUnusual,
                &Subject::Stream { server: "main".to_owned(), name: "gate".to_owned() },
            );
        }
    }
}

#[actix::test]
async fn what_was_told_of_a_stream_that_is_gone_since_the_last_run_ends() {
    let folder = tempfile::tempdir().expect("a folder");
    let now = Tier::Minute.bucket_of(Utc::now().timestamp());
    let database = database(folder.path(), now).await;
    let subject = |name: &str| Subject::Stream { server: "main".to_owned(), name: name.to_owned() };
    for name in ["gate", "gone"] {
        let cause = "bitrate 1.2 Mbit/s".to_owned();
        let left = Incident::open(Uuid::now_v7(), IncidentKind::StreamUnusual, subject(name), cause, Utc::now());
        database.open_incident(left).await.expect("written");
    }
    let incidents = IncidentsHandle::default();
    let writer = Incidents::new(database.clone(), incidents.clone()).start();
    let settings = AnomalySettings { enabled: true, ..AnomalySettings::default() };
    let heard = Mutex::new(Some((gate(), bucket(now, 4e6))));
    let take = Arc::new(move || heard.lock().expect("a minute").take().into_iter().collect());
    let setup = AnomalySetup::of(&settings, Default::default(), take, database).expect("enabled");
    let setup = AnomalySetup { every: Duration::from_millis(10), leftovers_after: Duration::from_millis(50), ..setup };
    let actor = Anomalies::new(Arc::new(setup), AnomalyTable::default(), incidents.clone()).start();
    until("one of them has ended", || incidents.open_now().len() == 1).await;
    assert_eq!(
        incidents.open_now(),
        [(IncidentKind::StreamUnusual, subject("gate"))],
        "this one is still to be judged"
    );
    actor.send(Stop::within(Duration::from_secs(10))).await.expect("stopped");
    writer.send(Stop::within(Duration::from_secs(10))).await.expect("stopped");
}

#[actix::test]
async fn an_endpoint_that_takes_longer_than_usual_is_told_and_one_that_is_not_watched_is_not() {
    let folder = tempfile::tempdir().expect("a folder");
    let now = Tier::Minute.bucket_of(Utc::now().timestamp());
    let database = database(folder.path(), now).await;
    let of = |name: &str| SeriesKey::of(SeriesKind::Endpoint, name);
    let first = Tier::TenMinutes.bucket_of(now - 28 * 86_400);
    for name in ["uplink", "gone"] {
        let past = (first..now).step_by(600).map(|at| bucket_of(Metric::Rtt, at, 20.0)).collect();
        database.add_history(vec![(of(name), Tier::TenMinutes, past)]).await.expect("written");
    }
    let (minutes, incidents): (Minutes, _) = (Minutes::default(), IncidentsHandle::default());
    let heard = Arc::clone(&minutes);
    let take = Arc::new(move || heard.lock().expect("a queue").drain(..).collect());
    let settings = AnomalySettings { enabled: true, dwell: Duration::ZERO, ..AnomalySettings::default() };
    let endpoints = std::collections::BTreeSet::from(["uplink".to_owned()]);
    let setup = AnomalySetup::of(&settings, endpoints, take, database).expect("enabled");
    let setup = Arc::new(AnomalySetup { every: Duration::from_millis(10), ..setup });
    let table = AnomalyTable::default();
    let actor = Anomalies::new(Arc::clone(&setup), table.clone(), incidents.clone()).start();
    let tell = async |minute: i64, ms: f64| {
        for at in (0..8).map(|n| now + (minute + n) * 60) {
            for name in ["uplink", "gone"] {
                minutes.lock().expect("a queue").push_back((of(name), bucket_of(Metric::Rtt, at, ms)));
            }
        }
        until("minutes were taken", || minutes.lock().expect("a queue").is_empty()).await;
        until("the past was read", || table.counts().streams == 1 && table.counts().not_learned == 0).await;
    };
    tell(0, 20.0).await;
    tell(8, 21.0).await;
    until("it is usual", || table.statuses().iter().any(|one| one.state == AnomalyState::Usual)).await;
    assert_eq!(incidents.open_now(), []);
    tell(16, 90.0).await;
    until("it is unusual", || !incidents.open_now().is_empty()).await;
    let uplink = Subject::Target { name: "uplink".to_owned() };
    assert_eq!(incidents.open_now(), [(IncidentKind::EndpointUnusual, uplink)]);
    let status = &table.statuses()[0];
    assert_eq!((status.endpoint.as_deref(), &status.server, &status.stream), (Some("uplink"), &None, &None));
    assert!(
        status.explanation.as_ref().is_some_and(|told| told.starts_with("latency 90 ms; usual for ")),
        "{status:?}"
    );
    assert_eq!((status.metric, status.usual_low), (AnomalyMetric::Latency, None), "less is never unusual");
    tell(24, 20.0).await;
    until("it is usual again", || incidents.open_now().is_empty()).await;
    actor.send(Stop::within(Duration::from_secs(10))).await.expect("stopped");
}

#[test]
fn the_words_of_the_configuration_are_those_of_the_rules() {
    assert_eq!(ANOMALY_METRICS, AnomalyMetric::ALL.map(AnomalyMetric::as_str));
}
