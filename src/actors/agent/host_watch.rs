//! The actor that hears of all hosts: who is silent, whose disks are nearly full.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use actix::{Actor, AsyncContext, Context, Handler, Message};
use chrono::TimeDelta;
use futures_util::StreamExt;
use log::Level;
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::actors::incidents::{IncidentsHandle, now};
use crate::actors::single_flight::{Ended, Flight, Late, Rules, Work};
use crate::actors::supervision::{Supervised, supervised, watched};
use crate::adapters::database::{CALL_TIMEOUT, HostStore, with_timeout};
use crate::adapters::live::publisher::LivePublisher;
use crate::adapters::live::subscription::{LiveUpdate, subscription};
use crate::adapters::live::{Change, SharedLive};
use crate::base::Result;
use crate::base::single_flight::{FlightRetry, SingleFlight};
use crate::domain::host::{DiskLevel, DiskLimits, HostState, HostStatus, disk_level, silent_after};
use crate::domain::incident::{IncidentKind, Subject};
use crate::domain::moment::Moment;

/// Between two looks for hosts that have gone silent.
const CHECK_EVERY: Duration = Duration::from_secs(1);
/// Between two times at which hosts are kept in the database; a new one is kept at once.
const KEEP_EVERY: Duration = Duration::from_secs(60);
/// Between two tries with a database that does not answer.
const RETRY: Duration = Duration::from_secs(10);
/// Each call has a limit of its own: what takes longer hangs.
const STALLED_AFTER: Duration = Duration::from_secs(60);

/// Watches all hosts.
pub struct HostWatch {
    live: SharedLive,
    incidents: IncidentsHandle,
    limits: DiskLimits,
    store: Arc<dyn HostStore>,
    hosts: BTreeMap<String, WatchedHost>,
    publisher: Option<LivePublisher>,
    reading: SingleFlight,
    writing: SingleFlight,
    /// Hosts that have been measured since they were last kept.
    unkept: BTreeSet<String>,
    /// What an earlier run has kept is known.
    is_read: bool,
}

/// A host, and when it was last heard of here: clocks of other machines say nothing of that.
struct WatchedHost {
    status: Arc<HostStatus>,
    heard: Instant,
    disks: BTreeMap<String, DiskLevel>,
    /// Its silence has been told as an incident.
    is_raised: bool,
}

impl HostWatch {
    /// Watches the hosts that `live` tells of, and those that an earlier run has left in `store`.
    pub fn new(live: SharedLive, incidents: IncidentsHandle, limits: DiskLimits, store: Arc<dyn HostStore>) -> Self {
        let (reading, writing) = (SingleFlight::default(), SingleFlight::default());
        let (hosts, unkept) = (BTreeMap::new(), BTreeSet::new());
        Self { live, incidents, limits, store, hosts, publisher: None, reading, writing, unkept, is_read: false }
    }

    /// Takes up what was told of a host.
    fn note(&mut self, status: Arc<HostStatus>, ctx: &mut Context<Self>) {
        let known = self.hosts.get(&status.name);
        if status.state == HostState::Silent {
            match known {
                // It has been heard meanwhile.
                Some(known) if known.status.at > status.at => self.tell(Arc::clone(&known.status)),
                Some(_) => {}
                // An earlier run, or an earlier life of this actor, has known it: it has time to be heard again.
                None => {
                    let (heard, disks) = (Instant::now(), BTreeMap::new());
                    let name = status.name.clone();
                    self.hosts.insert(name, WatchedHost { status, heard, disks, is_raised: false });
                }
            }
            return;
        }
        match known {
            // The same measurement, told again: by whoever read it from where it is kept.
            Some(known) if known.status.at == status.at && known.status.state == HostState::Silent => {
                return self.tell(Arc::clone(&known.status));
            }
            Some(known) if known.status.at == status.at => return,
            _ => {}
        }
        let mut disks = self.hosts.remove(&status.name).map(|known| known.disks).unwrap_or_default();
        self.incidents.clear(IncidentKind::HostSilent, &host(&status.name));
        self.judge_disks(&status, &mut disks);
        let name = status.name.clone();
        self.unkept.insert(name.clone());
        let is_new =
            self.hosts.insert(name, WatchedHost { status, heard: Instant::now(), disks, is_raised: false }).is_none();
        if is_new {
            KeepHosts::ask(self, ctx);
        }
    }

    fn judge_disks(&self, status: &HostStatus, disks: &mut BTreeMap<String, DiskLevel>) {
        for disk in &status.disks {
            let before = disks.get(&disk.mount).copied().unwrap_or_default();
            let (level, cause) = disk_level(self.limits, before, disk);
            disks.insert(disk.mount.clone(), level);
            let subject = Subject::Disk { host: status.name.clone(), name: disk.mount.clone() };
            match (level, cause) {
                (DiskLevel::NearlyFull, Some(cause)) => {
                    self.incidents.raise(IncidentKind::DiskNearlyFull, &subject, &cause, now());
                }
                (DiskLevel::Fine, _) if disk.used_percent.is_some() => {
                    self.incidents.clear(IncidentKind::DiskNearlyFull, &subject);
                }
                _ => {}
            }
        }
        // What the kernel does not name is no longer mounted; where nothing could be read nobody knows.
        if !status.disks.is_empty() && !status.unmeasured.contains_key("disks") {
            let is_there = |mount: &String| status.disks.iter().any(|disk| disk.mount == *mount);
            for mount in disks.keys().filter(|mount| !is_there(mount)) {
                let subject = Subject::Disk { host: status.name.clone(), name: mount.clone() };
                self.incidents.clear(IncidentKind::DiskNearlyFull, &subject);
            }
            disks.retain(|mount, _| is_there(mount));
        }
    }

    /// A host that is no longer watched.
    fn forget(&mut self, name: &str) {
        self.unkept.remove(name);
        let Some(known) = self.hosts.remove(name) else { return };
        self.incidents.clear_all(&host(name));
        for mount in known.disks.into_keys() {
            self.incidents.clear_all(&Subject::Disk { host: name.to_owned(), name: mount });
        }
    }

    /// Finds those that nothing was heard of for too long.
    fn judge_silence(&mut self) {
        let mut silent = Vec::new();
        for known in self.hosts.values_mut() {
            let quiet = known.heard.elapsed();
            if known.is_raised || quiet < silent_after(known.status.interval) {
                continue;
            }
            known.is_raised = true;
            known.status = Arc::new(HostStatus { state: HostState::Silent, ..HostStatus::clone(&known.status) });
            let present = now();
            let since = Moment {
                wall: present.wall - TimeDelta::from_std(quiet).unwrap_or_default(),
                steady: present.steady.saturating_sub(quiet),
            };
            let (name, at) = (&known.status.name, known.status.at.format("%Y-%m-%dT%H:%M:%SZ"));
            let cause = format!(
                "nothing has been heard of the host {name} since {at}, its agent measures every {} s: the host is off or out \
                 of reach, or its agent does not run",
                known.status.interval
            );
            log::warn!(host = name.as_str(); "{cause}");
            self.incidents.raise(IncidentKind::HostSilent, &host(name), &cause, since);
            silent.push(Arc::clone(&known.status));
        }
        silent.into_iter().for_each(|status| self.tell(status));
    }

    fn tell(&self, status: Arc<HostStatus>) {
        if let Some(publisher) = &self.publisher {
            publisher.tell([Change::Host(status)]);
        }
    }
}

/// Reads what an earlier run has kept.
struct ReadHosts;

impl Flight for ReadHosts {
    type Owner = HostWatch;
    type Subject = ();
    type Output = Vec<HostStatus>;
    const RULES: Rules = Rules {
        what: "reading the hosts",
        limit: CALL_TIMEOUT.saturating_mul(2),
        late: Late::GiveUp,
        retry: FlightRetry::Every(RETRY),
        level: Level::Warn,
    };

    fn state(watch: &mut HostWatch) -> &mut SingleFlight {
        &mut watch.reading
    }

    fn begin(watch: &mut HostWatch, _: &mut Context<HostWatch>) -> Option<((), Work<Vec<HostStatus>>)> {
        let store = Arc::clone(&watch.store);
        let read = async move { with_timeout(store.hosts()).await };
        (!watch.is_read).then(|| ((), Box::pin(watched("reading the hosts", STALLED_AFTER, read)) as Work<_>))
    }

    fn ended(watch: &mut HostWatch, (): (), read: Result<Vec<HostStatus>>, _: &mut Context<HostWatch>) -> Ended {
        match read {
            Ok(kept) => {
                watch.is_read = true;
                for status in kept.into_iter().filter(|status| !watch.hosts.contains_key(&status.name)) {
                    // Not heard of in this run: nobody knows how it is now.
                    watch.tell(Arc::new(HostStatus { state: HostState::Silent, ..status }));
                }
                Ended::Done
            }
            Err(error) => Ended::Failed(error),
        }
    }
}

/// Keeps the hosts that were measured.
struct KeepHosts;

impl Flight for KeepHosts {
    type Owner = HostWatch;
    type Subject = BTreeSet<String>;
    type Output = ();
    const RULES: Rules = Rules {
        what: "keeping the hosts",
        limit: CALL_TIMEOUT.saturating_mul(2),
        late: Late::GiveUp,
        retry: FlightRetry::Every(RETRY),
        level: Level::Warn,
    };

    fn state(watch: &mut HostWatch) -> &mut SingleFlight {
        &mut watch.writing
    }

    fn begin(watch: &mut HostWatch, _: &mut Context<HostWatch>) -> Option<(BTreeSet<String>, Work<()>)> {
        let names = std::mem::take(&mut watch.unkept);
        let known = names.iter().filter_map(|name| watch.hosts.get(name));
        let hosts: Vec<HostStatus> = known.map(|known| HostStatus::clone(&known.status)).collect();
        if hosts.is_empty() {
            return None;
        }
        let store = Arc::clone(&watch.store);
        let keep = async move { with_timeout(store.put_hosts(hosts)).await };
        Some((names, Box::pin(watched("keeping the hosts", STALLED_AFTER, keep))))
    }

    fn ended(watch: &mut HostWatch, names: BTreeSet<String>, kept: Result<()>, _: &mut Context<HostWatch>) -> Ended {
        match kept {
            Ok(()) => Ended::Done,
            Err(error) => {
                watch.unkept.extend(names);
                Ended::Failed(error)
            }
        }
    }
}

fn host(name: &str) -> Subject {
    Subject::Host { name: name.to_owned() }
}

impl Actor for HostWatch {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        self.publisher = Some(LivePublisher::new(Arc::clone(&self.live), "hosts"));
        ctx.add_message_stream(subscription(Arc::clone(&self.live), "hosts").map(Updated));
        ctx.run_interval(CHECK_EVERY, |watch, _| watch.judge_silence());
        ReadHosts::ask(self, ctx);
        ctx.run_interval(KEEP_EVERY, KeepHosts::ask_if_idle);
    }
}

/// What the live store tells.
#[derive(Message)]
#[rtype(result = "()")]
struct Updated(LiveUpdate);

impl Handler<Updated> for HostWatch {
    type Result = ();

    fn handle(&mut self, Updated(update): Updated, ctx: &mut Self::Context) {
        match update {
            LiveUpdate::Everything(latest) => {
                let gone: Vec<String> = self.hosts.keys().cloned().collect();
                let gone = gone.into_iter().filter(|name| !latest.hosts.iter().any(|status| status.name == *name));
                gone.for_each(|name| self.forget(&name));
                latest.hosts.into_iter().for_each(|status| self.note(Arc::new(status), ctx));
            }
            LiveUpdate::Changes(changes) => {
                for change in changes.iter() {
                    match change {
                        Change::Host(status) => self.note(Arc::clone(status), ctx),
                        Change::HostGone { name } => self.forget(name),
                        _ => {}
                    }
                }
            }
        }
    }
}

impl Supervised for HostWatch {
    const KIND: &'static str = "host watch";

    fn observe(&self) -> Value {
        let silent = self.hosts.values().filter(|known| known.status.state == HostState::Silent);
        json!({ "hosts": self.hosts.len(), "silent": silent.count() })
    }
}

supervised!(HostWatch);
