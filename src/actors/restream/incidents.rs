//! The manager's incidents on their way to the database: in order, again and again until it takes them.

use std::collections::VecDeque;
use std::sync::Arc;

use actix::{ActorFutureExt, AsyncContext, Context, WrapFuture};
use chrono::Utc;

use super::commands::patiently;
use super::manager::{PUBLISH_RETRY, Restreams};
use crate::adapters::database::{IncidentQuery, SharedDatabase};
use crate::base::{Kind, Result};
use crate::domain::incident::{Book, Entry, IncidentKind};

/// So many wait for a database that is away. Full: the oldest are lost, as the newest say what is wrong now; the end of
/// a lost one is no fault.
const LONGEST_QUEUE: usize = 256;

/// What is open, and what has to be written.
#[derive(Default)]
pub(super) struct Incidents {
    pub book: Book,
    queue: VecDeque<Entry>,
    writing: bool,
}

impl Incidents {
    /// The database had an open one already and keeps it: ours ends by its id.
    fn kept(&mut self, ours: uuid::Uuid, theirs: uuid::Uuid) {
        self.book.kept(ours, theirs);
        for entry in &mut self.queue {
            if let Entry::Close { id, .. } = entry
                && *id == ours
            {
                *id = theirs;
            }
        }
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

impl Restreams {
    /// Writes these after what waits already.
    pub(super) fn write_incidents(&mut self, entries: Vec<Entry>, ctx: &mut Context<Self>) {
        let incidents = &mut self.incidents;
        incidents.queue.extend(entries);
        let excess = incidents.queue.len().saturating_sub(LONGEST_QUEUE);
        incidents.queue.drain(..excess);
        if incidents.writing {
            return;
        }
        let Some(entry) = incidents.queue.pop_front() else { return };
        incidents.writing = true;
        let written = write(Arc::clone(&self.database), entry.clone()).into_actor(self);
        ctx.spawn(written.map(move |written, manager, ctx| {
            manager.incidents.writing = false;
            match (written, &entry) {
                (Ok(Some(theirs)), Entry::Open(incident)) => manager.incidents.kept(incident.id, theirs),
                (Ok(_), _) => {}
                (Err(error), _) if matches!(error.kind(), Kind::NotFound | Kind::Invalid | Kind::Unsupported) => {
                    log::debug!("incident not written: {error}");
                }
                (Err(error), _) => {
                    log::debug!("incident not written yet: {error}");
                    manager.incidents.queue.push_front(entry);
                    ctx.run_later(PUBLISH_RETRY, |manager, ctx| manager.write_incidents(Vec::new(), ctx));
                    return;
                }
            }
            manager.write_incidents(Vec::new(), ctx);
        }));
    }

    /// Ends what an earlier run has left open, when nothing is held now.
    pub(super) fn settle_old_plan(&mut self, ctx: &mut Context<Self>) {
        let database = Arc::clone(&self.database);
        let query = IncidentQuery { open: true, kind: Some(IncidentKind::PlanHeld), limit: 10, ..Default::default() };
        let open = async move { patiently(database.incidents(query)).await }.into_actor(self);
        ctx.spawn(open.map(|open, manager, ctx| {
            if manager.held.is_some() {
                return;
            }
            let open = open.unwrap_or_default().into_iter();
            manager.write_incidents(open.map(|one| Entry::Close { id: one.id, at: Utc::now() }).collect(), ctx);
        }));
    }
}
