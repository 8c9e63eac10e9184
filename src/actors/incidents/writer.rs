//! The actor: writes what waits, reads once what an earlier run has left.

use std::sync::Arc;
use std::time::Duration;

use actix::{Actor, AsyncContext, Context, Handler};
use futures_util::future::LocalBoxFuture;
use log::Level;
use serde_json::{Value, json};
use tokio::time::{Instant, timeout_at};
use uuid::Uuid;

use super::clock::now;
use super::incidents_handle::{IncidentsHandle, WriteDue};
use crate::actors::single_flight::{Ended, Flight, Late, Rules, Work};
use crate::actors::supervision::{Supervised, supervised, watched};
use crate::adapters::database::{CALL_TIMEOUT, IncidentQuery, IncidentStore, with_timeout};
use crate::base::single_flight::{FlightRetry, SingleFlight};
use crate::base::{Error, ErrorKind, Result};
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
    writing: SingleFlight,
    taking_up: SingleFlight,
    written: u64,
}

impl Incidents {
    /// Writes what is raised and cleared through `handle` to `store`.
    pub fn new(store: Arc<dyn IncidentStore>, handle: IncidentsHandle) -> Self {
        Self { store, handle, writing: SingleFlight::default(), taking_up: SingleFlight::default(), written: 0 }
    }
}

/// Writes the next entry.
struct WriteNext;

impl Flight for WriteNext {
    type Owner = Incidents;
    /// What is written, and when that began.
    type Subject = (IncidentWrite, Moment);
    type Output = Option<Uuid>;
    const RULES: Rules = Rules {
        what: "writing incidents",
        limit: CALL_TIMEOUT.saturating_mul(2),
        late: Late::GiveUp,
        retry: FlightRetry::Every(RETRY),
        // Told in words of its own.
        level: Level::Debug,
    };

    fn state(writer: &mut Incidents) -> &mut SingleFlight {
        &mut writer.writing
    }

    fn begin(writer: &mut Incidents, _: &mut Context<Incidents>) -> Option<(Self::Subject, Work<Option<Uuid>>)> {
        let entry = writer.handle.take()?;
        let work = watched("writing an incident", STALLED_AFTER, write(Arc::clone(&writer.store), entry.clone()));
        Some(((entry, now()), Box::pin(work)))
    }

    fn ended(
        writer: &mut Incidents,
        (entry, begun): Self::Subject,
        written: Result<Option<Uuid>>,
        _: &mut Context<Incidents>,
    ) -> Ended {
        match written {
            Err(error) if is_away(&error) => {
                let fault = error.to_string();
                if writer.handle.not_written(&fault) {
                    log::warn!("writing incidents failed, retrying: {fault}");
                }
                writer.handle.database_failed(WRITING, &fault, begun);
                return Ended::Failed(error);
            }
            Err(error) => {
                // It will not be taken the next time either.
                log::debug!("writing an incident failed: {error}");
                writer.handle.written(&entry, None);
            }
            Ok(kept) => {
                writer.written += 1;
                writer.handle.written(&entry, kept);
            }
        }
        if writer.handle.complains(WRITING) {
            log::info!("writing incidents recovered");
        }
        writer.handle.database_works(WRITING);
        Ended::More
    }
}

/// Reads what an earlier run has left open.
struct TakeUp;

impl Flight for TakeUp {
    type Owner = Incidents;
    type Subject = ();
    type Output = Vec<Incident>;
    const RULES: Rules = Rules {
        what: "reading the incidents that are open",
        limit: Duration::from_secs(60),
        late: Late::GiveUp,
        retry: FlightRetry::Every(RETRY),
        level: Level::Debug,
    };

    fn state(writer: &mut Incidents) -> &mut SingleFlight {
        &mut writer.taking_up
    }

    fn begin(writer: &mut Incidents, _: &mut Context<Incidents>) -> Option<((), Work<Vec<Incident>>)> {
        let open = watched("reading open incidents", STALLED_AFTER, read_open(Arc::clone(&writer.store)));
        Some(((), Box::pin(open)))
    }

    fn ended(writer: &mut Incidents, (): (), open: Result<Vec<Incident>>, _: &mut Context<Incidents>) -> Ended {
        match open {
            Ok(open) => {
                writer.handle.adopt(&open);
                // The database answers: an outage of an earlier run is over, unless somebody complains by now.
                writer.handle.database_works(READING);
            }
            Err(error) if is_away(&error) => return Ended::Failed(error),
            Err(error) => {
                log::debug!("reading open incidents failed: {error}");
                writer.handle.adopt(&[]);
            }
        }
        Ended::Done
    }
}

fn is_away(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::Unavailable | ErrorKind::Timeout)
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
            TakeUp::ask(self, ctx);
        }
        WriteNext::ask(self, ctx);
    }
}

impl Handler<WriteDue> for Incidents {
    type Result = ();

    fn handle(&mut self, _: WriteDue, ctx: &mut Self::Context) {
        WriteNext::ask(self, ctx);
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
        if self.writing.is_resting() {
            return Box::pin(std::future::ready(()));
        }
        let (written, by) = (self.handle.all_written(), deadline.min(Instant::now() + LAST_WORDS));
        Box::pin(async move { _ = timeout_at(by, written).await })
    }
}

supervised!(Incidents);
