//! `/api/v1/ws`: live updates for browsers.
//!
//! `protocol` decides, `session` is the actor around it, `watchdog` cuts connections that are beyond reach; the picture
//! itself comes from the hub. Close codes: 1001 the program stops, 1013 come back at once, 4000 not understood,
//! 4001 too slow, 4002 no answer to pings, 4003 the
//! session or token that it goes by has ended.

mod protocol;
pub(super) mod watchdog;
mod ws_session;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use actix_web_actors::ws;
use tokio_util::sync::CancellationToken;

use super::access::Viewer;
use super::forwarded::source_of;
use super::http_error::{ErrorAnswer, Problem};
use super::http_state::HttpState;
use super::origin_guard::OriginPolicy;
use super::query::Query;
use crate::actors::hub::FeedFilter;
use crate::base::Error;
use watchdog::LastHeard;
use ws_session::WsSession;

/// Longest message of a client, in bytes; what it may say has twenty.
const LONGEST: usize = 4096;

/// Live updates. The server sends the snapshot, `{"type":"snapshot","seq":n,"part":1,"parts":k,"items":[...]}` in one or more
/// parts, and then, at once when something changes and at most 20 times a second,
/// `{"type":"delta","seq":n,"prev":m,"upsert":[...],"update":[...],"remove":[...]}`. Each entry is `{"kind":...,"item":{...}}`:
/// `stream` with a StreamStatus (identified by `server` and `name`), `camera` with a CameraStatus (`id`), `server` with a
/// ServerStatus (`name`), `recording` with a RecordingStatus (`server` and `name`). In `update` the item holds what identifies
/// it and the fields that changed, null where there is none any more; in `remove` only what identifies it. Leave kinds alone
/// that you do not know. A client whose number is less than `prev` has missed a frame and sends `{"type":"snapshot"}`.
/// `{"type":"filter","server":...,"prefix":...,"stream":...,"kinds":[...]}` asks for a part of the feed from now on, like the
/// parameters below at the start; the snapshot of that part comes next. With `compress=deflate` the text of a long frame comes as
/// a binary message that is a zlib stream (RFC 1950), a quarter of its size; short ones stay text.
/// Whoever asks for snapshots or filters more than five times at once, or once a second, gets the last of them a little later.
#[utoipa::path(get, path = "/api/v1/ws", operation_id = "connect", tag = "updates", params(
    ("server" = Option<String>, Query, min_length = 1, max_length = 255, description = "things of this server only"),
    ("prefix" = Option<String>, Query, min_length = 1, max_length = 255, description = "streams and recordings whose name begins so, cameras whose path does"),
    ("stream" = Option<String>, Query, min_length = 1, max_length = 255, description = "the stream of this name only, its recording and its camera"),
    ("kinds" = Option<String>, Query, min_length = 1, max_length = 255, description = "words of the feed with commas between them: stream, camera, server, recording"),
    ("compress" = Option<String>, Query, pattern = "^deflate$", description = "how long frames are compressed; without it they are texts"),
), responses(
    (status = 101, description = "WebSocket"),
    (status = 400, body = Problem, content_type = "application/problem+json", description = "not a WebSocket request, or a filter that can match nothing"),
    (status = 403, body = Problem, content_type = "application/problem+json", description = "a page of another origin"),
    (status = 503, body = Problem, content_type = "application/problem+json", description = "too many clients, in all or of one address"),
))]
pub(super) async fn connect(
    Viewer(caller): Viewer,
    request: HttpRequest,
    payload: web::Payload,
    state: web::Data<HttpState>,
    origin_policy: web::Data<OriginPolicy>,
    stopping: web::Data<CancellationToken>,
) -> ErrorAnswer {
    let source = source_of(&request);
    origin_policy.check_origin(request.headers(), source.is_secure)?;
    let not_ws = |_| Problem::new(StatusCode::BAD_REQUEST, "this address speaks WebSocket (RFC 6455, version 13) only");
    ws::handshake(&request).map_err(not_ws)?;
    let (filter, compress) = options_of(&request)?;
    let subscription = state.hub.subscribe(source.address, filter).await?;
    log::debug!(caller = caller.to_string().as_str(); "websocket session started");
    let last_heard = LastHeard::now();
    let session = WsSession::new(state.hub.clone(), subscription, last_heard.clone(), stopping.get_ref().clone())
        .compressed(compress)
        .until(state.callers.ended(&caller));
    let answer: Result<HttpResponse, actix_web::Error> =
        ws::WsResponseBuilder::new(session, &request, payload).frame_size(LONGEST).start();
    let answer = answer.map_err(|_| Problem::new(StatusCode::BAD_REQUEST, "the WebSocket handshake failed"))?;
    watchdog::watch(&request, last_heard);
    Ok(answer)
}

/// What the client wants to hear of, and whether it takes long frames compressed.
fn options_of(request: &HttpRequest) -> Result<(FeedFilter, bool), Error> {
    let mut query = Query::of(request)?;
    let kinds = query.text("kinds")?.map(|kinds| kinds.split(',').map(|kind| kind.trim().to_owned()).collect());
    let (server, prefix, stream) = (query.text("server")?, query.text("prefix")?, query.text("stream")?);
    let compress = match query.text("compress")?.as_deref() {
        None => false,
        Some("deflate") => true,
        Some(other) => {
            return Err(Error::invalid(
                "compress",
                format!("{other:?} is not known; leave it out for texts, or take \"deflate\""),
            ));
        }
    };
    Ok((FeedFilter { server, prefix, stream, kinds }.checked()?, compress))
}

/// Whether a page may connect: 204, or 403 that says why not and what to set. Browsers show a page no answer to a WebSocket
/// that was refused, so the page asks here. (The origin is checked before any handler.)
#[utoipa::path(post, path = "/api/v1/ws", operation_id = "checkConnection", tag = "updates", responses(
    (status = 204, description = "it may"),
    (status = 403, body = Problem, content_type = "application/problem+json", description = "a page of another origin"),
))]
pub(super) async fn check(_: Viewer) -> HttpResponse {
    HttpResponse::NoContent().finish()
}
