//! The manager of the stream probes: knows the targets, hears which paths are live, and supervises the workers.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use actix::{Actor, ActorFutureExt, AsyncContext, Context, Handler, Message, WrapFuture};
use futures_util::StreamExt;
use serde_json::{Value, json};

use super::health_setup::HealthSetup;
use super::stream_probe_table::StreamProbeTable;
use super::stream_worker::{ProbeDue, StreamWorker};
use crate::actors::incidents::IncidentsHandle;
use crate::actors::supervision::stop::StopOrder;
use crate::actors::supervision::{Child, ChildSet, Restart, Supervised, supervised};
use crate::adapters::live::subscription::{LiveUpdate, subscription};
use crate::adapters::live::{Change, SharedLive};
use crate::domain::admission::StreamKey;
use crate::domain::health::{ProbeKey, ProbePlace, ProbeRecord, ProbeTarget};
use crate::domain::incident::{IncidentKind, Subject};
use crate::domain::name::StreamName;
use crate::domain::stream::{ServerStatus, StreamState, StreamStatus};

/// The manager of the workers that probe streams.
pub struct StreamProbes {
    setup: Arc<HealthSetup>,
    table: StreamProbeTable,
    live: SharedLive,
    incidents: IncidentsHandle,
    children: Option<ChildSet<Self>>,
    /// Every path that was told of, with what is probed for it. A path is probed once, for the first target that names it.
    paths: BTreeMap<StreamKey, Option<ProbeKey>>,
    names_paths: bool,
    /// Servers that have answered in this life: every path that they have was told of.
    answered: BTreeSet<String>,
}

impl StreamProbes {
    pub(super) fn new(
        setup: Arc<HealthSetup>,
        table: StreamProbeTable,
        live: SharedLive,
        incidents: IncidentsHandle,
    ) -> Self {
        let names_paths = setup.targets.iter().any(|target| matches!(target.place, ProbePlace::Paths { .. }));
        let (paths, answered) = (BTreeMap::new(), BTreeSet::new());
        Self { setup, table, live, incidents, children: None, paths, names_paths, answered }
    }

    fn note(&mut self, stream: &StreamStatus) {
        let (server, name) = (stream.server.to_string(), &stream.name);
        let place = StreamKey { server, name: name.clone() };
        let is_live = stream.state == StreamState::Live;
        let key = match self.paths.get(&place) {
            Some(known) => known.clone(),
            None => {
                let key = self.begin(&place.server, name);
                self.paths.insert(place, key.clone());
                key
            }
        };
        let Some(key) = key else { return };
        self.table.set_live(&key, is_live);
        if !is_live {
            self.incidents.clear(IncidentKind::ProbeFailed, &key.subject());
        }
    }

    /// Begins with a path that a target names; it counts as not live until that is told.
    fn begin(&self, server: &str, name: &StreamName) -> Option<ProbeKey> {
        let named = |target: &ProbeTarget| Some((target.key_of(server, name)?, target.interval, target.limit));
        let (key, interval, limit) = self.setup.targets.iter().find_map(named)?;
        self.setup.servers.get(server)?;
        self.table.add(ProbeRecord::of_path(key.clone(), interval, limit));
        Some(key)
    }

    fn forget(&mut self, place: &StreamKey) {
        if let Some(Some(key)) = self.paths.remove(place) {
            self.table.remove(&key);
            self.incidents.clear(IncidentKind::ProbeFailed, &key.subject());
        }
    }

    fn wake(&mut self) {
        let Some(children) = &self.children else { return };
        for name in children.names() {
            if let Some(worker) = children.address::<StreamWorker>(name) {
                // A full mailbox is a woken worker.
                let _ = worker.try_send(ProbeDue);
            }
        }
    }

    /// A server answers; everything that was told with it has been noted.
    fn answers(&mut self, server: &ServerStatus, ctx: &mut Context<Self>) {
        if server.reachable && self.answered.insert(server.name.to_string()) {
            self.clean(ctx);
        }
    }

    /// Ends incidents that an earlier run has left of what is no target any more, and of paths that are not live.
    fn clean(&self, ctx: &mut Context<Self>) {
        let incidents = self.incidents.clone();
        ctx.spawn(async move { incidents.open().await }.into_actor(self).map(|open, manager, _| {
            let over = |(kind, subject): &(IncidentKind, Subject)| {
                *kind == IncidentKind::ProbeFailed && !manager.may_last(subject)
            };
            open.iter().filter(|one| over(one)).for_each(|(kind, subject)| manager.incidents.clear(*kind, subject));
        }));
    }

    /// Whether it is probed. A path of a server that has not answered yet may be live: nobody has asked.
    fn may_last(&self, subject: &Subject) -> bool {
        let Subject::Stream { server, name } = subject else {
            let addresses = self.setup.targets.iter().filter(|target| matches!(target.place, ProbePlace::Address(_)));
            return addresses.map(|target| ProbeKey::of_address(&target.name)).any(|key| key.subject() == *subject);
        };
        let Ok(name) = StreamName::parse(name) else { return false };
        let is_named = self.setup.servers.contains_key(server)
            && self.setup.targets.iter().any(|target| target.key_of(server, &name).is_some());
        let is_live = || {
            let key = self.paths.get(&StreamKey { server: server.clone(), name: name.clone() });
            key.and_then(Option::as_ref).is_some_and(|key| self.table.is_live(key))
        };
        is_named && (!self.answered.contains(server) || is_live())
    }
}

impl Actor for StreamProbes {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        for target in &self.setup.targets {
            if let ProbePlace::Address(source) = &target.place {
                let (key, shown) = (ProbeKey::of_address(&target.name), source.shown.clone());
                self.table.add(ProbeRecord::new(key, Some(shown), target.interval, target.limit));
            }
        }
        let mut children = ChildSet::new(ctx, StopOrder::Together);
        if !self.setup.targets.is_empty() {
            for number in 1..=self.setup.workers {
                let (setup, table, incidents) = (Arc::clone(&self.setup), self.table.clone(), self.incidents.clone());
                children.start(Child::new(number.to_string(), Restart::Always, move || {
                    StreamWorker::new(number, Arc::clone(&setup), table.clone(), incidents.clone())
                }));
            }
        }
        self.children = Some(children);
        self.clean(ctx);
        ctx.add_message_stream(subscription(Arc::clone(&self.live), "stream probes").map(PathsChanged));
    }
}

/// What the live store tells.
#[derive(Message)]
#[rtype(result = "()")]
struct PathsChanged(LiveUpdate);

impl Handler<PathsChanged> for StreamProbes {
    type Result = ();

    fn handle(&mut self, PathsChanged(update): PathsChanged, ctx: &mut Self::Context) {
        if self.names_paths {
            match update {
                LiveUpdate::Everything(latest) => {
                    let gone =
                        self.paths.keys().filter(|place| latest.stream(&place.server, place.name.as_str()).is_none());
                    let gone: Vec<StreamKey> = gone.cloned().collect();
                    gone.iter().for_each(|place| self.forget(place));
                    latest.streams.iter().for_each(|stream| self.note(stream));
                    latest.servers.iter().for_each(|server| self.answers(server, ctx));
                }
                LiveUpdate::Changes(changes) => {
                    for change in changes.iter() {
                        match change {
                            Change::Stream(stream) => self.note(stream),
                            Change::StreamGone { server, name } => {
                                self.forget(&StreamKey { server: server.clone(), name: name.clone() });
                            }
                            _ => {}
                        }
                    }
                    // After the streams that are told together with it.
                    for change in changes.iter() {
                        if let Change::Server(server) = change {
                            self.answers(server, ctx);
                        }
                    }
                }
            }
            self.wake();
        }
    }
}

impl Supervised for StreamProbes {
    const KIND: &'static str = "stream probes";

    fn observe(&self) -> Value {
        let (streams, waiting) = self.table.counts();
        json!({ "streams": streams, "waiting": waiting })
    }

    fn children(&mut self) -> Option<&mut ChildSet<Self>> {
        self.children.as_mut()
    }
}
supervised!(StreamProbes, manager);
