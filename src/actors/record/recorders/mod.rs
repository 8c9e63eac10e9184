//! Decides who is recorded, keeps one recorder per admitted stream, watches the spool's disk, starts the recovery.
//!
//! Learns of streams and cameras from the live store; the rules are `domain::admission`. Writes the state of streams
//! for which there is no place; every other state is written by the recorder itself. Built anew it adopts the recorders that
//! there are, and stops those whose streams went meanwhile.

mod known_streams;
mod recorder_slot;
mod recorders_memory;
mod recovery_state;
mod upkeep;

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use actix::{Actor, AsyncContext, Context, Handler, Message, StreamHandler, WrapFuture};
use chrono::TimeDelta;
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::time::Instant;

use super::RecordHandles;
use super::recorder::{Recorder, StopRecorder};
use super::start::{RecordAssignment, RecordServer};
use crate::actors::supervision::stop::StopOrder;
use crate::actors::supervision::{Adjusted, Child, ChildSet, Restart, Setting, Supervised, supervised};
use crate::adapters::live::subscription::{LiveUpdate, subscription};
use crate::adapters::live::{Change, Latest};
use crate::base::Result;
use crate::base::single_flight::SingleFlight;
use crate::config::settings::{RecordSettings, ServerSettings};
use crate::domain::admission::{AdmissionDecision, AdmissionRules, StreamKey};
use crate::domain::layout::{plain, server_prefix};
use crate::domain::recording::{RecordingState, RecordingStatus};

use known_streams::KnownStreams;
use recorder_slot::{RecorderSlot, SlotState};
use recorders_memory::{RecordersMemory, RecordingMemory};
use recovery_state::Recovery;

/// How often the spool's disk is looked at.
const DISK_CHECK_INTERVAL: Duration = Duration::from_secs(2);
/// By then it is known which recordings pause: of what an earlier run left open the rest is over.
const SETTLED: Duration = Duration::from_secs(30);
/// A recorder that ends may take so long to close its files and rows.
const STOP_TIMEOUT: Duration = Duration::from_secs(15);
/// A stream that nobody mentions is forgotten so long after its last session.
const FORGET_AFTER: TimeDelta = TimeDelta::minutes(1);

/// The role: records what these settings admit. `servers` in the order of the configuration: it decides about object keys. Call it
/// in a tokio runtime. `Invalid` when no HTTP client can be made of a server's settings.
pub fn role(
    settings: impl Into<Setting<RecordSettings>>,
    servers: Vec<ServerSettings>,
    handles: RecordHandles,
) -> Result<Child> {
    let (settings, memory, servers) = (settings.into(), RecordersMemory::new(&handles), RecordServer::all(servers)?);
    let build = move || Recorders::new(settings.clone(), servers.clone(), handles.clone(), memory.clone());
    Ok(Child::new("recorders", Restart::Always, build))
}

/// The manager of all recorders.
pub struct Recorders {
    settings: Setting<RecordSettings>,
    rules: AdmissionRules,
    servers: Vec<Arc<RecordServer>>,
    handles: RecordHandles,
    memory: RecordersMemory,
    set: Option<ChildSet<Self>>,
    known: KnownStreams,
    slots: BTreeMap<StreamKey, RecorderSlot>,
    looking_at_disk: SingleFlight,
    /// A [`Judge`] is on its way.
    judging: bool,
    recovery: Recovery,
    born: Instant,
}

impl Recorders {
    /// One after the other they have the same memory.
    fn new(
        settings: Setting<RecordSettings>,
        servers: Vec<Arc<RecordServer>>,
        handles: RecordHandles,
        memory: RecordersMemory,
    ) -> Self {
        let RecordingMemory { known, slots } = memory.streams.take();
        Self {
            rules: rules(settings.get()),
            settings,
            servers,
            handles,
            memory,
            set: None,
            known,
            slots,
            looking_at_disk: SingleFlight::default(),
            judging: false,
            recovery: Recovery::default(),
            born: Instant::now(),
        }
    }

    /// As [`Recorders::judge`], after whatever waits already.
    fn judge_soon(&mut self, ctx: &mut Context<Self>) {
        if !std::mem::replace(&mut self.judging, true) {
            ctx.notify(Judge);
        }
    }

    /// Starts, stops and refuses recorders by what is known now.
    fn judge(&mut self) {
        if !self.memory.recovered_once.get() {
            return;
        }
        let candidates = self.known.candidates(|server| self.servers.iter().any(|known| known.settings.name == server));
        let recording = self.slots.iter().filter(|(_, slot)| slot.state == SlotState::Yes);
        let recording: BTreeSet<StreamKey> = recording.map(|(key, _)| key.clone()).collect();
        let mut decisions: BTreeMap<StreamKey, AdmissionDecision> =
            self.rules.judge(&candidates, &recording).into_iter().collect();
        // A stream that nobody mentions any more.
        for key in self.slots.keys() {
            decisions.entry(key.clone()).or_insert(AdmissionDecision::NotLive);
        }
        for (key, decision) in decisions {
            let state = self.slots.get(&key).map_or(SlotState::Not, |slot| slot.state.clone());
            match (decision, state) {
                (AdmissionDecision::Record, SlotState::Not | SlotState::Published(..)) => self.start_recorder(&key),
                (AdmissionDecision::Record, SlotState::Yes) => self.tell_source(&key),
                (AdmissionDecision::NoPlace(why), state) if state != SlotState::Leaving => {
                    self.refuse(&key, RecordingState::Paused, why)
                }
                (AdmissionDecision::OnDemand(why), SlotState::Not | SlotState::Published(..)) => {
                    self.refuse(&key, RecordingState::Off, why)
                }
                (AdmissionDecision::Unwanted(why) | AdmissionDecision::OnDemand(why), SlotState::Yes) => {
                    self.stop_recorder(&key, format!("switched off: {why}"))
                }
                (AdmissionDecision::NotLive, SlotState::Yes) => self.stop_recorder(&key, "the stream ended".to_owned()),
                (AdmissionDecision::Unwanted(_) | AdmissionDecision::NotLive, SlotState::Published(..)) => {
                    self.forget(&key)
                }
                _ => {}
            }
        }
        // What a stream's next session must know is only the seconds in which the last ones began.
        let long_ago = (self.handles.clock)() - FORGET_AFTER;
        let known = &self.known;
        self.slots.retain(|key, slot| {
            slot.state != SlotState::Not || known.has(key) || slot.starts.borrow().latest() > Some(long_ago)
        });
    }

    fn slot(&mut self, key: &StreamKey) -> &mut RecorderSlot {
        let source = self.known.source(key);
        self.slots.entry(key.clone()).or_insert_with(|| RecorderSlot {
            source: watch::Sender::new(source),
            starts: Rc::default(),
            state: SlotState::Not,
        })
    }

    fn start_recorder(&mut self, key: &StreamKey) {
        let Some(place) = self.servers.iter().position(|server| server.settings.name == key.server) else { return };
        self.tell_source(key);
        let slot = self.slot(key);
        slot.state = SlotState::Yes;
        let (starts, source) = (slot.starts.clone(), slot.source.subscribe());
        let assignment = RecordAssignment {
            key: key.clone(),
            server: self.servers[place].clone(),
            key_prefix: server_prefix(place, &key.server),
            settings: self.settings.clone(),
            handles: self.handles.clone(),
            publisher: self.memory.publisher.clone(),
            starts,
            source,
            obstacle: self.memory.obstacle.subscribe(),
            pauses: self.memory.pauses.clone(),
            folders: self.memory.folders.clone(),
        };
        if let Some(set) = &mut self.set {
            set.start(Child::new(child_name(key), Restart::Always, move || Recorder::new(assignment.clone())));
        }
    }

    fn tell_source(&mut self, key: &StreamKey) {
        let source = self.known.source(key);
        self.slot(key).source.send_if_modified(|known| {
            let is_new = *known != source;
            if is_new {
                *known = source;
            }
            is_new
        });
    }

    /// Ends a recorder; `child_ended` follows.
    fn stop_recorder(&mut self, key: &StreamKey, why: String) {
        self.slot(key).state = SlotState::Leaving;
        let name = child_name(key);
        let Some(set) = &mut self.set else { return };
        let recorder = set.addr::<Recorder>(&name);
        let gone = set.remove(&name, Instant::now() + STOP_TIMEOUT);
        // One that waits for its restart has nobody to tell.
        if let Some(recorder) = recorder {
            recorder.do_send(StopRecorder(why));
        }
        // Not a future of this actor: the recorder ends, whatever becomes of us.
        actix::spawn(async move {
            let late = gone.await;
            if !late.is_empty() {
                log::warn!("timeout: recorders did not stop in time: {}", late.join(", "));
            }
        });
    }

    /// Tells everybody why a stream is not recorded: paused for want of a place, or off.
    fn refuse(&mut self, key: &StreamKey, state: RecordingState, why: String) {
        let slot = self.slot(key);
        let told = SlotState::Published(state, why.clone());
        if std::mem::replace(&mut slot.state, told.clone()) == told {
            return;
        }
        let level = if state == RecordingState::Paused { log::Level::Warn } else { log::Level::Info };
        log::log!(level, server = key.server.as_str(), stream = key.name.as_str(); "not recorded: {why}");
        let status = RecordingStatus {
            server: key.server.clone(),
            name: key.name.clone(),
            state,
            since: (self.handles.clock)(),
            session: None,
            segments: 0,
            reason: Some(why),
        };
        self.memory.pauses.stream(key, status.state, status.reason.as_deref(), None);
        self.tell([Change::Recording(status)]);
    }

    /// Nobody records the stream any more: everybody may forget its recorder.
    fn forget(&mut self, key: &StreamKey) {
        self.slot(key).state = SlotState::Not;
        self.memory.pauses.forget(key);
        self.tell([Change::RecordingGone { server: key.server.clone(), name: key.name.clone() }]);
    }

    /// For everybody. Recorders tell through the same publisher, so that none of their states comes after its end.
    fn tell(&self, changes: impl IntoIterator<Item = Change>) {
        self.memory.publisher.tell(changes);
    }
}

/// Who is recorded, as the configuration says.
fn rules(settings: RecordSettings) -> AdmissionRules {
    let RecordSettings { include, exclude, max_concurrent, on_demand, .. } = settings;
    AdmissionRules { include, exclude, max_concurrent, on_demand }
}

/// Name of a stream's recorder in the tree: one word per stream, whatever its name.
fn child_name(key: &StreamKey) -> String {
    format!("{}:{}", plain(&key.server), key.name.folder())
}

impl Recorders {
    /// What the instance before has left, as it is: recorders run, or are on their way out; of others nothing is left.
    fn adopt(&mut self) {
        let Some(set) = &self.set else { return };
        for (key, slot) in &mut self.slots {
            let name = child_name(key);
            slot.state = slot.state.adopted(set.contains(&name), set.is_leaving(&name));
            if slot.state == SlotState::Not {
                self.memory.pauses.forget(key);
            }
        }
    }

    /// States of recorders that nobody has any more.
    fn forget_orphans(&mut self, latest: &Latest) {
        let orphans = latest.recordings.iter().filter(|status| {
            let key = StreamKey { server: status.server.clone(), name: status.name.clone() };
            self.slots.get(&key).is_none_or(|slot| slot.state == SlotState::Not)
        });
        let gone = |status: &RecordingStatus| Change::RecordingGone {
            server: status.server.clone(),
            name: status.name.clone(),
        };
        let changes: Vec<Change> = orphans.map(gone).collect();
        self.tell(changes);
    }
}

impl Actor for Recorders {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        self.set = Some(ChildSet::kept(ctx, StopOrder::Together, self.memory.keep.clone()));
        self.adopt();
        ctx.add_message_stream(self.memory.folders.left());
        ctx.add_stream(subscription(self.handles.live.clone(), "recorders"));
        ctx.add_message_stream(self.settings.changes());
        // Between building and now.
        self.rules = rules(self.settings.get());
        self.check_disk(ctx);
        self.recover(ctx);
        ctx.run_interval(DISK_CHECK_INTERVAL, |manager, ctx| manager.check_disk(ctx));
        ctx.run_later(SETTLED, |manager, ctx| {
            ctx.spawn(manager.memory.pauses.clone().clear_what_is_over().into_actor(manager));
        });
    }
}

impl Drop for Recorders {
    /// For the next instance, however this one ended.
    fn drop(&mut self) {
        if let Ok(mut streams) = self.memory.streams.try_borrow_mut() {
            *streams =
                RecordingMemory { known: std::mem::take(&mut self.known), slots: std::mem::take(&mut self.slots) };
        }
    }
}

impl Supervised for Recorders {
    const KIND: &'static str = "recorders";

    fn observe(&self) -> Value {
        let waiting: Vec<Value> = self
            .slots
            .iter()
            .filter_map(|(key, slot)| match &slot.state {
                SlotState::Published(_, why) => Some(json!({ "stream": key.to_string(), "reason": why })),
                _ => None,
            })
            .collect();
        json!({
            "recording": self.slots.values().filter(|slot| slot.state == SlotState::Yes).count(),
            "waiting": waiting,
            "obstacle": *self.memory.obstacle.borrow(),
            "recovered": self.recovery.sealed,
            "recoveryTrouble": self.recovery.trouble,
        })
    }

    fn children(&mut self) -> Option<&mut ChildSet<Self>> {
        self.set.as_mut()
    }

    fn child_ended(&mut self, name: &str, _: &mut Context<Self>) {
        let key = self.slots.keys().find(|key| child_name(key) == name).cloned();
        if let Some(key) = key {
            self.forget(&key);
            self.judge();
        }
    }
}
supervised!(Recorders, manager);

impl Handler<Adjusted> for Recorders {
    type Result = ();

    fn handle(&mut self, _: Adjusted, ctx: &mut Self::Context) {
        self.rules = rules(self.settings.get());
        self.judge();
        self.check_disk(ctx);
    }
}

impl StreamHandler<LiveUpdate> for Recorders {
    fn handle(&mut self, update: LiveUpdate, ctx: &mut Self::Context) {
        match update {
            LiveUpdate::Everything(latest) => {
                self.known.replace(&latest);
                self.forget_orphans(&latest);
                self.judge();
            }
            LiveUpdate::Changes(changes) => {
                let matters = changes.iter().fold(false, |any, change| self.known.apply(change) | any);
                if matters {
                    self.judge_soon(ctx);
                }
            }
        }
    }
}

/// Judge once for all changes that wait: at a start each of a thousand cameras tells of itself.
#[derive(Message)]
#[rtype(result = "()")]
struct Judge;

impl Handler<Judge> for Recorders {
    type Result = ();

    fn handle(&mut self, _: Judge, _: &mut Self::Context) {
        self.judging = false;
        self.judge();
    }
}
