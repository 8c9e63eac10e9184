//! A server under test, and looking at it through its API.

use std::time::Duration;

use serde_json::Value;
use streamwarden::demo::demo_server::{AnyServer, MediaServerChoice, start};
use streamwarden::demo::media_server::Options;

use crate::support::wait::eventually;

/// The longest wait for something that has to happen; never reached when all is well.
pub const LIMIT: Duration = Duration::from_secs(20);

/// A running server.
pub struct Harness {
    pub server: AnyServer,
    http: reqwest::Client,
}

impl Harness {
    pub async fn start() -> Self {
        Self::with(Options::default()).await
    }

    pub async fn with(options: Options) -> Self {
        Self::of(&MediaServerChoice::named().expect("MEDIAMTX_BIN"), &options).await
    }

    /// Of the kind that is chosen, whatever `MEDIAMTX_BIN` names.
    pub async fn of(choice: &MediaServerChoice, options: &Options) -> Self {
        let server = start(choice, options).await.expect("a media server");
        let http = reqwest::Client::builder().no_proxy().timeout(LIMIT).build().expect("an HTTP client");
        Self { server, http }
    }

    /// `rtsp://.../path`.
    pub fn url(&self, path: &str) -> String {
        format!("{}/{path}", self.server.rtsp_url().as_str().trim_end_matches('/'))
    }

    /// GET of an API route: status, content type, body.
    pub async fn get(&self, route: &str) -> (u16, String, String) {
        self.get_as(route, None).await
    }

    pub async fn get_as(&self, route: &str, login: Option<(&str, &str)>) -> (u16, String, String) {
        let url = self.server.api_url().join(route).expect("a route");
        let mut request = self.http.get(url);
        if let Some((user, password)) = login {
            request = request.basic_auth(user, Some(password));
        }
        let answer = request.send().await.expect("an answer");
        let kind = answer.headers().get("content-type").map_or("", |kind| kind.to_str().expect("text")).to_owned();
        (answer.status().as_u16(), kind, answer.text().await.expect("a body"))
    }

    /// Items of a listing.
    pub async fn list(&self, route: &str) -> Vec<Value> {
        let (status, _, body) = self.get(route).await;
        assert_eq!(status, 200, "{body}");
        let list: Value = serde_json::from_str(&body).expect("JSON");
        list["items"].as_array().expect("items").clone()
    }

    /// The path as the listing has it now.
    pub async fn path(&self, name: &str) -> Option<Value> {
        self.list("/v3/paths/list").await.into_iter().find(|path| path["name"] == name)
    }

    /// POST to an API route: status and body.
    pub async fn post(&self, route: &str) -> (u16, String) {
        let url = self.server.api_url().join(route).expect("a route");
        let answer = self.http.post(url).send().await.expect("an answer");
        (answer.status().as_u16(), answer.text().await.expect("a body"))
    }

    /// Waits until the path is listed and fulfils the condition.
    pub async fn path_where(&self, name: &str, condition: impl Fn(&Value) -> bool) -> Value {
        eventually(name, || async { self.path(name).await.filter(|path| path["available"] == true && condition(path)) })
            .await
    }

    /// Waits until the path is no longer listed.
    pub async fn path_gone(&self, name: &str) {
        eventually(name, || async { self.path(name).await.is_none().then_some(()) }).await;
    }
}
