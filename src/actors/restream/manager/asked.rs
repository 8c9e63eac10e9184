//! Looks that somebody asks for: at a camera of the table, or at one that is not saved yet. A relay that runs is not
//! touched; one that waits after a fault starts at once when its camera turns out to be well.

use std::sync::Arc;
use std::time::Duration;

use actix::{ActorFutureExt, Handler, Message, ResponseActFuture, WrapFuture};
use chrono::Utc;
use tokio::time::timeout;

use super::Restreams;
use super::commands::no_camera;
use crate::actors::restream::relay::process;
use crate::adapters::database::{SharedDatabase, patiently};
use crate::base::{Error, Result};
use crate::domain::camera::{CameraEdit, CameraSource, Kinds, draft};
use crate::domain::probe::{Fault, KeptProbe, ProbeView, Tracks};

/// Somebody waits before a screen: rather told that all slots are taken than kept waiting.
const SLOT_PATIENCE: Duration = Duration::from_secs(10);

/// Looks at a camera now, also at one that is switched off, and keeps the result. `NotFound`; `Invalid` when its row is
/// wrong; `Unavailable` when too many are being looked at.
#[derive(Message, Debug)]
#[rtype(result = "Result<ProbeView>")]
pub struct ProbeCamera(pub i64);

/// Looks at a camera that is not saved; nothing is kept. What is absent is taken from the row of `id`. Errors as
/// [`ProbeCamera`].
#[derive(Message, Debug)]
#[rtype(result = "Result<ProbeView>")]
pub struct TestCamera {
    /// The camera that is being edited.
    pub id: Option<i64>,
    /// What it would be.
    pub edit: CameraEdit,
}

type Look = (Box<CameraSource>, Result<Tracks, Fault>, Duration);

/// The source of a row as it is now; `known` is gone by when the database is away.
async fn source_of(database: SharedDatabase, id: i64, known: Option<CameraSource>) -> Result<CameraSource> {
    let read = patiently(async {
        let kinds: Kinds = database.camera_kinds().await?.into_iter().collect();
        Ok((database.camera(id).await?, kinds))
    });
    match (read.await, known) {
        (Ok((Some(row), kinds)), _) => CameraSource::from_row(&row, &kinds),
        (Ok((None, _)), _) => Err(no_camera(id)),
        (Err(_), Some(known)) => Ok(known),
        (Err(error), None) => Err(error),
    }
}

async fn draft_of(database: SharedDatabase, id: Option<i64>, edit: CameraEdit) -> Result<CameraSource> {
    patiently(async {
        let kinds: Kinds = database.camera_kinds().await?.into_iter().collect();
        let row = match id {
            Some(id) => Some(database.camera(id).await?.ok_or_else(|| no_camera(id))?),
            None => None,
        };
        draft(row.as_ref(), &edit, &kinds)
    })
    .await
}

fn view((_, result, took): Look) -> ProbeView {
    ProbeView::new(Utc::now(), took.as_millis() as u64, result)
}

impl Restreams {
    /// Waits for a slot, not for ever, and looks.
    fn look<F>(&self, source: F) -> impl Future<Output = Result<Look>> + use<F>
    where
        F: Future<Output = Result<CameraSource>>,
    {
        let (setup, slots) = (Arc::clone(&self.setup), self.looks.slots.line());
        async move {
            let source = Box::new(source.await?);
            let slot = timeout(SLOT_PATIENCE, slots.acquire_owned()).await.map_err(|_| {
                let most = setup.max_probes;
                Error::unavailable(format!("{most} cameras are being looked at already; try again in a moment"))
            })?;
            let begun = tokio::time::Instant::now();
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
        let look = self.look(source_of(Arc::clone(&self.database), id, known));
        Box::pin(look.into_actor(self).map(|look, manager, ctx| {
            let look = look?;
            manager.note_look(KeptProbe::new(&look.0, Utc::now(), &look.1), true, ctx);
            Ok(view(look))
        }))
    }
}

impl Handler<TestCamera> for Restreams {
    type Result = ResponseActFuture<Self, Result<ProbeView>>;

    fn handle(&mut self, test: TestCamera, _: &mut Self::Context) -> Self::Result {
        let look = self.look(draft_of(Arc::clone(&self.database), test.id, test.edit));
        Box::pin(async move { look.await.map(view) }.into_actor(self))
    }
}
