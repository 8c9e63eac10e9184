//! The actor: aggregates what the live store tells, and writes it from time to time.

use std::sync::Arc;
use std::time::Duration;

use actix::{Actor, AsyncContext, Context, Handler, Message};
use chrono::Utc;
use futures_util::StreamExt;
use futures_util::future::LocalBoxFuture;
use log::Level;
use serde_json::{Value, json};
use tokio::time::{Instant, timeout_at};

use super::handle::HistoryHandle;
use super::tracked::Tracked;
use crate::actors::single_flight::{Ended, Flight, Late, Rules, Work};
use crate::actors::supervision::{Supervised, supervised, watched};
use crate::adapters::database::{CALL_TIMEOUT, HistoryStore, with_timeout};
use crate::adapters::live::SharedLive;
use crate::adapters::live::subscription::{LiveUpdate, subscription};
use crate::base::Result;
use crate::base::single_flight::{FlightRetry, SingleFlight};
use crate::domain::history::Tier;

/// Series in one write: some milliseconds of packing.
const BATCH: usize = 40;
/// Between two tries with a database that does not answer.
const RETRY: Duration = Duration::from_secs(10);
/// Each call has a limit of its own: what takes longer hangs.
const STALLED_AFTER: Duration = Duration::from_secs(120);
/// At the stop, what waits has so long to be written.
const LAST_WORDS: Duration = Duration::from_secs(3);
/// Between two times at which old rows are forgotten.
const FORGET_EVERY: Duration = Duration::from_secs(3_600);

/// How long the tiers are kept, and how often they are written.
#[derive(Clone, Copy, Debug)]
pub struct HistoryRules {
    /// Buckets of a minute.
    pub minutes: Duration,
    /// Buckets of ten minutes.
    pub ten_minutes: Duration,
    /// Between two rounds of writing: what a crash may lose.
    pub write_every: Duration,
}

impl HistoryRules {
    fn keep(&self, tier: Tier) -> Duration {
        match tier {
            Tier::Minute => self.minutes,
            Tier::TenMinutes => self.ten_minutes,
        }
    }
}

/// Writes the history.
pub struct HistoryWriter {
    store: Arc<dyn HistoryStore>,
    live: SharedLive,
    handle: HistoryHandle,
    rules: HistoryRules,
    tracked: Tracked,
    writing: SingleFlight,
    forgetting: SingleFlight,
    /// Which tier is cleaned next.
    forget: Vec<Tier>,
    written: u64,
}

impl HistoryWriter {
    /// Writes what `live` tells of streams to `store`; what waits is in `handle`.
    pub fn new(store: Arc<dyn HistoryStore>, live: SharedLive, handle: HistoryHandle, rules: HistoryRules) -> Self {
        Self {
            store,
            live,
            handle,
            rules,
            tracked: Tracked::default(),
            writing: SingleFlight::default(),
            forgetting: SingleFlight::default(),
            forget: Vec::new(),
            written: 0,
        }
    }
}

/// Writes the next batch of a round.
struct WriteBatch;

impl Flight for WriteBatch {
    type Owner = HistoryWriter;
    /// Buckets of the batch.
    type Subject = usize;
    type Output = ();
    const RULES: Rules = Rules {
        what: "writing the history",
        limit: CALL_TIMEOUT.saturating_mul(2),
        late: Late::GiveUp,
        retry: FlightRetry::Every(RETRY),
        level: Level::Warn,
    };

    fn state(writer: &mut HistoryWriter) -> &mut SingleFlight {
        &mut writer.writing
    }

    fn begin(writer: &mut HistoryWriter, _: &mut Context<HistoryWriter>) -> Option<(usize, Work<()>)> {
        let batch = writer.handle.lock().take(BATCH);
        if batch.is_empty() {
            return None;
        }
        let (count, store) = (batch.iter().map(|(.., buckets)| buckets.len()).sum(), Arc::clone(&writer.store));
        let write = async move { with_timeout(store.add_history(batch)).await };
        Some((count, Box::pin(watched("writing the history", STALLED_AFTER, write))))
    }

    fn ended(writer: &mut HistoryWriter, count: usize, written: Result<()>, _: &mut Context<HistoryWriter>) -> Ended {
        match written {
            Ok(()) => {
                writer.handle.lock().written();
                writer.written += count as u64;
                Ended::More
            }
            Err(error) => {
                writer.handle.lock().not_written();
                Ended::Failed(error)
            }
        }
    }
}

/// Forgets what is too old, one tier after the other.
struct Forget;

impl Flight for Forget {
    type Owner = HistoryWriter;
    type Subject = ();
    type Output = u64;
    const RULES: Rules = Rules {
        what: "forgetting old history",
        limit: CALL_TIMEOUT.saturating_mul(2),
        late: Late::GiveUp,
        retry: FlightRetry::Every(RETRY),
        level: Level::Debug,
    };

    fn state(writer: &mut HistoryWriter) -> &mut SingleFlight {
        &mut writer.forgetting
    }

    fn begin(writer: &mut HistoryWriter, _: &mut Context<HistoryWriter>) -> Option<((), Work<u64>)> {
        let (tier, store) = (*writer.forget.last()?, Arc::clone(&writer.store));
        let keep = i64::try_from(writer.rules.keep(tier).as_secs()).unwrap_or(i64::MAX);
        let before = Utc::now().timestamp().saturating_sub(keep);
        let forget = async move { with_timeout(store.forget_history(tier, before)).await };
        Some(((), Box::pin(watched("forgetting old history", STALLED_AFTER, forget))))
    }

    fn ended(writer: &mut HistoryWriter, (): (), gone: Result<u64>, _: &mut Context<HistoryWriter>) -> Ended {
        match gone {
            Ok(_) => {
                writer.forget.pop();
                Ended::More
            }
            Err(error) => Ended::Failed(error),
        }
    }
}

impl Actor for HistoryWriter {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        ctx.add_message_stream(subscription(Arc::clone(&self.live), "history").map(Updated));
        ctx.run_interval(self.rules.write_every, |writer, ctx| {
            writer.handle.lock().begin_round();
            WriteBatch::ask(writer, ctx);
        });
        let forget = |writer: &mut Self, ctx: &mut Context<Self>| {
            writer.forget = Tier::ALL.to_vec();
            Forget::ask(writer, ctx);
        };
        forget(self, ctx);
        ctx.run_interval(FORGET_EVERY, forget);
    }
}

/// What the live store tells.
#[derive(Message)]
#[rtype(result = "()")]
struct Updated(LiveUpdate);

impl Handler<Updated> for HistoryWriter {
    type Result = ();

    fn handle(&mut self, Updated(update): Updated, _: &mut Self::Context) {
        match update {
            LiveUpdate::Everything(latest) => self.tracked.replace(*latest),
            LiveUpdate::Changes(changes) => self.tracked.apply(&changes, Utc::now(), &mut self.handle.lock()),
        }
    }
}

impl Supervised for HistoryWriter {
    const KIND: &'static str = "history writer";

    fn observe(&self) -> Value {
        let (series, waiting, dropped) = self.handle.lock().counts();
        json!({ "series": series, "waiting": waiting, "dropped": dropped, "written": self.written })
    }

    /// What was measured until now is written, if the database takes it at once.
    fn release(&mut self, _: &mut Context<Self>, deadline: Instant) -> LocalBoxFuture<'static, ()> {
        if self.writing.is_resting() {
            return Box::pin(std::future::ready(()));
        }
        let (store, handle) = (Arc::clone(&self.store), self.handle.clone());
        {
            let mut buffer = handle.lock();
            buffer.close();
            buffer.begin_round();
        }
        let write = async move {
            loop {
                let batch = handle.lock().take(BATCH);
                if batch.is_empty() || store.add_history(batch).await.is_err() {
                    return;
                }
                handle.lock().written();
            }
        };
        Box::pin(async move { _ = timeout_at(deadline.min(Instant::now() + LAST_WORDS), write).await })
    }
}

supervised!(HistoryWriter);
