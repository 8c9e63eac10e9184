//! Where the faults of incidents lie, again and again while some last.
//!
//! A child of the tree reads this node's incidents after each writing and every 5 s; while one lasts, or has ended unjudged, it
//! collects what this process knows ([`collect`]), lets the rules of `domain/attribution` judge it on a thread of its own, and
//! keeps what has changed with the incidents, from where the API, the feed and the command line read it. Without incidents it costs two
//! questions to the database.
//!
//! Nothing waits for it: who raises an incident has gone on long before. What is kept at once is bounded; evidence alone that
//! changes is written once a minute. An incident that is over keeps its last verdict.
//!
//! Never here: the rules themselves.

mod collect;
mod sources;

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use chrono::{TimeDelta, Utc};
use tokio::time::{Instant, sleep, timeout};
use uuid::Uuid;

pub use sources::{AttributionSources, ServerHosts, SpoolProbe};

use crate::actors::supervision::{Child, Exit, Restart};
use crate::adapters::database::{RecentIncidents, with_timeout};
use crate::base::{Error, Result};
use crate::domain::attribution::{Situation, attribute};
use crate::domain::incident::{Incident, Verdict};

/// Cameras are tried again, hosts measured, servers polled: what is known changes without any incident.
const CHECK_EVERY: Duration = Duration::from_secs(5);
/// Between two rounds: a thousand cameras that fail are written one by one.
const REST: Duration = Duration::from_millis(500);
/// What has ended before is not judged any more.
const LATELY: TimeDelta = TimeDelta::minutes(10);
/// So many incidents are judged at once; of more, the newest.
const MOST_OPEN: u32 = 1_000;
const MOST_LATE: u32 = 200;
/// So many verdicts are kept in one round, the rest in the next.
const MOST_WRITES: usize = 500;
/// The same verdict with other numbers is not written more often.
const NUMBERS_EVERY: Duration = Duration::from_secs(60);
/// An object store is asked no more often.
const ASK_OBJECTS_EVERY: Duration = Duration::from_secs(10);
/// Then it does not answer.
const OBJECTS_LIMIT: Duration = Duration::from_secs(2);

/// The child that judges them.
pub fn child(sources: AttributionSources) -> Child {
    Child::task("attribution", Restart::Always, move || {
        let judge = Attribution {
            sources: sources.clone(),
            written: HashMap::new(),
            with_media_server: HashSet::new(),
            objects: None,
        };
        async move {
            judge.keep().await;
            Exit::Failure("it has ended by itself".to_owned())
        }
    })
}

struct Attribution {
    sources: AttributionSources,
    /// When the verdict of an incident was written last.
    written: HashMap<Uuid, Instant>,
    /// Hosts on which a MediaMTX was seen: where none is seen any more, it has ended.
    with_media_server: HashSet<String>,
    /// Whether the object store answered, and when.
    objects: Option<(Instant, bool)>,
}

impl Attribution {
    async fn keep(mut self) {
        let mut writings = self.sources.incidents.writings();
        loop {
            writings.mark_unchanged();
            // The health of the database is told elsewhere; the next round comes.
            let more = match self.round().await {
                Ok(more) => more,
                Err(error) => {
                    log::debug!("incidents not judged: {error}");
                    false
                }
            };
            sleep(REST).await;
            if !more && !matches!(timeout(CHECK_EVERY, writings.changed()).await, Ok(Ok(())) | Err(_)) {
                return;
            }
        }
    }

    /// Judges what lasts; true when more waits to be written.
    async fn round(&mut self) -> Result<bool> {
        let own = self.own_incidents().await?;
        self.written.retain(|id, _| own.iter().any(|incident| incident.id == *id));
        if own.iter().all(is_settled) {
            return Ok(false);
        }
        let latest = self.sources.live.latest().await?;
        let objects = self.objects().await;
        let situation = collect::situation(&self.sources, &latest, &own, objects, &mut self.with_media_server);
        let verdicts = judged(situation).await?;
        let now = Instant::now();
        let mut due: Vec<(Uuid, Verdict)> = own
            .iter()
            .filter(|incident| !is_settled(incident))
            .filter_map(|incident| Some((incident, verdicts.get(&incident.id)?)))
            .filter(|(incident, verdict)| self.is_due(incident, verdict, now))
            .map(|(incident, verdict)| (incident.id, verdict.clone()))
            .collect();
        let more = due.len() > MOST_WRITES;
        due.truncate(MOST_WRITES);
        if due.is_empty() {
            return Ok(false);
        }
        let ids: Vec<Uuid> = due.iter().map(|(id, _)| *id).collect();
        with_timeout(self.sources.store.put_verdicts(due)).await?;
        self.written.extend(ids.into_iter().map(|id| (id, now)));
        self.sources.incidents.announce_written();
        Ok(more)
    }

    async fn own_incidents(&self) -> Result<Vec<Incident>> {
        let since = Utc::now() - LATELY;
        let recent = RecentIncidents { own: true, since, most_open: MOST_OPEN, most_ended: MOST_LATE };
        let recent = recent.read(&*self.sources.store).await?;
        Ok([recent.open, recent.others].concat())
    }

    async fn objects(&mut self) -> Option<bool> {
        let store = self.sources.objects.clone()?;
        if let Some((at, fine)) = self.objects
            && at.elapsed() < ASK_OBJECTS_EVERY
        {
            return Some(fine);
        }
        let fine = matches!(timeout(OBJECTS_LIMIT, store.ping()).await, Ok(Ok(_)));
        self.objects = Some((Instant::now(), fine));
        Some(fine)
    }

    /// Whether it says something else than what is kept.
    fn is_due(&self, incident: &Incident, verdict: &Verdict, now: Instant) -> bool {
        let Some(kept) = incident.verdict.as_deref() else { return true };
        if kept == verdict {
            return false;
        }
        let is_another = (kept.cause, kept.confidence, kept.root) != (verdict.cause, verdict.confidence, verdict.root);
        is_another || self.written.get(&incident.id).is_none_or(|at| now.duration_since(*at) >= NUMBERS_EVERY)
    }
}

/// It is over and was judged.
fn is_settled(incident: &Incident) -> bool {
    incident.closed_at.is_some() && incident.verdict.is_some()
}

/// Thousands of cameras take their time: not on the thread of the actors.
async fn judged(situation: Situation) -> Result<std::collections::BTreeMap<Uuid, Verdict>> {
    let judging = tokio::task::spawn_blocking(move || attribute(&situation));
    judging.await.map_err(|error| Error::internal(format!("judging incidents failed: {error}")))
}
