//! Probes that somebody requests: of a camera of the table, or of one that is not saved yet. A relay that runs is not
//! touched; one that waits after a fault starts at once when its camera turns out to be well.

use std::sync::{Arc, PoisonError};
use std::time::Duration;

use actix::{ActorFutureExt, Handler, Message, ResponseActFuture, WrapFuture};
use chrono::Utc;
use tokio::time::{Instant, sleep, timeout};

use super::probe_attempt::probe;
use super::probes_actor::Probes;
use crate::actors::restream::desired_fleet::no_camera;
use crate::adapters::database::{CameraStore, with_timeout};
use crate::base::{Error, Result};
use crate::domain::camera::{CameraEdit, CameraSource, Kinds, draft};
use crate::domain::probe::{KeptProbe, ProbeFault, ProbeView, Tracks};

/// Somebody waits before a screen: rather told that all slots are taken than kept waiting.
const SLOT_TIMEOUT: Duration = Duration::from_secs(10);

/// Probes a camera now, also one that is switched off, and keeps the result. `NotFound`; `Invalid` when its row is wrong;
/// `Unavailable` when too many are being probed.
#[derive(Message, Clone, Copy, Debug)]
#[rtype(result = "Result<ProbeView>")]
pub(in crate::actors::restream) struct ProbeCamera(pub i64);

/// Probes a camera that is not saved; nothing is kept. What is absent is taken from the row of `id`. Errors as
/// [`ProbeCamera`].
#[derive(Message, Clone, Debug)]
#[rtype(result = "Result<ProbeView>")]
pub(in crate::actors::restream) struct TestCamera {
    /// The camera that is being edited.
    pub id: Option<i64>,
    /// What it would be.
    pub edit: CameraEdit,
}

struct Probed {
    source: Box<CameraSource>,
    result: Result<Tracks, ProbeFault>,
    took: Duration,
}

impl Probed {
    fn view(self) -> ProbeView {
        ProbeView::new(Utc::now(), self.took.as_millis() as u64, self.result)
    }
}

/// The source of a row as it is now; `known` is gone by when the database is away.
async fn source_of(cameras: Arc<dyn CameraStore>, id: i64, known: Option<CameraSource>) -> Result<CameraSource> {
    let read = with_timeout(async {
        let kinds: Kinds = cameras.camera_kinds().await?.into_iter().collect();
        Ok((cameras.camera(id).await?, kinds))
    });
    match (read.await, known) {
        (Ok((Some(row), kinds)), _) => CameraSource::from_row(&row, &kinds),
        (Ok((None, _)), _) => Err(no_camera(id)),
        (Err(_), Some(known)) => Ok(known),
        (Err(error), None) => Err(error),
    }
}

async fn draft_of(cameras: Arc<dyn CameraStore>, id: Option<i64>, edit: CameraEdit) -> Result<CameraSource> {
    with_timeout(async {
        let kinds: Kinds = cameras.camera_kinds().await?.into_iter().collect();
        let row = match id {
            Some(id) => Some(cameras.camera(id).await?.ok_or_else(|| no_camera(id))?),
            None => None,
        };
        draft(row.as_ref(), &edit, &kinds)
    })
    .await
}

impl Probes {
    /// Waits for a slot, not for ever, and probes.
    fn probe<F>(&self, source: F) -> impl Future<Output = Result<Probed>> + use<F>
    where
        F: Future<Output = Result<CameraSource>>,
    {
        let (setup, slots, host_rate) = (self.settings.get(), self.slots.clone(), Arc::clone(&self.host_rate));
        async move {
            let source = Box::new(source.await?);
            let wait = {
                let mut host_rate = host_rate.lock().unwrap_or_else(PoisonError::into_inner);
                host_rate.reserve(&source.host, setup.rates.host, Instant::now(), SLOT_TIMEOUT)
            };
            let wait = wait.ok_or_else(|| {
                Error::unavailable("too many tests of cameras at this host wait already; try again in a moment")
            })?;
            sleep(wait).await;
            let slot = timeout(SLOT_TIMEOUT, slots.acquire()).await.map_err(|_| {
                let most = setup.max_probes;
                Error::unavailable(format!("{most} cameras are being probed already; try again in a moment"))
            })?;
            let begun = Instant::now();
            let result = probe(setup, source.clone()).await;
            drop(slot);
            Ok(Probed { source, result, took: begun.elapsed() })
        }
    }
}

impl Handler<ProbeCamera> for Probes {
    type Result = ResponseActFuture<Self, Result<ProbeView>>;

    fn handle(&mut self, ProbeCamera(id): ProbeCamera, _: &mut Self::Context) -> Self::Result {
        let known = self.fleet.get(id).and_then(|planned| planned.source().cloned());
        let probe = self.probe(source_of(Arc::clone(&self.cameras), id, known));
        Box::pin(probe.into_actor(self).map(|probed, actor, _| {
            let probed = probed?;
            actor.known.found(KeptProbe::new(&probed.source, Utc::now(), &probed.result), true);
            Ok(probed.view())
        }))
    }
}

impl Handler<TestCamera> for Probes {
    type Result = ResponseActFuture<Self, Result<ProbeView>>;

    fn handle(&mut self, test: TestCamera, _: &mut Self::Context) -> Self::Result {
        let probe = self.probe(draft_of(Arc::clone(&self.cameras), test.id, test.edit));
        Box::pin(async move { probe.await.map(Probed::view) }.into_actor(self))
    }
}
