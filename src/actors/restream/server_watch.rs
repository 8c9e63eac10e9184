//! What the media server says of itself and of its paths, passed on to the relays it concerns.
//!
//! Monitors write that to the live store. While its API does not answer, whether the port that it takes streams at does is told
//! by the monitor of this process, or probed here where there is none or relays publish to another port; and what the relays went through meanwhile is judged by it.

use std::sync::Arc;
use std::time::Duration;

use actix::{Actor, AsyncContext, Context, StreamHandler};
use futures_util::stream;
use serde_json::{Value, json};
use tokio::sync::watch;

use super::activity::RelayActivity;
use super::assignments::Assignments;
use super::camera_incidents::{CameraIncidents, DecisionsPending};
use super::setup::RestreamSetup;
use crate::actors::single_flight::{Ended, Flight, Late, Rules, Work};
use crate::actors::supervision::{Setting, Supervised, supervised};
use crate::adapters::live::SharedLive;
use crate::adapters::live::subscription::{LiveUpdate, subscription};
use crate::adapters::mediamtx::rtsp_probe::probe_rtsp;
use crate::base::Result;
use crate::base::single_flight::{FlightRetry, SingleFlight};
use crate::domain::incident::ServerObservation;

/// The port of a server whose API does not answer is probed so often, and has so long to open.
const PROBE_EVERY: Duration = Duration::from_secs(2);

/// What is in doubt is judged again so often.
const DECIDE_EVERY: Duration = Duration::from_secs(1);

/// Watches our media server. What it knows outlives it in [`Assignments`].
pub(super) struct ServerWatch {
    settings: Setting<Arc<RestreamSetup>>,
    live: SharedLive,
    assignments: Assignments,
    incidents: CameraIncidents,
    activity: RelayActivity,
    /// Who else relays these cameras, as a sentence; `None` inside while nobody does.
    standby: watch::Receiver<Option<String>>,
    probing: SingleFlight,
    deciding: bool,
    /// The log tells that the media server goes on without its API.
    media_alone: bool,
}

impl ServerWatch {
    pub(super) fn new(
        settings: Setting<Arc<RestreamSetup>>,
        live: SharedLive,
        assignments: Assignments,
        incidents: CameraIncidents,
        activity: RelayActivity,
        standby: watch::Receiver<Option<String>>,
    ) -> Self {
        let probing = SingleFlight::default();
        Self { settings, live, assignments, incidents, activity, standby, probing, deciding: false, media_alone: false }
    }

    /// Something new is known of the server. Its own incident is the monitor's to raise.
    fn server_changed(&mut self, ctx: &mut Context<Self>) {
        let Some(observation) = self.assignments.server_observation() else { return };
        self.activity.server(observation == ServerObservation::Up);
        let alone = self.assignments.media_alone();
        if alone && !self.media_alone {
            let setup = self.settings.get();
            log::info!(server = setup.server.as_str(); "API of the media server unreachable, but its RTSP port answers: cameras keep running");
        }
        self.media_alone = alone;
        if observation == ServerObservation::Doubtful {
            // Its API alone may be gone; the port it takes streams at decides.
            ProbePort::ask_if_idle(self, ctx);
        }
        self.decide(ctx);
    }

    fn apply_standby(&mut self) {
        let standby = self.standby.borrow_and_update().clone();
        if self.assignments.set_standby(standby.clone()) {
            match standby {
                Some(why) => log::error!("relays stopped: {why}"),
                None => log::info!("relays recovered: nobody else relays these cameras any more"),
            }
        }
    }

    /// Decides what was in doubt, now and until nothing is.
    fn decide(&mut self, ctx: &mut Context<Self>) {
        let pending = self.incidents.decide(self.assignments.server_observation().unwrap_or(ServerObservation::Up));
        if pending && !self.deciding {
            self.deciding = true;
            ctx.run_later(DECIDE_EVERY, |watch, ctx| {
                watch.deciding = false;
                watch.decide(ctx);
            });
        }
    }
}

/// Probes the media port of a server whose API does not answer.
struct ProbePort;

impl Flight for ProbePort {
    type Owner = ServerWatch;
    type Subject = ();
    type Output = bool;
    const RULES: Rules = Rules {
        what: "probing the port of the media server",
        limit: PROBE_EVERY.saturating_mul(2),
        late: Late::GiveUp,
        retry: FlightRetry::Never,
        level: log::Level::Debug,
    };

    fn state(watch: &mut ServerWatch) -> &mut SingleFlight {
        &mut watch.probing
    }

    fn begin(watch: &mut ServerWatch, _: &mut Context<ServerWatch>) -> Option<((), Work<bool>)> {
        if !watch.assignments.server_is_in_doubt() {
            return None;
        }
        let base = watch.settings.get().place.base.clone();
        Some(((), Box::pin(async move { Ok(probe_rtsp(&base, PROBE_EVERY).await) })))
    }

    fn ended(watch: &mut ServerWatch, (): (), open: Result<bool>, ctx: &mut Context<ServerWatch>) -> Ended {
        let open = open.unwrap_or(false);
        watch.assignments.rtsp_probed(open);
        watch.server_changed(ctx);
        Ended::Done
    }
}

impl Actor for ServerWatch {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        ctx.add_stream(subscription(Arc::clone(&self.live), "restreams"));
        ctx.add_stream(self.incidents.pending());
        let standby = self.standby.clone();
        ctx.add_stream(stream::unfold(standby, |mut standby| async move {
            standby.changed().await.ok().map(|()| (StandbyChanged, standby))
        }));
        self.apply_standby();
        ctx.run_interval(PROBE_EVERY, ProbePort::ask_if_idle);
        self.decide(ctx);
    }
}

impl StreamHandler<LiveUpdate> for ServerWatch {
    fn handle(&mut self, heard: LiveUpdate, ctx: &mut Self::Context) {
        if self.assignments.hear(&heard) {
            self.server_changed(ctx);
        }
    }

    fn finished(&mut self, _: &mut Self::Context) {}
}

/// Somebody else relays these cameras, or nobody does any more.
#[derive(Debug)]
struct StandbyChanged;

impl StreamHandler<StandbyChanged> for ServerWatch {
    fn handle(&mut self, _: StandbyChanged, _: &mut Self::Context) {
        self.apply_standby();
    }

    // Without a membership nobody else can be seen.
    fn finished(&mut self, _: &mut Self::Context) {}
}

impl StreamHandler<DecisionsPending> for ServerWatch {
    fn handle(&mut self, _: DecisionsPending, ctx: &mut Self::Context) {
        self.decide(ctx);
    }

    fn finished(&mut self, _: &mut Self::Context) {}
}

impl Supervised for ServerWatch {
    const KIND: &'static str = "serverWatch";

    fn observe(&self) -> Value {
        json!({ "server": self.settings.get().server, "fault": self.assignments.server_fault() })
    }
}

supervised!(ServerWatch);
