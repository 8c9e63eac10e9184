//! What is heard of hosts, with time that the test lets pass.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use actix::Actor;
use async_trait::async_trait;
use chrono::Utc;

use super::*;
use crate::actors::incidents::IncidentsHandle;
use crate::adapters::database::HostStore;
use crate::adapters::host::{HostMeter, HostSources};
use crate::adapters::live::memory::MemoryLiveStore;
use crate::adapters::live::{Change, SharedLive};
use crate::base::Result;
use crate::domain::host::{DiskForecast, DiskLimits, HostState, HostStatus};
use crate::domain::incident::{IncidentKind, Subject};
use crate::domain::sample;

/// What an earlier run has left; the databases are tested with their stores.
#[derive(Default)]
struct Kept(Mutex<Vec<HostStatus>>);

#[async_trait]
impl HostStore for Kept {
    async fn hosts(&self) -> Result<Vec<HostStatus>> {
        Ok(self.0.lock().expect("whole").clone())
    }
    async fn put_hosts(&self, hosts: Vec<HostStatus>) -> Result<()> {
        *self.0.lock().expect("whole") = hosts;
        Ok(())
    }
    async fn remove_host(&self, _: String) -> Result<()> {
        Ok(())
    }
}

struct Scene {
    store: Arc<Kept>,
    live: SharedLive,
    incidents: IncidentsHandle,
}

impl Scene {
    fn new() -> Self {
        Self::with(Arc::default())
    }

    /// With what an earlier run has left.
    fn with(store: Arc<Kept>) -> Self {
        let live: SharedLive = Arc::new(MemoryLiveStore::new(Duration::from_secs(60)));
        let incidents = IncidentsHandle::default();
        HostWatch::new(live.clone(), incidents.clone(), DiskLimits { percent: 90.0, days: 3.0 }, store.clone()).start();
        Self { store, live, incidents }
    }

    async fn tell(&self, status: HostStatus) {
        self.live.publish(vec![Change::Host(Arc::new(status))]).await.expect("taken");
    }

    /// Waits until the hosts are in these states and these incidents are open.
    async fn becomes(&self, states: &[HostState], open: &[(IncidentKind, Subject)]) {
        let mut last = String::new();
        for _ in 0..10_000 {
            let found: Vec<_> = self.live.latest().await.expect("read").hosts.iter().map(|one| one.state).collect();
            let raised = self.incidents.open_now();
            if found == states && raised == open {
                return;
            }
            last = format!("{found:?} {raised:?}");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("wanted {states:?} {open:?}, found {last}");
    }
}

fn host(used: f64) -> HostStatus {
    let mut status = HostStatus { at: Utc::now(), ..sample::host("edge-1") };
    status.disks[0].used_percent = Some(used);
    status
}

fn silent() -> (IncidentKind, Subject) {
    (IncidentKind::HostSilent, Subject::Host { name: "edge-1".to_owned() })
}

fn full() -> (IncidentKind, Subject) {
    (IncidentKind::DiskNearlyFull, Subject::Disk { host: "edge-1".to_owned(), name: "/".to_owned() })
}

#[actix::test]
async fn a_host_that_goes_silent_is_an_incident_until_it_is_heard_again() {
    tokio::time::pause();
    let scene = Scene::new();
    let first = host(40.0);
    scene.tell(first.clone()).await;
    scene.becomes(&[HostState::Live], &[]).await;
    tokio::time::advance(Duration::from_secs(36)).await;
    scene.becomes(&[HostState::Silent], &[silent()]).await;
    // The same measurement, read again from where it is kept, is no sign of life.
    scene.tell(first).await;
    scene.becomes(&[HostState::Silent], &[silent()]).await;
    scene.tell(host(40.0)).await;
    scene.becomes(&[HostState::Live], &[]).await;
}

#[actix::test]
async fn a_disk_that_is_nearly_full_is_an_incident_until_there_is_room() {
    tokio::time::pause();
    let scene = Scene::new();
    scene.tell(host(95.0)).await;
    scene.becomes(&[HostState::Live], &[full()]).await;
    let mut hangs = host(0.0);
    (hangs.disks[0].used_percent, hangs.disks[0].reason) = (None, Some("hangs".to_owned()));
    scene.tell(hangs).await;
    scene.becomes(&[HostState::Live], &[full()]).await;
    scene.tell(host(50.0)).await;
    scene.becomes(&[HostState::Live], &[]).await;
    scene.tell(host(95.0)).await;
    scene.becomes(&[HostState::Live], &[full()]).await;
    scene.live.publish(vec![Change::HostGone { name: "edge-1".to_owned() }]).await.expect("taken");
    scene.becomes(&[], &[]).await;
}

#[actix::test]
async fn a_host_that_is_silent_is_known_after_a_restart_too() {
    tokio::time::pause();
    let scene = Scene::new();
    scene.tell(host(40.0)).await;
    scene.becomes(&[HostState::Live], &[]).await;
    let store = Arc::clone(&scene.store);
    drop(scene);
    let scene = Scene::with(store);
    // It has as long as any to be heard again: no incident yet.
    scene.becomes(&[HostState::Silent], &[]).await;
    tokio::time::advance(Duration::from_secs(36)).await;
    scene.becomes(&[HostState::Silent], &[silent()]).await;
    scene.tell(host(40.0)).await;
    scene.becomes(&[HostState::Live], &[]).await;
}

#[actix::test]
async fn what_an_earlier_run_knew_of_the_disks_is_there_before_there_is_a_trend() {
    let meter = || HostMeter::new("here".to_owned(), HostSources::of_this_machine(Vec::new()), 10.0);
    let mut kept = meter().measure();
    let disks = kept.disks.iter_mut().filter(|disk| disk.free.is_some());
    disks.for_each(|disk| (disk.forecast, disk.days_until_full) = (DiskForecast::Filling, Some(4.0)));
    let store: Arc<dyn HostStore> = Arc::new(Kept(Mutex::new(vec![kept])));
    let live: SharedLive = Arc::new(MemoryLiveStore::new(Duration::from_secs(60)));
    let (meter, interval) = (Arc::new(Mutex::new(meter())), Duration::from_millis(10));
    let agent = HostAgent::new("here".to_owned(), meter, interval, live.clone(), Some(store)).start();
    let is_known = |host: &HostStatus| {
        let mut disks = host.disks.iter().filter(|disk| disk.free.is_some());
        disks.any(|disk| disk.forecast == DiskForecast::Filling && disk.days_until_full.is_some())
    };
    for _ in 0..1_000 {
        if live.latest().await.expect("read").hosts.iter().any(is_known) {
            return drop(agent);
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("never known: {:?}", live.latest().await.expect("read").hosts);
}
