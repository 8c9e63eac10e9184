//! How long a call of the database may take.

use std::time::Duration;

use tokio::time::timeout;

use crate::base::{Error, ErrorKind, Result};

/// A row is read, a list is read: whatever takes longer counts as the database being away.
pub const CALL_TIMEOUT: Duration = Duration::from_secs(8);

/// A database call that takes longer than [`CALL_TIMEOUT`] is one that failed.
///
/// # Errors
/// Those of the call; `Timeout` when it took too long.
pub async fn with_timeout<T>(call: impl Future<Output = Result<T>>) -> Result<T> {
    timeout(CALL_TIMEOUT, call)
        .await
        .unwrap_or_else(|_| Err(Error::new(ErrorKind::Timeout, "the database did not answer in time; try again")))
}
