//! The whole program as its own process, with a PostgreSQL, a media server and cameras of its own.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::time::Duration;

use chrono::{DateTime, Utc};
use secrecy::ExposeSecret;
use serde_json::Value;
use streamwarden::demo::demo_server::AnyServer;
use streamwarden::demo::media_server::Options;
use tokio_postgres::{Client, NoTls};
use url::Url;

use super::order::{Descriptors, members, zombies_of};
use crate::support::cameras::Cameras;
use crate::support::media::{server, server_again};
use crate::support::postgres::TestServer;
use crate::support::processes::Job;
use crate::support::program::{Config, Program};
use crate::support::wait::until;

/// Nothing here takes so long, unless it is broken: the longest wait between two tries is a minute.
pub const TIMEOUT: Duration = Duration::from_secs(120);

/// Cameras that play; relays take turns in reading them.
const SOURCES: usize = 4;

/// The program and its world.
pub struct Harness {
    // Dropped in this order: the program looks for what is left of it while its world is still there.
    pub program: Program,
    pub media: Option<AnyServer>,
    pub cameras: Cameras,
    pub database: TestServer,
    name: String,
    /// Everything that ought to run.
    names: RefCell<BTreeSet<String>>,
    /// Process groups of relays, past and present.
    groups: RefCell<BTreeSet<u32>>,
}

/// How everything is before a fault.
pub struct Before {
    descriptors: Descriptors,
}

impl Harness {
    /// So many cameras, `cam0` and so on, all of them running.
    pub async fn open(count: usize) -> (Self, Before) {
        Self::with(count, "", |_, _| ()).await
    }

    /// The same with settings of PostgreSQL and another configuration.
    pub async fn with(count: usize, postgres: &str, change: impl FnOnce(&mut Config, &TestServer)) -> (Self, Before) {
        let harness = Self::empty(postgres, change).await;
        let rows: Vec<_> = (0..count).map(|n| (format!("cam{n}"), harness.source(n))).collect();
        harness.insert(&rows);
        let before = harness.before().await;
        (harness, before)
    }

    /// Without any rows.
    pub async fn empty(postgres: &str, change: impl FnOnce(&mut Config, &TestServer)) -> Self {
        let database = TestServer::start(postgres);
        let dsn = database.database().expose_secret().to_owned();
        let name = Url::parse(&dsn).expect("a URL").path().trim_start_matches('/').to_owned();
        let (cameras, media) = (Cameras::start(SOURCES).await, server(&Options::default()).await);
        let mut config = Config::on(&media);
        config.more = "exclude = [\"*\"]".to_owned();
        config.environment.push(("PG_DSN".to_owned(), dsn));
        change(&mut config, &database);
        let program = Program::start(&config).await;
        let (names, groups) = Default::default();
        Self { program, media: Some(media), cameras, database, name, names, groups }
    }

    /// Where the camera of this number reads.
    pub fn source(&self, number: usize) -> Url {
        self.cameras.url(number % SOURCES)
    }

    /// Runs SQL as somebody with `psql` does.
    pub fn sql(&self, text: &str) -> String {
        self.database.psql(&self.name, text).unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    /// The same, where it may be refused.
    pub fn try_sql(&self, text: &str) -> Result<String, String> {
        self.database.psql(&self.name, text)
    }

    /// A connection of the test's own; it does what no program of ours should.
    pub async fn outsider(&self) -> Result<Client, tokio_postgres::Error> {
        let mut config = tokio_postgres::Config::new();
        config.host("127.0.0.1").port(self.database.port()).user("tester").dbname(&self.name);
        let (client, connection) = config.application_name("outsider").connect(NoTls).await?;
        tokio::spawn(connection);
        Ok(client)
    }

    /// Adds cameras that ought to run.
    pub fn insert(&self, cameras: &[(String, Url)]) {
        let values: Vec<_> = cameras.iter().map(|(name, url)| format!("('{name}', '{url}')")).collect();
        self.sql(&format!("INSERT INTO cameras(name, url) VALUES {}", values.join(", ")));
        self.ought_to_run(cameras.iter().map(|(name, _)| name.clone()));
    }

    /// These ought to run.
    pub fn ought_to_run(&self, names: impl Iterator<Item = String>) {
        self.names.borrow_mut().extend(names);
    }

    /// These ought not to run any more.
    pub fn forget(&self, names: &[&str]) {
        self.names.borrow_mut().retain(|name| !names.contains(&name.as_str()));
    }

    /// The relays that live, by camera.
    pub fn relays(&self) -> BTreeMap<String, u32> {
        let relays: BTreeMap<_, _> = self
            .program
            .processes()
            .into_iter()
            .filter_map(|process| match process.job {
                Job::Relay(name) => Some((name, process.pid)),
                _ => None,
            })
            .collect();
        self.groups.borrow_mut().extend(relays.values());
        relays
    }

    /// Waits for something; `why` says what it is like instead.
    pub async fn until<T, F: Future<Output = Result<T, String>>>(&self, what: &str, ask: impl FnMut() -> F) -> T {
        until(what, TIMEOUT, ask).await
    }

    /// Every camera runs, and so says everybody: the program, the kernel.
    pub async fn all_running(&self) -> BTreeMap<String, u32> {
        self.until("all cameras running", || async {
            let cameras = self.program.api.items("/api/v1/cameras").await;
            let running = cameras.iter().filter(|camera| camera["state"] == "running");
            let running: BTreeSet<_> = running.map(|camera| camera["name"].as_str().unwrap_or("").to_owned()).collect();
            let (relays, processes) = (self.relays(), self.program.processes());
            let alive: BTreeSet<_> = relays.keys().cloned().collect();
            let wanted = self.names.borrow().clone();
            if running != wanted || alive != running {
                let others = cameras.iter().filter(|camera| wanted.iter().any(|name| camera["name"] == name.as_str()));
                let others: Vec<_> = others.filter(|camera| camera["state"] != "running").collect();
                return Err(format!("{others:#?}; running {running:?}; processes of {alive:?}"));
            }
            // Not two for one camera, no probe, nothing else.
            if processes.len() != relays.len() { Err(format!("{processes:#?}")) } else { Ok(relays) }
        })
        .await
    }

    /// How it is before a fault.
    pub async fn before(&self) -> Before {
        self.all_running().await;
        // What an ended probe had open is closed when its end has been noted.
        self.until("probes waited for", || async { none(zombies_of(self.program.pid())) }).await;
        Before { descriptors: Descriptors::of(self.program.pid()) }
    }

    /// After a fault: every camera is back; no zombie, no descriptor, no process and no process group is left; every
    /// incident is over and has its cause.
    pub async fn in_order(&self, before: &Before) {
        let relays = self.all_running().await;
        let current: BTreeSet<u32> = relays.values().copied().collect();
        self.until("children waited for", || async { none(zombies_of(self.program.pid())) }).await;
        let old: BTreeSet<u32> = self.groups.borrow().difference(&current).copied().collect();
        self.until("old groups empty", || async { none(members(&old)) }).await;
        self.until("descriptors as before", || async {
            let now = Descriptors::of(self.program.pid());
            if now.are_like(&before.descriptors) {
                Ok(())
            } else {
                Err(format!("{now:?}, not {:?}", before.descriptors))
            }
        })
        .await;
        // What waits in memory is not in the list yet, and an incident whose end waits would swallow the next one.
        self.until("incidents written", || async {
            let tree = self.program.api.get("/api/v1/tree").await;
            let children = tree["children"].as_array().into_iter().flatten();
            let state = children.filter(|one| one["name"] == "incidents").map(|one| one["state"].clone()).next();
            let state = state.ok_or_else(|| tree.to_string())?;
            if state["unwritten"] == 0 && state["databaseFault"].is_null() { Ok(()) } else { Err(state.to_string()) }
        })
        .await;
        self.until("all incidents over", || async {
            let mut open = self.program.api.items("/api/v1/incidents?open=true").await;
            // What was lost again and again is so for ten minutes after it is well.
            open.retain(|incident| incident["kind"] != "streamFlapping");
            if open.is_empty() { Ok(()) } else { Err(format!("{open:#?}")) }
        })
        .await;
        for incident in self.incidents("").await {
            if incident["kind"] == "streamFlapping" {
                continue;
            }
            let time = |end: &str| incident[end].as_str().and_then(|text| text.parse::<DateTime<Utc>>().ok());
            let (begin, end) = (time("openedAt").expect("a time"), time("closedAt").expect("a time"));
            assert!(begin <= end && incident["cause"].as_str().is_some_and(|why| why.len() > 10), "{incident}");
        }
        assert_eq!(self.relays(), relays, "and they stay");
    }

    /// Incidents of a kind (or all), the newest first.
    pub async fn incidents(&self, kind: &str) -> Vec<Value> {
        let kind = if kind.is_empty() { String::new() } else { format!("&kind={kind}") };
        self.program.api.items(&format!("/api/v1/incidents?limit=1000{kind}")).await
    }

    /// How many incidents of this kind tell of this subject in one of these ways.
    pub async fn told(&self, kind: &str, name: &str, words: &[&str]) -> usize {
        let incidents = self.incidents(kind).await;
        let of = incidents.iter().filter(|incident| incident["subject"]["name"] == name);
        of.filter(|one| one["cause"].as_str().is_some_and(|why| words.iter().any(|words| why.contains(words)))).count()
    }

    /// What the log says of the program, from there on.
    pub fn log_from(&self, begin: usize) -> String {
        self.program.log().split_off(begin)
    }

    /// The camera of this name.
    pub async fn camera(&self, name: &str) -> Value {
        self.program.api.camera(name).await.unwrap_or_else(|| panic!("no camera {name}"))
    }

    /// Takes the media server away.
    pub async fn server_away(&mut self) -> (std::net::SocketAddr, std::net::SocketAddr) {
        let media = self.media.take().expect("it is there");
        let addresses = media.addresses();
        media.stop().await;
        addresses
    }

    /// Brings it back.
    pub async fn server_back(&mut self, addresses: (std::net::SocketAddr, std::net::SocketAddr)) {
        self.media = Some(server_again(addresses, &Options::default()).await);
    }

    /// Ends everything in order.
    pub async fn close(self) {
        self.program.stop().await;
        if let Some(media) = self.media {
            media.stop().await;
        }
        self.cameras.stop().await;
        self.database.stop();
    }
}

fn none(left: Vec<u32>) -> Result<(), String> {
    if left.is_empty() { Ok(()) } else { Err(format!("{left:?}")) }
}
