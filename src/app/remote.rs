//! A streamwarden that runs, asked over its API. Called by `cli` by way of [`Cameras`](super::camera_access::Cameras), and
//! directly for what only a running one knows.

use std::net::SocketAddr;
use std::time::Duration;

use reqwest::RequestBuilder;
use secrecy::{ExposeSecret, SecretString};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use url::Url;

use crate::adapters::tls::certificate_trust;
use crate::adapters::tls::certificate_words::words;
use crate::base::{Error, ErrorKind, Result};
use crate::config::settings::ApiTrust;
use crate::domain::camera::CameraStatus;
use crate::domain::incident::Incident;
use crate::domain::login::Refusal;

/// Longer than the running process takes to give up on its own managers.
const TIMEOUT: Duration = Duration::from_secs(15);

/// Who it is, is said at once or not at all.
const ABOUT_TIMEOUT: Duration = Duration::from_secs(5);

/// A list as the API gives it.
#[derive(Debug, Serialize, Deserialize)]
pub struct RemotePage<T> {
    /// Its items.
    pub items: Vec<T>,
    /// Where it goes on.
    pub next: Option<String>,
}

/// Who answers. Fields that older versions do not send are absent.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct About {
    /// Its version.
    pub version: String,
    /// Its process id.
    pub pid: Option<u32>,
    /// Where its cameras are, without a password.
    pub database: Option<String>,
    /// What it does.
    pub roles: Vec<String>,
}

/// How a program at an address is asked.
#[derive(Clone, Debug, Default)]
pub struct RemoteAccess {
    /// Sent with every request.
    pub token: Option<SecretString>,
    /// Whose certificate it may show.
    pub trust: ApiTrust,
}

/// The running process by its API.
pub struct Remote {
    pub(super) http: reqwest::Client,
    /// `http://127.0.0.1:8080`.
    address: String,
    /// Sent with every request.
    token: Option<SecretString>,
}

impl Remote {
    /// The one at this address. Asks nothing yet.
    ///
    /// # Errors
    /// `Invalid` when it is not the address of a program.
    pub fn at(url: &str, access: RemoteAccess) -> Result<Self> {
        let wrong = || {
            let text = "is not the address of a streamwarden; write it as the browser shows it: http://127.0.0.1:8080";
            Error::invalid("--api", text)
        };
        let url = Url::parse(url.trim()).map_err(|_| wrong())?;
        if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() || url.query().is_some() {
            return Err(wrong());
        }
        // A page's address ends in what the browser keeps to itself; a proxy may keep us in a folder.
        let mut plain = url;
        plain.set_fragment(None);
        if plain.scheme() == "http" && access.trust != ApiTrust::Machine {
            let text = "has nothing to say about an address without TLS; write https:// there, or leave it out";
            return Err(Error::invalid("--api-fingerprint", text));
        }
        let remote = Self::with_address(plain.as_str().trim_end_matches('/').to_owned(), &access.trust)?;
        Ok(Self { token: access.token, ..remote })
    }

    /// The one that listens there; `tls` says whom it has to be, where it serves over TLS.
    pub(super) fn at_address(listen: SocketAddr, tls: Option<&ApiTrust>) -> Result<Self> {
        let scheme = if tls.is_some() { "https" } else { "http" };
        Self::with_address(format!("{scheme}://{listen}"), tls.unwrap_or(&ApiTrust::Machine))
    }

    fn with_address(address: String, trust: &ApiTrust) -> Result<Self> {
        let mut http = reqwest::Client::builder().no_proxy().timeout(TIMEOUT);
        if let Some(tls) = certificate_trust::configuration("--api-ca-file", trust)? {
            http = http.use_preconfigured_tls(tls);
        }
        let http = http.build().map_err(|error| Error::internal("no HTTP client can be made").with_source(error))?;
        Ok(Self { http, address, token: None })
    }

    /// The same with a token; one that was there stays when there is none.
    #[must_use]
    pub fn with_token(mut self, token: Option<SecretString>) -> Self {
        self.token = token.or(self.token);
        self
    }

    /// Where it is: `http://127.0.0.1:8080`, without a password.
    pub fn address(&self) -> String {
        crate::base::redact::text(&self.address)
    }

    pub(super) fn url(&self, route: &str) -> String {
        format!("{}/api/v1/{route}", self.address)
    }

    /// Who it is.
    ///
    /// # Errors
    /// `Unavailable` when nobody listens there, or somebody else; `Timeout`.
    pub async fn about(&self) -> Result<About> {
        self.ask(self.http.get(self.url("status")).timeout(ABOUT_TIMEOUT)).await
    }

    /// `GET /api/v1/status`, as it is.
    ///
    /// # Errors
    /// What the running process says, or that it does not answer.
    pub async fn status(&self) -> Result<Value> {
        self.ask(self.http.get(self.url("status"))).await
    }

    /// `GET /health`: whether it answers at all. Needs no login.
    ///
    /// # Errors
    /// `Unavailable` when nobody listens there, or somebody else; `Timeout` after 5 s.
    pub async fn health(&self) -> Result<()> {
        let url = format!("{}/health", self.address);
        let _: Value = self.ask(self.http.get(url).timeout(ABOUT_TIMEOUT)).await?;
        Ok(())
    }

    /// `GET /ready` as it is, also where something is down. The services are empty for whoever has to log in and has not.
    ///
    /// # Errors
    /// As [`Self::health`].
    pub async fn ready(&self) -> Result<Value> {
        let answer = self.dispatch(self.http.get(format!("{}/ready", self.address))).await?;
        let status = answer.status().as_u16();
        let body: Value = answer.json().await.unwrap_or_default();
        if body["ok"].is_boolean() { Ok(body) } else { Err(problem(status, &body)) }
    }

    /// The answer of a route below `/api/v1`, as it is.
    ///
    /// # Errors
    /// See [`Self::status`].
    pub async fn value(&self, route: &str) -> Result<Value> {
        self.ask(self.http.get(self.url(route))).await
    }

    /// Every stream, as the API has it.
    ///
    /// # Errors
    /// See [`Self::status`].
    pub async fn streams(&self) -> Result<Vec<Value>> {
        let all: RemotePage<Value> = self.ask(self.http.get(self.url("streams"))).await?;
        Ok(all.items)
    }

    /// The newest incidents that last.
    ///
    /// # Errors
    /// See [`Self::status`].
    pub async fn open_incidents(&self) -> Result<RemotePage<Incident>> {
        self.ask(self.http.get(self.url("incidents?open=true"))).await
    }

    /// Every camera as it is now.
    ///
    /// # Errors
    /// See [`Self::status`].
    pub async fn cameras(&self) -> Result<Vec<CameraStatus>> {
        let all: RemotePage<CameraStatus> = self.ask(self.http.get(self.url("cameras"))).await?;
        Ok(all.items)
    }

    pub(super) fn silent(&self, error: reqwest::Error) -> Error {
        let kind = if error.is_timeout() { ErrorKind::Timeout } else { ErrorKind::Unavailable };
        // The address in it may hold a password.
        let error = error.without_url();
        if let Some(why) = certificate_fault(&error) {
            let text = format!(
                "{} shows a certificate that is not trusted: {why}; name it by --api-fingerprint, or the file with it or its \
                 authority by --api-ca-file",
                self.address()
            );
            return Error::new(ErrorKind::Unauthorized, text).with_source(error);
        }
        if error.is_connect() {
            let text = format!(
                "nobody answers at {}; check the address, and that streamwarden runs there with its page on that port",
                self.address()
            );
            return Error::new(kind, text).with_source(error);
        }
        Error::new(kind, format!("streamwarden at {} does not answer: {error}", self.address())).with_source(error)
    }

    pub(super) async fn ask<T: DeserializeOwned>(&self, request: RequestBuilder) -> Result<T> {
        let answer = self.send(request).await?;
        answer.json().await.map_err(|error| self.silent(error))
    }

    /// Every request leaves here, so this is where credentials join it. A user and password in the address go along
    /// already, as Basic; a token takes their place.
    pub(super) async fn dispatch(&self, request: RequestBuilder) -> Result<reqwest::Response> {
        let request = match &self.token {
            Some(token) => request.bearer_auth(token.expose_secret()),
            None => request,
        };
        request.send().await.map_err(|error| self.silent(error))
    }

    pub(super) async fn send(&self, request: RequestBuilder) -> Result<reqwest::Response> {
        let answer = self.dispatch(request).await?;
        let status = answer.status();
        if status.is_success() {
            return Ok(answer);
        }
        Err(problem(status.as_u16(), &answer.json().await.unwrap_or_default()))
    }
}

/// Why a certificate was refused, if that was it.
fn certificate_fault(error: &reqwest::Error) -> Option<String> {
    let mut source = std::error::Error::source(error);
    while let Some(inner) = source {
        match inner.downcast_ref::<rustls::Error>() {
            Some(rustls::Error::InvalidCertificate(why)) => return Some(words(why)),
            Some(rustls::Error::General(why)) => return Some(why.clone()),
            _ => {}
        }
        // An I/O error keeps what it wraps to itself, but for this.
        let wrapped = inner.downcast_ref::<std::io::Error>().and_then(|error| error.get_ref());
        source = match wrapped {
            Some(wrapped) => Some(wrapped),
            None => inner.source(),
        };
    }
    None
}

/// The error that a problem document tells of.
pub(super) fn problem(status: u16, problem: &Value) -> Error {
    let detail = problem["detail"]
        .as_str()
        .map_or_else(|| format!("what answers is no streamwarden (status {status}); check the address"), str::to_owned);
    let kind = match status {
        401 | 403 => ErrorKind::Unauthorized,
        404 => ErrorKind::NotFound,
        409 => ErrorKind::Conflict,
        422 => ErrorKind::Invalid,
        412 => ErrorKind::Stale,
        _ => ErrorKind::Unavailable,
    };
    // What the API says to programs that send headers themselves.
    let detail = if detail == Refusal::None.as_str() { LOG_IN.to_owned() } else { detail };
    Error::new(kind, detail)
}

/// What is meant on the command line.
const LOG_IN: &str = "log in with a token: name the file that holds it with --token-file, or set STREAMWARDEN_TOKEN; `streamwarden token add \
                      NAME` makes one";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_login_that_is_asked_for_is_told_as_the_command_line_sends_it() {
        let asked = problem(401, &serde_json::json!({ "detail": Refusal::None.as_str() }));
        let says = asked.message().contains("--token-file") && asked.message().contains("STREAMWARDEN_TOKEN");
        // `running` knows a streamwarden by these two words.
        assert!(says && asked.message().contains("log in") && asked.kind() == ErrorKind::Unauthorized, "{asked}");
        assert!(problem(401, &Value::Null).message().contains("no streamwarden"));
    }

    #[test]
    fn an_address_is_taken_as_the_browser_shows_it() {
        for (typed, wanted) in [
            ("http://127.0.0.1:8080", Some("http://127.0.0.1:8080")),
            ("http://127.0.0.1:8080/#/cameras", Some("http://127.0.0.1:8080")),
            ("https://video.example.org/sw/", Some("https://video.example.org/sw")),
            ("127.0.0.1:8080", None),
            ("rtsp://10.0.0.9/stream1", None),
        ] {
            let found = Remote::at(typed, RemoteAccess::default()).map(|remote| remote.address).ok();
            assert_eq!(found.as_deref(), wanted, "{typed}");
        }
    }
}
