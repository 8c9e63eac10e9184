//! The last known cameras: kept whenever the table was read, gone by when a start finds no database.
//!
//! They are also what the first reading is evaluated against: a table that was emptied while we were down is held like one
//! that was emptied under our eyes.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use actix::{ActorFutureExt, AsyncContext, Context, WrapFuture};
use chrono::{DateTime, SecondsFormat, Utc};

use super::Restreams;
use crate::actors::single_flight::{Ended, Flight, Late, Rules, Work};
use crate::adapters::last_known::{CameraList, LastKnownFile};
use crate::base::single_flight::{Retry, SingleFlight};
use crate::base::{Error, Result};
use crate::domain::camera::CameraRow;
use crate::domain::fleet::{self, Fleet};

/// Cameras that have begun to run are noted so much later, all together: with a large fleet they begin one after the other.
const KEPT_AFTER: Duration = Duration::from_secs(5);
/// A disk that takes longer hangs.
const DISK_LIMIT: Duration = Duration::from_secs(15);

/// The file, and what it held when we began.
pub(super) struct LastKnown {
    // Locked on the pool for blocking work only, one piece of work at a time.
    file: Arc<Mutex<LastKnownFile>>,
    found: Option<CameraList>,
    /// The list that is gone by is as old as this.
    since: Option<DateTime<Utc>>,
    keeping: SingleFlight,
    next: Option<Arc<CameraList>>,
    /// Will be written soon.
    due: bool,
}

impl LastKnown {
    pub(super) fn new(file: LastKnownFile) -> Self {
        Self {
            file: Arc::new(Mutex::new(file)),
            found: None,
            since: None,
            keeping: SingleFlight::default(),
            next: None,
            due: false,
        }
    }
}

async fn at_the_file<T: Send + 'static>(
    file: Arc<Mutex<LastKnownFile>>,
    work: impl FnOnce(&mut LastKnownFile) -> Result<T> + Send + 'static,
) -> Result<T> {
    let done = tokio::task::spawn_blocking(move || work(&mut file.lock().unwrap_or_else(PoisonError::into_inner)));
    done.await.unwrap_or_else(|_| Err(Error::internal("the file of the last known cameras cannot be worked on")))
}

impl Restreams {
    /// The camera runs, or does not; who has begun to is noted in the file, for the case that we are killed.
    pub(super) fn note_ran(&mut self, id: i64, runs: bool, ctx: &mut Context<Self>) {
        let now = self.born.elapsed();
        let is_news = runs && !self.ran.lately(id, now);
        self.ran.note(id, runs, now);
        if is_news && !std::mem::replace(&mut self.last_known.due, true) {
            ctx.run_later(KEPT_AFTER, |manager, ctx| {
                manager.last_known.due = false;
                manager.refresh(ctx);
            });
        }
    }

    /// Looks what an earlier run has left, then reads the table for the first time.
    pub(super) fn begin(&mut self, ctx: &mut Context<Self>) {
        let found = at_the_file(Arc::clone(&self.last_known.file), LastKnownFile::load).into_actor(self);
        ctx.spawn(found.map(|found, manager, ctx| {
            match found {
                Ok(found) => {
                    let now = manager.born.elapsed();
                    let ran = found.iter().flat_map(|known| known.ran_lately());
                    ran.for_each(|id| manager.ran.ran_before(id, now));
                    manager.last_known.found = found;
                }
                Err(error) => log::warn!("{error}"),
            }
            manager.refresh(ctx);
        }));
    }

    /// What the first reading is evaluated against; nothing later on.
    pub(super) fn earlier_fleet(&mut self) -> Option<Fleet> {
        self.last_known.found.take().map(|known| fleet::read(&known.rows, &known.kinds))
    }

    /// The table was read: this is the last known list from now on.
    pub(super) fn remember(&mut self, rows: Vec<CameraRow>, ctx: &mut Context<Self>) {
        let now = Utc::now();
        self.last_known.since = Some(now);
        // What is held is nobody's wish yet, and must not be all that is known after a crash.
        if self.blocked.is_none() {
            let ran = Some(self.ran.all_lately(self.born.elapsed()));
            self.last_known.next = Some(Arc::new(CameraList { since: now, rows, kinds: self.kinds.clone(), ran }));
            KeepKnown::ask(self, ctx);
        }
    }

    /// The table could not be read: nothing runs yet, so what is known runs.
    pub(super) fn go_by_last_known(&mut self, ctx: &mut Context<Self>) {
        if !self.fleet.is_empty() {
            return;
        }
        let Some(known) = self.last_known.found.take() else { return };
        log::warn!(cameras = known.rows.len(); "database unreachable, starting the cameras known since {}", known.since);
        self.last_known.since = Some(known.since);
        let fleet = fleet::read(&known.rows, &known.kinds);
        self.kinds = known.kinds;
        self.change_fleet(fleet, ctx);
    }

    /// Where the list of cameras comes from.
    pub(super) fn observe_source(&self) -> String {
        match (self.last_known.since, self.database_fault.is_some()) {
            (None, _) => "nothing read yet".to_owned(),
            (Some(_), false) => "database".to_owned(),
            (Some(since), true) => format!("last known since {}", since.to_rfc3339_opts(SecondsFormat::Secs, true)),
        }
    }
}

/// Writes the newest list of cameras to its file.
struct KeepKnown;

impl Flight for KeepKnown {
    type Owner = Restreams;
    type Subject = Arc<CameraList>;
    /// Whether it had changed.
    type Output = bool;
    const RULES: Rules = Rules {
        what: "keeping the last known cameras for a start without the database",
        limit: DISK_LIMIT,
        late: Late::Wait,
        retry: Retry::Every(KEPT_AFTER),
    };

    fn state(manager: &mut Restreams) -> &mut SingleFlight {
        &mut manager.last_known.keeping
    }

    fn begin(manager: &mut Restreams, _: &mut Context<Restreams>) -> Option<(Arc<CameraList>, Work<bool>)> {
        let known = manager.last_known.next.take()?;
        let (file, kept) = (Arc::clone(&manager.last_known.file), Arc::clone(&known));
        Some((known, Box::pin(at_the_file(file, move |file| file.keep(&kept)))))
    }

    fn ended(manager: &mut Restreams, known: Arc<CameraList>, kept: Result<bool>, _: &mut Context<Restreams>) -> Ended {
        match kept {
            Ok(_) => Ended::Done,
            Err(error) => {
                manager.last_known.next.get_or_insert(known);
                Ended::Failed(error)
            }
        }
    }
}
