//! Reconciling: spool, catalogue and object store are compared, and what differs is mended three ways: objects without a row get one,
//! rows whose object or file is not there say so (or are uploaded again), local files without a row are sealed and entered.
//!
//! Works in steps of bounded size and time, each of which begins where the one before ended: whoever asks keeps the place, and may stop
//! at any point. Without `apply` nothing is changed. Nothing is ever deleted: what cannot be explained is listed, and a local file of
//! that kind is moved to `+unexplained` in the spool. Only rows of this node are written; an object without a row becomes this node's.
//! What recorders, uploads and retention are at work on is left to them. Asked by HTTP, and by the command line where no program runs.

mod catalogue_rows;
mod entered;
mod reconcile_handles;
mod spool_files;
mod stored_objects;

pub use reconcile_handles::ReconcileHandles;

use crate::adapters::spool::on_disk;
use crate::base::Result;
use crate::domain::reconcile::{ReconcilePart, ReconcileStep};

/// Looks through a stretch of a part, and mends what differs where `apply` says so.
///
/// # Errors
/// When a service does not work, or spool or store is not the one that it should be. One thing that cannot be mended is a finding.
pub async fn step(
    handles: &ReconcileHandles,
    part: ReconcilePart,
    after: Option<String>,
    apply: bool,
) -> Result<ReconcileStep> {
    on_disk(&handles.spool, |spool| spool.check()).await?;
    handles.objects.check().await?;
    match part {
        ReconcilePart::Spool => spool_files::step(handles, after, apply).await,
        ReconcilePart::Objects => stored_objects::step(handles, after, apply).await,
        ReconcilePart::Rows => catalogue_rows::step(handles, after, apply).await,
    }
}
