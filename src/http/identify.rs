//! Asks who calls, at every address: see [`super::caller`]. What an operator has changed is noted here: `super::audit_routes`.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock};

use actix_web::body::{BoxBody, EitherBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderMap, HeaderValue};
use actix_web::middleware::Next;
use actix_web::{HttpMessage, ResponseError, web};

use super::access::Access;
use super::audit_routes;
use super::caller::{Call, PasswordUse};
use super::forwarded::source_of;
use super::http_error::Problem;
use super::http_state::HttpState;
use super::routes::accesses;
use crate::domain::login::UserRole;

/// Who may ask what, by method and address.
static ACCESSES: LazyLock<HashMap<(&'static str, &'static str), Access>> =
    LazyLock::new(|| accesses().map(|(path, method, access)| ((path, method), access)).collect());

/// The middleware of every address.
pub(super) async fn identify(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<EitherBody<impl MessageBody, BoxBody>>, actix_web::Error> {
    let state = request.app_data::<web::Data<HttpState>>().expect("the app is built with its state").clone();
    let route = request.match_pattern().unwrap_or_default();
    let (method, address) = (request.method(), source_of(request.request()).address);
    let access = ACCESSES.get(&(route.as_str(), method.as_str())).copied();
    let is_browser = is_browser(request.headers());
    let passwords = match access {
        Some(Access::Public) => PasswordUse::Ignored,
        // Whoever may see it anyhow is not asked to prove anything.
        Some(Access::StatusPage) if state.status_page.is_public() => PasswordUse::Ignored,
        // Browsers have sessions: what they send is the password of a proxy in front, which would count as attempts to log in here.
        Some(Access::PublicInPart) if is_browser => PasswordUse::Ignored,
        Some(Access::PublicInPart) => PasswordUse::ForMore,
        _ => PasswordUse::Needed,
    };
    let call = Call { method, route: &route, headers: request.headers(), address, passwords };
    match Arc::clone(&state.callers).identify(call).await {
        Ok(caller) => {
            request.extensions_mut().insert(caller.clone());
            let mut response = next.call(request).await?;
            challenge(&mut response, is_browser);
            if access == Some(Access::Role(UserRole::Operator)) {
                audit_routes::note(&state, &response, &route, &caller, address).await;
            }
            Ok(response.map_into_left_body())
        }
        Err(error) => {
            let mut response = request.into_response(Problem::from(error).error_response());
            challenge(&mut response, is_browser);
            Ok(response.map_into_right_body())
        }
    }
}

/// Every browser calls itself so; those that ask over https or on this machine also say what for.
fn is_browser(headers: &HeaderMap) -> bool {
    let agent = headers.get(header::USER_AGENT).map(HeaderValue::as_bytes).unwrap_or_default();
    headers.contains_key("sec-fetch-mode") || agent.starts_with(b"Mozilla/")
}

/// Says how to log in: programs that have a name and a password in their address (ffmpeg, curl, VLC) send them only when asked to.
/// Browsers are not asked for Basic, which would open a dialog of their own over the page and keep what is typed there.
fn challenge<B>(response: &mut ServiceResponse<B>, is_browser: bool) {
    if response.status() != StatusCode::UNAUTHORIZED {
        return;
    }
    let headers = response.headers_mut();
    if !is_browser {
        let basic = HeaderValue::from_static("Basic realm=\"streamwarden\", charset=\"UTF-8\"");
        headers.append(header::WWW_AUTHENTICATE, basic);
    }
    headers.append(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"streamwarden\""));
}
