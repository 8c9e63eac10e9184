//! Whether the disk of the spool needs room.

use crate::adapters::spool::{SharedSpool, on_disk};
use crate::base::Result;
use crate::domain::spool_space::shortage;

/// Bytes that are free on the spool's disk.
pub(super) async fn free(spool: &SharedSpool) -> Result<u64> {
    let (_, free) = on_disk(spool, |spool| spool.disk()).await?;
    Ok(free)
}

/// Whether the spool's disk has less free than recordings need.
pub(super) async fn needs_room(spool: &SharedSpool, min_free: u64) -> Result<bool> {
    Ok(shortage(free(spool).await?, min_free) > 0)
}
