//! A browser that reaches the program through a reverse proxy on this machine.

use futures_util::StreamExt;
use reqwest::{Client, Method, RequestBuilder, StatusCode};
use serde_json::Value;
use tokio::net::TcpStream;
use tokio_tungstenite::client_async;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;

use super::wait::TIMEOUT;

/// The name that browsers know.
pub const NAME: &str = "video.example.org";

/// Where the proxy listens.
pub struct ProxyClient {
    pub port: u16,
}

impl ProxyClient {
    /// What pages behind the proxy say of themselves.
    pub fn origin(&self) -> String {
        format!("http://{NAME}:{}", self.port)
    }

    /// A request, not sent yet.
    pub fn request(&self, method: Method, route: &str) -> RequestBuilder {
        let place = ([127, 0, 0, 1], self.port).into();
        let client = Client::builder().no_proxy().resolve(NAME, place).timeout(TIMEOUT).build().expect("a client");
        client.request(method, format!("{}{route}", self.origin()))
    }

    /// A browser's request.
    pub async fn ask(&self, method: Method, route: &str) -> (StatusCode, Value) {
        let mut request = self.request(method.clone(), route);
        if method != Method::GET {
            request = request.header("origin", self.origin());
        }
        let answer = request.send().await.unwrap_or_else(|error| panic!("{route}: {error}"));
        let status = answer.status();
        (status, serde_json::from_str(&answer.text().await.expect("a body")).unwrap_or(Value::Null))
    }

    /// A page opens the WebSocket: its first message, or the status that it was refused with.
    pub async fn connect(&self) -> Result<Value, u16> {
        self.connect_at("/api/v1/ws").await
    }

    /// The same at another address.
    pub async fn connect_at(&self, route: &str) -> Result<Value, u16> {
        let mut request = format!("ws://{NAME}:{}{route}", self.port).into_client_request().expect("a request");
        request.headers_mut().insert("origin", self.origin().parse().expect("a header"));
        let stream = TcpStream::connect(("127.0.0.1", self.port)).await.expect("a connection");
        match client_async(request, stream).await {
            Ok((mut socket, _)) => {
                let first = tokio::time::timeout(TIMEOUT, socket.next()).await.expect("in time");
                let text = first.expect("a message").expect("no end").into_text().expect("text");
                Ok(serde_json::from_str(&text).expect("JSON"))
            }
            Err(tokio_tungstenite::tungstenite::Error::Http(answer)) => Err(answer.status().as_u16()),
            Err(other) => panic!("{other}"),
        }
    }
}
