//! What a server's poller remembers of taking over the incidents of others.

use std::sync::Arc;
use std::time::Duration;

use crate::adapters::database::IncidentStore;
use crate::base::single_flight::SingleFlight;

/// What is remembered of it.
#[derive(Default)]
pub(super) struct Takeover {
    /// Where the incidents of others are; nobody takes over anything without it.
    pub(super) store: Option<Arc<dyn IncidentStore>>,
    pub(super) flight: SingleFlight,
    /// When it was done last, by the poller's age; `None` since another process polled.
    pub(super) done_at: Option<Duration>,
}
