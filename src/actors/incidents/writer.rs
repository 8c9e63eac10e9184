//! The actor: writes what waits, reads once what an earlier run has left.

use std::sync::Arc;
use std::time::Duration;

use actix::{Actor, ActorFutureExt, AsyncContext, Context, Handler, WrapFuture};
use futures_util::future::LocalBoxFuture;
use serde_json::{Value, json};
use tokio::time::{Instant, timeout_at};
use uuid::Uuid;

use super::clock::now;
use super::handle::{IncidentsHandle, Write};
use crate::actors::supervision::{Supervised, supervised, watched};
use crate::adapters::database::{IncidentQuery, IncidentStore, with_timeout};
use crate::base::{Error, Kind, Result};
use crate::domain::incident::{Incident, IncidentWrite};
use crate::domain::moment::Moment;

/// Open incidents that an earlier run left are read so many at a time.
const PAGE: u32 = 500;
/// Between two tries with a database that does not answer.
const RETRY: Duration = Duration::from_secs(2);
/// Each call has a limit of its own: what takes longer hangs.
const STALLED_AFTER: Duration = Duration::from_secs(120);
/// At the stop, what waits has so long to be written.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// Who complains of the database.
const WRITING: &str = "writing incidents";
const READING: &str = "reading incidents";

/// Writes the incidents.
pub struct Incidents {
    store: Arc<dyn IncidentStore>,
    handle: IncidentsHandle,
    /// The database did not answer; the next try is on its way.
    resting: bool,
    written: u64,
}

impl Incidents {
    /// Writes what is raised and cleared through `handle` to `store`.
    pub fn new(store: Arc<dyn IncidentStore>, handle: IncidentsHandle) -> Self {
        Self { store, handle, resting: false, written: 0 }
    }

    /// The next entry, unless one is being written or the database is left alone for a while.
    fn write_next(&mut self, ctx: &mut Context<Self>) {
        if self.resting {
            return;
        }
        let Some(entry) = self.handle.take() else { return };
        let begun = now();
        let written = watched("writing an incident", STALLED_AFTER, write(Arc::clone(&self.store), entry.clone()));
        ctx.spawn(
            written.into_actor(self).map(move |written, writer, ctx| writer.written(&entry, written, begun, ctx)),
        );
    }

    fn written(
        &mut self,
        entry: &IncidentWrite,
        written: Result<Option<Uuid>>,
        begun: Moment,
        ctx: &mut Context<Self>,
    ) {
        match written {
            Err(error) if is_away(&error) => {
                let fault = error.to_string();
                self.resting = true;
                ctx.run_later(RETRY, |writer, ctx| {
                    writer.resting = false;
                    writer.write_next(ctx);
                });
                if self.handle.not_written(&fault) {
                    log::warn!("incidents wait to be written: {fault}");
                }
                self.handle.database_failed(WRITING, &fault, begun);
                return;
            }
            Err(error) => {
                // It will not be taken the next time either.
                log::debug!("writing an incident failed: {error}");
                self.handle.written(entry, None);
            }
            Ok(kept) => {
                self.written += 1;
                self.handle.written(entry, kept);
            }
        }
        if self.handle.complains(WRITING) {
            log::info!("incidents are written again");
        }
        self.handle.database_works(WRITING);
        self.write_next(ctx);
    }

    /// Reads what an earlier run has left open.
    fn take_up(&mut self, ctx: &mut Context<Self>) {
        let open = watched("reading open incidents", STALLED_AFTER, read_open(Arc::clone(&self.store)));
        ctx.spawn(open.into_actor(self).map(|open, writer, ctx| match open {
            Ok(open) => {
                writer.handle.adopt(&open);
                // The database answers: an outage of an earlier run is over, unless somebody complains by now.
                writer.handle.database_works(READING);
            }
            Err(error) if is_away(&error) => _ = ctx.run_later(RETRY, Self::take_up),
            Err(error) => {
                log::debug!("reading open incidents failed: {error}");
                writer.handle.adopt(&[]);
            }
        }));
    }
}

fn is_away(error: &Error) -> bool {
    matches!(error.kind(), Kind::Unavailable | Kind::Timeout)
}

async fn write(store: Arc<dyn IncidentStore>, entry: IncidentWrite) -> Result<Option<Uuid>> {
    with_timeout(async {
        match entry {
            IncidentWrite::Open(incident) => store.open_incident(incident).await.map(Some),
            IncidentWrite::Close { id, at } => store.close_incident(id, at).await.map(|()| None),
        }
    })
    .await
}

/// Everything that is open, as an earlier run may have left it.
async fn read_open(store: Arc<dyn IncidentStore>) -> Result<Vec<Incident>> {
    let mut all: Vec<Incident> = Vec::new();
    loop {
        let after = all.last().map(|incident| incident.id);
        let query = IncidentQuery { open: true, own: true, after, limit: PAGE, ..IncidentQuery::default() };
        let page = with_timeout(store.incidents(query)).await?;
        let whole = page.len() == PAGE as usize;
        all.extend(page);
        if !whole {
            return Ok(all);
        }
    }
}

impl Actor for Incidents {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        self.handle.now_at(ctx.address().recipient());
        if !self.handle.is_taken_up() {
            self.take_up(ctx);
        }
        self.write_next(ctx);
    }
}

impl Handler<Write> for Incidents {
    type Result = ();

    fn handle(&mut self, _: Write, ctx: &mut Self::Context) {
        self.write_next(ctx);
    }
}

impl Supervised for Incidents {
    const KIND: &'static str = "incidents";

    fn observe(&self) -> Value {
        json!({
            "open": self.handle.counts(),
            "unwritten": self.handle.unwritten(),
            "written": self.written,
            "earlierKnown": self.handle.is_taken_up(),
            "databaseFault": self.handle.database_fault(),
        })
    }

    /// What the roles raised and cleared on their way out is written, if the database takes it at once.
    fn release(&mut self, _: &mut Context<Self>, deadline: Instant) -> LocalBoxFuture<'static, ()> {
        if self.resting {
            return Box::pin(std::future::ready(()));
        }
        let (written, by) = (self.handle.all_written(), deadline.min(Instant::now() + LAST_WORDS));
        Box::pin(async move { _ = timeout_at(by, written).await })
    }
}

supervised!(Incidents);
