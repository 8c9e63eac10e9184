//! `/api/v1/streams/{path}/thumbnail`: a small picture of what was recorded last.

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};

use super::access::Viewer;
use super::conditional::unless_known;
use super::http_error::{ErrorAnswer, Problem};
use super::http_state::HttpState;
use super::query::Query;
use super::stream_routes::stream_of;
use crate::base::{Error, ErrorKind};
use crate::domain::name::StreamName;

/// A browser asks again after so long; people's video stays out of a proxy.
const CACHE: &str = "private, max-age=10";

/// The first picture of the newest segment of a stream, 320 px wide; made when it is asked for, by one ffmpeg at a time, where
/// `record.thumbnails` is on. `Last-Modified` says of when it is.
#[utoipa::path(get, path = "/api/v1/streams/{path}/thumbnail", operation_id = "getThumbnail", tag = "streams",
    params(
        ("path" = String, Path, description = "name of the stream, percent-encoded as one part"),
        ("server" = Option<String>, Query, min_length = 1, description = "name of its server; without it the stream has to be there now"),
    ),
    responses(
        (status = 200, content_type = "image/jpeg"),
        (status = 304, description = "If-None-Match names what the client has"),
        (status = 404, body = Problem, content_type = "application/problem+json", description = "nothing of it can be shown, or thumbnails are off"),
        (status = 503, body = Problem, content_type = "application/problem+json", description = "too many are asked for"),
    ))]
pub(super) async fn newest(
    _: Viewer,
    state: web::Data<HttpState>,
    path: web::Path<String>,
    request: HttpRequest,
) -> ErrorAnswer {
    let server = Query::of(&request)?.text("server")?;
    let off = || Error::not_found("thumbnails are switched off; record.thumbnails = true makes them");
    let thumbnails = state.thumbnails.as_ref().ok_or_else(off)?;
    let (server, name) = match server {
        Some(server) => {
            let missing = |_| Error::not_found("there is no such stream; encode its name as one part");
            (server, StreamName::parse(&path).map_err(missing)?)
        }
        None => {
            let stream = stream_of(&state, &path, None).await?;
            (stream.server.to_string(), stream.name.clone())
        }
    };
    // A segment without a picture is nothing that the caller could put right.
    let none = |error: Error| match error.kind() {
        ErrorKind::Invalid => Error::not_found(error.message().to_owned()),
        _ => error,
    };
    let picture = thumbnails.newest(&server, &name).await.map_err(none)?;
    let etag = format!("\"{}\"", picture.segment);
    let mut answer = HttpResponse::Ok();
    answer.insert_header((header::CACHE_CONTROL, CACHE)).content_type("image/jpeg");
    answer.insert_header((header::LAST_MODIFIED, picture.at.format("%a, %d %b %Y %H:%M:%S GMT").to_string()));
    Ok(unless_known(&request, &etag, answer, picture.jpeg.clone()))
}
