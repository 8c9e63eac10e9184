//! A query parameter that nobody knows is refused rather than ignored.
//!
//! Which ones an operation knows is what the OpenAPI document says: [`check_parameters`] asks it before any handler of the
//! API runs.

use std::collections::HashMap;
use std::sync::LazyLock;

use actix_web::ResponseError;
use actix_web::body::{BoxBody, EitherBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::middleware::Next;
use utoipa::OpenApi;
use utoipa::openapi::RefOr;
use utoipa::openapi::path::ParameterIn;

use super::http_error::Problem;
use super::openapi::OpenApiDocument;
use super::query::Query;
use super::responses::operations;
use super::table::path_of;
use crate::base::{Error, Result};

/// Names of the query parameters of every operation, by method and path of the document.
static KNOWN: LazyLock<HashMap<(&'static str, String), Vec<String>>> = LazyLock::new(|| {
    let mut all = HashMap::new();
    for (path, mut item) in OpenApiDocument::openapi().paths.paths {
        for (method, operation) in operations(&mut item) {
            let names = operation.parameters.iter().flatten().filter_map(|parameter| match parameter {
                RefOr::T(one) if one.parameter_in == ParameterIn::Query => Some(one.name.clone()),
                _ => None,
            });
            all.insert((method, path.clone()), names.collect());
        }
    }
    all
});

/// The middleware of every address. `/metrics`, `/health` and `/ready` take no parameters and ignore those that they get:
/// Prometheus adds a job's `params` to every scrape, and load balancers add a number against caches.
pub(super) async fn check_parameters(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<EitherBody<impl MessageBody, BoxBody>>, actix_web::Error> {
    match check(&request) {
        Ok(()) => Ok(next.call(request).await?.map_into_left_body()),
        Err(error) => Ok(request.into_response(Problem::from(error).error_response()).map_into_right_body()),
    }
}

fn check(request: &ServiceRequest) -> Result<()> {
    let Some(pattern) = request.match_pattern().filter(|pattern| pattern.starts_with("/api/")) else { return Ok(()) };
    let method = if request.method() == Method::HEAD { "GET" } else { request.method().as_str() };
    // A method that it does not have is refused as that.
    let Some((_, known)) = KNOWN.iter().find(|((one, path), _)| *one == method && *path == path_of(&pattern)) else {
        return Ok(());
    };
    let given = Query::of(request.request())?;
    match given.names().find(|name| !known.contains(name)) {
        None => Ok(()),
        Some(name) => {
            let name: String = name.chars().take(40).collect();
            let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
            Err(Error::invalid(name, format!("is no parameter here; known ones: {known}")))
        }
    }
}
