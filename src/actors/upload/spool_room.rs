//! Whether the disk of the spool needs room.

use crate::adapters::spool::{SharedSpool, on_disk};
use crate::base::Result;

/// Whether the spool's disk has less free than recordings need.
pub(super) async fn needs_room(spool: &SharedSpool, min_free: u64) -> Result<bool> {
    let (_, free) = on_disk(spool, |spool| spool.disk()).await?;
    // More than a paused recorder needs to go on (`domain::spool_space`).
    Ok(free < min_free.saturating_add(min_free / 4))
}
