//! Single rows: those that a command has written, and those that are read again because their ffmpeg has ended: gone,
//! changed, or the same.

use std::sync::Arc;

use actix::{Context, Handler, Message, ResponseFuture};
use tokio::sync::oneshot;
use tokio::time::Instant;

use super::planner_actor::CameraPlanner;
use crate::actors::single_flight::{Ended, Flight, Late, Rules, Work};
use crate::adapters::database::{CALL_TIMEOUT, with_timeout};
use crate::base::Result;
use crate::base::single_flight::{FlightRetry, SingleFlight};
use crate::domain::camera::{CameraRow, Kinds};
use crate::domain::change_guard;
use crate::domain::fleet::Planned;

/// A command has written this row; `None` when it has deleted it. It acts at once, unless the camera has become known anew while
/// the command was under way: then what is in the table acts. Answered when that is decided.
#[derive(Message, Clone, Debug)]
#[rtype(result = "()")]
pub(in crate::actors::restream) struct TakeRow {
    pub id: i64,
    pub row: Option<CameraRow>,
    /// When the write began.
    pub begun: Instant,
    /// As they were read with it.
    pub kinds: Option<Kinds>,
}

/// A command has written something that concerns many cameras. They are read again; answered when that is decided.
#[derive(Message, Clone, Copy, Debug)]
#[rtype(result = "()")]
pub(in crate::actors::restream) struct ReadTable;

/// A relay's ffmpeg has ended: read its row again.
#[derive(Message, Clone, Copy, Debug)]
#[rtype(result = "()")]
pub(in crate::actors::restream) struct ReadRow(pub i64);

impl CameraPlanner {
    /// Whether a row of this camera, or all of them, were taken since then.
    fn is_known_since(&self, id: i64, begun: Instant) -> bool {
        self.table_taken_at >= begun || self.taken_at.get(&id).is_some_and(|taken| *taken >= begun)
    }

    /// Answers once the cameras were read by a reading that begins after this.
    fn read_for(&mut self, ctx: &mut Context<Self>) -> ResponseFuture<()> {
        let (tell, told) = oneshot::channel();
        self.after_reading.push(tell);
        self.refresh(ctx);
        Box::pin(async move { _ = told.await })
    }

    /// Takes one row as it is now; `None` when it is gone.
    fn take_row(&mut self, id: i64, row: Option<&CameraRow>) {
        self.taken_at.insert(id, Instant::now());
        let mut memory = self.memory.lock();
        let after = row.map(|row| Arc::new(Planned::read(row, &memory.kinds)));
        let before = self.fleet.get(id);
        let mut guard = memory.guard.clone();
        if let Some(blocked) = &mut memory.blocked {
            blocked.change.note_row(id, after.as_ref());
            if change_guard::would_end(before.as_deref(), after.as_deref())
                && let Some(source) = before.as_deref().and_then(Planned::source)
            {
                guard.ended_by_command(&blocked.change, source, self.activity.time());
            }
        }
        let was_blocked = |old: i64| {
            memory.blocked.as_ref().is_some_and(|blocked| blocked.change.would_stop.iter().any(|one| one.id == old))
        };
        let twin = after.as_deref().and_then(Planned::source).and_then(|source| {
            let goes_on = self.fleet.id_of_name(&source.name)?;
            (goes_on != id && was_blocked(goes_on)).then_some(goes_on)
        });
        memory.guard = guard;
        drop(memory);
        // A camera that goes on without a row has one again: it goes on as that, or makes room for it.
        if let (Some(twin), Some(planned)) = (twin, after.clone()) {
            let mut fleet = self.fleet.read(Clone::clone);
            fleet.remove(&twin);
            fleet.insert(id, planned);
            self.ids.change_to(&self.fleet, fleet);
            self.rows_taken += 1;
        } else if self.fleet.set(id, after) {
            self.rows_taken += 1;
        }
    }

    /// What a person has named to a command elsewhere is meant, as it is here.
    pub(super) fn take_commanded(&mut self, rows: &[CameraRow]) {
        for id in std::mem::take(&mut self.commanded) {
            self.take_row(id, rows.iter().find(|row| row.id == id));
        }
    }

    /// Whether this row, as it was read by itself, would end what its camera publishes.
    fn would_end(&self, id: i64, row: Option<&CameraRow>) -> bool {
        let after = row.map(|row| Planned::read(row, &self.memory.lock().kinds));
        change_guard::would_end(self.fleet.get(id).as_deref(), after.as_ref())
    }

    fn read_rows_again(&mut self, ctx: &mut Context<Self>) {
        if self.rereads.take_all() {
            self.refresh(ctx);
        } else {
            ReadRowAgain::ask(self, ctx);
        }
    }
}

/// Reads the first row that waits.
struct ReadRowAgain;

impl Flight for ReadRowAgain {
    type Owner = CameraPlanner;
    /// Its camera, and the rows taken before.
    type Subject = (i64, u64);
    type Output = Option<CameraRow>;
    const RULES: Rules = Rules {
        what: "reading a camera's row",
        limit: CALL_TIMEOUT.saturating_mul(2),
        late: Late::GiveUp,
        retry: FlightRetry::Never,
        level: log::Level::Debug,
    };

    fn state(planner: &mut CameraPlanner) -> &mut SingleFlight {
        &mut planner.rereads.reading
    }

    fn begin(
        planner: &mut CameraPlanner,
        _: &mut Context<CameraPlanner>,
    ) -> Option<(Self::Subject, Work<Self::Output>)> {
        let id = planner.rereads.take_one()?;
        let cameras = Arc::clone(&planner.cameras);
        let read = async move { with_timeout(cameras.camera(id)).await };
        Some(((id, planner.rows_taken), Box::pin(read)))
    }

    fn ended(
        planner: &mut CameraPlanner,
        (id, taken): Self::Subject,
        row: Result<Option<CameraRow>>,
        ctx: &mut Context<CameraPlanner>,
    ) -> Ended {
        match row {
            Ok(row) if planner.rows_taken == taken && !planner.would_end(id, row.as_ref()) => {
                planner.take_row(id, row.as_ref());
                planner.assignments.row_was_read(id);
            }
            // Another row was written meanwhile, perhaps this one; or the camera would stop, and whether it may is
            // decided by all rows together.
            Ok(_) => planner.refresh(ctx),
            // The last known row goes on; the list's own reading complains.
            Err(error) => {
                log::debug!("row of camera {id} not read: {error}");
                if planner.database_fault.is_none() {
                    planner.refresh(ctx);
                }
            }
        }
        Ended::More
    }
}

impl Handler<TakeRow> for CameraPlanner {
    type Result = ResponseFuture<()>;

    fn handle(&mut self, take: TakeRow, ctx: &mut Self::Context) -> Self::Result {
        let TakeRow { id, row, kinds, begun } = take;
        if self.is_known_since(id, begun) {
            // Whose row is the newer one, ours or the one that was taken, only the table knows. It was named by a person, so that it
            // is meant; a reading that is under way may be older than both.
            self.commanded.insert(id);
            self.rows_taken += 1;
            return self.read_for(ctx);
        }
        if let Some(kinds) = kinds {
            self.memory.lock().kinds = kinds;
        }
        self.take_row(id, row.as_ref());
        Box::pin(std::future::ready(()))
    }
}

impl Handler<ReadTable> for CameraPlanner {
    type Result = ResponseFuture<()>;

    fn handle(&mut self, _: ReadTable, ctx: &mut Self::Context) -> Self::Result {
        // A reading that is under way may have begun before the rows were written.
        self.read_for(ctx)
    }
}

impl Handler<ReadRow> for CameraPlanner {
    type Result = ();

    fn handle(&mut self, read: ReadRow, ctx: &mut Self::Context) {
        self.rereads.add(read.0);
        self.read_rows_again(ctx);
    }
}
