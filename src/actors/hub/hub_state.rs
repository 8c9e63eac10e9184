//! What the hub shows of itself.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::actors::supervision::ExitReason;

/// What the hub shows of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, actix::MessageResponse)]
#[serde(rename_all = "camelCase")]
pub struct HubState {
    /// Sessions connected now.
    pub clients: usize,
    /// Number of the last frame.
    pub seq: u64,
    /// Sessions closed because they were too slow.
    pub dropped: u64,
    /// Sessions that have ended, by reason.
    pub ended: BTreeMap<ExitReason, u64>,
}
