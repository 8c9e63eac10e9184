//! Uploading: every sealed segment into the object store, and out of the spool when its time has come.
//!
//! ```text
//! Uploads             gives back what an earlier process was uploading; wakes workers; evicts; deletes
//!  `- UploadWorker x N  claim -> put -> size checked -> row says uploaded
//! ```
//!
//! Acts on rows of the catalogue alone, so that nothing is forgotten whoever dies. A row says `uploaded` only when the
//! store itself has named the object's size; a local file goes only after the store has done so once more. Never seals,
//! never talks to recorders. A file that is not in the spool makes its segment `missing` until it is back; a spool or store
//! that is not the right one stops all of it. Where other bytes stand at a key, neither they nor the local file are touched
//! (`conflicts`). Started by `root`.

mod attempt;
mod conflicts;
mod evict;
#[cfg(test)]
mod evict_tests;
mod missing;
mod retain;
#[cfg(test)]
mod retain_tests;
mod retries;
mod spool_room;
#[cfg(test)]
mod testworld;
mod uploads;
#[cfg(test)]
mod uploads_tests;
mod worker;
#[cfg(test)]
mod worker_tests;

use std::sync::Arc;
use std::time::Duration;

use chrono::Utc;
use tokio::sync::watch;

pub use uploads::Uploads;
pub use worker::{FAILED_UPLOADS, UPLOADS};

use crate::actors::incidents::IncidentsHandle;
use crate::adapters::database::{RecordingStore, RetentionStore};
use crate::adapters::objects::SharedObjects;
use crate::adapters::spool::{SharedSpool, on_disk};
use crate::base::upload_window::UploadWindow;
use crate::base::{Error, Result};
use crate::domain::clock_watch;
use crate::domain::incident::IncidentKind;
use crate::domain::retention::RetentionRules;
use crate::domain::spool_space::SpoolDisk;

/// Without the role `record`, which records and uploads, what an earlier run has told of either ends.
pub fn without_role(incidents: &IncidentsHandle) {
    incidents.nobody_tells_of(&[IncidentKind::RecordingPaused, IncidentKind::ObjectConflict]);
    incidents.nobody_tells_of_service(clock_watch::SERVICE);
}

/// What uploading needs from outside.
#[derive(Clone)]
pub struct UploadHandles {
    /// The catalogue: the queue of uploads.
    pub recordings: Arc<dyn RecordingStore>,
    /// What may not be deleted, and what shall be.
    pub retention: Arc<dyn RetentionStore>,
    /// Where segments go.
    pub objects: SharedObjects,
    /// Where they lie.
    pub spool: SharedSpool,
    /// Changes when a segment has been sealed.
    pub sealed: watch::Receiver<u64>,
    /// What the recorders find of its disk, time and again.
    pub disk: watch::Receiver<SpoolDisk>,
    /// Where it is told that other bytes stand where a segment should be.
    pub incidents: IncidentsHandle,
}

impl UploadHandles {
    /// Whether spool and store are those that they should be: asked before any row is touched.
    pub(super) async fn ready(&self) -> Result<()> {
        on_disk(&self.spool, |spool| spool.check()).await?;
        self.objects.check().await
    }

    /// Whether the window of uploads is open, or the disk of the spool is about to be full: footage is worth more than a line.
    pub(super) async fn is_open(&self, rules: &UploadRules) -> Result<bool> {
        if rules.window.is_none_or(|window| window.opens_in(Utc::now()).is_none()) {
            return Ok(true);
        }
        spool_room::needs_room(&self.spool, rules.min_free).await
    }

    /// Whether the store may grow: where it is on the spool's disk, it leaves as many bytes free as recordings do.
    pub(super) async fn has_room(&self, min_free: u64) -> Result<()> {
        let Some(device) = self.objects.device().await? else { return Ok(()) };
        let (disk, free) = on_disk(&self.spool, |spool| spool.disk()).await?;
        if disk != device || free >= min_free {
            return Ok(());
        }
        Err(Error::unavailable(
            "the object store is on the disk of the spool, which has less than record.min_free left; free space, lower \
             record.keep_local, or give the object store a disk of its own",
        ))
    }
}

/// Rules of the configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UploadRules {
    /// Upload workers.
    pub workers: usize,
    /// All uploads together have at most so many bytes a second.
    pub max_rate: Option<u64>,
    /// Uploads go on at these times alone, unless the spool needs room.
    pub window: Option<UploadWindow>,
    /// Uploaded segments stay in the spool for so long.
    pub keep_local: Duration,
    /// Where that is not enough, segments that are not uploaded yet go too, the oldest first.
    pub evict_before_upload: bool,
    /// Below this many free bytes recordings pause; uploaded segments leave the spool before that.
    pub min_free: u64,
    /// What leaves the object store.
    pub retention: RetentionRules,
}
