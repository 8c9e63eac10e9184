//! `/api/v1/recordings/{stream}/playlist.m3u8`: HLS over any stretch of time. The text is a rule of `domain::playlist`.

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};
use chrono::{DateTime, Utc};

use super::catalogue::{in_order, name_of};
use crate::adapters::database::SegmentQuery;
use crate::base::{Error, Result};
use crate::domain::name::StreamName;
use crate::domain::playlist::{self, PlaylistEntry, PlaylistKind};
use crate::domain::recording::{Segment, SegmentState};
use crate::http::access::Viewer;
use crate::http::http_error::{ErrorAnswer, Problem};
use crate::http::http_state::HttpState;
use crate::http::query::Query;

/// Most segments in one playlist: more than a day of 10 s segments. A player that has to read more gets slow.
const MOST: u32 = 10_000;

/// HLS over what was recorded between two times. Grows while the stream is being recorded and `to` is not over yet.
#[utoipa::path(get, path = "/api/v1/recordings/{stream}/playlist.m3u8", operation_id = "getPlaylist", tag = "recordings",
    params(
        ("stream" = String, Path, description = "name of the stream, percent-encoded as one part"),
        ("server" = Option<String>, Query, min_length = 1, description = "name of its server; needed when several recorded that name"),
        ("from" = Option<DateTime<Utc>>, Query, description = "RFC 3339; from the first segment on when absent"),
        ("to" = Option<DateTime<Utc>>, Query, description = "RFC 3339; up to now, and on, when absent"),
    ),
    responses(
        (status = 200, body = String, content_type = "application/vnd.apple.mpegurl"),
        (status = 404, body = Problem, content_type = "application/problem+json", description = "nothing recorded then"),
        (status = 422, body = Problem, content_type = "application/problem+json"),
    ))]
pub(in crate::http) async fn playlist(
    _: Viewer,
    state: web::Data<HttpState>,
    stream: web::Path<String>,
    request: HttpRequest,
) -> ErrorAnswer {
    let stream = name_of(&stream)?;
    let mut query = Query::of(&request)?;
    let server = query.text("server")?;
    let (from, to) = (query.time("from")?, query.time("to")?);
    in_order(from, to)?;
    let segments = segments(&state, &stream, server, from, to).await?;
    let kind = if may_grow(&state, &segments, to).await? { PlaylistKind::Event } else { PlaylistKind::Vod };
    // Relative, so that it also holds behind a proxy that puts us under another path. With `.mp4`, because ffmpeg
    // refuses segments without a known extension (seen with 5.1.9).
    let entries = PlaylistEntry::all(&segments, |segment| format!("../segments/{}.mp4", segment.id));
    let mut answer = HttpResponse::Ok();
    answer.insert_header((header::CACHE_CONTROL, "no-cache")).content_type("application/vnd.apple.mpegurl");
    Ok(answer.body(playlist::render(&entries, kind, from)))
}

async fn segments(
    state: &HttpState,
    stream: &StreamName,
    server: Option<String>,
    from: Option<DateTime<Utc>>,
    to: Option<DateTime<Utc>>,
) -> Result<Vec<Segment>> {
    let playable = [SegmentState::Sealed, SegmentState::Uploading, SegmentState::Uploaded, SegmentState::Evicted];
    let query = SegmentQuery {
        server,
        stream: Some(stream.as_str().to_owned()),
        from,
        to,
        states: playable.to_vec(),
        limit: MOST + 1,
        ..SegmentQuery::default()
    };
    let mut segments = state.stores.recordings.segments(query).await?;
    if segments.len() > MOST as usize {
        return Err(Error::invalid("from", format!("more than {MOST} segments lie in this time; ask for less of it")));
    }
    segments.retain(|segment| playlist::belongs(segment, from, to));
    let Some(first) = segments.first() else {
        return Err(Error::not_found(format!("nothing of {stream} was recorded in this time")));
    };
    if segments.iter().any(|segment| segment.server != first.server) {
        return Err(Error::invalid("server", "several servers have recorded a stream of this name; name one of them"));
    }
    Ok(segments)
}

/// Whether later segments can fall into the playlist. The last session may have ended and the next have sealed nothing
/// yet, so the recorder is asked and not the session.
async fn may_grow(state: &HttpState, segments: &[Segment], to: Option<DateTime<Utc>>) -> Result<bool> {
    let Some(last) = segments.last() else { return Ok(false) };
    if to.is_some_and(|to| to <= Utc::now()) {
        return Ok(false);
    }
    let recordings = state.live.latest().await?.recordings;
    Ok(recordings.iter().any(|recording| recording.server == last.server && recording.name == last.stream))
}
