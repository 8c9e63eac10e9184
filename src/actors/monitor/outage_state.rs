//! What a server's poller remembers of an outage.

use crate::base::single_flight::SingleFlight;
use crate::domain::moment::Moment;

/// What is known of the time in which the API does not answer.
#[derive(Debug, Default)]
pub(super) struct ApiOutage {
    /// Since when, and why.
    pub(super) api: Option<(Moment, String)>,
    pub(super) probing_rtsp: SingleFlight,
}
