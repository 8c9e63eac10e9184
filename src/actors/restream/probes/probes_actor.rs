//! The actor: reads what an earlier run has found, writes what is found, and probes on request.

use std::sync::{Arc, Mutex};

use actix::{
    Actor, ActorFutureExt, AsyncContext, Context, Handler, Message, ResponseActFuture, StreamHandler, WrapFuture,
};
use serde_json::{Value, json};

use super::host_rate::HostRateLimit;
use super::known::{KnownSources, Unwritten};
use super::slots::ProbeSlots;
use crate::actors::restream::desired_fleet::DesiredFleet;
use crate::actors::restream::setup::{RestreamSetup, STORE_RETRY};
use crate::actors::single_flight::{Ended, Flight, Late, Rules, Work};
use crate::actors::supervision::{Adjusted, Handle, Setting, Supervised, supervised};
use crate::adapters::database::{CALL_TIMEOUT, CameraStore, ProbeStore, with_timeout};
use crate::base::single_flight::{FlightRetry, SingleFlight};
use crate::base::{ErrorKind, Result};
use crate::domain::probe::KeptProbe;

/// Reads what an earlier run has found; answered when that is known, or cannot be: that costs one probe of each camera.
#[derive(Message, Clone, Copy, Debug)]
#[rtype(result = "()")]
pub(in crate::actors::restream) struct LoadKnown;

/// Keeps what probes find, and probes for people.
pub(in crate::actors::restream) struct Probes {
    pub(super) settings: Setting<Arc<RestreamSetup>>,
    pub(super) cameras: Arc<dyn CameraStore>,
    store: Arc<dyn ProbeStore>,
    pub(super) fleet: DesiredFleet,
    pub(super) known: KnownSources,
    pub(super) slots: ProbeSlots,
    /// Of the probes that people request.
    pub(super) host_rate: Arc<Mutex<HostRateLimit>>,
    handle: Handle<Self>,
    /// What an earlier run has found is known.
    loaded: bool,
    writing: SingleFlight,
}

impl Probes {
    pub(in crate::actors::restream) fn new(
        settings: Setting<Arc<RestreamSetup>>,
        cameras: Arc<dyn CameraStore>,
        store: Arc<dyn ProbeStore>,
        fleet: DesiredFleet,
        known: KnownSources,
        slots: ProbeSlots,
        handle: Handle<Self>,
    ) -> Self {
        let host_rate = Arc::default();
        Self {
            settings,
            cameras,
            store,
            fleet,
            known,
            slots,
            host_rate,
            handle,
            loaded: false,
            writing: SingleFlight::default(),
        }
    }
}

/// Writes the probes, one after the other; a database that is away is tried again, for the latest probe of each camera.
struct WriteProbe;

impl Flight for WriteProbe {
    type Owner = Probes;
    type Subject = KeptProbe;
    type Output = ();
    const RULES: Rules = Rules {
        what: "writing what was found out of the cameras",
        limit: CALL_TIMEOUT.saturating_mul(2),
        late: Late::GiveUp,
        retry: FlightRetry::Every(STORE_RETRY),
        level: log::Level::Warn,
    };

    fn state(probes: &mut Probes) -> &mut SingleFlight {
        &mut probes.writing
    }

    fn begin(probes: &mut Probes, _: &mut Context<Probes>) -> Option<(KeptProbe, Work<()>)> {
        let probe = probes.known.take_unwritten()?;
        let (store, written) = (Arc::clone(&probes.store), probe.clone());
        Some((probe, Box::pin(async move { with_timeout(store.put_camera_probe(written)).await })))
    }

    fn ended(probes: &mut Probes, probe: KeptProbe, written: Result<()>, _: &mut Context<Probes>) -> Ended {
        match written {
            Ok(()) => Ended::More,
            Err(error) if matches!(error.kind(), ErrorKind::Unavailable | ErrorKind::Timeout) => {
                probes.known.put_back(probe);
                Ended::Failed(error)
            }
            // It will not be taken later either, as the row of a camera that is gone.
            Err(error) => {
                log::debug!("probe of camera {} not written: {error}", probe.camera);
                Ended::More
            }
        }
    }
}

async fn read_earlier(store: Arc<dyn ProbeStore>) -> Vec<KeptProbe> {
    with_timeout(store.camera_probes()).await.unwrap_or_else(|error| {
        log::warn!("earlier probes of the cameras not read, each is probed again: {error}");
        Vec::new()
    })
}

impl Actor for Probes {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        ctx.add_message_stream(self.settings.changes());
        ctx.add_stream(self.known.to_write());
        self.slots.resize(self.settings.get().max_probes);
        self.handle.now_at(ctx.address());
        // What the instance before has left.
        WriteProbe::ask(self, ctx);
    }
}

impl Handler<LoadKnown> for Probes {
    type Result = ResponseActFuture<Self, ()>;

    fn handle(&mut self, _: LoadKnown, _: &mut Self::Context) -> Self::Result {
        if self.loaded {
            return Box::pin(actix::fut::ready(()));
        }
        let read = read_earlier(Arc::clone(&self.store)).into_actor(self);
        Box::pin(read.map(|earlier, actor, _| {
            actor.loaded = true;
            actor.known.add_earlier(earlier);
        }))
    }
}

impl StreamHandler<Unwritten> for Probes {
    fn handle(&mut self, _: Unwritten, ctx: &mut Self::Context) {
        WriteProbe::ask(self, ctx);
    }

    fn finished(&mut self, _: &mut Self::Context) {}
}

impl Handler<Adjusted> for Probes {
    type Result = ();

    fn handle(&mut self, _: Adjusted, _: &mut Self::Context) {
        self.slots.resize(self.settings.get().max_probes);
    }
}

impl Supervised for Probes {
    const KIND: &'static str = "probes";

    fn observe(&self) -> Value {
        let (known, unwritten) = self.known.counts();
        json!({ "known": known, "unwritten": unwritten, "slots": self.settings.get().max_probes })
    }
}

supervised!(Probes);
