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
use crate::adapters::known::{Known, KnownCameras};
use crate::base::single_flight::{Retry, SingleFlight};
use crate::base::{Error, Result};
use crate::domain::camera::CameraRow;
use crate::domain::fleet::{self, Fleet};

/// Cameras that have begun to run are noted so much later, all together: with a large fleet they begin one after the other.
const KEPT_AFTER: Duration = Duration::from_secs(5);
/// A disk that takes longer hangs.
const DISK_LIMIT: Duration = Duration::from_secs(15);

/// The file, and what it held when we began.
pub(super) struct Remembered {
    // Locked on the pool for blocking work only, one piece of work at a time.
    file: Arc<Mutex<KnownCameras>>,
    found: Option<Known>,
    /// The list that is gone by is as old as this.
    since: Option<DateTime<Utc>>,
    keeping: SingleFlight,
    next: Option<Arc<Known>>,
    /// Will be written soon.
    due: bool,
}

impl Remembered {
    pub(super) fn new(file: KnownCameras) -> Self {
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
    file: Arc<Mutex<KnownCameras>>,
    work: impl FnOnce(&mut KnownCameras) -> Result<T> + Send + 'static,
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
        if is_news && !std::mem::replace(&mut self.remembered.due, true) {
            ctx.run_later(KEPT_AFTER, |manager, ctx| {
                manager.remembered.due = false;
                manager.refresh(ctx);
            });
        }
    }

    /// Looks what an earlier run has left, then reads the table for the first time.
    pub(super) fn begin(&mut self, ctx: &mut Context<Self>) {
        let found = at_the_file(Arc::clone(&self.remembered.file), KnownCameras::load).into_actor(self);
        ctx.spawn(found.map(|found, manager, ctx| {
            match found {
                Ok(found) => {
                    let now = manager.born.elapsed();
                    let ran = found.iter().flat_map(|known| known.ran_lately());
                    ran.for_each(|id| manager.ran.ran_before(id, now));
                    manager.remembered.found = found;
                }
                Err(error) => log::warn!("{error}"),
            }
            manager.refresh(ctx);
        }));
    }

    /// What the first reading is evaluated against; nothing later on.
    pub(super) fn earlier_fleet(&mut self) -> Option<Fleet> {
        self.remembered.found.take().map(|known| fleet::read(&known.rows, &known.kinds))
    }

    /// The table was read: this is the last known list from now on.
    pub(super) fn remember(&mut self, rows: Vec<CameraRow>, ctx: &mut Context<Self>) {
        let now = Utc::now();
        self.remembered.since = Some(now);
        // What is held is nobody's wish yet, and must not be all that is known after a crash.
        if self.blocked.is_none() {
            let ran = Some(self.ran.all_lately(self.born.elapsed()));
            self.remembered.next = Some(Arc::new(Known { since: now, rows, kinds: self.kinds.clone(), ran }));
            KeepKnown::ask(self, ctx);
        }
    }

    /// The table could not be read: nothing runs yet, so what is known runs.
    pub(super) fn go_by_last_known(&mut self, ctx: &mut Context<Self>) {
        if !self.fleet.is_empty() {
            return;
        }
        let Some(known) = self.remembered.found.take() else { return };
        log::warn!(cameras = known.rows.len(); "the database is away, starting the cameras known since {}", known.since);
        self.remembered.since = Some(known.since);
        let fleet = fleet::read(&known.rows, &known.kinds);
        self.kinds = known.kinds;
        self.change_fleet(fleet, ctx);
    }

    /// Where the list of cameras comes from.
    pub(super) fn observe_source(&self) -> String {
        match (self.remembered.since, self.database_fault.is_some()) {
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
    type Subject = Arc<Known>;
    /// Whether it had changed.
    type Output = bool;
    const RULES: Rules = Rules {
        what: "keeping the last known cameras for a start without the database",
        limit: DISK_LIMIT,
        late: Late::Wait,
        retry: Retry::Every(KEPT_AFTER),
    };

    fn state(manager: &mut Restreams) -> &mut SingleFlight {
        &mut manager.remembered.keeping
    }

    fn begin(manager: &mut Restreams, _: &mut Context<Restreams>) -> Option<(Arc<Known>, Work<bool>)> {
        let known = manager.remembered.next.take()?;
        let (file, kept) = (Arc::clone(&manager.remembered.file), Arc::clone(&known));
        Some((known, Box::pin(at_the_file(file, move |file| file.keep(&kept)))))
    }

    fn ended(manager: &mut Restreams, known: Arc<Known>, kept: Result<bool>, _: &mut Context<Restreams>) -> Ended {
        match kept {
            Ok(_) => Ended::Done,
            Err(error) => {
                manager.remembered.next.get_or_insert(known);
                Ended::Failed(error)
            }
        }
    }
}
