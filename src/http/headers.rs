//! What every answer carries, and the last word on answers that actix made by itself.

use actix_web::body::{BoxBody, EitherBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::{Error, ResponseError};

use super::forwarded::source_of;
use super::http_error::{PROBLEM_JSON, Problem};

/// Our page loads nothing from elsewhere and sits in nobody's frame. `blob:` is what a player feeds media through.
const POLICY: &str = "default-src 'self'; img-src 'self' data:; media-src 'self' blob:; object-src 'none'; \
                      base-uri 'self'; form-action 'self'; frame-ancestors 'none'";

const ALWAYS: [(HeaderName, &str); 5] = [
    (header::CONTENT_SECURITY_POLICY, POLICY),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::REFERRER_POLICY, "no-referrer"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
];

/// Browsers that came over https do not come over http for a year. It counts for this host name only.
const ONLY_HTTPS: &str = "max-age=31536000";

/// Adds the headers, and turns errors that carry no problem into one (an unreadable request, a body over the limit).
///
/// The outermost middleware, so it sees every answer; those below it answer and never return an `Err`.
pub(super) async fn finish(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<EitherBody<impl MessageBody, BoxBody>>, Error> {
    let is_secure = source_of(request.request()).is_secure;
    let response = next.call(request).await?;
    let status = response.status();
    let is_ours = |kind: &HeaderValue| kind == PROBLEM_JSON || kind == "application/json";
    let is_bare = !response.headers().get(header::CONTENT_TYPE).is_some_and(is_ours);
    let mut response = if (status.is_client_error() || status.is_server_error()) && is_bare {
        let (request, _) = response.into_parts();
        ServiceResponse::new(request, Problem::bare(status).error_response()).map_into_right_body()
    } else {
        response.map_into_left_body()
    };
    let headers: &mut HeaderMap = response.headers_mut();
    if !headers.contains_key(header::CACHE_CONTROL) {
        // What is true now is not true later; only files say otherwise.
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    if is_secure {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static(ONLY_HTTPS));
    }
    for (name, value) in ALWAYS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    Ok(response)
}
