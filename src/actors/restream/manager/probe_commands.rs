//! Probes that somebody asks for: of a camera of the table, or of one that is not saved yet. A relay that runs is not
//! touched; one that waits after a fault starts at once when its camera start_permits out to be well.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use actix::{ActorFutureExt, Handler, Message, ResponseActFuture, WrapFuture};
use chrono::Utc;
use tokio::time::{Instant, sleep, timeout};

use super::Restreams;
use super::commands::no_camera;
use crate::actors::restream::relay::process;
use crate::adapters::database::{Stores, with_timeout};
use crate::base::{Error, Result};
use crate::domain::camera::{CameraEdit, CameraSource, Kinds, draft};
use crate::domain::probe::{Fault, KeptProbe, ProbeView, Tracks};

/// Somebody waits before a screen: rather told that all slots are taken than kept waiting.
const SLOT_TIMEOUT: Duration = Duration::from_secs(10);

/// Probes a camera now, also at one that is switched off, and keeps the result. `NotFound`; `Invalid` when its row is
/// wrong; `Unavailable` when too many are being probed.
#[derive(Message, Debug)]
#[rtype(result = "Result<ProbeView>")]
pub struct ProbeCamera(pub i64);

/// Probes a camera that is not saved; nothing is kept. What is absent is taken from the row of `id`. Errors as
/// [`ProbeCamera`].
#[derive(Message, Debug)]
#[rtype(result = "Result<ProbeView>")]
pub struct TestCamera {
    /// The camera that is being edited.
    pub id: Option<i64>,
    /// What it would be.
    pub edit: CameraEdit,
}

/// Probes that people ask for at one host are no faster than relays start there, so that nobody scans ports through us: what
/// a probe tells (refused, no answer, no login, no media) is what an operator needs to mend a camera, and is told.
#[derive(Debug, Default)]
pub(super) struct ProbePacer {
    /// When the next probe at a host may begin.
    next: BTreeMap<String, Instant>,
}

impl ProbePacer {
    /// Reserves the next place at this host and says how long it is until then; `None` when that is longer than `most`.
    fn reserve(&mut self, host: &str, rate: f64, now: Instant, most: Duration) -> Option<Duration> {
        self.next.retain(|_, next| *next > now);
        let wait = self.next.get(host).map_or(Duration::ZERO, |next| next.saturating_duration_since(now));
        if wait > most {
            return None;
        }
        self.next.insert(host.to_owned(), now + wait + Duration::from_secs_f64(1.0 / rate));
        Some(wait)
    }
}

type ProbeAnswer = (Box<CameraSource>, Result<Tracks, Fault>, Duration);

/// The source of a row as it is now; `known` is gone by when the database is away.
async fn source_of(database: Stores, id: i64, known: Option<CameraSource>) -> Result<CameraSource> {
    let read = with_timeout(async {
        let kinds: Kinds = database.cameras.camera_kinds().await?.into_iter().collect();
        Ok((database.cameras.camera(id).await?, kinds))
    });
    match (read.await, known) {
        (Ok((Some(row), kinds)), _) => CameraSource::from_row(&row, &kinds),
        (Ok((None, _)), _) => Err(no_camera(id)),
        (Err(_), Some(known)) => Ok(known),
        (Err(error), None) => Err(error),
    }
}

async fn draft_of(database: Stores, id: Option<i64>, edit: CameraEdit) -> Result<CameraSource> {
    with_timeout(async {
        let kinds: Kinds = database.cameras.camera_kinds().await?.into_iter().collect();
        let row = match id {
            Some(id) => Some(database.cameras.camera(id).await?.ok_or_else(|| no_camera(id))?),
            None => None,
        };
        draft(row.as_ref(), &edit, &kinds)
    })
    .await
}

fn view((_, result, took): ProbeAnswer) -> ProbeView {
    ProbeView::new(Utc::now(), took.as_millis() as u64, result)
}

impl Restreams {
    /// Waits for a slot, not for ever, and probes.
    fn probe<F>(&self, source: F) -> impl Future<Output = Result<ProbeAnswer>> + use<F>
    where
        F: Future<Output = Result<CameraSource>>,
    {
        let (setup, slots, pacer) = (Arc::clone(&self.setup), self.probes.slots.line(), Arc::clone(&self.probes.pacer));
        async move {
            let source = Box::new(source.await?);
            let wait = {
                let mut pacer = pacer.lock().unwrap_or_else(PoisonError::into_inner);
                pacer.reserve(&source.host, setup.rates.host, Instant::now(), SLOT_TIMEOUT)
            };
            let wait = wait.ok_or_else(|| {
                Error::unavailable("too many tests of cameras at this host wait already; try again in a moment")
            })?;
            sleep(wait).await;
            let slot = timeout(SLOT_TIMEOUT, slots.acquire_owned()).await.map_err(|_| {
                let most = setup.max_probes;
                Error::unavailable(format!("{most} cameras are being probed already; try again in a moment"))
            })?;
            let begun = Instant::now();
            let result = process::probe(setup, source.clone()).await;
            drop(slot);
            Ok((source, result, begun.elapsed()))
        }
    }
}

impl Handler<ProbeCamera> for Restreams {
    type Result = ResponseActFuture<Self, Result<ProbeView>>;

    fn handle(&mut self, ProbeCamera(id): ProbeCamera, _: &mut Self::Context) -> Self::Result {
        let known = self.fleet.get(&id).and_then(|planned| planned.source().cloned());
        let probe = self.probe(source_of(self.database.clone(), id, known));
        Box::pin(probe.into_actor(self).map(|probe, manager, ctx| {
            let probe = probe?;
            manager.note_probe(KeptProbe::new(&probe.0, Utc::now(), &probe.1), true, ctx);
            Ok(view(probe))
        }))
    }
}

impl Handler<TestCamera> for Restreams {
    type Result = ResponseActFuture<Self, Result<ProbeView>>;

    fn handle(&mut self, test: TestCamera, _: &mut Self::Context) -> Self::Result {
        let probe = self.probe(draft_of(self.database.clone(), test.id, test.edit));
        Box::pin(async move { probe.await.map(view) }.into_actor(self))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn probes_of_one_host_are_paced_and_others_are_not_held_up() {
        let (mut pacer, now, most) = (ProbePacer::default(), Instant::now(), Duration::from_secs(2));
        let waits: Vec<_> = (0..6).map(|_| pacer.reserve("cam", 2.0, now, most).map(|wait| wait.as_millis())).collect();
        assert_eq!(waits, [Some(0), Some(500), Some(1000), Some(1500), Some(2000), None]);
        assert_eq!(pacer.reserve("other", 2.0, now, most), Some(Duration::ZERO));
        assert_eq!(pacer.reserve("cam", 2.0, now + Duration::from_secs(3), most), Some(Duration::ZERO));
        assert_eq!(pacer.next.len(), 1, "what is over is forgotten");
    }
}
