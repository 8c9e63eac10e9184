//! The manager: knows every camera, its relay if it has one, and what each should know.

mod adjust;
mod camera_incidents;
mod commands;
mod fleet;
mod hearing;
mod incidents;
mod kept_probes;
mod last_known;
mod plan;
mod probe_commands;
mod reread;
mod run_log;
mod standby;
mod start_permits;

pub use commands::{AddCamera, DeleteCamera, EditCamera, Refresh, RestartCamera, Written};
pub use plan::{ApplyPlan, GetPlan};
pub use probe_commands::{ProbeCamera, TestCamera};
pub use run_log::GetRunLog;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use actix::{Actor, AsyncContext, Context, SpawnHandle, StreamHandler};
use futures_util::stream;
use serde_json::{Value, json};
use tokio::sync::{oneshot, watch};
use tokio::time::Instant;

use super::assignment::Assignment;
use super::runs::RunLogs;
use super::setup::{RestreamSetup, STORE_RETRY};
use crate::actors::incidents::{IncidentsHandle, now};
use crate::actors::single_flight::{Ended, Flight, Late, Rules, Work};
use crate::actors::supervision::stop::StopOrder;
use crate::actors::supervision::{ChildSet, Setting, Supervised, supervised};
use crate::adapters::database::{CALL_TIMEOUT, Stores};
use crate::adapters::last_known::LastKnownFile;
use crate::adapters::live::publisher::Publisher;
use crate::adapters::live::subscription::{LiveUpdate, subscription};
use crate::adapters::live::{Change, Latest, SharedLive};
use crate::adapters::mediamtx::rtsp_probe::probe_rtsp;
use crate::base::Result;
use crate::base::single_flight::{Retry, SingleFlight};
use crate::domain::camera::{CameraRow, Kinds};
use crate::domain::change_guard::{ChangeGuard, RecentlyRunning};
use crate::domain::fleet::Fleet;
use crate::domain::moment::Moment;
use crate::domain::probe::KeptProbe;
use camera_incidents::IncidentTrackers;
use commands::read_all;
use hearing::ServerView;
use kept_probes::{KeptProbes, read_probes};
use last_known::LastKnown;
use plan::Waiting;
use reread::Rereads;
use start_permits::StartPermits;

/// A server whose API does not answer is probed at its RTSP port so often, and has so long to answer.
const RTSP_PROBE_INTERVAL: Duration = Duration::from_secs(2);

/// Holds the relays.
pub struct Restreams {
    settings: Setting<Arc<RestreamSetup>>,
    /// What `settings` said last.
    setup: Arc<RestreamSetup>,
    database: Stores,
    live: SharedLive,
    children: Option<ChildSet<Self>>,
    start_permits: StartPermits,
    server: ServerView,
    /// Who else relays these cameras, as a sentence; `None` inside while nobody does.
    standby: watch::Receiver<Option<String>>,
    kinds: Kinds,
    fleet: Fleet,
    /// What the table asks for and nobody has confirmed.
    blocked: Option<Waiting>,
    /// What may stop because of the table.
    guard: ChangeGuard,
    /// Who has really run lately.
    ran: RecentlyRunning,
    /// Moment from which `guard` and `ran` count.
    born: Instant,
    incidents: IncidentsHandle,
    trackers: IncidentTrackers,
    last_known: LastKnown,
    probes: KeptProbes,
    /// What the cameras' programs have said; outlives this actor when `app` keeps it.
    runs: RunLogs,
    rereads: Rereads,
    /// What each relay should know.
    assignments: BTreeMap<i64, watch::Sender<Assignment>>,
    /// Relays on their way out.
    leaving: BTreeSet<i64>,
    /// Rows that were taken one by one and made a difference; a reading that began before the last one is out of date.
    rows_taken: u64,
    publisher: Publisher,
    reading: SingleFlight,
    /// Who waits until the cameras have been read anew.
    after_reading: Vec<oneshot::Sender<()>>,
    /// Those of them who asked before the reading that is under way.
    to_answer: Vec<oneshot::Sender<()>>,
    /// Why the last reading failed.
    database_fault: Option<String>,
    probing_rtsp: SingleFlight,
    forgetting: SingleFlight,
    /// Nothing has been read yet.
    fresh: bool,
    next_refresh: Option<SpawnHandle>,
}

impl Restreams {
    /// Relays the cameras of `database`, writes their states to `live`, and tells of what goes wrong to `incidents`.
    pub fn new(
        settings: impl Into<Setting<Arc<RestreamSetup>>>,
        database: Stores,
        live: SharedLive,
        incidents: IncidentsHandle,
    ) -> Self {
        let settings = settings.into();
        let setup = settings.get();
        let publisher = Publisher::new(Arc::clone(&live), "restreams");
        Self {
            start_permits: StartPermits::new(setup.rates),
            last_known: LastKnown::new(LastKnownFile::at(setup.last_known.clone())),
            probes: KeptProbes::new(setup.max_probes),
            server: ServerView::new(&setup.server, setup.monitored),
            standby: watch::channel(None).1,
            settings,
            setup,
            database,
            live,
            children: None,
            kinds: Kinds::new(),
            fleet: Fleet::new(),
            blocked: None,
            guard: ChangeGuard::default(),
            ran: RecentlyRunning::default(),
            born: Instant::now(),
            incidents,
            trackers: IncidentTrackers::default(),
            runs: RunLogs::default(),
            rereads: Rereads::default(),
            assignments: BTreeMap::new(),
            leaving: BTreeSet::new(),
            rows_taken: 0,
            publisher,
            reading: SingleFlight::default(),
            after_reading: Vec::new(),
            to_answer: Vec::new(),
            database_fault: None,
            probing_rtsp: SingleFlight::default(),
            forgetting: SingleFlight::default(),
            fresh: true,
            next_refresh: None,
        }
    }

    /// Goes on with the logs of an earlier instance.
    #[must_use]
    pub fn with_runs(self, runs: RunLogs) -> Self {
        Self { runs, ..self }
    }

    /// Reads all cameras and acts on the difference. While a reading is under way, another one follows it.
    fn refresh(&mut self, ctx: &mut Context<Self>) {
        ReadCameras::ask(self, ctx);
    }

    fn take_reading(&mut self, (rows, kinds, probes): Cameras, ctx: &mut Context<Self>) {
        self.take_probes(probes);
        if self.database_fault.take().is_some() {
            log::info!("database recovered");
        }
        self.database_works();
        self.kinds = kinds;
        self.take_rows(&rows, ctx);
        self.remember(rows, ctx);
        if std::mem::take(&mut self.fresh) {
            ForgetOrphans::ask(self, ctx);
            self.clear_what_is_over(ctx);
        }
    }

    fn probe_rtsp(&mut self, ctx: &mut Context<Self>) {
        RtspProbe::ask_if_idle(self, ctx);
    }

    /// For everybody. Relays tell through the same publisher, so that none of their states comes after their camera's end.
    fn tell_all(&self, changes: impl IntoIterator<Item = Change>) {
        self.publisher.tell(changes);
    }
}

/// Rows, kinds, and at the start what an earlier run has seen of the sources.
type Cameras = (Vec<CameraRow>, Kinds, Vec<KeptProbe>);

/// Reads the cameras.
struct ReadCameras;

impl Flight for ReadCameras {
    type Owner = Restreams;
    /// Rows taken before, and when it began.
    type Subject = (u64, Moment);
    type Output = Cameras;
    // Each of its calls has a limit of its own, which is shorter.
    const RULES: Rules = Rules {
        what: "reading the cameras",
        limit: CALL_TIMEOUT.saturating_mul(3),
        late: Late::GiveUp,
        retry: Retry::Never,
    };

    fn state(manager: &mut Restreams) -> &mut SingleFlight {
        &mut manager.reading
    }

    fn begin(manager: &mut Restreams, _: &mut Context<Restreams>) -> Option<(Self::Subject, Work<Cameras>)> {
        let (database, fresh) = (manager.database.clone(), manager.fresh);
        manager.to_answer.append(&mut manager.after_reading);
        let read = async move {
            let (rows, kinds) = read_all(database.clone()).await?;
            Ok((rows, kinds, if fresh { read_probes(database).await } else { Vec::new() }))
        };
        Some(((manager.rows_taken, now()), Box::pin(read)))
    }

    fn ended(
        manager: &mut Restreams,
        (taken, begun): Self::Subject,
        read: Result<Cameras>,
        ctx: &mut Context<Restreams>,
    ) -> Ended {
        match read {
            // It does not know of a row that was taken meanwhile.
            Ok(_) if manager.rows_taken != taken => return Ended::More,
            Ok(read) => manager.take_reading(read, ctx),
            Err(error) => {
                let fault = error.to_string();
                if manager.database_fault.as_ref() != Some(&fault) {
                    log::warn!("reading the cameras failed, the last known ones keep running: {fault}");
                }
                manager.database_failed(&fault, begun);
                manager.database_fault = Some(fault);
                manager.go_by_last_known(ctx);
            }
        }
        // Who has given up waiting is not told.
        manager.to_answer.drain(..).for_each(|waiting| _ = waiting.send(()));
        Ended::Done
    }
}

/// Probes the media port of a server whose API does not answer.
struct RtspProbe;

impl Flight for RtspProbe {
    type Owner = Restreams;
    type Subject = ();
    type Output = bool;
    const RULES: Rules = Rules {
        what: "probing_rtsp at the media server",
        limit: RTSP_PROBE_INTERVAL.saturating_mul(2),
        late: Late::GiveUp,
        retry: Retry::Never,
    };

    fn state(manager: &mut Restreams) -> &mut SingleFlight {
        &mut manager.probing_rtsp
    }

    fn begin(manager: &mut Restreams, _: &mut Context<Restreams>) -> Option<((), Work<bool>)> {
        if !manager.server.is_in_doubt() {
            return None;
        }
        let base = manager.setup.base.clone();
        Some(((), Box::pin(async move { Ok(probe_rtsp(&base, RTSP_PROBE_INTERVAL).await) })))
    }

    fn ended(manager: &mut Restreams, (): (), answered: Result<bool>, ctx: &mut Context<Restreams>) -> Ended {
        let answered = answered.unwrap_or(false);
        if manager.server.is_in_doubt() && manager.server.rtsp_probed(answered) {
            let server = manager.setup.server.as_str();
            if answered {
                log::info!(server = server; "its API is unreachable, but its RTSP port answers: cameras keep running");
            }
            manager.tell_relays();
        }
        manager.watch_server(ctx);
        Ended::Done
    }
}

/// Takes away cameras that the live store still shows though their rows went while nobody looked.
struct ForgetOrphans;

impl Flight for ForgetOrphans {
    type Owner = Restreams;
    type Subject = ();
    type Output = Latest;
    const RULES: Rules = Rules {
        what: "reading the live store for cameras that are gone",
        limit: Duration::from_secs(5),
        late: Late::GiveUp,
        retry: Retry::Every(STORE_RETRY),
    };

    fn state(manager: &mut Restreams) -> &mut SingleFlight {
        &mut manager.forgetting
    }

    fn begin(manager: &mut Restreams, _: &mut Context<Restreams>) -> Option<((), Work<Latest>)> {
        let live = Arc::clone(&manager.live);
        Some(((), Box::pin(async move { live.latest().await })))
    }

    fn ended(manager: &mut Restreams, (): (), latest: Result<Latest>, _: &mut Context<Restreams>) -> Ended {
        let latest = match latest {
            Ok(latest) => latest,
            Err(error) => return Ended::Failed(error),
        };
        let orphans = latest.cameras.into_iter().filter(|camera| !manager.fleet.contains_key(&camera.id));
        let gone: Vec<Change> = orphans.map(|camera| Change::CameraGone { id: camera.id }).collect();
        manager.tell_all(gone);
        Ended::Done
    }
}

impl Actor for Restreams {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        self.children = Some(ChildSet::new(ctx, StopOrder::Together));
        ctx.add_stream(subscription(Arc::clone(&self.live), "restreams"));
        let changes = stream::unfold(self.database.cameras.camera_changes(), |mut changes| async move {
            changes.changed().await.ok().map(|()| (Refresh, changes))
        });
        ctx.add_stream(changes);
        ctx.add_message_stream(self.settings.changes());
        self.watch_standby(ctx);
        self.adjust(ctx);
        self.apply_standby();
        ctx.run_interval(RTSP_PROBE_INTERVAL, |manager, ctx| manager.probe_rtsp(ctx));
        self.begin(ctx);
    }
}

impl StreamHandler<Refresh> for Restreams {
    fn handle(&mut self, _: Refresh, ctx: &mut Self::Context) {
        self.refresh(ctx);
    }

    fn finished(&mut self, _: &mut Self::Context) {
        log::warn!("notifications of the database stopped; the cameras are read every {:?}", self.setup.refresh);
    }
}

impl StreamHandler<LiveUpdate> for Restreams {
    fn handle(&mut self, update: LiveUpdate, ctx: &mut Self::Context) {
        if self.server.hear(&update) {
            self.watch_server(ctx);
            self.tell_relays();
        }
    }

    fn finished(&mut self, _: &mut Self::Context) {}
}

impl Supervised for Restreams {
    const KIND: &'static str = "restreams";

    fn observe(&self) -> Value {
        json!({
            "cameras": self.fleet.len(),
            "relays": self.assignments.len(),
            "waitingForPermit": self.start_permits.waiting(),
            "server": self.setup.server,
            "serverFault": self.server.answers().err(),
            "databaseFault": self.database_fault.clone().or_else(|| self.incidents.database_fault()),
            "incidentsToWrite": self.incidents.unwritten(),
            "source": self.observe_source(),
            "plan": self.observe_plan(),
        })
    }

    fn children(&mut self) -> Option<&mut ChildSet<Self>> {
        self.children.as_mut()
    }

    fn child_ended(&mut self, name: &str, ctx: &mut Context<Self>) {
        if let Ok(id) = name.parse() {
            self.relay_ended(id, ctx);
        }
    }
}

supervised!(Restreams, manager);
