//! Asks endpoints over the network: echo requests, connections, TLS, and the first words of HTTP, RTSP, RTMP and SRT.
//!
//! [`probe`] asks one endpoint at addresses that were looked up and judged before (`adapters/resolve`, `domain::camera::Reach`): it
//! connects to these and to no others. It ends at its deadline whatever the other side does, reads a few kilobytes at most, follows no
//! redirect, and says in a [`NetworkRound`] how far it came. Never here: whose turn it is, and what a fault means for incidents.

mod client_tls;
mod connection;
mod http_head;
mod icmp;
mod icmp_packet;
mod network_fault;
mod question;
mod rtmp;
mod rtsp;
mod service;
mod srt;
mod srt_packet;
#[cfg(test)]
mod tests;

use tokio::time::timeout_at;

use crate::base::endpoint_url::EndpointScheme;
use crate::domain::health::NetworkRound;

pub use icmp::{IcmpWay, available_ways};
use network_fault::late;
pub use question::Question;

/// Asks it. `round` has what was found before.
pub async fn probe(question: &Question<'_>, mut round: NetworkRound) -> NetworkRound {
    let asked = async {
        match question.url.scheme {
            EndpointScheme::Icmp => icmp::probe(question, &mut round).await,
            EndpointScheme::Srt => srt::probe(question, &mut round).await,
            _ => service::probe(question, &mut round).await,
        }
    };
    let found = timeout_at(question.deadline, asked).await;
    round.fault = match found {
        Ok(found) => found.err(),
        // Some echo requests were answered, and others are lost.
        Err(_) if round.round_trips.iter().any(Option::is_some) && question.url.scheme == EndpointScheme::Icmp => None,
        Err(_) => Some(late(question.url, &round)),
    };
    // A question that nobody has answered until then.
    if round.fault.is_some() && round.by.is_some() && round.round_trips.is_empty() {
        round.round_trips.push(None);
    }
    round
}
