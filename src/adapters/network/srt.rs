//! The first question of SRT to its listener, which answers over UDP and keeps nothing of it.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use tokio::net::UdpSocket;
use tokio::time::{Instant, timeout};

use super::network_fault::{late, of_io, other_protocol};
use super::question::Question;
use super::srt_packet::{LENGTH, SrtAnswer, answer, induction};
use crate::domain::health::{NetworkRound, RoundTripBy};
use crate::domain::probe::{FaultKind, ProbeFault};

/// A question without an answer is asked again, as libsrt does, only less often.
const QUESTIONS: u32 = 3;
/// No sooner than that.
const LEAST_WAIT: Duration = Duration::from_millis(250);

pub(super) async fn probe(question: &Question<'_>, round: &mut NetworkRound) -> Result<(), ProbeFault> {
    let url = question.url;
    let Some(address) = question.addresses.first().copied() else { return Err(late(url, round)) };
    (round.address, round.by) = (Some(address.to_string()), Some(RoundTripBy::SrtInduction));
    let io = |error: &std::io::Error| of_io(url, error);
    let any: IpAddr = if address.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
    let socket = UdpSocket::bind((any, 0)).await.map_err(|error| io(&error))?;
    socket.connect(SocketAddr::new(address, url.port.unwrap_or_default())).await.map_err(|error| io(&error))?;
    let left = question.deadline.saturating_duration_since(Instant::now());
    let wait = (left / QUESTIONS).max(LEAST_WAIT);
    let mut strange = false;
    for _ in 0..QUESTIONS {
        let (id, begun) = (rand::random::<u32>() | 1, Instant::now());
        socket.send(&induction(id, rand::random(), 0)).await.map_err(|error| io(&error))?;
        let answered = async {
            let mut packet = [0; LENGTH * 8];
            loop {
                let length = socket.recv(&mut packet).await?;
                match answer(&packet[..length], id) {
                    Some(answer) => return std::io::Result::Ok(answer),
                    None => strange = true,
                }
            }
        };
        let answered = timeout(wait, answered).await;
        let took = begun.elapsed().as_secs_f64();
        match answered {
            Ok(Ok(answer)) => {
                round.round_trips.push(Some(took));
                round.phases.answer_seconds = Some(took);
                return match answer {
                    SrtAnswer::Induction => Ok(()),
                    SrtAnswer::Rejected(reason) => {
                        let text = format!("{} rejects connections (reason {reason}); look at its log", url.origin());
                        Err(ProbeFault::new(FaultKind::Busy, text))
                    }
                };
            }
            Ok(Err(error)) => {
                // Its host says that nobody listens: that is an answer of the network.
                if error.kind() == std::io::ErrorKind::ConnectionRefused {
                    round.round_trips.push(Some(took));
                }
                return Err(io(&error));
            }
            Err(_) => round.round_trips.push(None),
        }
    }
    Err(if strange { other_protocol(url) } else { late(url, round) })
}
