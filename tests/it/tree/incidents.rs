//! The incidents over a database file that is locked and let go, with an actor that panics in between.

use std::sync::Arc;
use std::time::Duration;

use actix::{Actor, Addr};
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

use streamwarden::actors::incidents::{Incidents, IncidentsHandle, now};
use streamwarden::actors::root::Root;
use streamwarden::actors::supervision::testkit::{Provoke, ProvokedFault};
use streamwarden::actors::supervision::{Child, Health, Observation, Observe, Restart, Stop};
use streamwarden::adapters::database::{IncidentQuery, IncidentStore, sqlite};
use streamwarden::domain::incident::{Incident, IncidentKind, Subject};

use crate::support::wait;

/// Nothing here takes so long, unless it is broken.
const TIMEOUT: Duration = Duration::from_secs(45);

struct Harness {
    handle: IncidentsHandle,
    root: Addr<Root>,
    database: Arc<sqlite::Sqlite>,
    folder: TempDir,
}

fn camera(id: i64) -> Subject {
    Subject::camera_of(id, format!("cam{id}"))
}

impl Harness {
    async fn open() -> Self {
        Self::over(tempfile::tempdir().expect("a folder"), IncidentsHandle::default()).await
    }

    async fn over(folder: TempDir, handle: IncidentsHandle) -> Self {
        let database = sqlite::open(folder.path().join("test.db")).await.expect("a database").for_node("here");
        let (kept, told) = (database.clone(), handle.clone());
        let child = Child::new("incidents", Restart::Always, move || Incidents::new(kept.clone(), told.clone()));
        let root = Root::new(vec![child], CancellationToken::new().drop_guard()).start();
        Self { handle, root, database, folder }
    }

    /// Holds the file against every other writer until `COMMIT`.
    fn lock(&self) -> rusqlite::Connection {
        let file = rusqlite::Connection::open(self.folder.path().join("test.db")).expect("the file");
        file.busy_timeout(Duration::from_secs(10)).expect("a limit");
        file.execute_batch("BEGIN EXCLUSIVE").expect("the lock");
        file
    }

    /// `kind subject cause`, with `over` in front of those that are; the oldest first.
    async fn told(&self) -> Vec<String> {
        let query = IncidentQuery { limit: 1000, ..IncidentQuery::default() };
        let mut all = self.database.incidents(query).await.expect("incidents");
        all.reverse();
        let line = |one: &Incident| {
            let over = if one.closed_at.is_some() { "over " } else { "" };
            format!("{over}{} {} {}", one.kind.as_str(), one.subject.name(), one.cause)
        };
        all.iter().map(line).collect()
    }

    async fn until(&self, what: &str, wanted: impl AsyncFn() -> bool) {
        let ask = || async { if wanted().await { Ok(()) } else { Err(format!("{:#?}", self.told().await)) } };
        wait::until(what, TIMEOUT, ask).await;
    }

    async fn seen(&self) -> Observation {
        self.root.send(Observe).await.expect("the root lives").children.remove(0)
    }

    async fn panic(&self) {
        let generation = self.seen().await.generation;
        assert!(self.root.send(Provoke::at("incidents", ProvokedFault::Panic)).await.expect("the root lives"));
        let again = async || {
            let seen = self.seen().await;
            seen.generation > generation && seen.health == Health::Running
        };
        self.until("the actor is built again", again).await;
    }

    async fn close(self) -> TempDir {
        let report = self.root.send(Stop::within(Duration::from_secs(10))).await.expect("an answer");
        assert!(report.late.is_empty(), "{report:?}");
        self.folder
    }
}

#[actix::test]
async fn what_was_raised_and_cleared_outlives_a_panic_and_a_database_that_is_away() {
    let harness = Harness::open().await;
    harness.handle.raise(IncidentKind::CameraDown, &camera(1), "refused", now());
    harness.until("the first is written", async || harness.told().await.len() == 1).await;
    let lock = harness.lock();
    harness.handle.raise(IncidentKind::CameraDown, &camera(2), "silent", now());
    harness.handle.clear(IncidentKind::CameraDown, &camera(1));
    harness.until("the fault shows", async || harness.seen().await.state["databaseFault"].is_string()).await;
    harness.panic().await;
    // It was told while nobody wrote.
    harness.handle.raise(IncidentKind::CameraStalled, &camera(3), "nothing came", now());
    assert_eq!(harness.told().await, ["cameraDown cam1 refused"]);
    lock.execute_batch("COMMIT").expect("the lock ends");
    drop(lock);
    let all = async || {
        let mut told = harness.told().await;
        told.sort();
        let begins =
            ["cameraDown cam2 silent", "cameraStalled cam3", "over cameraDown cam1", "over serviceDown database"];
        told.len() == 4 && told.iter().zip(begins).all(|(seen, wanted)| seen.starts_with(wanted))
    };
    harness.until("all of it is written, once", all).await;
    let state = harness.seen().await.state;
    assert_eq!(state["open"], serde_json::json!({ "cameraDown": 1, "cameraStalled": 1 }), "{state}");
    assert_eq!((&state["unwritten"], state["databaseFault"].is_null()), (&0.into(), true), "{state}");
    harness.close().await;
}

#[actix::test]
async fn what_an_earlier_run_left_open_ends_when_its_raiser_says_so() {
    let harness = Harness::open().await;
    for id in 1..=3 {
        harness.handle.raise(IncidentKind::CameraDown, &camera(id), "refused", now());
    }
    let other = Subject::Server { name: "other".to_owned() };
    harness.handle.raise(IncidentKind::ServerDown, &other, "it does not answer", now());
    harness.until("all are written", async || harness.told().await.len() == 4).await;
    // Another life on the same database, which knows only what the database tells.
    let harness = Harness::over(harness.close().await, IncidentsHandle::default()).await;
    harness.handle.raise(IncidentKind::CameraDown, &camera(2), "refused again", now());
    let open = harness.handle.open().await;
    let wanted = [
        (IncidentKind::CameraDown, camera(1)),
        (IncidentKind::CameraDown, camera(2)),
        (IncidentKind::CameraDown, camera(3)),
        (IncidentKind::ServerDown, other),
    ];
    assert_eq!(open, wanted);
    harness.handle.clear(IncidentKind::CameraDown, &camera(1));
    harness.handle.clear_all(&camera(2));
    let left = ["over cameraDown cam1", "over cameraDown cam2", "cameraDown cam3", "serverDown other"];
    let ended = async || {
        let told = harness.told().await;
        told.len() == 4 && told.iter().zip(left).all(|(seen, wanted)| seen.starts_with(wanted))
    };
    harness.until("two are over and none is told twice", ended).await;
    // A rebuilt actor asks nobody again and forgets nothing.
    harness.panic().await;
    assert_eq!(harness.handle.open().await.len(), 2);
    harness.close().await;
}

#[actix::test]
async fn what_is_told_at_the_very_end_is_written_before_the_stop() {
    let harness = Harness::open().await;
    harness.handle.open().await;
    for id in 0..50 {
        harness.handle.raise(IncidentKind::CameraDown, &camera(id), "refused", now());
    }
    let (database, _folder) = (harness.database.clone(), harness.close().await);
    let query = IncidentQuery { limit: 1000, ..IncidentQuery::default() };
    assert_eq!(database.incidents(query).await.expect("incidents").len(), 50);
}
