//! Real relays, rules, budget, live store and database; only the processes are simulated.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use actix::{Actor, Addr};
use futures_util::StreamExt;
use streamwarden::actors::camera_changes;
use streamwarden::actors::incidents::{Incidents, IncidentsHandle};
use streamwarden::actors::restream::{self, RestreamSetup};
use streamwarden::actors::root::Root;
use streamwarden::actors::supervision::{Child, Restart, Setting, Stop};
use streamwarden::adapters::database::sqlite;
use streamwarden::adapters::ffmpeg::ffmpeg_version;
use streamwarden::adapters::live::memory::MemoryLiveStore;
use streamwarden::adapters::live::{Change, LiveChanges, SharedLive};
use streamwarden::config::{self, Sources};
use streamwarden::domain::camera::CameraState;
use streamwarden::domain::start_budget::Rates;
use tempfile::TempDir;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::world::{InThisWorld, World};

/// Whatever takes longer is broken.
const TIMEOUT: Duration = Duration::from_secs(120);

/// The relays and their world.
pub struct Harness {
    pub world: Arc<World>,
    live: SharedLive,
    root: Addr<Root>,
    setup: watch::Sender<Arc<RestreamSetup>>,
    folder: TempDir,
}

impl Harness {
    /// An empty table, a server that answers, and this budget.
    pub async fn open(rates: Rates) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("streamwarden.toml");
        std::fs::write(&file, format!("data_dir = \"{}\"\n", folder.path().display())).expect("a file");
        let settings = config::load(&Sources { file: Some(file), ..Sources::default() }).expect("a configuration");
        let version = ffmpeg_version::look("ffmpeg".as_ref(), "bench").await.expect("ffmpeg");
        let live: SharedLive = Arc::new(MemoryLiveStore::new(Duration::from_secs(60)));
        let world = World::open(Arc::clone(&live));
        let mut setup = RestreamSetup::from_settings(&settings, version, "bench".into(), true).expect("a setup");
        setup.runner = Arc::new(InThisWorld(Arc::clone(&world)));
        setup.rates = rates;
        let (setup, setting) = Setting::adjustable(Arc::new(setup));
        let database = sqlite::open(folder.path().join("streamwarden.db")).await.expect("a database").for_node("bench");
        let handle = IncidentsHandle::default();
        let (told_to, kept_in, changed) = (handle.clone(), database.clone(), database.clone());
        let incidents =
            Child::new("incidents", Restart::Always, move || Incidents::new(kept_in.clone(), handle.clone()));
        let (restreams, _) =
            restream::role(setting, database.into(), Arc::clone(&live), told_to, watch::channel(None).1);
        let children = vec![camera_changes::child(changed), incidents, restreams];
        let root = Root::new(children, CancellationToken::new().drop_guard()).start();
        Self { world, live, root, setup, folder }
    }

    /// Another budget from now on.
    pub fn set_rates(&self, rates: Rates) {
        self.setup.send_modify(|setup| Arc::make_mut(setup).rates = rates);
    }

    /// Runs SQL as somebody with the `sqlite3` shell does; all of it in one commit.
    pub fn sql(&self, sql: &str) {
        let file = rusqlite::Connection::open(self.folder.path().join("streamwarden.db")).expect("the file");
        file.busy_timeout(Duration::from_secs(5)).expect("a limit");
        file.execute_batch(&format!("BEGIN IMMEDIATE; {sql}; COMMIT")).expect("SQL");
    }

    /// How many rows a table has.
    pub fn count(&self, table: &str) -> usize {
        let file = rusqlite::Connection::open(self.folder.path().join("streamwarden.db")).expect("the file");
        let count = file.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get::<_, i64>(0));
        usize::try_from(count.expect("a table")).expect("a count")
    }

    /// Adds cameras `cam0`, `cam1`, ..., so many of them at each host; returns when they were committed.
    pub fn add_cameras(&self, count: usize, per_host: usize) -> Instant {
        let row = |n: usize| format!("('cam{n}', 'hikvision', '{}', 'admin', 'secret{n}')", host(n / per_host));
        let rows: Vec<String> = (0..count).map(row).collect();
        self.sql(&format!("INSERT INTO cameras(name, kind, host, username, password) VALUES {}", rows.join(",")));
        Instant::now()
    }

    /// Listens to the states of cameras from now on.
    pub async fn watch(&self) -> Watch {
        Watch { changes: self.live.subscribe().await.expect("memory answers"), live: Arc::clone(&self.live) }
    }

    /// Ends everything; returns how long that took.
    pub async fn close(self) -> Duration {
        let begun = Instant::now();
        self.root.send(Stop::within(Duration::from_secs(60))).await.expect("an answer");
        self.world.close();
        begun.elapsed()
    }
}

/// Address of a camera's host.
pub fn host(n: usize) -> String {
    format!("10.{}.{}.{}", n / 62_500, n / 250 % 250, n % 250 + 1)
}

/// Cameras in a state, as the live store tells.
pub struct Watch {
    changes: LiveChanges,
    live: SharedLive,
}

impl Watch {
    async fn all(&self, states: &[CameraState]) -> BTreeSet<i64> {
        let latest = self.live.latest().await.expect("memory answers").cameras.into_iter();
        latest.filter(|camera| states.contains(&camera.state)).map(|camera| camera.id).collect()
    }

    /// Waits until so many cameras are in one of these states.
    pub async fn until(&mut self, count: usize, states: &[CameraState]) -> Instant {
        let wait = async {
            let mut there = self.all(states).await;
            while there.len() < count {
                match self.changes.next().await {
                    Some(changes) => {
                        let cameras = changes.iter().filter_map(|change| match change {
                            Change::Camera(camera) => Some(camera),
                            _ => None,
                        });
                        for camera in cameras {
                            match states.contains(&camera.state) {
                                true => there.insert(camera.id),
                                false => there.remove(&camera.id),
                            };
                        }
                    }
                    // We were too slow.
                    None => {
                        self.changes = self.live.subscribe().await.expect("memory answers");
                        there = self.all(states).await;
                    }
                }
            }
            Instant::now()
        };
        let seen = tokio::time::timeout(TIMEOUT, wait).await;
        seen.unwrap_or_else(|_| panic!("{count} cameras never came to {states:?}"))
    }
}
