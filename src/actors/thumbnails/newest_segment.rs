//! Which segment shows how a stream looks now, and where its file is.

use std::path::{Path, PathBuf};

use chrono::{DateTime, TimeDelta, Utc};

use crate::adapters::database::{RecordingStore, SegmentQuery};
use crate::adapters::objects::SharedObjects;
use crate::adapters::spool::SharedSpool;
use crate::base::{Error, Result};
use crate::domain::name::StreamName;
use crate::domain::recording::{Segment, SegmentState};

/// The newest segment is looked for in so much time before the end.
const LOOK_BACK: TimeDelta = TimeDelta::minutes(15);
const MOST: u32 = 1_000;

/// The first picture of a stored segment lies within so many bytes of it.
const HEAD: u64 = 4 << 20;

/// The newest segment of a stream that can be played.
pub(super) async fn find(
    recordings: &dyn RecordingStore,
    server: &str,
    stream: &StreamName,
    now: DateTime<Utc>,
) -> Result<Option<Segment>> {
    let playable = [SegmentState::Sealed, SegmentState::Uploading, SegmentState::Uploaded, SegmentState::Evicted];
    let lately = |end: DateTime<Utc>| SegmentQuery {
        server: Some(server.to_owned()),
        stream: Some(stream.as_str().to_owned()),
        from: Some(end - LOOK_BACK),
        states: playable.to_vec(),
        limit: MOST,
        ..SegmentQuery::default()
    };
    let found = recordings.segments(lately(now)).await?;
    if let Some(last) = found.into_iter().next_back() {
        return Ok(Some(last));
    }
    // What was recorded long ago: the end of its last session.
    let sessions = recordings.sessions(stream.as_str(), Some(server.to_owned())).await?;
    let Some(last) = sessions.into_iter().rfind(|session| session.segments > 0) else { return Ok(None) };
    let end = last.session.ended_at.unwrap_or(now);
    Ok(recordings.segments(lately(end)).await?.into_iter().next_back())
}

/// A file that begins with the segment: its own in the spool, else the head of what is stored, written to `head`.
pub(super) async fn file(
    spool: &SharedSpool,
    objects: &SharedObjects,
    segment: &Segment,
    head: &Path,
) -> Result<PathBuf> {
    if let Ok(path) = spool.path(&segment.spool_path)
        && let Ok(metadata) = tokio::fs::metadata(&path).await
        && metadata.is_file()
        && metadata.len() >= segment.bytes
    {
        return Ok(path);
    }
    let missing = || Error::not_found("this segment's file is neither in the spool nor in the object store");
    let size = objects.size(&segment.object_key).await?.ok_or_else(missing)?;
    let bytes = objects.read(&segment.object_key, 0, size.min(HEAD)).await?;
    let unwritable =
        |error| Error::unavailable("the head of a segment cannot be written to data_dir").with_source(error);
    tokio::fs::write(head, bytes).await.map_err(unwritable)?;
    Ok(head.to_owned())
}
