//! Services over TCP: the connection, TLS where the scheme says so, and the first words of the protocol.

use tokio::time::Instant;

use super::client_tls::ShownCertificate;
use super::connection::{Connection, connect, secure};
use super::network_fault::{of_io, of_status, other_protocol};
use super::question::Question;
use super::{http_head, rtmp, rtsp};
use crate::base::endpoint_url::EndpointScheme;
use crate::domain::health::{NetworkRound, RoundTripBy};
use crate::domain::probe::ProbeFault;

pub(super) async fn probe(question: &Question<'_>, round: &mut NetworkRound) -> Result<(), ProbeFault> {
    let url = question.url;
    round.by = Some(RoundTripBy::Tcp);
    let stream = connect(question, round).await?;
    let mut connection = if url.scheme.is_secure() {
        secure(question, stream, &ShownCertificate::default(), round).await?
    } else {
        Connection::Plain(stream)
    };
    let begun = Instant::now();
    let speaks = match url.scheme {
        EndpointScheme::Http | EndpointScheme::Https => {
            let status = http_head::get(&mut connection, url).await;
            round.http_status = status.as_ref().ok().copied().flatten();
            status.map(|status| status.is_some())
        }
        EndpointScheme::Rtsp | EndpointScheme::Rtsps => rtsp::options(&mut connection, url).await,
        EndpointScheme::Rtmp | EndpointScheme::Rtmps => rtmp::shake_hands(&mut connection).await,
        // The connection is all.
        EndpointScheme::Icmp | EndpointScheme::Tcp | EndpointScheme::Tls | EndpointScheme::Srt => return Ok(()),
    };
    match speaks {
        Ok(true) => round.phases.answer_seconds = Some(begun.elapsed().as_secs_f64()),
        Ok(false) => return Err(other_protocol(url)),
        Err(error) => return Err(of_io(url, &error)),
    }
    round.http_status.and_then(|status| of_status(url, status)).map_or(Ok(()), Err)
}
