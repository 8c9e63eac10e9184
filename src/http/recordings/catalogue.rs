//! What has been recorded: streams, sessions, segments.

use actix_web::{HttpRequest, web};
use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::adapters::database::{RecordingSummary, SegmentQuery, SessionSummary};
use crate::base::{Error, Result};
use crate::domain::name::StreamName;
use crate::domain::recording::Segment;
use crate::http::access::Viewer;
use crate::http::http_error::{ErrorAnswer, Problem};
use crate::http::http_state::HttpState;
use crate::http::item_list::ItemList;
use crate::http::query::Query;

/// Segments in one answer when nobody says how many, and the most there are.
const LIMIT: u32 = 200;
const MOST: u32 = 1_000;

/// Every recorded stream in one line.
#[utoipa::path(get, path = "/api/v1/recordings", operation_id = "listRecordings", tag = "recordings", responses(
    (status = 200, body = ItemList<RecordingSummary>),
    (status = 503, body = Problem, content_type = "application/problem+json"),
))]
pub(in crate::http) async fn streams(
    _: Viewer,
    state: web::Data<HttpState>,
) -> ErrorAnswer<web::Json<ItemList<RecordingSummary>>> {
    Ok(web::Json(ItemList::whole(state.stores.recordings.recordings().await?)))
}

/// The sessions of a stream, oldest first. `startedAt` is when the first frame arrived, once the first segment is complete; before
/// that, the second at which the session was begun.
#[utoipa::path(get, path = "/api/v1/recordings/{stream}/sessions", operation_id = "listSessions", tag = "recordings",
    params(
        ("stream" = String, Path, description = "name of the stream, percent-encoded as one part"),
        ("server" = Option<String>, Query, min_length = 1, description = "name of its server; all of them when absent"),
    ),
    responses(
        (status = 200, body = ItemList<SessionSummary>),
        (status = 404, body = Problem, content_type = "application/problem+json"),
    ))]
pub(in crate::http) async fn sessions(
    _: Viewer,
    state: web::Data<HttpState>,
    stream: web::Path<String>,
    request: HttpRequest,
) -> ErrorAnswer<web::Json<ItemList<SessionSummary>>> {
    let stream = name_of(&stream)?;
    let mut query = Query::of(&request)?;
    let server = query.text("server")?;
    let sessions = state.stores.recordings.sessions(stream.as_str(), server).await?;
    Ok(web::Json(ItemList::whole(sessions.into_iter().map(SessionSummary::from_first_frame).collect())))
}

/// The segments of a stream, oldest first; `next` goes into `after`.
#[utoipa::path(get, path = "/api/v1/recordings/{stream}/segments", operation_id = "listSegments", tag = "recordings",
    params(
        ("stream" = String, Path, description = "name of the stream, percent-encoded as one part"),
        ("server" = Option<String>, Query, min_length = 1, description = "name of its server; all of them when absent"),
        ("from" = Option<DateTime<Utc>>, Query, description = "RFC 3339; only segments that end after it"),
        ("to" = Option<DateTime<Utc>>, Query, description = "RFC 3339; only segments that start before it"),
        ("after" = Option<Uuid>, Query, description = "the `next` of the page before"),
        ("limit" = Option<u32>, Query, minimum = 1, maximum = 1000, description = "1 to 1000; 200 when absent"),
    ),
    responses(
        (status = 200, body = ItemList<Segment>),
        (status = 404, body = Problem, content_type = "application/problem+json"),
        (status = 422, body = Problem, content_type = "application/problem+json"),
    ))]
pub(in crate::http) async fn segments(
    _: Viewer,
    state: web::Data<HttpState>,
    stream: web::Path<String>,
    request: HttpRequest,
) -> ErrorAnswer<web::Json<ItemList<Segment>>> {
    let stream = name_of(&stream)?;
    let mut query = Query::of(&request)?;
    let server = query.text("server")?;
    let (from, to) = (query.time("from")?, query.time("to")?);
    let after: Option<Uuid> = query.parsed("after", "the `next` of the page before")?;
    let limit = query.number("limit", 1, MOST)?.unwrap_or(LIMIT);
    in_order(from, to)?;
    let stream = Some(stream.as_str().to_owned());
    // One more than asked for tells whether more follow.
    let wanted = SegmentQuery { server, stream, from, to, after, limit: limit + 1, ..SegmentQuery::default() };
    let mut items = state.stores.recordings.segments(wanted).await?;
    let has_more = items.len() > limit as usize;
    items.truncate(limit as usize);
    let next = items.last().filter(|_| has_more).map(|segment| segment.id.to_string());
    Ok(web::Json(ItemList::part(items, next)))
}

/// A name that no stream can have is as unknown as one that none has.
pub(super) fn name_of(path: &str) -> Result<StreamName> {
    StreamName::parse(path).map_err(|_| Error::not_found("there is no such stream; encode its name as one part"))
}

pub(super) fn in_order(from: Option<DateTime<Utc>>, to: Option<DateTime<Utc>>) -> Result<()> {
    match (from, to) {
        (Some(from), Some(to)) if from >= to => Err(Error::invalid("from", "must be before to")),
        _ => Ok(()),
    }
}
