//! Endpoints of the network probes: how echo requests can be sent here, and each endpoint asked once.

use futures_util::{StreamExt, stream};

use super::report::{CheckOutcome, Finding};
use crate::actors::health::{self, ask};
use crate::adapters::network::{IcmpWay, available_ways};
use crate::app::health_children::target_reach;
use crate::base::endpoint_url::EndpointScheme;
use crate::config::Settings;
use crate::config::settings::ApiTrust;
use crate::domain::camera::Reach;
use crate::domain::health::{DegradedEvent, Endpoint, EndpointRecord, NetworkResult};
use crate::domain::moment::Moment;

/// So many are asked.
const ASKED: usize = 200;
/// At once.
const AT_ONCE: usize = 32;

const ALLOW: &str = "allow it with `sysctl net.ipv4.ping_group_range=\"0 2147483647\"`, or give the service CAP_NET_RAW; or leave it so: \
                     the time of a TCP connection stands in";

/// What is wrong with the endpoints, each with its name; one line when nothing is.
pub(super) async fn findings(settings: &Settings) -> Vec<Finding> {
    let is_role = settings.has_role("health");
    if !is_role || settings.health.endpoints.is_empty() {
        return Vec::new();
    }
    let endpoints = match health::endpoints(&settings.health) {
        Ok(endpoints) => endpoints,
        Err(error) => return vec![Finding::error("health endpoints", &error)],
    };
    let mut found: Vec<Finding> = icmp(&endpoints).into_iter().collect();
    let reach = target_reach(settings);
    let tries = endpoints.iter().take(ASKED).map(|(endpoint, trust)| tried(endpoint, trust, &reach));
    let faults: Vec<Finding> = stream::iter(tries).buffered(AT_ONCE).filter_map(std::future::ready).collect().await;
    if faults.is_empty() {
        found.push(Finding::ok("health endpoints", format!("{} endpoints", endpoints.len())));
    }
    found.extend(faults);
    found
}

/// Which way echo requests go; nothing where no endpoint wants one.
fn icmp(endpoints: &[(Endpoint, ApiTrust)]) -> Option<Finding> {
    endpoints.iter().find(|(endpoint, _)| endpoint.url.scheme == EndpointScheme::Icmp)?;
    let (four, six) = available_ways();
    let word = |way| match way {
        Some(IcmpWay::Datagram) => "unprivileged socket",
        Some(IcmpWay::Raw) => "raw socket",
        None => "none, a TCP connection stands in",
    };
    let found = format!("IPv4: {}; IPv6: {}", word(four), word(six));
    Some(match four {
        Some(_) => Finding::ok("icmp", found),
        None => Finding::note("icmp", found, ALLOW),
    })
}

async fn tried(endpoint: &Endpoint, trust: &ApiTrust, reach: &Reach) -> Option<Finding> {
    let what = format!("health endpoint {}", endpoint.name);
    let round = ask(endpoint, trust, reach).await;
    let (fault, certificate) = (round.fault.clone(), round.certificate.clone());
    if let Some(fault) = fault {
        // It may be off for now: that is what it is probed for.
        return Some(Finding::in_words(what, CheckOutcome::Note, &fault.message, "it is probed all the same"));
    }
    // What the figures of one probe can say: only the certificate.
    certificate?;
    let at = Moment { wall: chrono::Utc::now(), steady: std::time::Duration::ZERO };
    let mut record = EndpointRecord::new(endpoint.clone());
    let (_, event) = record.take(NetworkResult { at, took: std::time::Duration::ZERO, round });
    let DegradedEvent::Since(_, why) = event.degraded else { return None };
    Some(Finding::in_words(what, CheckOutcome::Note, &why, "renew it"))
}
