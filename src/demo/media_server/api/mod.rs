//! The `/v3` API of the stand-in: the listings of MediaMTX 1.20, with its errors and its headers.
//!
//! Owns the route table, the login and the faults that tests ask for. Changes nothing in the server but that it ends sessions. Anything that is
//! not in the table is a plain-text 404, as a MediaMTX answers for a server that is switched off.

mod page;
mod shapes;
mod srt_link;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use actix_web::http::header::{ACCESS_CONTROL_ALLOW_ORIGIN, AUTHORIZATION, SERVER, WWW_AUTHENTICATE};
use actix_web::http::{Method, StatusCode};
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder, web};
use chrono::{DateTime, Utc};
use serde::Serialize;
use uuid::Uuid;

use super::Credentials;
use super::connection_table::{Activity, SessionEntry, locked};
use super::hub::Hub;
use super::stream::Stream;
use page::Page;
use shapes::{Connection, ErrorBody, Info, Path, PathConfig, Session};
use srt_link::SrtConnection;

/// A way to misbehave, for tests of those who ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ApiFault {
    /// Answers come so much later.
    Slow(Duration),
    /// 200 with something that is not JSON.
    Garbage,
    /// The first half of the right answer, and the connection is closed.
    Cut,
    /// Status 500 with an error in JSON.
    Failing,
}

/// Name of the configuration of all paths that have none of their own.
const ALL_OTHERS: &str = "all_others";

/// One session by its id.
const SESSION: &str = "/v3/rtspsessions/get/";

/// Each ends one.
const KICKS: [&str; 2] = ["/v3/rtspsessions/kick/", "/v3/srtconns/kick/"];

/// What the routes need.
pub struct Context {
    /// The streams.
    pub hub: Arc<Hub>,
    /// Who may ask; everybody when there is nobody.
    pub users: Option<Credentials>,
    /// Paths that are told as published by SRT.
    pub srt: Vec<String>,
    /// Paths that are configured as on demand.
    pub on_demand: Vec<String>,
    /// Since when the server runs.
    pub started: DateTime<Utc>,
    /// How to misbehave now.
    pub fault: Arc<Mutex<Option<ApiFault>>>,
}

impl Context {
    fn path(&self, stream: &Stream) -> Path {
        let config = self.on_demand.iter().find(|name| **name == stream.path);
        Path::of(stream, self.srt.contains(&stream.path), config.map_or(ALL_OTHERS, String::as_str))
    }

    /// Sessions that are told as SRT connections, or the others.
    fn sessions(&self, srt: bool) -> impl Iterator<Item = Arc<SessionEntry>> {
        let told_as_srt =
            |entry: &SessionEntry| self.srt.contains(&entry.path) && *locked(&entry.activity) == Activity::Publish;
        self.hub.table.sessions().into_iter().filter(move |entry| told_as_srt(entry) == srt)
    }
}

/// Installs the API.
pub fn configure(context: web::Data<Context>) -> impl FnOnce(&mut web::ServiceConfig) {
    move |config| {
        config.app_data(context).default_service(web::to(answer));
    }
}

async fn answer(request: HttpRequest, context: web::Data<Context>) -> HttpResponse {
    let fault = *locked(&context.fault);
    if let Some(ApiFault::Slow(delay)) = fault {
        tokio::time::sleep(delay).await;
    }
    match fault {
        Some(ApiFault::Garbage) => {
            builder(StatusCode::OK).content_type("application/json").body("<html>not JSON</html>")
        }
        Some(ApiFault::Failing) => json(StatusCode::INTERNAL_SERVER_ERROR, &ErrorBody::new("terminated")),
        Some(ApiFault::Cut) => cut(routed(&request, &context)).await,
        Some(ApiFault::Slow(_)) | None => routed(&request, &context),
    }
}

/// The route table.
fn routed(request: &HttpRequest, context: &Context) -> HttpResponse {
    if let Some(refusal) = refused(request, context) {
        return refusal;
    }
    let hub = &context.hub;
    let kicked = KICKS.iter().find_map(|kick| request.path().strip_prefix(kick));
    if let (&Method::POST, Some(id)) = (request.method(), kicked) {
        return match id.parse().map(|id| hub.table.kick(id)) {
            Ok(true) => json(StatusCode::OK, &shapes::Done::OK),
            Ok(false) => json(StatusCode::NOT_FOUND, &ErrorBody::new("session not found")),
            Err(_) => json(StatusCode::BAD_REQUEST, &ErrorBody::new("invalid UUID length")),
        };
    }
    if request.method() != Method::GET {
        return unknown();
    }
    match request.path() {
        "/v3/info" => json(StatusCode::OK, &Info::new(context.started)),
        "/v3/paths/list" => listed(request, || hub.streams().iter().map(|stream| context.path(stream)).collect()),
        "/v3/config/paths/list" => listed(request, || {
            let own = context.on_demand.iter().map(|name| PathConfig::of(name, true));
            own.chain([PathConfig::of(ALL_OTHERS, false)]).collect()
        }),
        "/v3/rtspconns/list" => {
            listed(request, || hub.table.connections().iter().map(|entry| Connection::from(&**entry)).collect())
        }
        "/v3/rtspsessions/list" => {
            listed(request, || context.sessions(false).map(|entry| Session::from(&*entry)).collect())
        }
        "/v3/srtconns/list" => {
            let now = Utc::now();
            listed(request, || context.sessions(true).map(|entry| SrtConnection::at(&entry, now)).collect())
        }
        path if path.starts_with(SESSION) => {
            let id = path[SESSION.len()..].parse::<Uuid>().ok();
            match hub.table.sessions().into_iter().find(|entry| Some(entry.id) == id) {
                Some(entry) => json(StatusCode::OK, &Session::from(&*entry)),
                None => json(StatusCode::NOT_FOUND, &ErrorBody::new("session not found")),
            }
        }
        path => match path.strip_prefix("/v3/paths/get/") {
            Some("") => json(StatusCode::BAD_REQUEST, &ErrorBody::new("invalid name")),
            Some(name) => match hub.stream(name) {
                Some(stream) => json(StatusCode::OK, &context.path(&stream)),
                None => json(StatusCode::NOT_FOUND, &ErrorBody::new("path not found")),
            },
            None => unknown(),
        },
    }
}

/// The login comes before everything, also before "no such route".
fn refused(request: &HttpRequest, context: &Context) -> Option<HttpResponse> {
    let wanted = context.users.as_ref()?;
    let given = request.headers().get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    if given.is_some_and(|given| wanted.match_header(given)) {
        return None;
    }
    let mut answer = json(StatusCode::UNAUTHORIZED, &ErrorBody::new("authentication error"));
    if given.is_none() {
        let challenge = actix_web::http::header::HeaderValue::from_static("Basic realm=\"mediamtx\"");
        answer.headers_mut().insert(WWW_AUTHENTICATE, challenge);
    }
    Some(answer)
}

fn listed<T: Serialize>(request: &HttpRequest, items: impl FnOnce() -> Vec<T>) -> HttpResponse {
    match Page::read(request.query_string()) {
        Ok(page) => json(StatusCode::OK, &page.of(items())),
        Err(sentence) => json(StatusCode::BAD_REQUEST, &ErrorBody::new(sentence)),
    }
}

fn json(status: StatusCode, body: &impl Serialize) -> HttpResponse {
    builder(status).json(body)
}

fn unknown() -> HttpResponse {
    builder(StatusCode::NOT_FOUND).content_type("text/plain").body("404 page not found")
}

fn builder(status: StatusCode) -> HttpResponseBuilder {
    let mut builder = HttpResponse::build(status);
    builder.insert_header((ACCESS_CONTROL_ALLOW_ORIGIN, "*")).insert_header((SERVER, "streamwarden stand-in"));
    builder
}

/// Promises the whole body and delivers half of it.
async fn cut(whole: HttpResponse) -> HttpResponse {
    let status = whole.status();
    let body = actix_web::body::to_bytes(whole.into_body()).await.unwrap_or_default();
    let half = body.slice(..body.len() / 2);
    let parts = futures_util::stream::iter([Ok(half), Err(actix_web::error::ErrorInternalServerError("cut"))]);
    builder(status)
        .content_type("application/json")
        .no_chunking(body.len() as u64)
        .streaming::<_, actix_web::Error>(parts)
}
