//! What the network probes need to know from outside.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::base::Result;
use crate::base::endpoint_url::EndpointUrl;
use crate::config::settings::{ApiTrust, HealthSettings};
use crate::domain::camera::Reach;
use crate::domain::health::{Endpoint, EndpointLimits, OutageRule};
use crate::domain::history::{Reading, SeriesKey};

/// Takes a reading of a series.
pub type TakeReading = dyn Fn(&SeriesKey, &Reading) + Send + Sync;

/// Where readings of endpoints go that have a past; whoever keeps it need not be known here.
#[derive(Clone)]
pub struct KeepReading(pub Arc<TakeReading>);

impl fmt::Debug for KeepReading {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("KeepReading")
    }
}

/// Built by `app` at the start.
#[derive(Clone, Debug)]
pub struct NetworkSetup {
    /// Probes at once.
    pub workers: usize,
    /// What is probed, each with whose certificate is accepted.
    pub endpoints: Vec<(Endpoint, ApiTrust)>,
    /// Addresses that endpoints may have.
    pub reach: Reach,
    /// Keeps the past of endpoints, where this process does.
    pub history: Option<KeepReading>,
}

impl NetworkSetup {
    /// The endpoint of this name.
    pub(super) fn endpoint(&self, name: &str) -> Option<&(Endpoint, ApiTrust)> {
        self.endpoints.iter().find(|(endpoint, _)| endpoint.name == name)
    }
}

/// The endpoints of checked settings.
///
/// # Errors
/// `Invalid` naming the endpoint.
pub fn endpoints(settings: &HealthSettings) -> Result<Vec<(Endpoint, ApiTrust)>> {
    let endpoint = |(index, one): (usize, &crate::config::settings::EndpointSettings)| {
        let field = format!("health.endpoints[{index}].url");
        let url = EndpointUrl::read(one.url(), &field)?;
        let endpoint = Endpoint {
            name: one.name.clone(),
            url,
            interval: one.interval,
            limit: one.limit,
            limits: EndpointLimits {
                outage: OutageRule { raised_by: one.down_after, cleared_by: one.up_after },
                max_loss: one.max_loss,
                max_latency: one.max_latency,
                certificate_left: one.certificate_left,
            },
            window: settings.endpoint_window,
        };
        Ok((endpoint, one.trust.clone()))
    };
    settings.endpoints.iter().enumerate().map(endpoint).collect()
}

/// So long is spent on a name at most, of the limit of a probe.
pub(super) fn of_limit_for_name(limit: Duration) -> Duration {
    limit.mul_f64(0.8)
}
