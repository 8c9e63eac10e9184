//! What a probe is asked to do.

use std::net::IpAddr;

use tokio::time::Instant;

use crate::base::endpoint_url::EndpointUrl;
use crate::config::settings::ApiTrust;

/// An endpoint, as it is asked.
#[derive(Clone, Copy, Debug)]
pub struct Question<'a> {
    /// Its name in the configuration: names the key of a file that cannot be read.
    pub name: &'a str,
    /// Where it is.
    pub url: &'a EndpointUrl,
    /// Its addresses, the best one first; each was judged.
    pub addresses: &'a [IpAddr],
    /// Whose certificate is accepted.
    pub trust: &'a ApiTrust,
    /// When it has to end.
    pub deadline: Instant,
}
