//! Probes one stream after the other, each within its limit; rests when none is due.

use std::sync::Arc;
use std::time::Duration;

use actix::{Actor, ActorFutureExt, AsyncContext, Context, Handler, Message, SpawnHandle, WrapFuture};
use serde_json::{Value, json};
use tokio::time::{Instant, timeout};

use super::health_setup::HealthSetup;
use super::stream_probe_table::StreamProbeTable;
use crate::actors::incidents::{IncidentsHandle, now};
use crate::actors::supervision::{Supervised, supervised, watched};
use crate::adapters::ffmpeg::ffprobe::Prober;
use crate::adapters::ffmpeg::measure::measure;
use crate::adapters::mediamtx::rtsp_connection::check_server;
use crate::adapters::resolve;
use crate::base::{Error, ErrorKind};
use crate::domain::camera::CameraSource;
use crate::domain::health::{OutageEvent, ProbeKey, ProbePlace, ProbeResult, StreamReport, in_words};
use crate::domain::incident::IncidentKind;
use crate::domain::probe::{FaultKind, ProbeFault};

/// A worker that rests looks again after this time at the latest, and no sooner than after that: what is due may be left to
/// others.
const LONGEST_REST: Duration = Duration::from_secs(30);
const SHORTEST_REST: Duration = Duration::from_millis(500);

/// A probe that has not ended so long after its limit hangs.
const HANGS_AFTER: Duration = Duration::from_secs(60);

/// Something may be due.
#[derive(Message, Clone, Copy, Debug)]
#[rtype(result = "()")]
pub(super) struct ProbeDue;

/// A worker.
pub struct StreamWorker {
    /// Its number among the workers: claims carry it.
    number: usize,
    setup: Arc<HealthSetup>,
    table: StreamProbeTable,
    incidents: IncidentsHandle,
    probing: Option<ProbeKey>,
    timer: Option<SpawnHandle>,
    probes: u64,
}

impl StreamWorker {
    pub(super) fn new(
        number: usize,
        setup: Arc<HealthSetup>,
        table: StreamProbeTable,
        incidents: IncidentsHandle,
    ) -> Self {
        Self { number, setup, table, incidents, probing: None, timer: None, probes: 0 }
    }

    fn work(&mut self, ctx: &mut Context<Self>) {
        if self.probing.is_some() {
            return;
        }
        let Some((key, limit)) = self.table.claim(self.number) else { return self.rest(ctx) };
        self.probing = Some(key.clone());
        let (setup, of) = (Arc::clone(&self.setup), key.clone());
        let probing = watched("probing a stream", limit + HANGS_AFTER, async move { probe(&setup, &of, limit).await });
        let begun = Instant::now();
        ctx.spawn(probing.into_actor(self).map(move |found, worker, ctx| {
            worker.done(&key, begun.elapsed(), found);
            worker.work(ctx);
        }));
    }

    fn done(&mut self, key: &ProbeKey, took: Duration, found: Result<StreamReport, ProbeFault>) {
        self.probing = None;
        self.probes += 1;
        let rate = found.as_ref().ok().and_then(|report| report.video.as_ref()?.frames_per_second);
        if let (Some(path), Some(rate)) = (key.path(), rate) {
            self.setup.frame_rates.tell(&path, rate);
        }
        let cause = found.as_ref().err().map(|fault| format!("probe {}: {fault}", key.target));
        let (kind, subject) = (IncidentKind::ProbeFailed, key.subject());
        match (self.table.finished(self.number, ProbeResult { at: now(), took, found }), cause) {
            (OutageEvent::Raise(since), Some(cause)) => self.incidents.raise(kind, &subject, &cause, since),
            (OutageEvent::Clear, _) => self.incidents.clear(kind, &subject),
            _ => {}
        }
    }

    fn rest(&mut self, ctx: &mut Context<Self>) {
        if let Some(timer) = self.timer.take() {
            ctx.cancel_future(timer);
        }
        let rest = self.table.next_in().unwrap_or(LONGEST_REST).clamp(SHORTEST_REST, LONGEST_REST);
        self.timer = Some(ctx.run_later(rest, |worker, ctx| {
            worker.timer = None;
            worker.work(ctx);
        }));
    }
}

/// Probes one stream. Every step of it is within the limit.
async fn probe(setup: &HealthSetup, key: &ProbeKey, limit: Duration) -> Result<StreamReport, ProbeFault> {
    let begun = Instant::now();
    let found = match source_of(setup, key, limit).await {
        Ok(source) => {
            let limit = limit.saturating_sub(begun.elapsed());
            let prober = Prober { ffprobe: &setup.ffprobe, version: &setup.version, mark: &setup.mark, limit };
            let found = measure(&prober, &source, setup.window).await;
            return found.map_err(|fault| in_words(&fault, key, &source.shown));
        }
        Err(fault) => fault,
    };
    let shown = setup.target(&key.target).and_then(|target| match &target.place {
        ProbePlace::Address(source) => Some(source.shown.as_str()),
        ProbePlace::Paths { .. } => None,
    });
    Err(in_words(&found, key, shown.unwrap_or_default()))
}

/// What is to be read, and that it may be.
async fn source_of(setup: &HealthSetup, key: &ProbeKey, limit: Duration) -> Result<CameraSource, ProbeFault> {
    let late = |_| ProbeFault::new(FaultKind::TimedOut, format!("nothing came within {} s", limit.as_secs_f64()));
    if let Some(path) = key.path() {
        let (source, place) = setup.source_of(&path).map_err(|error| other(&error))?;
        let checked = timeout(limit, check_server(place)).await.map_err(late)?;
        checked.map_err(|error| ProbeFault::new(FaultKind::Tls, error.message().to_owned()))?;
        return Ok(source);
    }
    let Some(ProbePlace::Address(source)) = setup.target(&key.target).map(|target| &target.place) else {
        return Err(ProbeFault::new(FaultKind::Other, "this target is no longer in the configuration"));
    };
    let checked = timeout(limit, resolve::check_address(&setup.reach, source)).await.map_err(late)?;
    checked.map_err(|error| {
        let kind = if error.kind() == ErrorKind::Timeout { FaultKind::NameNotResolved } else { FaultKind::NoRoute };
        ProbeFault::new(kind, error.message().to_owned())
    })?;
    Ok(CameraSource::clone(source))
}

fn other(error: &Error) -> ProbeFault {
    ProbeFault::new(FaultKind::Other, error.message().to_owned())
}

impl Actor for StreamWorker {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        // Of an instance of this number that has died.
        self.table.give_back(self.number);
        self.work(ctx);
    }
}

impl Supervised for StreamWorker {
    const KIND: &'static str = "stream probe worker";

    fn observe(&self) -> Value {
        json!({ "probing": self.probing, "probes": self.probes })
    }
}
supervised!(StreamWorker);

impl Handler<ProbeDue> for StreamWorker {
    type Result = ();

    fn handle(&mut self, _: ProbeDue, ctx: &mut Self::Context) {
        self.work(ctx);
    }
}
