//! Asks who calls, at every address: see [`super::caller`]. What an operator has changed is noted here: `super::audit_routes`.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock};

use actix_web::body::{BoxBody, EitherBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::middleware::Next;
use actix_web::{HttpMessage, ResponseError, web};

use super::access::Access;
use super::audit_routes;
use super::caller::Call;
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
    let is_public = access == Some(Access::Public);
    let call = Call { method, route: &route, headers: request.headers(), address, is_public };
    match Arc::clone(&state.callers).identify(call).await {
        Ok(caller) => {
            request.extensions_mut().insert(caller.clone());
            let response = next.call(request).await?;
            if access == Some(Access::Role(UserRole::Operator)) {
                audit_routes::note(&state, &response, &route, &caller, address).await;
            }
            Ok(response.map_into_left_body())
        }
        Err(error) => Ok(request.into_response(Problem::from(error).error_response()).map_into_right_body()),
    }
}
