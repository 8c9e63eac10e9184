//! One upload from claim to row. No state, no decision about what comes next.

use std::time::Duration;

use chrono::Utc;
use tokio::time::{Instant, timeout};

use super::UploadHandles;
use crate::adapters::spool::{SharedSpool, on_disk};
use crate::base::{Error, ErrorKind, Result, Scope};
use crate::domain::copies::{CopyPlace, CopyState, SegmentCopy};
use crate::domain::object_metadata::describe;
use crate::domain::recording::{Segment, SegmentState};

/// How an upload went.
#[derive(Debug)]
pub(super) enum UploadOutcome {
    /// It is in the store, and its row says so.
    Stored {
        /// How long it took.
        took: Duration,
    },
    /// It cannot be stored, now or ever; its row says why.
    Unfit,
    /// Not this time.
    Failed(Error),
}

/// Uploads a claimed segment. After `Failed` the row still says `uploading`.
pub(super) async fn upload(handles: &UploadHandles, segment: &Segment) -> UploadOutcome {
    let begun = Instant::now();
    let storing = store(handles, segment);
    let stored = match handles.objects.longest_put() {
        None => storing.await,
        Some(limit) => timeout(limit, storing).await.unwrap_or_else(|_| {
            let text = format!("the object store did not answer within {} s", limit.as_secs());
            Err(Error::new(ErrorKind::Timeout, text).about(Scope::Item))
        }),
    };
    match stored {
        Ok(Stored::Whole) => UploadOutcome::Stored { took: begun.elapsed() },
        Ok(Stored::Conflict) => UploadOutcome::Unfit,
        Ok(Stored::Unfit(state, why)) => match set_aside(handles, segment, state, why).await {
            Ok(()) => UploadOutcome::Unfit,
            Err(error) => UploadOutcome::Failed(error),
        },
        Err(error) => UploadOutcome::Failed(error),
    }
}

/// What came of a segment that somebody tried to store.
enum Stored {
    Whole,
    /// Its copy says why not.
    Conflict,
    /// What its row has to say. Absence is no proof of a loss: the file may come back.
    Unfit(SegmentState, String),
}

async fn store(handles: &UploadHandles, segment: &Segment) -> Result<Stored> {
    let path = handles.spool.path(&segment.spool_path)?;
    match local_size(&handles.spool, segment).await? {
        None => return Ok(absent()),
        Some(size) if size != segment.bytes => {
            let why = format!("its file had {size} bytes instead of {} before it was stored", segment.bytes);
            return Ok(Stored::Unfit(SegmentState::Lost, why));
        }
        Some(_) => {}
    }
    // How the session ended is known for its last segment, as a rule; what is not known is no reason to wait.
    let session = handles.recordings.session(segment.session).await.ok().flatten();
    let metadata = describe(segment, session.as_ref());
    let stored = match handles.objects.put_with(&segment.object_key, &path, &metadata).await {
        // The file went away under our hands.
        Err(error) if error.kind() == ErrorKind::NotFound && local_size(&handles.spool, segment).await?.is_none() => {
            return Ok(absent());
        }
        Err(error) if error.kind() == ErrorKind::Conflict && error.scope() == Scope::Item => {
            return conflict(handles, segment, error).await;
        }
        stored => stored?,
    };
    let size = handles.objects.size(&segment.object_key).await?;
    if stored.bytes != segment.bytes || size != Some(segment.bytes) {
        let told = size.map_or("no such object".to_owned(), |size| format!("{size} bytes"));
        let words = format!("sent {} of {} bytes, and the store then had {told}", stored.bytes, segment.bytes);
        return Err(Error::unavailable(words).about(Scope::Item));
    }
    let copy = SegmentCopy {
        verified_at: Some(Utc::now()),
        sha256: Some(stored.sha256),
        ..SegmentCopy::new(segment.id, CopyPlace::Objects, CopyState::Verified)
    };
    let is_ours = handles.recordings.write_copy(copy, Some(CopyState::Uploading)).await?;
    if !is_ours {
        log::warn!(stream = segment.stream.as_str(); "the row of an uploaded segment changed meanwhile and was left as it is");
    }
    Ok(Stored::Whole)
}

/// Other bytes stand at its key. Neither they nor the local file are touched, and it is not tried again before they are gone
/// (`conflicts`).
async fn conflict(handles: &UploadHandles, segment: &Segment, error: Error) -> Result<Stored> {
    log::error!(stream = segment.stream.as_str(), session:% = segment.session; "segment {} is kept in the spool: {error}", segment.number);
    let reason = Some(error.message().to_owned());
    let copy = SegmentCopy { reason, ..SegmentCopy::new(segment.id, CopyPlace::Objects, CopyState::Conflict) };
    handles.recordings.write_copy(copy, Some(CopyState::Uploading)).await?;
    Ok(Stored::Conflict)
}

fn absent() -> Stored {
    let why = "its file is not in the spool; it is uploaded when it is back";
    Stored::Unfit(SegmentState::Missing, why.to_owned())
}

/// `None` when it is not there, though the spool is the right one.
pub(super) async fn local_size(spool: &SharedSpool, segment: &Segment) -> Result<Option<u64>> {
    let path = segment.spool_path.clone();
    on_disk(spool, move |spool| spool.size(&path)).await
}

async fn set_aside(handles: &UploadHandles, segment: &Segment, state: SegmentState, why: String) -> Result<()> {
    log::error!(
        stream = segment.stream.as_str(), session:% = segment.session;
        "segment {} is {}: {why}", segment.number, state.as_str()
    );
    let from = vec![SegmentState::Uploading];
    handles.recordings.move_segment(segment.id, from, state, Some(why)).await.map(drop)
}
