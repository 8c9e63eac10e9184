//! How long a call of the database may take.

use std::time::Duration;

use tokio::time::timeout;

use crate::base::{Error, Kind, Result};

/// A row is read, a list is read: whatever takes longer counts as the database being away.
pub const PATIENCE: Duration = Duration::from_secs(8);

/// A database call that takes longer than [`PATIENCE`] is one that failed.
///
/// # Errors
/// Those of the call; `Timeout` when it took too long.
pub async fn patiently<T>(call: impl Future<Output = Result<T>>) -> Result<T> {
    timeout(PATIENCE, call)
        .await
        .unwrap_or_else(|_| Err(Error::new(Kind::Timeout, "the database did not answer in time; try again")))
}
