//! Round trips by echo requests: by an unprivileged socket where `net.ipv4.ping_group_range` allows it, by a raw socket where this
//! process may open one (CAP_NET_RAW), else by the time of a TCP connection. Which it was is said.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::{TcpStream, UdpSocket};
use tokio::time::{Instant, sleep_until};

use super::icmp_packet::{IcmpFamily, TOKEN, reply, request};
use super::network_fault::{late, of_io};
use super::question::Question;
use crate::domain::health::{NetworkRound, RoundTripBy};
use crate::domain::probe::ProbeFault;

/// Requests of one probe.
const REQUESTS: usize = 4;
/// Time between two of them: the least that Linux lets others than root have.
const APART: Duration = Duration::from_millis(200);
/// Port of the connection that stands in for echo requests, where the URL names none.
const STAND_IN_PORT: u16 = 443;

/// How this process can send echo requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IcmpWay {
    /// Unprivileged.
    Datagram,
    /// Raw.
    Raw,
}

/// The ways that this process has now, for IPv4 and for IPv6; `None`: a TCP connection stands in.
pub fn available_ways() -> (Option<IcmpWay>, Option<IcmpWay>) {
    let way = |family| open(family).ok().map(|(way, _)| way);
    (way(IcmpFamily::V4), way(IcmpFamily::V6))
}

fn open(family: IcmpFamily) -> std::io::Result<(IcmpWay, Socket)> {
    let (domain, protocol) = match family {
        IcmpFamily::V4 => (Domain::IPV4, Protocol::ICMPV4),
        IcmpFamily::V6 => (Domain::IPV6, Protocol::ICMPV6),
    };
    let unprivileged = Socket::new(domain, Type::DGRAM, Some(protocol)).map(|socket| (IcmpWay::Datagram, socket));
    unprivileged.or_else(|_| Socket::new(domain, Type::RAW, Some(protocol)).map(|socket| (IcmpWay::Raw, socket)))
}

pub(super) async fn probe(question: &Question<'_>, round: &mut NetworkRound) -> Result<(), ProbeFault> {
    let Some(address) = question.addresses.first().copied() else { return Err(late(question.url, round)) };
    round.address = Some(address.to_string());
    let family = if address.is_ipv4() { IcmpFamily::V4 } else { IcmpFamily::V6 };
    match open(family) {
        Ok((way, socket)) => {
            round.by = Some(if way == IcmpWay::Datagram { RoundTripBy::IcmpDatagram } else { RoundTripBy::IcmpRaw });
            let socket = connected(socket, address).map_err(|error| of_io(question.url, &error))?;
            echo(question, family, &socket, round).await
        }
        Err(_) => stand_in(question, address, round).await,
    }
}

/// Connected: the kernel passes on what comes from that address only, and its errors.
fn connected(socket: Socket, address: IpAddr) -> std::io::Result<UdpSocket> {
    socket.set_nonblocking(true)?;
    socket.connect(&SocketAddr::new(address, 0).into())?;
    // Any socket that is sent to and received from by packets.
    UdpSocket::from_std(socket.into())
}

async fn echo(
    question: &Question<'_>,
    family: IcmpFamily,
    socket: &UdpSocket,
    round: &mut NetworkRound,
) -> Result<(), ProbeFault> {
    let token: [u8; TOKEN] = rand::random();
    let identifier: u16 = rand::random();
    let mut sent = [None; REQUESTS];
    round.round_trips = vec![None; REQUESTS];
    let (begun, mut count, mut last_error) = (Instant::now(), 0, None);
    let mut packet = [0; 512];
    while round.round_trips.iter().any(Option::is_none) {
        let next = (count < REQUESTS).then(|| begun + APART * count as u32);
        tokio::select! {
            // What has come is read before anything else is sent, so that its time is not that of the others.
            biased;
            received = socket.recv(&mut packet) => match received {
                Ok(length) => {
                    let now = Instant::now();
                    let number = reply(family, &packet[..length], &token).map(usize::from);
                    if let Some((number, at)) = number.and_then(|number| Some((number, (*sent.get(number)?)?))) {
                        // A second reply to one request changes nothing.
                        round.round_trips[number].get_or_insert(now.duration_since(at).as_secs_f64());
                    }
                }
                // A host or a network on the way that says no: for one request, and perhaps not for the next.
                Err(error) => last_error = Some(error),
            },
            () = sleep_until(next.unwrap_or(question.deadline)) => {
                if next.is_none() {
                    break;
                }
                let number = count;
                count += 1;
                sent[number] = Some(Instant::now());
                let request = request(family, identifier, number as u16, &token);
                if let Err(error) = socket.send(&request).await {
                    last_error = Some(error);
                }
            }
        }
        // Every request was said no to.
        if count == REQUESTS && last_error.is_some() && round.round_trips.iter().all(Option::is_none) {
            break;
        }
    }
    if round.round_trips.iter().any(Option::is_some) {
        return Ok(());
    }
    Err(last_error.map_or_else(|| late(question.url, round), |error| of_io(question.url, &error)))
}

/// A connection, or a refusal: either is an answer.
async fn stand_in(question: &Question<'_>, address: IpAddr, round: &mut NetworkRound) -> Result<(), ProbeFault> {
    round.by = Some(RoundTripBy::TcpForIcmp);
    let begun = Instant::now();
    let connecting = TcpStream::connect((address, question.url.port.unwrap_or(STAND_IN_PORT)));
    match connecting.await {
        Err(error) if error.kind() != std::io::ErrorKind::ConnectionRefused => Err(of_io(question.url, &error)),
        _ => {
            round.round_trips.push(Some(begun.elapsed().as_secs_f64()));
            Ok(())
        }
    }
}
