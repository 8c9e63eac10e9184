//! `/api/v1/streams`: what is on air.

use std::sync::Arc;

use actix_web::{HttpRequest, web};
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use super::access::{StreamReader, Viewer};
use super::http_error::{ErrorAnswer, Problem};
use super::http_state::HttpState;
use super::item_list::ItemList;
use super::query::Query;
use crate::adapters::live::Latest;
use crate::base::{Error, Result};
use crate::domain::name::StreamName;
use crate::domain::recording::RecordingStatus;
use crate::domain::stream::{StreamState, StreamStatus};

/// A stream with what belongs to it.
#[derive(Serialize, ToSchema)]
pub(super) struct StreamView {
    #[serde(flatten)]
    stream: StreamStatus,
    /// What its recorder does; null when nobody records it.
    recording: Option<RecordingStatus>,
    /// Id of the camera that feeds it; null when it comes from elsewhere.
    camera: Option<i64>,
}

/// All streams, by server and name.
#[utoipa::path(get, path = "/api/v1/streams", operation_id = "listStreams", tag = "streams", responses(
    (status = 200, body = ItemList<StreamView>),
    (status = 503, body = Problem, content_type = "application/problem+json"),
))]
pub(super) async fn list(_: Viewer, state: web::Data<HttpState>) -> ErrorAnswer<web::Json<ItemList<StreamView>>> {
    let latest = state.live.latest().await?;
    let views = latest.streams.iter().map(|stream| view(stream.clone(), &latest)).collect();
    Ok(web::Json(ItemList::whole(views)))
}

/// One stream; without `server` the first of that name.
#[utoipa::path(get, path = "/api/v1/streams/{path}", operation_id = "getStream", tag = "streams",
    params(
        ("path" = String, Path, description = "name of the stream, percent-encoded as one part (`cam%2Ffront`)"),
        ("server" = Option<String>, Query, min_length = 1, description = "name of its server"),
    ),
    responses(
        (status = 200, body = StreamView),
        (status = 404, body = Problem, content_type = "application/problem+json"),
    ))]
pub(super) async fn one(
    _: StreamReader,
    state: web::Data<HttpState>,
    path: web::Path<String>,
    request: HttpRequest,
) -> ErrorAnswer<web::Json<StreamView>> {
    let mut query = Query::of(&request)?;
    let server = query.text("server")?;
    let latest = state.live.latest().await?;
    let stream = find(&latest, &path, server.as_deref())?;
    Ok(web::Json(view(stream.clone(), &latest)))
}

/// Whether a stream is on air, for programs that ask often (OBS, NOALBS): answered from memory.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct LiveView {
    /// Pictures arrive.
    live: bool,
    state: StreamState,
    /// Bit rate of what arrives, in thousands of bits per second; 0 when nothing does or it is not known yet.
    bitrate_kbps: u64,
    /// Round-trip time of an SRT source in milliseconds; null for others.
    rtt_ms: Option<f64>,
    /// How many read it.
    readers: u64,
    /// In this state since.
    since: DateTime<Utc>,
}

/// Whether a stream is on air, in a few words; a token for streams of this name is enough. Without `server` the first of that
/// name.
#[utoipa::path(get, path = "/api/v1/streams/{path}/live", operation_id = "getStreamLive", tag = "streams",
    params(
        ("path" = String, Path, description = "name of the stream, percent-encoded as one part (`cam%2Ffront`)"),
        ("server" = Option<String>, Query, min_length = 1, description = "name of its server"),
    ),
    responses(
        (status = 200, body = LiveView),
        (status = 404, body = Problem, content_type = "application/problem+json"),
    ))]
pub(super) async fn live(
    _: StreamReader,
    state: web::Data<HttpState>,
    path: web::Path<String>,
    request: HttpRequest,
) -> ErrorAnswer<web::Json<LiveView>> {
    let server = Query::of(&request)?.text("server")?;
    let stream = stream_of(&state, &path, server.as_deref()).await?;
    Ok(web::Json(LiveView {
        live: stream.state == StreamState::Live,
        state: stream.state,
        bitrate_kbps: stream.bitrate.unwrap_or(0) / 1000,
        rtt_ms: stream.rtt,
        readers: stream.readers.into(),
        since: stream.since,
    }))
}

fn missing() -> Error {
    Error::not_found("there is no such stream; its name goes into the address as one encoded part")
}

/// One stream, for routes that are asked often: nothing but this one is copied. Without `server` the first of that name.
pub(super) async fn stream_of(state: &HttpState, path: &str, server: Option<&str>) -> Result<Arc<StreamStatus>> {
    let name = StreamName::parse(path).map_err(|_| missing())?;
    state.live.latest_of(server, &name).await?.ok_or_else(missing)
}

pub(super) fn find<'a>(latest: &'a Latest, path: &str, server: Option<&str>) -> Result<&'a StreamStatus> {
    // A name that no stream can have is as unknown as one that none has.
    let name = StreamName::parse(path).map_err(|_| missing())?;
    let is_it = |stream: &&StreamStatus| stream.name == name && server.is_none_or(|server| stream.server == server);
    latest.streams.iter().find(is_it).ok_or_else(missing)
}

fn view(stream: StreamStatus, latest: &Latest) -> StreamView {
    let is_it = |one: &&RecordingStatus| one.server == stream.server && one.name == stream.name;
    let recording = latest.recordings.iter().find(is_it).cloned();
    let camera = latest
        .cameras
        .iter()
        .find(|camera| camera.server == stream.server && camera.path == stream.name.as_str())
        .map(|camera| camera.id);
    StreamView { stream, recording, camera }
}
