//! The manager: knows every camera, its relay if it has one, and what each should know.

mod adjust;
mod asked;
mod commands;
mod fleet;
mod hearing;
mod incidents;
mod known;
mod logs;
mod looks;
mod outbox;
mod plan;
mod reread;
mod stories;
mod turns;

pub use asked::{ProbeCamera, TestCamera};
pub use commands::{AddCamera, DeleteCamera, EditCamera, Refresh, RestartCamera, Written};
pub use logs::LookAtRuns;
pub use plan::{ApplyPlan, LookAtPlan};

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use actix::{Actor, ActorFutureExt, AsyncContext, Context, SpawnHandle, StreamHandler, WrapFuture};
use futures_util::stream;
use serde_json::{Value, json};
use tokio::sync::{oneshot, watch};
use tokio::time::Instant;

use super::assignment::Assignment;
use super::runs::RunLogs;
use super::setup::{PUBLISH_RETRY, RestreamSetup, written_in_time};
use crate::actors::incidents::{IncidentsHandle, now};
use crate::actors::supervision::stop::StopOrder;
use crate::actors::supervision::{ChildSet, Setting, Supervised, supervised};
use crate::adapters::database::SharedDatabase;
use crate::adapters::known::KnownCameras;
use crate::adapters::live::feed::{Fed, feed};
use crate::adapters::live::{Change, SharedLive};
use crate::adapters::mediamtx::knock::knock;
use crate::base::Error;
use crate::domain::camera::Kinds;
use crate::domain::fleet::Fleet;
use crate::domain::hold::{Ran, Scales};
use commands::read_all;
use hearing::ServerView;
use known::Remembered;
use looks::{Looks, read_looks};
use outbox::Outbox;
use plan::Waiting;
use reread::Rereads;
use stories::Stories;
use turns::Turns;

/// A server whose API does not answer is knocked at so often, and has so long to open.
const KNOCK_EVERY: Duration = Duration::from_secs(2);

/// Holds the relays.
pub struct Restreams {
    settings: Setting<Arc<RestreamSetup>>,
    /// What `settings` said last.
    setup: Arc<RestreamSetup>,
    database: SharedDatabase,
    live: SharedLive,
    children: Option<ChildSet<Self>>,
    turns: Turns,
    server: ServerView,
    kinds: Kinds,
    fleet: Fleet,
    /// What the table asks for and nobody has confirmed.
    held: Option<Waiting>,
    /// What may stop because of the table.
    scales: Scales,
    /// Who has really run lately.
    ran: Ran,
    /// Moment from which `scales` and `ran` count.
    born: Instant,
    incidents: IncidentsHandle,
    stories: Stories,
    remembered: Remembered,
    looks: Looks,
    /// What the cameras' programs have said; outlives this actor when `app` keeps it.
    runs: RunLogs,
    rereads: Rereads,
    /// What each relay should know.
    assignments: BTreeMap<i64, watch::Sender<Assignment>>,
    /// Relays on their way out.
    leaving: BTreeSet<i64>,
    /// Rows that were taken one by one and made a difference; a reading that began before the last one is out of date.
    rows_taken: u64,
    /// Written to the live store next.
    outbox: Outbox,
    writing: bool,
    /// The cameras are being read; once more when that is done.
    reading: bool,
    read_again: bool,
    /// Who waits until they have been read.
    after_reading: Vec<oneshot::Sender<()>>,
    /// Why the last reading failed.
    database_fault: Option<String>,
    knocking: bool,
    /// Nothing has been read yet.
    fresh: bool,
    next_refresh: Option<SpawnHandle>,
}

impl Restreams {
    /// Relays the cameras of `database`, writes their states to `live`, and tells of what goes wrong to `incidents`.
    pub fn new(
        settings: impl Into<Setting<Arc<RestreamSetup>>>,
        database: SharedDatabase,
        live: SharedLive,
        incidents: IncidentsHandle,
    ) -> Self {
        let settings = settings.into();
        let setup = settings.get();
        Self {
            turns: Turns::new(setup.rates),
            remembered: Remembered::new(KnownCameras::at(setup.last_known.clone())),
            looks: Looks::new(setup.max_probes),
            server: ServerView::new(&setup.server, setup.monitored),
            settings,
            setup,
            database,
            live,
            children: None,
            kinds: Kinds::new(),
            fleet: Fleet::new(),
            held: None,
            scales: Scales::default(),
            ran: Ran::default(),
            born: Instant::now(),
            incidents,
            stories: Stories::default(),
            runs: RunLogs::default(),
            rereads: Rereads::default(),
            assignments: BTreeMap::new(),
            leaving: BTreeSet::new(),
            rows_taken: 0,
            outbox: Outbox::default(),
            writing: false,
            reading: false,
            read_again: false,
            after_reading: Vec::new(),
            database_fault: None,
            knocking: false,
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
        if self.reading {
            self.read_again = true;
            return;
        }
        self.reading = true;
        let (taken, begun) = (self.rows_taken, now());
        let (database, fresh) = (Arc::clone(&self.database), self.fresh);
        let read = async move {
            let (rows, kinds) = read_all(Arc::clone(&database)).await?;
            Ok::<_, Error>((rows, kinds, if fresh { read_looks(database).await } else { Vec::new() }))
        };
        ctx.spawn(read.into_actor(self).map(move |read, manager, ctx| {
            manager.reading = false;
            match read {
                Ok(_) if manager.rows_taken != taken => manager.read_again = true,
                Ok((rows, kinds, looks)) => {
                    manager.take_looks(looks);
                    if manager.database_fault.take().is_some() {
                        log::info!("the database answers again");
                    }
                    manager.database_works();
                    manager.kinds = kinds;
                    manager.take_rows(&rows, ctx);
                    manager.remember(rows, ctx);
                    if std::mem::take(&mut manager.fresh) {
                        manager.forget_strangers(ctx);
                        manager.clear_what_is_over(ctx);
                    }
                }
                Err(error) => {
                    let fault = error.to_string();
                    if manager.database_fault.as_ref() != Some(&fault) {
                        log::warn!("cameras not read, the last known ones go on: {fault}");
                    }
                    manager.database_failed(&fault, begun);
                    manager.database_fault = Some(fault);
                    manager.go_by_last_known(ctx);
                }
            }
            if std::mem::take(&mut manager.read_again) {
                manager.refresh(ctx);
            } else {
                // Who has given up waiting is not told.
                manager.after_reading.drain(..).for_each(|waiting| _ = waiting.send(()));
            }
        }));
    }

    /// Knocks at the media port of a server whose API does not answer.
    fn knock(&mut self, ctx: &mut Context<Self>) {
        if self.knocking || !self.server.is_in_doubt() {
            return;
        }
        self.knocking = true;
        let base = self.setup.base.clone();
        let knock = async move { knock(&base, KNOCK_EVERY).await }.into_actor(self);
        ctx.spawn(knock.map(|answered, manager, ctx| {
            manager.knocking = false;
            if manager.server.is_in_doubt() && manager.server.knocked(answered) {
                let server = manager.setup.server.as_str();
                if answered {
                    log::info!(server = server; "its API does not answer, but its RTSP port does: cameras go on");
                }
                manager.tell_relays();
            }
            manager.watch_server(ctx);
        }));
    }

    /// Cameras that the live store still shows though their rows went while nobody looked.
    fn forget_strangers(&mut self, ctx: &mut Context<Self>) {
        let live = Arc::clone(&self.live);
        let latest = async move { live.latest().await }.into_actor(self);
        ctx.spawn(latest.map(|latest, manager, ctx| {
            let shown = latest.map(|latest| latest.cameras).unwrap_or_default();
            let strangers = shown.into_iter().filter(|camera| !manager.fleet.contains_key(&camera.id));
            let gone: Vec<Change> = strangers.map(|camera| Change::CameraGone { id: camera.id }).collect();
            manager.publish(gone, ctx);
        }));
    }

    /// Writes to the live store, one write at a time.
    fn publish(&mut self, changes: Vec<Change>, ctx: &mut Context<Self>) {
        self.outbox.put(changes);
        if self.writing {
            return;
        }
        let changes = self.outbox.take();
        if changes.is_empty() {
            return;
        }
        self.writing = true;
        let live = Arc::clone(&self.live);
        let write = async move { (written_in_time(live.publish(changes.clone())).await, changes) };
        ctx.spawn(write.into_actor(self).map(|(written, changes), manager, ctx| match written {
            Ok(()) => {
                manager.writing = false;
                manager.publish(Vec::new(), ctx);
            }
            Err(error) => {
                log::debug!("state of cameras not written: {error}");
                manager.outbox.put_back(changes);
                // Until then every change would begin a chain of tries of its own.
                ctx.run_later(PUBLISH_RETRY, |manager, ctx| {
                    manager.writing = false;
                    manager.publish(Vec::new(), ctx);
                });
            }
        }));
    }
}

impl Actor for Restreams {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        self.children = Some(ChildSet::new(ctx, StopOrder::Together));
        ctx.add_stream(feed(Arc::clone(&self.live), "restreams"));
        let changes = stream::unfold(self.database.camera_changes(), |mut changes| async move {
            changes.changed().await.ok().map(|()| (Refresh, changes))
        });
        ctx.add_stream(changes);
        ctx.add_message_stream(self.settings.changes());
        self.adjust(ctx);
        ctx.run_interval(KNOCK_EVERY, |manager, ctx| manager.knock(ctx));
        self.begin(ctx);
    }
}

impl StreamHandler<Refresh> for Restreams {
    fn handle(&mut self, _: Refresh, ctx: &mut Self::Context) {
        self.refresh(ctx);
    }

    fn finished(&mut self, _: &mut Self::Context) {
        log::warn!("the database tells no more of changes; the cameras are read every {:?}", self.setup.refresh);
    }
}

impl StreamHandler<Fed> for Restreams {
    fn handle(&mut self, heard: Fed, ctx: &mut Self::Context) {
        if self.server.hear(&heard) {
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
            "waitingForTurn": self.turns.waiting(),
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
