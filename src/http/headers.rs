//! What every answer carries, and the last word on answers that actix made by itself.

use actix_web::body::{BoxBody, EitherBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::{Error, HttpRequest, ResponseError, web};

use super::forwarded::source_of;
use super::http_error::{PROBLEM_JSON, Problem};
use super::http_state::HttpState;

const ALWAYS: [(HeaderName, &str); 4] = [
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::REFERRER_POLICY, "no-referrer"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
];

/// Browsers that came over https do not come over http for a year. It counts for this host name only.
const ONLY_HTTPS: &str = "max-age=31536000";

/// Adds the headers, and turns errors that carry no problem into one (an unreadable request, a body over the limit).
///
/// Sees every answer but the redirect of a bare base path, which adds them itself; those below it answer and never return an `Err`.
pub(super) async fn finish(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<EitherBody<impl MessageBody, BoxBody>>, Error> {
    let security = SecurityHeaders::of(request.request());
    let response = next.call(request).await?;
    let status = response.status();
    // A page that says what is wrong is for people; actix itself answers in plain text.
    let is_page = |kind: &HeaderValue| kind.as_bytes().starts_with(b"text/html");
    let is_ours = |kind: &HeaderValue| kind == PROBLEM_JSON || kind == "application/json" || is_page(kind);
    let is_bare = !response.headers().get(header::CONTENT_TYPE).is_some_and(is_ours);
    let mut response = if (status.is_client_error() || status.is_server_error()) && is_bare {
        let (request, _) = response.into_parts();
        ServiceResponse::new(request, Problem::bare(status).error_response()).map_into_right_body()
    } else {
        response.map_into_left_body()
    };
    security.add(response.headers_mut());
    Ok(response)
}

/// What every answer to a request carries.
pub(super) struct SecurityHeaders {
    /// The browser came over https.
    is_secure: bool,
    policy: HeaderValue,
}

impl SecurityHeaders {
    /// Of answers to this request.
    pub(super) fn of(request: &HttpRequest) -> Self {
        let state = request.app_data::<web::Data<HttpState>>();
        let strict = || HeaderValue::from_static("default-src 'self'");
        let policy = state.map_or_else(strict, |state| state.players.policy());
        Self { is_secure: source_of(request).is_secure, policy }
    }

    /// Adds it.
    pub(super) fn add(self, headers: &mut HeaderMap) {
        if !headers.contains_key(header::CACHE_CONTROL) {
            // What is true now is not true later; only files say otherwise.
            headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        }
        if self.is_secure {
            headers.insert(header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static(ONLY_HTTPS));
        }
        headers.insert(header::CONTENT_SECURITY_POLICY, self.policy);
        for (name, value) in ALWAYS {
            headers.insert(name, HeaderValue::from_static(value));
        }
    }
}
