//! The manager's incidents: what is open, and what has to be written, in order, again and again until the database takes
//! it. What went wrong with whom is said in `stories`; when that is an incident is `domain::incident`'s to decide.

use std::sync::Arc;

use actix::{ActorFutureExt, AsyncContext, Context, WrapFuture};

use super::Restreams;
use super::commands::patiently;
use crate::actors::restream::clock::now;
use crate::actors::restream::setup::PUBLISH_RETRY;
use crate::adapters::database::{IncidentQuery, SharedDatabase};
use crate::base::{Kind, Result};
use crate::domain::incident::{Book, Entry, Incident, IncidentKind, Queue, Subject};
use crate::domain::moment::Moment;

/// Open incidents that an earlier run left are read so many at a time.
const PAGE: u32 = 500;

/// What is open, and what has to be written.
#[derive(Default)]
pub(super) struct Incidents {
    pub book: Book,
    queue: Queue,
    /// Why the database does not take what is written.
    fault: Option<String>,
}

impl Incidents {
    /// Why the database does not take what is written.
    pub(super) fn fault(&self) -> Option<&str> {
        self.fault.as_deref()
    }

    /// How many entries wait for it.
    pub(super) fn waiting(&self) -> usize {
        self.queue.len()
    }
}

async fn write(database: SharedDatabase, entry: Entry) -> Result<Option<uuid::Uuid>> {
    patiently(async {
        match entry {
            Entry::Open(incident) => database.open_incident(incident).await.map(Some),
            Entry::Close { id, at } => database.close_incident(id, at).await.map(|()| None),
        }
    })
    .await
}

/// Everything that is open, as an earlier run may have left it.
async fn read_open(database: SharedDatabase) -> Result<Vec<Incident>> {
    let mut all: Vec<Incident> = Vec::new();
    loop {
        let after = all.last().map(|incident| incident.id);
        let query = IncidentQuery { open: true, after, limit: PAGE, ..IncidentQuery::default() };
        let page = patiently(database.incidents(query)).await?;
        let whole = page.len() == PAGE as usize;
        all.extend(page);
        if !whole {
            return Ok(all);
        }
    }
}

impl Restreams {
    /// Writes these after what waits already, one at a time.
    pub(super) fn write_incidents(&mut self, entries: Vec<Entry>, ctx: &mut Context<Self>) {
        let queue = &mut self.incidents.queue;
        entries.into_iter().for_each(|entry| queue.push(entry));
        let lost = queue.take_lost();
        if lost > 0 {
            log::warn!(incidents = lost; "too many incidents wait for the database; the oldest that are over are lost");
        }
        let Some(entry) = queue.take() else { return };
        let begun = now();
        let written = write(Arc::clone(&self.database), entry.clone()).into_actor(self);
        ctx.spawn(written.map(move |written, manager, ctx| manager.incident_written(&entry, written, begun, ctx)));
    }

    fn incident_written(
        &mut self,
        entry: &Entry,
        written: Result<Option<uuid::Uuid>>,
        begun: Moment,
        ctx: &mut Context<Self>,
    ) {
        let incidents = &mut self.incidents;
        match written {
            Err(error) if matches!(error.kind(), Kind::Unavailable | Kind::Timeout) => {
                incidents.queue.failed();
                let fault = error.to_string();
                // A database that cannot be read either has been complained of, and says so in the same words.
                if incidents.fault.as_ref() != Some(&fault) && self.database_fault.as_ref() != Some(&fault) {
                    log::warn!("incidents wait to be written: {fault}");
                }
                incidents.fault = Some(fault.clone());
                ctx.run_later(PUBLISH_RETRY, |manager, ctx| manager.write_incidents(Vec::new(), ctx));
                // Not written now: the queue pauses until then.
                let kind = IncidentKind::ServiceDown;
                let raised = incidents.book.raise(kind, &database(), &fault, begun, uuid::Uuid::now_v7());
                raised.into_iter().for_each(|entry| incidents.queue.push(entry));
                return;
            }
            // It will not be taken the next time either.
            Err(error) => log::debug!("incident not written: {error}"),
            Ok(kept) => {
                if let (Some(theirs), Entry::Open(incident)) = (kept, entry)
                    && theirs != incident.id
                {
                    incidents.book.kept(incident.id, theirs);
                    incidents.queue.kept(incident.id, theirs);
                }
            }
        }
        incidents.queue.done();
        if incidents.fault.take().is_some() {
            log::info!("incidents are written again");
            self.database_works(ctx);
        }
        self.write_incidents(Vec::new(), ctx);
    }

    /// The database did not answer a call that began then.
    pub(super) fn database_failed(&mut self, fault: &str, since: Moment, ctx: &mut Context<Self>) {
        let kind = IncidentKind::ServiceDown;
        let raised = self.incidents.book.raise(kind, &database(), fault, since, uuid::Uuid::now_v7());
        if raised.is_some() {
            self.write_incidents(raised.into_iter().collect(), ctx);
        }
    }

    /// The database has answered; it is well when that is so of reading and of writing.
    pub(super) fn database_works(&mut self, ctx: &mut Context<Self>) {
        if self.database_fault.is_none() && self.incidents.fault.is_none() {
            let settled = self.incidents.book.settle(IncidentKind::ServiceDown, &database(), now());
            self.write_incidents(settled.into_iter().collect(), ctx);
        }
    }

    /// Goes on with what an earlier run has left open, and ends what is well by now.
    pub(super) fn take_up_incidents(&mut self, ctx: &mut Context<Self>) {
        let open = read_open(Arc::clone(&self.database)).into_actor(self);
        ctx.spawn(open.map(|open, manager, ctx| match open {
            Ok(open) => {
                let left: Vec<Incident> = open.into_iter().filter(|one| manager.incidents.book.adopt(one)).collect();
                let over = left.iter().filter(|one| !manager.may_last(one));
                let settled: Vec<_> = over.map(|one| (one.kind, one.subject.clone())).collect();
                let book = &mut manager.incidents.book;
                let now = now();
                let entries = settled.iter().filter_map(|(kind, subject)| book.settle(*kind, subject, now)).collect();
                manager.write_incidents(entries, ctx);
            }
            Err(error) if matches!(error.kind(), Kind::Unavailable | Kind::Timeout) => {
                ctx.run_later(PUBLISH_RETRY, Self::take_up_incidents);
            }
            Err(error) => log::debug!("open incidents not read: {error}"),
        }));
    }

    /// Whether an incident that was open when we started may still be: nobody has seen its end.
    fn may_last(&self, incident: &Incident) -> bool {
        match (incident.kind, &incident.subject) {
            (IncidentKind::PlanHeld, _) => self.held.is_some(),
            (IncidentKind::ServiceDown, subject) if *subject == database() => {
                self.database_fault.is_some() || self.incidents.fault.is_some()
            }
            (IncidentKind::ServerDown, Subject::Server { name }) if *name == self.setup.server => !self.server_is_up(),
            (_, Subject::Camera { id, .. }) => self.camera_may_be_down(*id),
            // Somebody else's, as another server's of another process.
            _ => true,
        }
    }
}

fn database() -> Subject {
    Subject::Service { name: "database".to_owned() }
}
