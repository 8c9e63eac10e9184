//! What the parts of reconciling share.

use std::sync::Arc;
use std::time::Duration;

use uuid::Uuid;

use crate::adapters::database::RecordingStore;
use crate::adapters::objects::SharedObjects;
use crate::adapters::spool::SharedSpool;
use crate::base::Result;
use crate::domain::copies::CopyPlace;
use crate::domain::reconcile::{ReconcileFinding, Repair};

/// A step ends after that, where it has done anything.
pub(super) const STEP: Duration = Duration::from_secs(10);

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

impl ReconcileHandles {}

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
