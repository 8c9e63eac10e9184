//! `/api/v1/recordings/segments/{id}`: the media itself, whole or in parts, from the spool or the object store.

use std::io::SeekFrom;

use actix_web::http::{StatusCode, header};
use actix_web::{HttpRequest, HttpResponse, web};
use bytes::Bytes;
use chrono::TimeDelta;
use futures_util::stream::{self, BoxStream};
use futures_util::{StreamExt, TryStreamExt};
use tokio::fs::{self, File};
use tokio::io::{AsyncReadExt, AsyncSeekExt};
use uuid::Uuid;

use super::range::{Wanted, wanted};
use crate::adapters::database::SegmentQuery;
use crate::adapters::objects::SharedObjects;
use crate::base::{Error, Result};
use crate::domain::copies::{CopyPlace, CopyState, SegmentCopy};
use crate::domain::recorded_track::RecordedTrack;
use crate::domain::recording::{Segment, SegmentState};
use crate::http::access::Viewer;
use crate::http::conditional::is_known;
use crate::http::http_error::{ErrorAnswer, Problem};
use crate::http::http_state::HttpState;
use crate::http::item_list::ItemList;

/// Bytes read at once: what one slow player holds in memory.
const CHUNK: u64 = 256 * 1024;

/// A sealed segment never changes, so nobody has to ask twice. Private: a proxy does not keep people's video.
const FOREVER: &str = "private, max-age=31536000, immutable";

/// Of parts nothing is kept: Chromium's cache in memory (private windows) kept the first 4 KiB of some on a busy machine and handed
/// them out as the whole, 2,833 bytes of the 1,091,746 that the head of the answer promised. A player cannot go on from there.
const NOTHING: &str = "no-store";

/// Where a file is gone, its head is looked for in so many before and behind it.
const NEIGHBOURS: i64 = 4;

/// The media of a segment. HEAD and a single byte range are answered too. `.mp4` may follow the id, for players that
/// look at the extension.
#[utoipa::path(get, path = "/api/v1/recordings/segments/{id}", operation_id = "getSegment", tag = "recordings", params(("id" = Uuid, Path)),
    responses(
        (status = 200, content_type = "video/mp4"),
        (status = 206, content_type = "video/mp4", description = "the bytes asked for with Range"),
        (status = 304, description = "If-None-Match names what the client has"),
        (status = 404, body = Problem, content_type = "application/problem+json"),
        (status = 416, body = Problem, content_type = "application/problem+json"),
    ))]
pub(in crate::http) async fn segment(
    _: Viewer,
    state: web::Data<HttpState>,
    id: web::Path<String>,
    request: HttpRequest,
) -> ErrorAnswer {
    let segment = find(&state, id.trim_end_matches(".mp4")).await?;
    let head = |name: header::HeaderName| request.headers().get(name).and_then(|value| value.to_str().ok());
    let tag = |size: u64| format!("\"{}-{size}\"", segment.id);
    // A range of another version of the file would be nonsense: then the whole of this one.
    let range =
        |size: u64| head(header::RANGE).filter(|_| head(header::IF_RANGE).is_none_or(|known| known == tag(size)));
    let (source, size) = match open(&state, &segment).await {
        Ok(found) => found,
        Err(gone) => same_head(&state, &segment, range(segment.bytes)).await?.ok_or(gone)?,
    };
    let etag = tag(size);

    let mut answer = HttpResponse::build(StatusCode::OK);
    answer.insert_header((header::ETAG, etag.as_str()));
    answer.insert_header((header::CACHE_CONTROL, FOREVER));
    if is_known(&request, &etag) {
        return Ok(answer.status(StatusCode::NOT_MODIFIED).finish());
    }
    answer.insert_header((header::ACCEPT_RANGES, "bytes")).content_type("video/mp4");
    let (start, length) = match wanted(range(size), size) {
        Wanted::Whole => (0, size),
        Wanted::Part { start, length } => {
            let range = format!("bytes {start}-{}/{size}", start + length - 1);
            answer.status(StatusCode::PARTIAL_CONTENT).insert_header((header::CONTENT_RANGE, range));
            answer.insert_header((header::CACHE_CONTROL, NOTHING));
            (start, length)
        }
        Wanted::Nowhere => return Ok(nowhere(size)),
    };
    let body = actix_web::body::SizedStream::new(length, source.read(start, length).await?);
    Ok(answer.body(body))
}

/// Where the bytes of a segment are, or were.
#[utoipa::path(get, path = "/api/v1/recordings/segments/{id}/copies", operation_id = "listCopies", tag = "recordings", params(("id" = Uuid, Path)),
    responses(
        (status = 200, body = ItemList<SegmentCopy>),
        (status = 404, body = Problem, content_type = "application/problem+json"),
    ))]
pub(in crate::http) async fn copies(
    _: Viewer,
    state: web::Data<HttpState>,
    id: web::Path<String>,
) -> ErrorAnswer<web::Json<ItemList<SegmentCopy>>> {
    let segment = find(&state, &id).await?;
    Ok(web::Json(ItemList::whole(state.stores.recordings.copies(vec![segment.id]).await?)))
}

/// What a segment's tracks hold: frames, timestamps, when they came. None of what earlier versions recorded, and of what was entered from
/// what objects say of themselves.
#[utoipa::path(get, path = "/api/v1/recordings/segments/{id}/tracks", operation_id = "listTracks", tag = "recordings", params(("id" = Uuid, Path)),
    responses(
        (status = 200, body = ItemList<RecordedTrack>),
        (status = 404, body = Problem, content_type = "application/problem+json"),
    ))]
pub(in crate::http) async fn tracks(
    _: Viewer,
    state: web::Data<HttpState>,
    id: web::Path<String>,
) -> ErrorAnswer<web::Json<ItemList<RecordedTrack>>> {
    let segment = find(&state, &id).await?;
    Ok(web::Json(ItemList::whole(RecordedTrack::of(&segment))))
}

/// The segment with this id.
async fn find(state: &HttpState, id: &str) -> Result<Segment> {
    let missing = || Error::not_found("there is no such segment");
    let id: Uuid = id.parse().map_err(|_| missing())?;
    state.stores.recordings.segment(id).await?.ok_or_else(missing)
}

fn nowhere(size: u64) -> HttpResponse {
    use actix_web::ResponseError;
    let detail = format!("the segment has {size} bytes and none of them lie in the range asked for");
    let mut answer = Problem::new(StatusCode::RANGE_NOT_SATISFIABLE, detail).error_response();
    if let Ok(range) = header::HeaderValue::from_str(&format!("bytes */{size}")) {
        answer.headers_mut().insert(header::CONTENT_RANGE, range);
    }
    answer
}

/// Where the bytes come from.
enum Source {
    Spool(File),
    Objects { store: SharedObjects, key: String },
}

/// The spool first: it is near, and until the upload has ended it is the only place.
async fn open(state: &HttpState, segment: &Segment) -> Result<(Source, u64)> {
    match segment.state {
        SegmentState::Writing => return Err(Error::not_found("this segment is still being recorded; try again later")),
        SegmentState::Lost => {
            let reason = segment.reason.as_deref().unwrap_or("the reason is not known");
            return Err(Error::not_found(format!("this segment was lost: {reason}")));
        }
        SegmentState::Deleted => {
            return Err(Error::not_found("this segment was deleted by the rules of retention"));
        }
        // What is missing may be back by now.
        SegmentState::Missing
        | SegmentState::Sealed
        | SegmentState::Uploading
        | SegmentState::Uploaded
        | SegmentState::Evicted => {}
    }
    let copies = state.stores.recordings.copies(vec![segment.id]).await?;
    // A copy that is not known to be gone may be there: rows lag behind the disk by a moment.
    let may_be = |place| !copies.iter().any(|copy| copy.place == place && copy.state == CopyState::Lost);
    // A row changed by hand, or a link, must not read other files: `path` refuses what leads out of the spool.
    if may_be(CopyPlace::Spool)
        && let Ok(path) = state.spool.path(&segment.spool_path)
        && fs::symlink_metadata(&path).await.is_ok_and(|found| found.is_file())
        && let Ok(file) = File::open(&path).await
        && let Ok(metadata) = file.metadata().await
        && metadata.len() == segment.bytes
    {
        return Ok((Source::Spool(file), metadata.len()));
    }
    let key = segment.object_key.clone();
    let size = if may_be(CopyPlace::Objects) { state.objects.size(&key).await? } else { None };
    let missing = || Error::not_found("this segment's file is neither in the spool nor in the object store");
    let size = size.ok_or_else(missing)?;
    if size < segment.bytes {
        // A part of it would be played as if it were the whole.
        let words = format!("this segment is damaged: {size} of its {} bytes are left", segment.bytes);
        return Err(Error::not_found(words));
    }
    Ok((Source::Objects { store: state.objects.clone(), key }, size))
}

/// Where the head of a file that is gone is found: in another of its run, whose heads are alike. ffmpeg's reader of HLS, which ffplay
/// and mpv use, goes over media that it cannot fetch, but ends at a head that it cannot (seen with 5.1.9).
async fn same_head(state: &HttpState, segment: &Segment, range: Option<&str>) -> Result<Option<(Source, u64)>> {
    let Wanted::Part { start, length } = wanted(range, segment.bytes) else { return Ok(None) };
    if start + length > segment.init_bytes || !segment.state.is_playable() {
        return Ok(None);
    }
    let near = TimeDelta::milliseconds(i64::try_from(segment.duration_ms).unwrap_or(0).saturating_mul(NEIGHBOURS));
    let query = SegmentQuery {
        session: Some(segment.session),
        from: segment.started_at.checked_sub_signed(near),
        to: segment.ended_at().checked_add_signed(near),
        limit: 100,
        ..SegmentQuery::default()
    };
    let others = state.stores.recordings.segments(query).await?;
    let is_alike = |other: &&Segment| other.id != segment.id && other.init_bytes == segment.init_bytes;
    for other in others.iter().filter(is_alike) {
        if let Ok((source, _)) = open(state, other).await {
            return Ok(Some((source, segment.bytes)));
        }
    }
    Ok(None)
}

impl Source {
    /// `length` bytes from `start`, in pieces. An error in the middle cuts the answer short, which players notice.
    async fn read(self, start: u64, length: u64) -> Result<BoxStream<'static, Result<Bytes, std::io::Error>>> {
        let mut file = match self {
            Self::Spool(file) => file,
            Self::Objects { store, key } => {
                return Ok(store.stream(&key, start, length).await?.map_err(std::io::Error::other).boxed());
            }
        };
        let seek = file.seek(SeekFrom::Start(start)).await;
        seek.map_err(|error| Error::internal("the segment's file cannot be read").with_source(error))?;
        let pieces = stream::try_unfold((file, length), |(mut file, left)| async move {
            if left == 0 {
                return Ok(None);
            }
            let mut piece = Vec::with_capacity(left.min(CHUNK) as usize);
            let taken = (&mut file).take(left.min(CHUNK)).read_to_end(&mut piece).await? as u64;
            if taken == 0 {
                return Err(std::io::Error::from(std::io::ErrorKind::UnexpectedEof));
            }
            Ok(Some((Bytes::from(piece), (file, left.saturating_sub(taken)))))
        });
        Ok(pieces.boxed())
    }
}
