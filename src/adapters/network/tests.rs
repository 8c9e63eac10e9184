//! Endpoints that answer, and those that lie, hang, flood or hang up, over real sockets.

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, UdpSocket};
use tokio::time::Instant;
use tokio_util::task::AbortOnDropHandle;

use super::*;
use crate::base::endpoint_url::EndpointUrl;
use crate::config::settings::ApiTrust;
use crate::domain::health::RoundTripBy;
use crate::domain::probe::FaultKind;

const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

/// What a server does with whoever connects.
#[derive(Clone, Copy)]
enum Manner {
    /// Says that and closes.
    Says(&'static [u8]),
    /// Takes the connection and says nothing.
    Silent,
    /// Says that again and again, as fast as it can.
    Floods(&'static [u8]),
    /// The handshake of RTMP, and so many bytes of it.
    ShakesHands(usize),
}

async fn server(manner: Manner) -> (u16, AbortOnDropHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("bound").port();
    let serve = async move {
        let mut kept = Vec::new();
        while let Ok((mut guest, _)) = listener.accept().await {
            match manner {
                Manner::Says(words) => drop(guest.write_all(words).await),
                Manner::Silent => kept.push(guest),
                Manner::Floods(words) => while guest.write_all(words).await.is_ok() {},
                Manner::ShakesHands(bytes) => {
                    let mut hello = vec![0; 1537];
                    if guest.read_exact(&mut hello).await.is_err() {
                        continue;
                    }
                    let mut answer = hello.clone();
                    answer.extend(&hello[1..]);
                    drop(guest.write_all(&answer[..bytes]).await);
                    kept.push(guest);
                }
            }
        }
    };
    (port, AbortOnDropHandle::new(tokio::spawn(serve)))
}

async fn asked(url: &str, limit: Duration) -> NetworkRound {
    let url = EndpointUrl::read(url, "url").expect(url);
    let (addresses, trust) = ([HERE], ApiTrust::Machine);
    let deadline = Instant::now() + limit;
    let question = Question { name: "x", url: &url, addresses: &addresses, trust: &trust, deadline };
    probe(&question, NetworkRound::default()).await
}

#[tokio::test]
async fn services_are_told_apart_from_what_only_listens() {
    use Manner::{Floods, Says, ShakesHands, Silent};
    const OK: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
    const MOVED: &[u8] = b"HTTP/1.1 302 Found\r\nLocation: http://169.254.169.254/latest\r\n\r\n";
    let table = [
        ("tcp", Silent, None),
        ("http", Says(OK), None),
        ("http", Says(MOVED), None),
        ("http", Says(b"HTTP/1.1 404 Not Found\r\n\r\n"), Some(FaultKind::NotFound)),
        ("http", Says(b"HTTP/1.1 503 Busy\r\n\r\n"), Some(FaultKind::Busy)),
        ("http", Says(b"SSH-2.0-OpenSSH_9.2\r\n"), Some(FaultKind::NotMedia)),
        ("http", Says(b""), Some(FaultKind::Ended)),
        ("http", Silent, Some(FaultKind::TimedOut)),
        ("http", Floods(b"x"), Some(FaultKind::NotMedia)),
        ("http", Floods(b"HTTP/1.1 100 Go on\r\n\r\n"), Some(FaultKind::NotMedia)),
        ("rtsp", Says(b"RTSP/1.0 401 Unauthorized\r\n\r\n"), None),
        ("rtsp", Says(OK), Some(FaultKind::NotMedia)),
        ("rtmp", ShakesHands(3073), None),
        ("rtmp", ShakesHands(3072), Some(FaultKind::TimedOut)),
        ("rtmp", Says(OK), Some(FaultKind::NotMedia)),
        ("tls", Silent, Some(FaultKind::TimedOut)),
        ("tls", Says(OK), Some(FaultKind::Tls)),
        ("https", Floods(b"\x16\x03\x01\xff\xff"), Some(FaultKind::Tls)),
    ];
    for (scheme, manner, wanted) in table {
        let (port, _serves) = server(manner).await;
        let limit = Duration::from_millis(if wanted == Some(FaultKind::TimedOut) { 150 } else { 60_000 });
        let round = asked(&format!("{scheme}://127.0.0.1:{port}/s3cret"), limit).await;
        assert_eq!(round.fault.as_ref().map(|fault| fault.kind), wanted, "{scheme} {round:?}");
        let connected = (round.by, round.round_trips.len(), round.phases.connect_seconds.is_some());
        assert_eq!(connected, (Some(RoundTripBy::Tcp), 1, true), "{scheme} {round:?}");
        assert!(round.path_mtu.is_some_and(|mtu| mtu >= 1_280), "{scheme} {round:?}");
        let told = round.fault.map(|fault| fault.message).unwrap_or_default();
        assert!(wanted.is_none() || told.contains("; ") && !told.contains("s3cret"), "{told}");
        assert!(!told.contains("169.254"), "{told}");
    }
}

#[tokio::test]
async fn a_refusal_is_an_answer_of_the_network_and_silence_is_a_loss() {
    let closed = TcpListener::bind("127.0.0.1:0").await.expect("a port").local_addr().expect("bound").port();
    let refused = asked(&format!("tcp://127.0.0.1:{closed}"), Duration::from_secs(60)).await;
    assert_eq!(refused.fault.map(|fault| fault.kind), Some(FaultKind::Refused));
    assert!(refused.round_trips.len() == 1 && refused.round_trips[0].is_some());

    let silent = UdpSocket::bind("127.0.0.1:0").await.expect("a port");
    let port = silent.local_addr().expect("bound").port();
    let lost = asked(&format!("srt://127.0.0.1:{port}"), Duration::from_millis(900)).await;
    assert_eq!(lost.fault.map(|fault| fault.kind), Some(FaultKind::TimedOut));
    assert!(!lost.round_trips.is_empty() && lost.round_trips.iter().all(Option::is_none), "{:?}", lost.round_trips);
    drop(silent);
    let closed = asked(&format!("srt://127.0.0.1:{port}"), Duration::from_secs(60)).await;
    assert_eq!(closed.fault.map(|fault| fault.kind), Some(FaultKind::Refused));
}

#[tokio::test]
async fn echo_requests_go_the_way_that_this_process_has() {
    let way = available_ways().0;
    let (port, _serves) = server(Manner::Silent).await;
    let round = asked(&format!("icmp://127.0.0.1:{port}"), Duration::from_secs(60)).await;
    assert_eq!(round.fault, None);
    let wanted = match way {
        Some(IcmpWay::Datagram) => RoundTripBy::IcmpDatagram,
        Some(IcmpWay::Raw) => RoundTripBy::IcmpRaw,
        None => RoundTripBy::TcpForIcmp,
    };
    assert_eq!(round.by, Some(wanted));
    assert_eq!(round.round_trips.len(), if way.is_some() { 4 } else { 1 });
    assert!(round.round_trips.iter().all(|took| took.is_some_and(|took| (0.0..60.0).contains(&took))), "{round:?}");
}
