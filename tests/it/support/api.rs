//! The HTTP API as a program sees it.

use std::time::Duration;

use reqwest::header::{AUTHORIZATION, HeaderMap};
use reqwest::{Client, Method, StatusCode};
use serde_json::Value;

/// Longer than any answer takes.
const LIMIT: Duration = Duration::from_secs(15);

/// A connection that nobody has used for so long is not used again. The program ends one after 30 s, and a test that waits for a process
/// meanwhile does not hear of it.
const IDLE: Duration = Duration::from_secs(5);

/// A client of one running program.
#[derive(Clone)]
pub struct Api {
    base: String,
    client: Client,
}

impl Api {
    /// `base`: `http://127.0.0.1:8080`.
    pub fn at(base: &str) -> Self {
        let client = Client::builder().no_proxy().timeout(LIMIT).pool_idle_timeout(IDLE).build().expect("a client");
        Self { base: base.to_owned(), client }
    }

    /// As [`Self::at`], for a program that asks for a login.
    pub fn with_token(base: &str, token: &str) -> Self {
        let value = format!("Bearer {token}").parse().expect("a header");
        let headers = HeaderMap::from_iter([(AUTHORIZATION, value)]);
        let client =
            Client::builder().no_proxy().timeout(LIMIT).pool_idle_timeout(IDLE).default_headers(headers).build();
        Self { base: base.to_owned(), client: client.expect("a client") }
    }

    /// As [`Self::at`], with a new connection for each request: for a server that is restarted meanwhile.
    pub fn without_pool(base: &str) -> Self {
        let client = Client::builder().no_proxy().timeout(LIMIT).pool_max_idle_per_host(0).build();
        Self { base: base.to_owned(), client: client.expect("a client") }
    }

    /// The whole address of a route.
    pub fn url(&self, route: &str) -> String {
        format!("{}{route}", self.base)
    }

    /// `127.0.0.1:8080`.
    pub fn address(&self) -> &str {
        self.base.trim_start_matches("http://")
    }

    /// Status and text of a GET; `None` when nobody answers.
    pub async fn text(&self, route: &str) -> Option<(StatusCode, String)> {
        let answer = self.client.get(self.url(route)).send().await.ok()?;
        let status = answer.status();
        Some((status, answer.text().await.ok()?))
    }

    /// JSON of a GET that must succeed.
    pub async fn get(&self, route: &str) -> Value {
        let (status, text) = self.text(route).await.unwrap_or_else(|| panic!("no answer from {route}"));
        assert_eq!(status, StatusCode::OK, "{route}: {text}");
        serde_json::from_str(&text).unwrap_or_else(|_| panic!("{route} is not JSON: {text}"))
    }

    /// Items of a list that must be there.
    pub async fn items(&self, route: &str) -> Vec<Value> {
        match self.get(route).await["items"].take() {
            Value::Array(items) => items,
            other => panic!("{route} has no items: {other}"),
        }
    }

    /// The item of a list with this name.
    pub async fn named(&self, route: &str, name: &str) -> Option<Value> {
        self.items(route).await.into_iter().find(|item| item["name"] == name)
    }

    /// Content type and text of a GET that must succeed, for a client that takes these types.
    pub async fn accepting(&self, route: &str, accept: &str) -> (String, String) {
        let answer = self.client.get(self.url(route)).header("accept", accept).send().await.expect("an answer");
        assert_eq!(answer.status(), StatusCode::OK, "{route}");
        let kind = answer.headers()["content-type"].to_str().expect("text").to_owned();
        (kind, answer.text().await.expect("text"))
    }

    /// Status and JSON of a request with a body; null when the answer has none.
    pub async fn send(&self, method: Method, route: &str, body: Vec<u8>) -> (StatusCode, Value) {
        let request = self.client.request(method, self.url(route)).header("content-type", "application/json");
        let answer = request.body(body).send().await.expect("an answer");
        let status = answer.status();
        let text = answer.text().await.expect("a body");
        (status, serde_json::from_str(&text).unwrap_or(Value::Null))
    }

    /// The stream of this name, when it is known.
    pub async fn stream(&self, name: &str) -> Option<Value> {
        self.named("/api/v1/streams", name).await
    }

    /// The camera of this name, when it is known.
    pub async fn camera(&self, name: &str) -> Option<Value> {
        self.named("/api/v1/cameras", name).await
    }

    /// All segments of a stream, oldest first.
    pub async fn segments(&self, stream: &str) -> Vec<Value> {
        let stream = stream.replace('/', "%2F");
        self.items(&format!("/api/v1/recordings/{stream}/segments?limit=1000")).await
    }
}
