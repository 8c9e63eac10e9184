//! What the parts of reconciling share.

use std::sync::Arc;
use std::time::Duration;

use uuid::Uuid;

use crate::adapters::database::{RecordingStore, SegmentQuery};
use crate::adapters::objects::SharedObjects;
use crate::adapters::spool::{SharedSpool, Spool};
use crate::base::{Error, Result};
use crate::domain::copies::CopyPlace;
use crate::domain::reconcile::{ReconcileFinding, Repair};
use crate::domain::recording::Segment;

/// A step ends after that, where it has done anything.
pub(super) const STEP: Duration = Duration::from_secs(10);
/// Rows read at once.
const PAGE: u32 = 1_000;

/// What reconciling needs from outside.
#[derive(Clone)]
pub struct ReconcileHandles {
    /// The catalogue.
    pub recordings: Arc<dyn RecordingStore>,
    /// The object store.
    pub objects: SharedObjects,
    /// The spool.
    pub spool: SharedSpool,
    /// The first server of the configuration, to which keys without a server belong.
    pub first_server: String,
}

impl ReconcileHandles {
    pub(super) async fn on_disk<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Spool) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let spool = self.spool.clone();
        let done = tokio::task::spawn_blocking(move || work(&spool)).await;
        done.map_err(|error| Error::internal("work on the spool ended without a result").with_source(error))?
    }

    /// Every segment of a session.
    pub(super) async fn rows(&self, session: Uuid) -> Result<Vec<Segment>> {
        let mut all: Vec<Segment> = Vec::new();
        loop {
            let after = all.last().map(|row| row.id);
            let query = SegmentQuery { session: Some(session), after, limit: PAGE, ..SegmentQuery::default() };
            let page = self.recordings.segments(query).await?;
            let is_last = page.len() < PAGE as usize;
            all.extend(page);
            if is_last {
                return Ok(all);
            }
        }
    }
}

pub(super) fn finding(
    place: CopyPlace,
    name: &str,
    segment: Option<Uuid>,
    (repair, what): (Repair, String),
) -> ReconcileFinding {
    ReconcileFinding { place, name: name.to_owned(), segment, what, repair, done: false }
}

/// What came of mending one thing: only a service that does not work ends the step.
pub(super) fn settle(finding: &mut ReconcileFinding, mended: Result<bool>) -> Result<()> {
    match mended {
        Ok(done) => finding.done = done,
        Err(error) if error.is_passing() => return Err(error),
        Err(error) => finding.what = format!("{}; it cannot be mended: {}", finding.what, error.message()),
    }
    Ok(())
}
