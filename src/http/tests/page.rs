//! The web page and what every answer carries.

use actix_web::http::Method;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::world::World;

#[actix_web::test]
async fn every_answer_carries_the_security_headers() {
    let world = World::new().await;
    for uri in ["/", "/health", "/api/v1/streams", "/api/v1/none", "/metrics"] {
        let reply = world.get(uri).await;
        assert!(reply.header("content-security-policy").contains("frame-ancestors 'none'"), "{uri}");
        assert_eq!(reply.header("x-content-type-options"), "nosniff", "{uri}");
        assert_eq!(reply.header("referrer-policy"), "no-referrer", "{uri}");
        assert!(!reply.header("cache-control").is_empty(), "{uri}");
    }
    let refused = world.ask(Method::GET, "/", &[("host", "evil.example")], None).await;
    assert_eq!(refused.header("x-content-type-options"), "nosniff", "refused requests too");
}

#[actix_web::test]
async fn addresses_of_the_page_answer_with_the_page() {
    let world = World::new().await;
    for (uri, status) in [
        ("/", 200),
        ("/?a=b", 200),
        ("/index.html", 200),
        ("/nope", 404),
        ("/camerasx", 404),
        ("/no/such/page", 404),
        ("/site%2Fcam.1", 404),
    ] {
        let reply = world.get(uri).await;
        assert_eq!((reply.status, reply.header("cache-control")), (status, "no-cache"), "{uri}");
        assert!(reply.header("content-type").starts_with("text/html"), "{uri}");
        assert!(String::from_utf8_lossy(&reply.body).to_lowercase().contains("<title>streamwarden"), "{uri}");
    }
    for (uri, status) in [("/", 200), ("/nope", 404)] {
        let (tag, any) = (("if-none-match", "*"), ("accept", "text/html"));
        assert_eq!(world.ask(Method::HEAD, uri, &[any], None).await.status, status, "{uri}");
        let known = world.ask(Method::GET, uri, &[tag], None).await.status;
        assert!(known == status || known == 304 && status == 200, "{uri}: {known}");
    }
}

#[actix_web::test]
async fn an_address_without_the_hash_leads_to_the_page_that_is_meant() {
    let world = World::new().await;
    for (uri, place) in [
        ("/cameras", "./#/cameras"),
        ("/cameras/7", "../#/cameras/7"),
        ("/streams/main/site%2Fcam.1", "../../#/streams/main/site%2Fcam.1"),
        ("/incidents/", "../#/incidents"),
    ] {
        let reply = world.get(uri).await;
        assert_eq!((reply.status, reply.header("location")), (302, place), "{uri}");
    }
}

#[actix_web::test]
async fn text_is_compressed_for_those_who_ask() {
    let world = World::new().await;
    let gzip = [("accept-encoding", "gzip, deflate, br")];
    let reply = world.ask(Method::GET, "/api/openapi.json", &gzip, None).await;
    assert_eq!((reply.header("content-encoding"), &reply.body[..2]), ("gzip", &[0x1f, 0x8b][..]));
    assert_eq!(world.get("/api/openapi.json").await.header("content-encoding"), "");
}

#[actix_web::test]
async fn head_answers_like_get_without_the_body() {
    let world = World::new().await;
    let segment = world.record("front", super::world::at(0), &[7; 100_000]).await;
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let server = crate::http::http_server::serve(listener, world.state.clone(), 4096).expect("a server");
    for (uri, length) in [
        ("/health".to_owned(), "11".to_owned()),
        (format!("/api/v1/recordings/segments/{}", segment.id), "100000".to_owned()),
    ] {
        let mut socket = tokio::net::TcpStream::connect(server.address()).await.expect("a connection");
        let request = format!("HEAD {uri} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", server.address());
        socket.write_all(request.as_bytes()).await.expect("sent");
        let mut answer = String::new();
        socket.read_to_string(&mut answer).await.expect("an answer");
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
        assert!(answer.contains(&format!("content-length: {length}\r\n")), "{answer}");
        assert!(answer.ends_with("\r\n\r\n"), "no body: {answer}");
    }
    server.stop().await;
}
