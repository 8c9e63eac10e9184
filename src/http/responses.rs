//! What the OpenAPI document says of every operation alike: the errors that any of its kind may answer with, and a
//! description of each response where its handler has not written one (the standard demands one).

use actix_web::http::StatusCode;
use utoipa::Modify;
use utoipa::openapi::path::Operation;
use utoipa::openapi::{Content, OpenApi, PathItem, Ref, RefOr, Response};

use super::http_error::PROBLEM_JSON;

/// Completes the document once all handlers are in it.
pub(super) struct Complete;

impl Modify for Complete {
    fn modify(&self, document: &mut OpenApi) {
        for (path, item) in &mut document.paths.paths {
            for (method, operation) in operations(item) {
                for status in errors(path, method, operation.request_body.is_some()) {
                    let response = operation.responses.responses.entry(status.to_string());
                    let response = response.or_insert_with(|| RefOr::T(Response::default()));
                    if let RefOr::T(response) = response {
                        let problem = Content::new(Some(Ref::from_schema_name("Problem")));
                        response.content.entry(PROBLEM_JSON.to_owned()).or_insert(RefOr::T(problem));
                    }
                }
                for (status, response) in &mut operation.responses.responses {
                    if let RefOr::T(response) = response
                        && response.description.is_empty()
                    {
                        response.description = words(status).to_owned();
                    }
                }
            }
        }
    }
}

/// The operations of an address, each with its method.
pub(super) fn operations(item: &mut PathItem) -> impl Iterator<Item = (&'static str, &mut Operation)> {
    let PathItem { get, put, post, delete, patch, .. } = item;
    let all = [("GET", get), ("PUT", put), ("POST", post), ("DELETE", delete), ("PATCH", patch)];
    all.into_iter().filter_map(|(method, operation)| Some((method, operation.as_mut()?)))
}

/// The errors that the layers around a handler answer with, and those that any handler of its kind may give.
fn errors(path: &str, method: &str, has_body: bool) -> Vec<u16> {
    // `guard`: whoever asks under another name than ours.
    let mut all = vec![403];
    if path.starts_with("/api/") {
        // `query`: a parameter that is unknown or wrong. `connections`: too many are open.
        all.extend([422, 503]);
    }
    if path.starts_with("/api/v1/") && path != "/api/v1/ws" {
        // A dependency, or an actor, that does not answer in time.
        all.push(504);
        if method != "GET" {
            // A database whose cameras are the answer of a query of the site's own, which nobody can write.
            all.push(501);
        }
    }
    if has_body {
        // `body`.
        all.extend([400, 408, 413, 415]);
    }
    all
}

/// What a status means here, where a handler does not say it better.
pub(super) fn words(status: &str) -> &'static str {
    match status {
        "400" => "the body cannot be read; says where",
        "401" => "a login is asked for, or what was shown is worth nothing",
        "403" => "the caller may not do this, or the host or the page that asks is not ours; says what to set",
        "404" => "there is no such thing",
        "408" => "the body did not arrive in time",
        "413" => "the body is too large; says how much is taken",
        "415" => "the body is of another media type",
        "422" => "a parameter or a field is unknown or wrong; names it",
        "429" => "too many attempts to log in",
        "501" => "the database does not take this; says why",
        "503" => "what is needed does not answer now, or too many connections are open",
        "504" => "no answer in time",
        _ => status
            .parse()
            .ok()
            .and_then(|code| StatusCode::from_u16(code).ok()?.canonical_reason())
            .unwrap_or("see the description of the operation"),
    }
}
