//! Errors as answers: `application/problem+json` (RFC 9457), and the one match from [`ErrorKind`] to a status.

use actix_web::http::{Method, StatusCode, header};
use actix_web::{HttpResponse, ResponseError};
use serde::Serialize;
use utoipa::ToSchema;

use super::complaints::RequestComplaints;
use crate::base::{Error, ErrorKind, redact};

/// Media type of every error.
pub(super) const PROBLEM_JSON: &str = "application/problem+json";

/// Seconds after which a client may try again when something is unavailable.
const RETRY_AFTER: &str = "2";

/// What every error looks like.
#[derive(Debug, Serialize, ToSchema)]
pub struct Problem {
    /// Always `about:blank`: the status says what kind of problem it is.
    #[serde(rename = "type")]
    #[schema(example = "about:blank")]
    kind: &'static str,
    /// The status in words.
    title: &'static str,
    /// HTTP status.
    #[schema(value_type = u16)]
    status: u16,
    /// What is wrong and what to do, in a sentence.
    detail: String,
    /// The field or parameter at fault, when one is.
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<String>,
    /// Methods that would have been allowed, for 405.
    #[serde(skip)]
    allow: Option<String>,
    /// Seconds after which it may be tried again, for 429.
    #[serde(skip)]
    retry_after: Option<u32>,
}

/// Result of every handler.
pub(super) type ErrorAnswer<T = HttpResponse> = Result<T, Problem>;

impl Problem {
    /// A problem with this status. A sentence of this layer: never quotes a body or a secret.
    pub(super) fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        Self {
            kind: "about:blank",
            title: status.canonical_reason().unwrap_or("Error"),
            status: status.as_u16(),
            detail: detail.into(),
            field: None,
            allow: None,
            retry_after: None,
        }
    }

    /// Names the field at fault.
    pub(super) fn at(mut self, field: impl Into<String>) -> Self {
        self.field = Some(field.into());
        self
    }

    /// Says when it may be tried again.
    pub(super) fn after(mut self, seconds: u32) -> Self {
        self.retry_after = Some(seconds);
        self
    }

    /// The route exists, the method does not.
    pub(super) fn method(method: &Method, allow: &str) -> Self {
        let detail = format!("{method} is not possible here; allowed: {allow}");
        Self { allow: Some(allow.to_owned()), ..Self::new(StatusCode::METHOD_NOT_ALLOWED, detail) }
    }

    /// What a bare status becomes that actix itself has answered.
    pub(super) fn bare(status: StatusCode) -> Self {
        let detail = match status {
            StatusCode::PAYLOAD_TOO_LARGE => "the body is too large; at most 1 MB is taken",
            StatusCode::NOT_FOUND => "there is nothing at this address",
            StatusCode::BAD_REQUEST => "the request cannot be understood",
            StatusCode::REQUEST_TIMEOUT => "the request did not arrive in time",
            _ => "the request could not be answered",
        };
        Self::new(status, detail)
    }
}

/// The one place where a kind of error becomes a status.
fn status_of(kind: ErrorKind) -> StatusCode {
    match kind {
        ErrorKind::Invalid => StatusCode::UNPROCESSABLE_ENTITY,
        ErrorKind::NotFound => StatusCode::NOT_FOUND,
        ErrorKind::Conflict => StatusCode::CONFLICT,
        ErrorKind::Stale => StatusCode::PRECONDITION_FAILED,
        ErrorKind::Unauthorized => StatusCode::UNAUTHORIZED,
        ErrorKind::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        ErrorKind::Timeout => StatusCode::GATEWAY_TIMEOUT,
        ErrorKind::Unsupported => StatusCode::NOT_IMPLEMENTED,
        ErrorKind::Internal => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        let status = status_of(error.kind());
        // With its field in front: many sentences go on from there ("kind: is not a known kind of camera").
        let mut detail = error.to_string();
        if status.is_server_error() {
            log_failure(status, &detail, &error);
            // Of our own machine a client learns what failed, and not where.
            detail = redact::paths(&redact::text(&detail));
        }
        let problem = Self::new(status, detail);
        match error.field() {
            Some(field) => problem.at(field),
            None => problem,
        }
    }
}

/// While a dependency is away every call fails the same way: that is told once in a while.
fn log_failure(status: StatusCode, detail: &str, error: &Error) {
    static TOLD: RequestComplaints = RequestComplaints::new();
    let Some(left_out) = TOLD.is_due(detail) else { return };
    let cause = std::error::Error::source(error).map(ToString::to_string).unwrap_or_default();
    log::warn!(status = status.as_u16(), error = detail, cause = cause.as_str(), same_before = left_out; "request failed");
}

impl std::fmt::Display for Problem {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{} {}: {}", self.status, self.title, self.detail)
    }
}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    fn error_response(&self) -> HttpResponse {
        let mut response = HttpResponse::build(self.status_code());
        if let Some(allow) = &self.allow {
            response.insert_header((header::ALLOW, allow.as_str()));
        }
        if let Some(seconds) = self.retry_after {
            response.insert_header((header::RETRY_AFTER, seconds));
        } else if self.status_code() == StatusCode::SERVICE_UNAVAILABLE {
            response.insert_header((header::RETRY_AFTER, RETRY_AFTER));
        }
        // An error may be gone with the next request.
        response.insert_header((header::CACHE_CONTROL, "no-store")).content_type(PROBLEM_JSON);
        response.body(serde_json::to_vec(self).unwrap_or_default())
    }
}
