//! `/status`, `/api/v1/status-page`: what viewers are told, for people and for programs.

use std::sync::Arc;
use std::time::Duration;

use actix_web::http::{StatusCode, header};
use actix_web::{HttpRequest, HttpResponse, ResponseError, web};
use futures_util::FutureExt;
use tokio::time::timeout;

use super::gather::StatusSources;
use super::html;
use super::reader::StatusReader;
use super::status_cache::{EVERY, RenderedStatus};
use super::words::Language;
use crate::actors::health::HealthHandle;
use crate::domain::health::NetworkProbeStatus;
use crate::domain::health_part::HealthPart;
use crate::domain::public_status::PublicStatus;
use crate::http::conditional::{unless_known, weak_etag};
use crate::http::health_found;
use crate::http::http_error::{ErrorAnswer, Problem};
use crate::http::http_state::{Commands, HttpState};
use crate::http::query::Query;

/// What another process has found of endpoints is waited for so long.
const ASKED_WITHIN: Duration = Duration::from_secs(2);

const STYLE: &str = include_str!("style.css");

/// What the page for viewers tells: how everything is that `http.status_page` names, what is wrong, and the last 90 days (UTC). Names and
/// times only. Without a login, unless `http.status_page.login` asks for one; 404 where there is no such page. It is some seconds
/// old at most, whoever asks and however often.
#[utoipa::path(get, path = "/api/v1/status-page", operation_id = "getStatusPage", tag = "status", responses(
    (status = 200, body = PublicStatus),
    (status = 304, description = "it is what the caller has already"),
    (status = 401, body = Problem, content_type = "application/problem+json"),
    (status = 404, body = Problem, content_type = "application/problem+json", description = "there is no page for viewers"),
    (status = 503, body = Problem, content_type = "application/problem+json"),
))]
pub(in crate::http) async fn status(_: StatusReader, state: web::Data<HttpState>, request: HttpRequest) -> ErrorAnswer {
    let rendered = rendered(&state).await?;
    Ok(answer(&state, &request, "application/json", rendered.json.clone()))
}

/// The page for viewers, in the language that the browser asks for: English, German or Russian; `?lang=de` asks for another one. A
/// language that the page does not speak is as good as none.
#[utoipa::path(get, path = "/status", operation_id = "statusPage", tag = "status",
    params(("lang" = Option<String>, Query, description = "en, de or ru; `Accept-Language` decides when it is absent or another one")),
    responses(
    (status = 200, body = String, content_type = "text/html"),
    (status = 304, description = "it is what the caller has already"),
    (status = 401, body = String, content_type = "text/html", description = "the way to the login"),
    (status = 404, body = Problem, content_type = "application/problem+json", description = "there is no page for viewers"),
    (status = 503, body = Problem, content_type = "application/problem+json"),
))]
pub(in crate::http) async fn page(
    reader: Result<StatusReader, Problem>,
    state: web::Data<HttpState>,
    request: HttpRequest,
) -> ErrorAnswer {
    let language = language_of(&request);
    if let Err(problem) = reader {
        return match problem.status_code() {
            StatusCode::UNAUTHORIZED => Ok(HttpResponse::Unauthorized()
                .insert_header((header::CACHE_CONTROL, "no-store"))
                .content_type("text/html; charset=utf-8")
                .body(html::login(language))),
            _ => Err(problem),
        };
    }
    let rendered = rendered(&state).await?;
    let mut answer = answer(&state, &request, "text/html; charset=utf-8", rendered.pages.of_language(language));
    answer.headers_mut().insert(header::VARY, header::HeaderValue::from_static("accept-language"));
    Ok(answer)
}

/// The language that the address asks for, else the one that the browser does. Viewers follow links that others wrote: what is not
/// understood refuses nobody.
fn language_of(request: &HttpRequest) -> Language {
    let asked = Query::of(request).and_then(|mut query| query.text("lang")).ok().flatten();
    asked.and_then(|tag| tag.to_ascii_lowercase().split('-').next()?.parse().ok()).unwrap_or_else(|| {
        let accepted = request.headers().get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
        Language::accepted(accepted.unwrap_or_default())
    })
}

/// How the page for viewers looks.
#[utoipa::path(get, path = "/status/style.css", operation_id = "statusStyle", tag = "status", responses(
    (status = 200, body = String, content_type = "text/css"),
    (status = 304, description = "it is what the caller has already"),
    (status = 401, body = Problem, content_type = "application/problem+json"),
    (status = 404, body = Problem, content_type = "application/problem+json", description = "there is no page for viewers"),
))]
pub(in crate::http) async fn style(_: StatusReader, state: web::Data<HttpState>, request: HttpRequest) -> HttpResponse {
    answer(&state, &request, "text/css; charset=utf-8", web::Bytes::from_static(STYLE.as_bytes()))
}

/// The page's address as people and proxies write it too, `status/`: where the page is. Relative, as below any path. `None` of any other
/// address, and where there is no page.
pub(in crate::http) fn without_the_slash(request: &HttpRequest, path: &str) -> Option<HttpResponse> {
    let is_there = || request.app_data::<web::Data<HttpState>>().is_some_and(|state| state.status_page.is_there());
    if path != "status/" || !is_there() {
        return None;
    }
    let query = Some(request.query_string()).filter(|query| !query.is_empty());
    let to = query.map_or_else(|| "../status".to_owned(), |query| format!("../status?{query}"));
    let mut redirect = HttpResponse::PermanentRedirect();
    Some(redirect.insert_header((header::CACHE_CONTROL, "no-cache")).insert_header((header::LOCATION, to)).finish())
}

/// Endpoints as whoever probes them has found them; none where that one does not answer.
async fn endpoints(health: HealthHandle, commands: Arc<dyn Commands>) -> Vec<NetworkProbeStatus> {
    let found = match timeout(ASKED_WITHIN, health_found::items(&health, &*commands, HealthPart::Network)).await {
        Ok(Ok(found)) => found,
        Ok(Err(error)) => {
            log::debug!("endpoints of the status page not heard of: {error}");
            Vec::new()
        }
        Err(_) => Vec::new(),
    };
    found.into_iter().filter_map(|one| serde_json::from_value(one).ok()).collect()
}

async fn rendered(state: &HttpState) -> Result<Arc<RenderedStatus>, Problem> {
    let (health, commands) = (state.health.clone(), Arc::clone(&state.commands));
    let sources = StatusSources {
        live: Arc::clone(&state.live),
        history: Arc::clone(&state.stores.history),
        recent: state.history.clone(),
        endpoints: Box::new(move || endpoints(health.clone(), Arc::clone(&commands)).boxed()),
        sample_until: state.sample_until,
    };
    // Why is nothing for viewers; `/ready` tells it.
    let words = "the status cannot be told at the moment; try again in a minute";
    state
        .status_page
        .rendered(sources)
        .await
        .ok_or_else(|| Problem::new(StatusCode::SERVICE_UNAVAILABLE, words).after(60))
}

/// Caches between may keep what is for everybody, for as long as we do.
fn answer(state: &HttpState, request: &HttpRequest, kind: &'static str, body: web::Bytes) -> HttpResponse {
    let cache = match state.status_page.is_public() {
        true => format!("public, max-age={}", EVERY.as_secs()),
        false => "private, no-cache".to_owned(),
    };
    let mut response = HttpResponse::Ok();
    response.insert_header((header::CACHE_CONTROL, cache)).content_type(kind);
    unless_known(request, &weak_etag(&body), response, body)
}
