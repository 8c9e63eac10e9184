//! Watches the numbers of streams and endpoints for anomalies: hears the minutes that the history has made, and reads the past of one after the
//! other.
//! No poll and nothing else waits for it.

use std::sync::Arc;
use std::time::Duration;

use actix::{Actor, AsyncContext, Context, WrapFuture};
use chrono::Utc;
use log::Level;
use serde_json::{Value, json};
use tokio::task::spawn_blocking;

use super::anomaly_setup::AnomalySetup;
use super::anomaly_table::AnomalyTable;
use crate::actors::incidents::{IncidentsHandle, now};
use crate::actors::single_flight::{Ended, Flight, Late, Rules, Work};
use crate::actors::supervision::{Supervised, supervised, watched};
use crate::adapters::database::{CALL_TIMEOUT, HistoryQuery, with_timeout};
use crate::base::single_flight::{FlightRetry, SingleFlight};
use crate::base::{Error, Result};
use crate::domain::anomaly::{AnomalyEvent, AnomalyMetric, Baseline, LEARNED_DAYS};
use crate::domain::history::{SeriesKey, SeriesKind, Tier};
use crate::domain::incident::{IncidentKind, Subject};
use crate::domain::moment::Moment;

/// Between two tries with a database that does not answer.
const RETRY: Duration = Duration::from_secs(30);
/// Each call has a limit of its own: what takes longer hangs.
const STALLED_AFTER: Duration = Duration::from_secs(120);
const DAY: i64 = 86_400;

/// The actor.
pub struct Anomalies {
    setup: Arc<AnomalySetup>,
    table: AnomalyTable,
    incidents: IncidentsHandle,
    learning: SingleFlight,
    learned: u64,
    /// What an earlier run has told was looked through.
    is_clean: bool,
}

impl Anomalies {
    pub(super) fn new(setup: Arc<AnomalySetup>, table: AnomalyTable, incidents: IncidentsHandle) -> Self {
        Self { setup, table, incidents, learning: SingleFlight::default(), learned: 0, is_clean: false }
    }

    /// Takes the minutes that have ended.
    fn hear(&self) {
        let at = now();
        for (key, minute) in (self.setup.minutes)() {
            if !self.setup.watches(&key) {
                continue;
            }
            let (kind, subject) = incident_of(&key);
            match self.table.take(&self.setup, &key, &minute, at) {
                AnomalyEvent::Since(since, why) => {
                    self.incidents.raise(kind, &subject, &why, since);
                }
                AnomalyEvent::Well => self.incidents.clear(kind, &subject),
                AnomalyEvent::Nothing => {}
            }
        }
        for key in self.table.silent(at) {
            let (kind, subject) = incident_of(&key);
            self.incidents.clear(kind, &subject);
        }
    }

    /// Ends incidents of streams that are gone since an earlier run: no minute of theirs will ever say so.
    fn clean_up(&mut self, started: Moment, ctx: &mut Context<Self>) {
        if self.is_clean || now().since(started) < self.setup.leftovers_after {
            return;
        }
        self.is_clean = true;
        let table = self.table.clone();
        let is_gone = move |kind, subject: &Subject| series_of(kind, subject).is_some_and(|key| !table.hears(&key));
        ctx.spawn(self.incidents.clone().clear_where(is_gone).into_actor(self));
    }

    /// Ends incidents of what is not watched any more.
    fn clean(&self, ctx: &mut Context<Self>) {
        let setup = Arc::clone(&self.setup);
        let gone = self
            .incidents
            .clone()
            .clear_where(move |kind, subject| series_of(kind, subject).is_some_and(|key| !setup.watches(&key)));
        ctx.spawn(gone.into_actor(self));
    }
}

/// What is told of a series whose numbers are unusual.
fn incident_of(key: &SeriesKey) -> (IncidentKind, Subject) {
    let name = key.name.clone();
    match key.kind {
        SeriesKind::Endpoint => (IncidentKind::EndpointUnusual, Subject::Target { name }),
        _ => (IncidentKind::StreamUnusual, Subject::Stream { server: key.server.clone(), name }),
    }
}

/// The series that an incident of ours is about.
fn series_of(kind: IncidentKind, subject: &Subject) -> Option<SeriesKey> {
    match (kind, subject) {
        (IncidentKind::StreamUnusual, Subject::Stream { server, name }) => Some(SeriesKey::stream(server, name)),
        (IncidentKind::EndpointUnusual, Subject::Target { name }) => Some(SeriesKey::of(SeriesKind::Endpoint, name)),
        _ => None,
    }
}

/// Learns what is usual for the next stream.
struct LearnNext;

impl Flight for LearnNext {
    type Owner = Anomalies;
    type Subject = SeriesKey;
    type Output = Vec<(AnomalyMetric, Baseline)>;
    const RULES: Rules = Rules {
        what: "learning what is usual",
        limit: CALL_TIMEOUT.saturating_mul(2),
        late: Late::GiveUp,
        retry: FlightRetry::Every(RETRY),
        level: Level::Warn,
    };

    fn state(anomalies: &mut Anomalies) -> &mut SingleFlight {
        &mut anomalies.learning
    }

    fn begin(anomalies: &mut Anomalies, _: &mut Context<Anomalies>) -> Option<(SeriesKey, Work<Self::Output>)> {
        let key = anomalies.table.next_to_learn(now())?;
        let learn = learn(Arc::clone(&anomalies.setup), key.clone());
        Some((key, Box::pin(watched("learning what is usual", STALLED_AFTER, learn))))
    }

    fn ended(
        anomalies: &mut Anomalies,
        key: SeriesKey,
        learned: Result<Self::Output>,
        _: &mut Context<Anomalies>,
    ) -> Ended {
        match learned {
            Ok(baselines) => {
                anomalies.learned += 1;
                anomalies.table.learned(&key, baselines, now());
                Ended::More
            }
            Err(error) => Ended::Failed(error),
        }
    }
}

/// Four weeks of ten minutes are read at once, and looked at on a thread for long work.
async fn learn(setup: Arc<AnomalySetup>, series: SeriesKey) -> Result<Vec<(AnomalyMetric, Baseline)>> {
    let to = Utc::now().timestamp();
    let metrics = setup.rule.of(series.kind).metrics;
    let query = HistoryQuery {
        series,
        tier: Tier::TenMinutes,
        from: to - LEARNED_DAYS * DAY,
        to,
        metrics: metrics.iter().map(|metric| metric.history()).collect(),
    };
    let buckets = with_timeout(setup.history.history(query)).await?;
    let learned = spawn_blocking(move || {
        metrics.into_iter().map(|metric| (metric, Baseline::learn(metric, &buckets, to))).collect()
    });
    learned.await.map_err(|error| Error::internal("learning what is usual has panicked").with_source(error))
}

impl Actor for Anomalies {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        // From now on the history keeps what has ended.
        self.hear();
        self.clean(ctx);
        let started = now();
        ctx.run_interval(self.setup.every, move |anomalies, ctx| {
            anomalies.hear();
            anomalies.clean_up(started, ctx);
            LearnNext::ask_if_idle(anomalies, ctx);
        });
    }
}

impl Supervised for Anomalies {
    const KIND: &'static str = "anomalies";

    fn observe(&self) -> Value {
        let counts = self.table.counts();
        json!({
            "streams": counts.streams, "leftOut": counts.left_out, "notLearned": counts.not_learned, "told": counts.told,
            "learned": self.learned,
        })
    }
}
supervised!(Anomalies);
