//! The last known cameras: kept whenever the table was read, gone by when a start finds no database.
//!
//! They are also what the first reading is compared with: a table that was emptied while we were down is blocked like one
//! that was emptied under our eyes.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use actix::{ActorFutureExt, AsyncContext, Context, WrapFuture};
use chrono::{SecondsFormat, Utc};

use super::planner_actor::CameraPlanner;
use crate::actors::single_flight::{Ended, Flight, Late, Rules, Work};
use crate::adapters::last_known::{CameraList, LastKnownFile};
use crate::base::single_flight::{FlightRetry, SingleFlight};
use crate::base::{Error, Result};
use crate::domain::camera::CameraRow;
use crate::domain::fleet;

/// A disk that takes longer hangs.
const DISK_LIMIT: Duration = Duration::from_secs(15);
/// Between two tries to write a file that could not be.
const DISK_RETRY: Duration = Duration::from_secs(5);

async fn at_the_file<T: Send + 'static>(
    file: Arc<Mutex<LastKnownFile>>,
    work: impl FnOnce(&mut LastKnownFile) -> Result<T> + Send + 'static,
) -> Result<T> {
    let done = tokio::task::spawn_blocking(move || work(&mut file.lock().unwrap_or_else(PoisonError::into_inner)));
    done.await.unwrap_or_else(|_| Err(Error::internal("the file of the last known cameras cannot be worked on")))
}

impl CameraPlanner {
    fn file(&self) -> Arc<Mutex<LastKnownFile>> {
        Arc::clone(&self.memory.lock().file)
    }

    /// Looks what an earlier run has left, then reads the table for the first time.
    pub(super) fn begin(&mut self, ctx: &mut Context<Self>) {
        if self.memory.lock().file_read {
            self.refresh(ctx);
            return;
        }
        let found = at_the_file(self.file(), LastKnownFile::load).into_actor(self);
        ctx.spawn(found.map(|found, planner, ctx| {
            let mut memory = planner.memory.lock();
            memory.file_read = true;
            match found {
                Ok(found) => {
                    let ran = found.iter().flat_map(CameraList::ran_lately);
                    ran.for_each(|id| planner.activity.ran_before(id));
                    memory.earlier = found;
                }
                Err(error) => log::warn!("{error}"),
            }
            drop(memory);
            planner.refresh(ctx);
        }));
    }

    /// The table was read: this is the last known list from now on.
    pub(super) fn remember(&mut self, rows: Vec<CameraRow>, ctx: &mut Context<Self>) {
        let since = Utc::now();
        let known = {
            let mut memory = self.memory.lock();
            memory.since = Some(since);
            // What is blocked is nobody's wish yet, and must not be all that is known after a crash.
            let blocked = memory.blocked.is_some();
            let ran = Some(self.activity.all_lately());
            (!blocked).then(|| CameraList { since, rows, kinds: memory.kinds.clone(), ran })
        };
        if let Some(known) = known {
            self.keep_next = Some(Arc::new(known));
            KeepKnown::ask(self, ctx);
        }
    }

    /// The table could not be read: nothing runs yet, so what is known runs.
    pub(super) fn go_by_last_known(&mut self) {
        if !self.fleet.read(|fleet| fleet.is_empty()) {
            return;
        }
        let mut memory = self.memory.lock();
        let Some(known) = memory.earlier.take() else { return };
        log::warn!(cameras = known.rows.len(); "database unreachable: starting the cameras known since {}", known.since);
        memory.since = Some(known.since);
        let fleet = fleet::read(&known.rows, &known.kinds);
        memory.kinds = known.kinds;
        drop(memory);
        self.fleet.change_to(fleet);
    }

    /// Where the list of cameras comes from.
    pub(super) fn observe_source(&self) -> String {
        match (self.memory.lock().since, self.database_fault.is_some()) {
            (None, _) => "nothing read yet".to_owned(),
            (Some(_), false) => "database".to_owned(),
            (Some(since), true) => format!("last known since {}", since.to_rfc3339_opts(SecondsFormat::Secs, true)),
        }
    }
}

/// Writes the newest list of cameras to its file.
struct KeepKnown;

impl Flight for KeepKnown {
    type Owner = CameraPlanner;
    type Subject = Arc<CameraList>;
    /// Whether it had changed.
    type Output = bool;
    const RULES: Rules = Rules {
        what: "keeping the last known cameras for a start without the database",
        limit: DISK_LIMIT,
        late: Late::Wait,
        retry: FlightRetry::Every(DISK_RETRY),
        level: log::Level::Warn,
    };

    fn state(planner: &mut CameraPlanner) -> &mut SingleFlight {
        &mut planner.keeping
    }

    fn begin(planner: &mut CameraPlanner, _: &mut Context<CameraPlanner>) -> Option<(Arc<CameraList>, Work<bool>)> {
        let known = planner.keep_next.take()?;
        let (file, kept) = (planner.file(), Arc::clone(&known));
        Some((known, Box::pin(at_the_file(file, move |file| file.keep(&kept)))))
    }

    fn ended(
        planner: &mut CameraPlanner,
        known: Arc<CameraList>,
        kept: Result<bool>,
        _: &mut Context<CameraPlanner>,
    ) -> Ended {
        match kept {
            Ok(_) => Ended::Done,
            Err(error) => {
                planner.keep_next.get_or_insert(known);
                Ended::Failed(error)
            }
        }
    }
}
