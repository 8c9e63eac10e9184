//! Work on the spool from where nothing may block.

use super::{SharedSpool, Spool};
use crate::base::{Error, Result};

/// Runs what blocks on a thread that may block.
pub async fn on_disk<T: Send + 'static>(
    spool: &SharedSpool,
    work: impl FnOnce(&Spool) -> Result<T> + Send + 'static,
) -> Result<T> {
    let spool = spool.clone();
    let done = tokio::task::spawn_blocking(move || work(&spool)).await;
    done.map_err(|error| Error::internal("work on the spool ended without a result").with_source(error))?
}
