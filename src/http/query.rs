//! Query parameters: every fault names its parameter, and a parameter nobody knows is refused rather than ignored.
//!
//! Which ones an operation knows is what the OpenAPI document says: [`known`] asks it before any handler of the API runs.

use std::collections::HashMap;
use std::str::FromStr;
use std::sync::LazyLock;

use actix_web::body::{BoxBody, EitherBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::middleware::Next;
use actix_web::{HttpRequest, ResponseError, web};
use chrono::{DateTime, Utc};
use utoipa::OpenApi;
use utoipa::openapi::RefOr;
use utoipa::openapi::path::ParameterIn;

use super::error::Problem;
use super::openapi::{Document, path_of};
use super::responses::operations;
use crate::base::{Error, Result};

/// Names of the query parameters of every operation, by method and path of the document.
static KNOWN: LazyLock<HashMap<(&'static str, String), Vec<String>>> = LazyLock::new(|| {
    let mut all = HashMap::new();
    for (path, mut item) in Document::openapi().paths.paths {
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

/// The middleware of every address. Outside of `/api/` nothing takes parameters, and nothing is refused: what asks whether
/// we are alive may put something of its own there.
pub(super) async fn known(
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
    match given.0.iter().find(|(name, _)| !known.contains(name)) {
        None => Ok(()),
        Some((name, _)) => {
            let name: String = name.chars().take(40).collect();
            let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
            Err(Error::invalid(name, format!("is no parameter here; known ones: {known}")))
        }
    }
}

/// The parameters of one request that have not been taken yet.
pub(super) struct Query(Vec<(String, String)>);

impl Query {
    /// Reads the query string.
    pub(super) fn of(request: &HttpRequest) -> Result<Self> {
        web::Query::<Vec<(String, String)>>::from_query(request.query_string())
            .map(|pairs| Self(pairs.into_inner()))
            .map_err(|_| Error::invalid("query", "the query string cannot be read; percent-encode names and values"))
    }

    /// The text of a parameter. An empty one is refused: a script that has lost its `after` would begin anew for ever.
    pub(super) fn text(&mut self, name: &str) -> Result<Option<String>> {
        let (ours, rest): (Vec<_>, Vec<_>) = self.0.drain(..).partition(|(key, _)| key == name);
        self.0 = rest;
        if ours.len() > 1 {
            return Err(Error::invalid(name, format!("is given {} times; give it once", ours.len())));
        }
        match ours.into_iter().next() {
            Some((_, value)) if value.is_empty() => Err(Error::invalid(name, "is empty; give a value or leave it out")),
            given => Ok(given.map(|(_, value)| value)),
        }
    }

    /// A time, RFC 3339.
    pub(super) fn time(&mut self, name: &str) -> Result<Option<DateTime<Utc>>> {
        self.parsed(name, "a time like 2027-01-31T12:00:00Z")
    }

    /// A number within bounds.
    pub(super) fn number(&mut self, name: &str, least: u32, most: u32) -> Result<Option<u32>> {
        let wanted = format!("a number from {least} to {most}");
        match self.parsed::<u32>(name, &wanted)? {
            Some(number) if !(least..=most).contains(&number) => Err(wrong(name, &wanted)),
            number => Ok(number),
        }
    }

    /// Anything that has a text form; `wanted` completes "must be ...".
    pub(super) fn parsed<T: FromStr>(&mut self, name: &str, wanted: &str) -> Result<Option<T>> {
        self.text(name)?.map(|text| text.parse().map_err(|_| wrong(name, wanted))).transpose()
    }
}

fn wrong(name: &str, wanted: &str) -> Error {
    Error::invalid(name, format!("must be {wanted}"))
}
