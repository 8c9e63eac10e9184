//! Asks who calls, at every address: see [`super::caller`].

use std::sync::Arc;

use actix_web::body::{BoxBody, EitherBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::middleware::Next;
use actix_web::{HttpMessage, ResponseError, web};

use super::caller::Call;
use super::http_error::Problem;
use super::http_state::HttpState;

/// The middleware of every address.
pub(super) async fn identify(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<EitherBody<impl MessageBody, BoxBody>>, actix_web::Error> {
    let state = request.app_data::<web::Data<HttpState>>().expect("the app is built with its state");
    let route = request.match_pattern().unwrap_or_default();
    let call = Call { method: request.method(), route: &route, headers: request.headers() };
    match Arc::clone(&state.callers).identify(call).await {
        Ok(caller) => {
            request.extensions_mut().insert(caller);
            Ok(next.call(request).await?.map_into_left_body())
        }
        Err(error) => Ok(request.into_response(Problem::from(error).error_response()).map_into_right_body()),
    }
}
