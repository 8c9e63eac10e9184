//! Hosts as they were last measured.

use async_trait::async_trait;

use crate::base::Result;
use crate::domain::host::HostStatus;

/// Hosts as they were last measured, whoever wrote them.
#[async_trait]
pub trait HostStore: Send + Sync {
    /// All of them, by name.
    async fn hosts(&self) -> Result<Vec<HostStatus>>;
    /// Keeps these, in the place of what was kept of them.
    async fn put_hosts(&self, hosts: Vec<HostStatus>) -> Result<()>;
    /// Forgets one; nothing where there is none.
    async fn remove_host(&self, name: String) -> Result<()>;
}

/// What a row says. What is not understood is a later version's, or was written by hand: it is left out.
pub(super) fn read(name: &str, status: &str) -> Option<HostStatus> {
    let status = serde_json::from_str::<HostStatus>(status).ok().filter(|status| status.name == name);
    if status.is_none() {
        log::debug!(host = name; "the row of a host is not understood");
    }
    status
}

/// What a row of a host says.
pub(super) fn written(status: &HostStatus) -> String {
    // These types always serialise.
    serde_json::to_string(status).unwrap_or_default()
}
