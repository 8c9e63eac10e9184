//! The API of a monitor, as an agent on another host uses it: it takes measurements.

use std::time::Duration;

use reqwest::Response;
use reqwest::redirect::Policy;
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use serde_json::{Value, json};
use url::Url;

use crate::adapters::tls::certificate_trust::{self, tls_fault};
use crate::base::{Error, ErrorKind, Result};
use crate::config::settings::ApiTrust;
use crate::domain::host::HostStatus;

/// A measurement is a few kilobytes.
const LIMIT: Duration = Duration::from_secs(10);

/// A monitor.
#[derive(Clone)]
pub struct MonitorClient {
    http: reqwest::Client,
    url: Url,
    token: Option<SecretString>,
}

impl MonitorClient {
    /// The one at this address, that shows a certificate of this `trust` and knows us by this token. Asks nothing yet.
    ///
    /// # Errors
    /// `Invalid` when `agent.post_ca_file` holds no certificate, `Internal` when no client can be made.
    pub fn new(base: &Url, trust: &ApiTrust, token: Option<SecretString>) -> Result<Self> {
        let mut url = base.clone();
        url.set_path(&format!("{}/api/v1/hosts", base.path().trim_end_matches('/')));
        // A redirect may lead to anybody: the token goes nowhere else. Without TLS nobody's certificates are read.
        let builder = reqwest::Client::builder().no_proxy().timeout(LIMIT).redirect(Policy::none());
        let builder = match certificate_trust::configuration("agent.post_ca_file", trust)? {
            Some(tls) => builder.use_preconfigured_tls(tls),
            None => builder.tls_built_in_root_certs(url.scheme() == "https"),
        };
        let http = builder.build();
        let http = http.map_err(|error| Error::internal("no HTTP client can be made").with_source(error))?;
        Ok(Self { http, url, token })
    }

    /// Where it is, for people.
    pub fn shown(&self) -> String {
        self.url.origin().ascii_serialization()
    }

    /// Sends a measurement.
    ///
    /// # Errors
    /// `Unauthorized` when the token is refused, `Invalid` and `Conflict` when this measurement is, else `Unavailable` or `Timeout`.
    pub async fn report(&self, status: &HostStatus) -> Result<()> {
        let answer = self.post(status).await?;
        let status = answer.status();
        if status.is_success() {
            return Ok(());
        }
        let problem: Value = answer.json().await.unwrap_or_default();
        Err(self.refused(status.as_u16(), problem["detail"].as_str()))
    }

    /// Asks whether we would be let in, by a measurement without anything in it, which is refused as such. Returns what was found.
    ///
    /// # Errors
    /// As [`Self::report`].
    pub async fn try_out(&self) -> Result<String> {
        let answer = self.post(&json!({})).await?;
        let status = answer.status().as_u16();
        let problem: Value = answer.json().await.unwrap_or_default();
        let detail = problem["detail"].as_str();
        match (status, detail) {
            (422, Some(_)) => Ok(format!("the monitor {} takes measurements of this agent", self.shown())),
            (status, detail) => Err(self.refused(status, detail)),
        }
    }

    async fn post(&self, body: &impl Serialize) -> Result<Response> {
        let request = self.http.post(self.url.clone()).json(body);
        let request = match &self.token {
            Some(token) => request.bearer_auth(token.expose_secret()),
            None => request,
        };
        request.send().await.map_err(|error| self.silent(error))
    }

    fn silent(&self, error: reqwest::Error) -> Error {
        let error = error.without_url();
        if let Some(fault) = tls_fault(&error) {
            let text = format!(
                "the monitor {} shows a certificate that is not trusted ({fault}); set agent.post_fingerprint to the fingerprint \
                 that `streamwarden check` shows on the monitor, or agent.post_ca_file to a file with its certificate",
                self.shown()
            );
            return Error::unavailable(text).with_source(error);
        }
        let kind = if error.is_timeout() { ErrorKind::Timeout } else { ErrorKind::Unavailable };
        let why = if error.is_connect() { "nobody answers there" } else { "it does not answer" };
        let text = format!("the monitor {} is unreachable, {why}; check agent.post_url", self.shown());
        Error::new(kind, text).with_source(error)
    }

    fn refused(&self, status: u16, detail: Option<&str>) -> Error {
        let shown = self.shown();
        let detail = detail.unwrap_or("what answers is no streamwarden; check agent.post_url");
        match status {
            401 | 403 => {
                let remedy = "make one on the monitor (streamwarden token add NAME --role agent) and write it into agent.token_file";
                Error::new(
                    ErrorKind::Unauthorized,
                    format!("the monitor {shown} refuses the token: {detail}; {remedy}"),
                )
            }
            409 => Error::new(ErrorKind::Conflict, format!("the monitor {shown} refuses this host: {detail}")),
            413 | 422 => Error::new(ErrorKind::Invalid, format!("the monitor {shown} refuses a measurement: {detail}")),
            _ => Error::unavailable(format!("the monitor {shown} answers with status {status}: {detail}")),
        }
    }
}
