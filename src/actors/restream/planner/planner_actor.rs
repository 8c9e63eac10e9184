//! The actor: reads the table whenever it has changed, and at times without a reason.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use actix::{Actor, ActorFutureExt, AsyncContext, Context, Handler, Message, SpawnHandle, StreamHandler, WrapFuture};
use futures_util::stream;
use serde_json::{Value, json};
use tokio::sync::oneshot;
use tokio::time::{Instant, timeout};

use super::remembered_plan::PlannerMemory;
use super::rereads::Rereads;
use crate::actors::incidents::{IncidentsHandle, now};
use crate::actors::restream::activity::{BegunToRun, RelayActivity};
use crate::actors::restream::assignments::Assignments;
use crate::actors::restream::camera_ids::CameraIds;
use crate::actors::restream::camera_incidents::CameraIncidents;
use crate::actors::restream::desired_fleet::DesiredFleet;
use crate::actors::restream::probes::{LoadKnown, Probes};
use crate::actors::restream::setup::RestreamSetup;
use crate::actors::single_flight::{Ended, Flight, Late, Rules, Work};
use crate::actors::supervision::{Adjusted, Handle, Setting, Supervised, supervised};
use crate::adapters::database::{CALL_TIMEOUT, CameraStore, with_timeout};
use crate::adapters::last_known::CameraList;
use crate::base::Result;
use crate::base::single_flight::{FlightRetry, SingleFlight};
use crate::domain::camera::{CameraRow, Kinds};
use crate::domain::incident::{IncidentKind, Subject};
use crate::domain::moment::Moment;

/// Who complains of the database.
const READING: &str = "reading cameras";

/// Earlier probes are waited for no longer; without them each camera is probed again.
const PROBES_TIMEOUT: Duration = Duration::from_secs(12);

/// Cameras that have begun to run are noted so much later, all together: with a large fleet they begin one after the other.
const NOTE_AFTER: Duration = Duration::from_secs(5);

/// The database tells of a change.
#[derive(Message, Debug, Clone, Copy)]
#[rtype(result = "()")]
struct Refresh;

/// Decides which cameras are relayed, and how.
pub(in crate::actors::restream) struct CameraPlanner {
    pub(super) settings: Setting<Arc<RestreamSetup>>,
    pub(super) cameras: Arc<dyn CameraStore>,
    pub(super) fleet: DesiredFleet,
    pub(super) activity: RelayActivity,
    pub(super) incidents: IncidentsHandle,
    pub(super) memory: PlannerMemory,
    pub(super) assignments: Assignments,
    camera_incidents: CameraIncidents,
    pub(super) ids: CameraIds,
    probes: Handle<Probes>,
    handle: Handle<Self>,
    /// Of the last known list.
    pub(super) keeping: SingleFlight,
    /// What is written to its file next.
    pub(super) keep_next: Option<Arc<CameraList>>,
    pub(super) rereads: Rereads,
    /// Rows that were taken one by one and made a difference; a reading that began before the last one is out of date.
    pub(super) rows_taken: u64,
    /// When all rows were taken last, and single ones since.
    pub(super) table_taken_at: Instant,
    pub(super) taken_at: BTreeMap<i64, Instant>,
    /// Cameras that commands have named, in whatever process, before the reading that is under way began.
    pub(super) commanded: BTreeSet<i64>,
    reading: SingleFlight,
    /// Who waits until the cameras have been read anew.
    pub(super) after_reading: Vec<oneshot::Sender<()>>,
    /// Those of them who asked before the reading that is under way.
    to_answer: Vec<oneshot::Sender<()>>,
    /// Why the last reading failed.
    pub(super) database_fault: Option<String>,
    /// This instance has read nothing yet.
    fresh: bool,
    /// Those that have begun to run are noted soon.
    note_due: bool,
    next_refresh: Option<SpawnHandle>,
}

/// What the planner shares with others of its role.
pub(in crate::actors::restream) struct PlannerParts {
    pub settings: Setting<Arc<RestreamSetup>>,
    pub cameras: Arc<dyn CameraStore>,
    pub fleet: DesiredFleet,
    pub assignments: Assignments,
    pub activity: RelayActivity,
    pub incidents: IncidentsHandle,
    pub camera_incidents: CameraIncidents,
    pub ids: CameraIds,
    pub memory: PlannerMemory,
    pub probes: Handle<Probes>,
    pub handle: Handle<CameraPlanner>,
}

/// All rows and kinds.
async fn read_all(cameras: Arc<dyn CameraStore>) -> Result<(Vec<CameraRow>, Kinds)> {
    with_timeout(async {
        let kinds = cameras.camera_kinds().await?.into_iter().collect();
        Ok((cameras.cameras().await?, kinds))
    })
    .await
}

impl CameraPlanner {
    pub(in crate::actors::restream) fn new(parts: PlannerParts) -> Self {
        let PlannerParts {
            settings,
            cameras,
            fleet,
            assignments,
            activity,
            incidents,
            camera_incidents,
            ids,
            memory,
            probes,
            handle,
        } = parts;
        Self {
            settings,
            cameras,
            fleet,
            activity,
            incidents,
            memory,
            assignments,
            camera_incidents,
            ids,
            probes,
            handle,
            keeping: SingleFlight::default(),
            keep_next: None,
            rereads: Rereads::default(),
            rows_taken: 0,
            // What the instance before has taken is not known here.
            table_taken_at: Instant::now(),
            taken_at: BTreeMap::new(),
            commanded: BTreeSet::new(),
            reading: SingleFlight::default(),
            after_reading: Vec::new(),
            to_answer: Vec::new(),
            database_fault: None,
            fresh: true,
            note_due: false,
            next_refresh: None,
        }
    }

    /// Reads all cameras and acts on the difference. While a reading is under way, another one follows it.
    pub(super) fn refresh(&mut self, ctx: &mut Context<Self>) {
        ReadCameras::ask(self, ctx);
    }

    /// The table was read.
    fn take_table(&mut self, rows: Vec<CameraRow>, kinds: Kinds, ctx: &mut Context<Self>) {
        if self.database_fault.take().is_some() {
            log::info!("database recovered: the cameras are read again");
        }
        self.incidents.database_works(READING);
        self.memory.lock().kinds.clone_from(&kinds);
        self.take_commanded(&rows);
        self.evaluate(&rows, &kinds);
        (self.table_taken_at, self.taken_at) = (Instant::now(), BTreeMap::new());
        self.fleet.set_complete();
        self.remember(rows, ctx);
        if std::mem::take(&mut self.fresh) {
            self.clear_what_is_over(ctx);
        }
    }

    /// The cameras are read again after `refresh`, and so on.
    fn refresh_in_time(&mut self, ctx: &mut Context<Self>) {
        let next = ctx.run_later(self.settings.get().refresh, |planner, ctx| {
            planner.refresh(ctx);
            planner.refresh_in_time(ctx);
        });
        if let Some(before) = self.next_refresh.replace(next) {
            // The one that has just fired, or one that is due by a rule of yesterday.
            ctx.cancel_future(before);
        }
    }

    /// Ends what is well by now of all that an earlier run, or an earlier instance of ours, has left open.
    fn clear_what_is_over(&self, ctx: &mut Context<Self>) {
        let incidents = self.incidents.clone();
        let open = async move { incidents.open().await }.into_actor(self);
        ctx.spawn(open.map(|open, planner, _| {
            let over = open.iter().filter(|(kind, subject)| !planner.may_last(*kind, subject));
            for (kind, subject) in over {
                if let Subject::Camera { id, .. } = subject
                    && planner.fleet.get(*id).is_none_or(|planned| planned.source().is_none())
                {
                    // Its relay may still be on its way out, and what that tells must not open it again.
                    planner.camera_incidents.untrack(*id);
                }
                planner.incidents.clear(*kind, subject);
            }
        }));
    }

    /// Whether an incident that was open when we started may still be: nobody has seen its end.
    fn may_last(&self, kind: IncidentKind, subject: &Subject) -> bool {
        use IncidentKind::{CameraDegraded, CameraDown, CameraStalled, ChangeBlocked, OtherPublisher};
        match (kind, subject) {
            (ChangeBlocked, _) => self.memory.lock().blocked.is_some(),
            (CameraDown | CameraStalled | CameraDegraded | OtherPublisher, Subject::Camera { id, .. }) => {
                let planned = self.fleet.get(*id);
                planned.is_some_and(|planned| {
                    planned.refusal().is_some() || planned.source().is_some() && !self.camera_incidents.runs(*id)
                })
            }
            // Somebody else's.
            _ => true,
        }
    }
}

/// Reads the cameras.
struct ReadCameras;

impl Flight for ReadCameras {
    type Owner = CameraPlanner;
    /// Rows taken before, and when it began.
    type Subject = (u64, Moment);
    type Output = (Vec<CameraRow>, Kinds);
    // Each of its calls has a limit of its own, which is shorter.
    const RULES: Rules = Rules {
        what: "reading the cameras",
        limit: CALL_TIMEOUT.saturating_mul(3),
        late: Late::GiveUp,
        retry: FlightRetry::Never,
        level: log::Level::Debug,
    };

    fn state(planner: &mut CameraPlanner) -> &mut SingleFlight {
        &mut planner.reading
    }

    fn begin(
        planner: &mut CameraPlanner,
        _: &mut Context<CameraPlanner>,
    ) -> Option<(Self::Subject, Work<Self::Output>)> {
        let (cameras, fresh, probes) = (Arc::clone(&planner.cameras), planner.fresh, planner.probes.clone());
        planner.to_answer.append(&mut planner.after_reading);
        // What is read from now on shows what these commands have done.
        planner.commanded.extend(planner.cameras.take_commanded());
        let read = async move {
            let read = read_all(cameras).await?;
            if fresh && timeout(PROBES_TIMEOUT, probes.ask(LoadKnown)).await.is_err() {
                log::warn!("timeout: earlier probes of the cameras not read, each is probed again");
            }
            Ok(read)
        };
        Some(((planner.rows_taken, now()), Box::pin(read)))
    }

    fn ended(
        planner: &mut CameraPlanner,
        (taken, begun): Self::Subject,
        read: Result<Self::Output>,
        ctx: &mut Context<CameraPlanner>,
    ) -> Ended {
        match read {
            // It does not know of a row that was taken meanwhile.
            Ok(_) if planner.rows_taken != taken => return Ended::More,
            Ok((rows, kinds)) => planner.take_table(rows, kinds, ctx),
            Err(error) => {
                let fault = error.to_string();
                if planner.database_fault.as_ref() != Some(&fault) {
                    log::warn!("reading the cameras failed, the last known ones keep running: {fault}");
                }
                planner.incidents.database_failed(READING, &fault, begun);
                planner.database_fault = Some(fault);
                planner.go_by_last_known();
            }
        }
        // Who has given up waiting is not told.
        planner.to_answer.drain(..).for_each(|waiting| _ = waiting.send(()));
        Ended::Done
    }
}

impl Actor for CameraPlanner {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        let changes = stream::unfold(self.cameras.camera_changes(), |mut changes| async move {
            changes.changed().await.ok().map(|()| (Refresh, changes))
        });
        ctx.add_stream(changes);
        ctx.add_stream(self.activity.begun());
        ctx.add_message_stream(self.settings.changes());
        self.refresh_in_time(ctx);
        self.handle.now_at(ctx.address());
        self.begin(ctx);
    }
}

impl StreamHandler<Refresh> for CameraPlanner {
    fn handle(&mut self, _: Refresh, ctx: &mut Self::Context) {
        self.refresh(ctx);
    }

    fn finished(&mut self, _: &mut Self::Context) {
        let refresh = self.settings.get().refresh;
        log::warn!("no more notifications of changes from the database; the cameras are read every {refresh:?}");
    }
}

impl StreamHandler<BegunToRun> for CameraPlanner {
    /// Who has begun to run is noted in the file, for the case that we are killed.
    fn handle(&mut self, _: BegunToRun, ctx: &mut Self::Context) {
        if std::mem::replace(&mut self.note_due, true) {
            return;
        }
        ctx.run_later(NOTE_AFTER, |planner, ctx| {
            planner.note_due = false;
            planner.refresh(ctx);
        });
    }

    fn finished(&mut self, _: &mut Self::Context) {}
}

impl Handler<Adjusted> for CameraPlanner {
    type Result = ();

    fn handle(&mut self, _: Adjusted, ctx: &mut Self::Context) {
        self.refresh_in_time(ctx);
    }
}

impl Supervised for CameraPlanner {
    const KIND: &'static str = "cameraPlanner";

    fn observe(&self) -> Value {
        json!({
            "cameras": self.fleet.read(|fleet| fleet.len()),
            "databaseFault": self.database_fault.clone().or_else(|| self.incidents.database_fault()),
            "incidentsToWrite": self.incidents.unwritten(),
            "source": self.observe_source(),
            "plan": self.observe_plan(),
        })
    }
}

supervised!(CameraPlanner);
