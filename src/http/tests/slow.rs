//! Slow and greedy clients, over a real server and real sockets.

use std::net::{SocketAddr, TcpListener};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::{sleep, timeout};

use super::world::World;
use crate::http::connection_limits::ConnectionLimits;
use crate::http::http_server::{HttpServer, serve_within};

/// Nothing here takes so long unless it waits for ever.
const TIMEOUT: Duration = Duration::from_secs(30);

fn limits() -> ConnectionLimits {
    let short = Duration::from_millis(300);
    ConnectionLimits {
        total: 8,
        per_address: 4,
        reserve: 2,
        body: short,
        file: short,
        request: TIMEOUT * 2,
        answer: TIMEOUT * 2,
    }
}

fn start(world: &World, limits: ConnectionLimits) -> HttpServer {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    serve_within(listener, world.state.clone(), limits).expect("a server")
}

/// A connection of the client 127.0.0.`from`.
async fn connect(server: &HttpServer, from: u8) -> TcpStream {
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.bind(SocketAddr::from(([127, 0, 0, from], 0))).expect("an address of this machine");
    socket.connect(server.address()).await.expect("a connection")
}

fn request(method: &str, path: &str, headers: &str) -> String {
    format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\n{headers}\r\n")
}

/// Sends this and reads until the server closes, or has given its whole head.
async fn ask(stream: &mut TcpStream, text: &str) -> String {
    // Fails when the server has closed already; what it has said can be read all the same.
    let _ = stream.write_all(text.as_bytes()).await;
    let mut answer = Vec::new();
    let mut part = [0; 4096];
    timeout(TIMEOUT, async {
        while let Ok(length @ 1..) = stream.read(&mut part).await {
            answer.extend_from_slice(&part[..length]);
            if answer.windows(4).any(|end| end == b"\r\n\r\n") {
                break;
            }
        }
    })
    .await
    .expect("an answer or an end");
    String::from_utf8_lossy(&answer).into_owned()
}

fn status(answer: &str) -> Option<u16> {
    answer.split(' ').nth(1)?.parse().ok()
}

/// Waits until this is answered to the client of the slow ones' address.
async fn answered(server: &HttpServer, path: &str) {
    timeout(TIMEOUT, async {
        while status(&ask(&mut connect(server, 1).await, &request("GET", path, "")).await) != Some(200) {
            tokio::task::yield_now().await;
        }
    })
    .await
    .expect("it is answered in the end");
}

/// Waits for the end of a connection that says nothing more.
async fn closed(stream: &mut TcpStream) {
    let mut part = [0; 4096];
    let ended = async { while matches!(stream.read(&mut part).await, Ok(1..)) {} };
    timeout(TIMEOUT, ended).await.expect("the server closes");
}

#[actix_web::test]
async fn a_body_that_does_not_arrive_is_refused_with_408_and_the_connection_ends() {
    let world = World::new().await;
    let server = start(&world, limits());
    let json = "Content-Type: application/json\r\n";
    let length = "Content-Length: 1000000\r\n";
    let cases = [
        ("POST", "/api/v1/cameras/import", format!("Content-Type: text/csv\r\n{length}"), "name"),
        ("POST", "/api/v1/cameras", format!("{json}{length}"), "{\"na"),
        ("POST", "/api/v1/cameras/probe", format!("{json}Transfer-Encoding: chunked\r\n"), "4\r\n{\"na\r\n"),
        ("PUT", "/api/v1/camera-kinds/acme", format!("{json}{length}"), ""),
    ];
    for (method, path, headers, begin) in cases {
        let mut client = connect(&server, 1).await;
        let answer = ask(&mut client, &format!("{}{begin}", request(method, path, &headers))).await;
        assert_eq!(status(&answer), Some(408), "{method} {path}: {answer}");
        assert!(answer.to_ascii_lowercase().contains("connection: close"), "{answer}");
        closed(&mut client).await;
    }
    server.stop().await;
}

#[actix_web::test]
async fn a_connection_that_owes_a_request_is_cut_off_however_it_trickles() {
    let world = World::new().await;
    let server = start(&world, ConnectionLimits { request: Duration::from_millis(500), ..limits() });
    // A body that no handler wants; the head of a second request; both byte by byte.
    let unwanted = request("GET", "/health", "Transfer-Encoding: chunked\r\n");
    for (first, byte) in [(unwanted, "1\r\nx\r\n"), (request("GET", "/health", ""), "G")] {
        let mut client = connect(&server, 1).await;
        assert_eq!(status(&ask(&mut client, &first).await), Some(200));
        let begun = Instant::now();
        while client.write_all(byte.as_bytes()).await.is_ok() {
            assert!(begun.elapsed() < TIMEOUT, "it goes on for ever");
            sleep(Duration::from_millis(20)).await;
        }
    }
    server.stop().await;
}

#[actix_web::test]
async fn a_thousand_slow_clients_shut_nobody_out_from_health() {
    let world = World::new().await;
    let server = start(&world, ConnectionLimits { body: TIMEOUT * 2, file: TIMEOUT * 2, ..limits() });
    let begin = request("POST", "/api/v1/cameras/import", "Content-Type: text/csv\r\nContent-Length: 1000000\r\n");
    let mut slow = Vec::new();
    for number in 0..40 {
        let mut client = connect(&server, 1).await;
        // Every other one says nothing at all.
        if number % 2 == 0 {
            // It may have been sent away by now.
            let _ = client.write_all(format!("{begin}name").as_bytes()).await;
        }
        slow.push(client);
    }
    // As soon as all of them have been taken in or sent away; and they stay.
    answered(&server, "/health").await;
    for path in ["/health", "/ready", "/metrics"] {
        let answer = ask(&mut connect(&server, 1).await, &request("GET", path, "")).await;
        assert_eq!(status(&answer), Some(200), "{path}: {answer}");
        assert!(answer.to_ascii_lowercase().contains("connection: close"), "a reserved place is for one answer");
    }
    let refused = ask(&mut connect(&server, 1).await, &request("GET", "/api/v1/status", "")).await;
    assert_eq!(status(&refused), Some(503), "{refused}");
    // Another address is not concerned.
    let answer = ask(&mut connect(&server, 2).await, &request("GET", "/api/v1/status", "")).await;
    assert_eq!(status(&answer), Some(200), "{answer}");
    drop(slow);
    answered(&server, "/api/v1/status").await;
    server.stop().await;
}
