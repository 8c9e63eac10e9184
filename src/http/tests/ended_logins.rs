//! Logins that end while the page is open: the live connection ends with them.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::TimeDelta;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_tungstenite::tungstenite::client::IntoClientRequest;

use super::logins::PASSWORD;
use super::world::World;
use crate::adapters::secrets::hash_password;
use crate::domain::login::{LastOperator, UserRole};

/// Waits for the close frame of a live connection.
async fn closed_with(mut client: tokio_tungstenite::WebSocketStream<impl AsyncRead + AsyncWrite + Unpin>) -> u16 {
    use futures_util::StreamExt;

    let closed = async {
        loop {
            let message = client.next().await.expect("a close frame before the end").expect("a frame");
            if let tokio_tungstenite::tungstenite::Message::Close(Some(close)) = message {
                return u16::from(close.code);
            }
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(30), closed).await.expect("a close frame")
}

#[actix_web::test]
async fn a_user_that_goes_or_changes_closes_the_live_connections_by_its_password() {
    let world = World::new().await;
    world.add_user("olga", UserRole::Operator).await;
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let server = crate::http::http_server::serve(listener, world.state.clone(), 4096).expect("a server");
    for name in ["vera", "vlad"] {
        world.add_user(name, UserRole::Viewer).await;
        let mut request = format!("ws://{}/api/v1/ws", server.address()).into_client_request().expect("a request");
        request.headers_mut().insert(
            "authorization",
            format!("Basic {}", STANDARD.encode(format!("{name}:{PASSWORD}"))).parse().expect("a header"),
        );
        let (client, _) = tokio_tungstenite::connect_async(request).await.expect("a session");
        if name == "vera" {
            world.state.logins.store().remove_user(name.to_owned(), LastOperator::MayGo).await.expect("removed");
        } else {
            let other = hash_password("another password".into()).await.expect("hashed");
            world
                .state
                .logins
                .store()
                .edit_user(name.to_owned(), None, Some(other), LastOperator::MayGo)
                .await
                .expect("changed");
        }
        world.state.logins.refresh().await.expect("read");
        assert_eq!(closed_with(client).await, 4003, "{name}");
    }
    server.stop().await;
}

#[actix_web::test]
async fn a_session_that_is_revoked_closes_its_live_connection() {
    let world = World::new().await;
    world.add_user("vera", UserRole::Viewer).await;
    let (id, cookie) = world.add_session("vera", TimeDelta::zero()).await;
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let server = crate::http::http_server::serve(listener, world.state.clone(), 4096).expect("a server");
    let mut request = format!("ws://{}/api/v1/ws", server.address()).into_client_request().expect("a request");
    assert!(tokio_tungstenite::connect_async(request.clone()).await.is_err(), "nobody gets nothing");
    request.headers_mut().insert("cookie", cookie.parse().expect("a header"));
    let (client, _) = tokio_tungstenite::connect_async(request).await.expect("a session");
    world.state.logins.end_session(id).await.expect("ended");
    assert_eq!(closed_with(client).await, 4003);
    server.stop().await;
}
