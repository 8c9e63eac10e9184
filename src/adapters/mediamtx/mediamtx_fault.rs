//! What went wrong with a request to the control API, as a sentence with the remedy in it.
//!
//! Owns the words and the [`ErrorKind`]s. Never quotes credentials: URLs are shown as origin only, bodies are shortened and
//! redacted. Talked to by [`super::mediamtx_client`].

use std::error::Error as _;
use std::io;
use std::time::Duration;

use reqwest::StatusCode;

use super::mediamtx_wire::ErrorBody;
use super::not_trusted::{API, not_trusted};
use crate::adapters::tls::certificate_trust::tls_fault;
use crate::base::{Error, ErrorKind, redact};
use crate::config::settings::ApiTrust;
use crate::domain::stream::CONNECTION_REFUSED;

/// Who is complained about: the server's name in our configuration and where its API is.
#[derive(Debug)]
pub(super) struct ApiPlace {
    /// Name in our configuration.
    pub server: String,
    /// `scheme://host:port` and nothing else.
    pub origin: String,
    /// True when a login is configured.
    pub has_login: bool,
    /// Whose certificate is taken.
    pub trust: ApiTrust,
}

impl ApiPlace {
    /// The request got no answer, or not the whole one.
    pub(super) fn no_answer(&self, error: reqwest::Error, limit: Duration) -> Error {
        let Self { server, origin, .. } = self;
        let error = error.without_url();
        let remedy = format!("start MediaMTX with `api: yes`, or correct api_url of server {server}");
        let (kind, sentence) = if error.is_timeout() && error.is_connect() {
            (
                ErrorKind::Timeout,
                format!("timeout: {origin} accepts no connection: check network and firewall, or {remedy}"),
            )
        } else if error.is_timeout() {
            let seconds = limit.as_secs();
            (
                ErrorKind::Timeout,
                format!("timeout: {origin} did not answer within {seconds} s: the server is overloaded or hangs"),
            )
        } else if refused(&error) {
            (ErrorKind::Unavailable, format!("nothing listens at {origin} {CONNECTION_REFUSED}: {remedy}"))
        } else if let Some(fault) = tls_fault(&error) {
            (ErrorKind::Unavailable, not_trusted(&API, server, origin, &self.trust, fault))
        } else if unknown_name(&error) {
            let sentence = format!(
                "the host name of {origin} is not known here: correct api_url of server {server}, check that the name servers \
                 of this machine know it, or use the address"
            );
            (ErrorKind::Unavailable, sentence)
        } else if error.is_connect() {
            (ErrorKind::Unavailable, format!("cannot connect to {origin} ({}): {remedy}", innermost(&error)))
        } else if error.is_body() || error.is_decode() {
            (
                ErrorKind::Unavailable,
                format!("the answer of {origin} was cut off: the server, or a proxy before it, closed the connection"),
            )
        } else {
            (
                ErrorKind::Unavailable,
                format!("{origin} closed the connection or does not speak HTTP ({}): {remedy}", innermost(&error)),
            )
        };
        Error::new(kind, sentence).with_source(error)
    }

    /// The answer's status is not 200.
    pub(super) fn refusal(&self, path: &str, status: StatusCode, body: &[u8]) -> Error {
        let Self { server, origin, has_login, .. } = self;
        match status {
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN if *has_login => Error::new(
                ErrorKind::Unauthorized,
                format!(
                    "{origin} refuses our login ({}): correct api_username and api_password of server {server}; MediaMTX must allow that user the action `api`",
                    status.as_u16()
                ),
            ),
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Error::new(
                ErrorKind::Unauthorized,
                format!(
                    "{origin} wants a login ({}): set api_username and api_password of server {server} to a MediaMTX user with the action `api`",
                    status.as_u16()
                ),
            ),
            StatusCode::NOT_FOUND => Error::new(
                ErrorKind::Unsupported,
                format!(
                    "{origin} has no {path}: not the API of MediaMTX 1.2 or later; correct api_url of server {server}"
                ),
            ),
            status if status.is_redirection() => Error::unavailable(format!(
                "{origin} redirects to another address ({}), as MediaMTX's HLS and WebRTC do and its API does not: correct api_url of server {server} (the API is at port 9997 by default)",
                status.as_u16()
            )),
            status => {
                let said = said(body).map(|said| format!(": {said}")).unwrap_or_default();
                Error::unavailable(format!("{origin} answered {path} with status {}{said}", status.as_u16()))
            }
        }
    }

    /// The answer cannot be read.
    pub(super) fn not_json(&self, path: &str, error: serde_json::Error) -> Error {
        let Self { server, origin, .. } = self;
        let sentence = if error.is_eof() {
            format!(
                "the answer of {origin} to {path} was cut off: the server, or a proxy before it, closed the connection"
            )
        } else {
            format!("{origin} answered {path} with something else than JSON: correct api_url of server {server}")
        };
        Error::unavailable(sentence).with_source(error)
    }

    /// JSON, but no listing.
    pub(super) fn not_a_listing(&self, path: &str) -> Error {
        let Self { server, origin, .. } = self;
        Error::unavailable(format!(
            "{origin} answered {path} without a list of items: not MediaMTX; correct api_url of server {server}"
        ))
    }

    /// More than we are ready to hold.
    pub(super) fn too_big(&self, path: &str, limit: usize) -> Error {
        let Self { server, origin, .. } = self;
        Error::unavailable(format!(
            "the answer of {origin} to {path} is longer than {} MB: not MediaMTX; correct api_url of server {server}",
            limit / 1_000_000
        ))
    }
}

fn refused(error: &reqwest::Error) -> bool {
    let mut next = error.source();
    while let Some(cause) = next {
        if cause.downcast_ref::<io::Error>().is_some_and(|cause| cause.kind() == io::ErrorKind::ConnectionRefused) {
            return true;
        }
        next = cause.source();
    }
    false
}

/// Whether the machine found no address for the name. The library's words are all there is to know it by.
fn unknown_name(error: &reqwest::Error) -> bool {
    error.is_connect() && innermost(error).starts_with("failed to lookup address information")
}

/// The deepest cause: "Connection reset by peer" rather than "error sending request".
fn innermost(error: &reqwest::Error) -> String {
    let mut deepest: &dyn std::error::Error = error;
    while let Some(cause) = deepest.source() {
        deepest = cause;
    }
    redact::text(&deepest.to_string())
}

/// What an error body says, at most 160 characters of it; nothing when it is HTML or binary.
fn said(body: &[u8]) -> Option<String> {
    let text = match serde_json::from_slice::<ErrorBody>(body) {
        Ok(failure) => failure.error.0?,
        Err(_) => std::str::from_utf8(body).ok().filter(|text| !text.trim_start().starts_with('<'))?.to_owned(),
    };
    let text: String = text.chars().filter(|c| !c.is_control()).take(160).collect();
    (!text.trim().is_empty()).then(|| redact::text(text.trim()))
}
