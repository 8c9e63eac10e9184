//! One upload from claim to row. No state, no decision about what comes next.

use std::time::Duration;

use tokio::time::{Instant, timeout};

use super::UploadHandles;
use crate::adapters::spool::SharedSpool;
use crate::base::{Error, Kind, Result};
use crate::domain::recording::{Segment, SegmentState};

/// No segment takes so long; a store that neither answers nor fails is one that does not work.
const LIMIT: Duration = Duration::from_secs(600);

/// How an upload went.
#[derive(Debug)]
pub(super) enum Outcome {
    /// It is in the store, and its row says so.
    Stored {
        /// How long it took.
        took: Duration,
    },
    /// It can never be stored; its row says why.
    Lost,
    /// Not this time.
    Failed(Error),
}

/// Uploads a claimed segment. After `Failed` the row still says `uploading`.
pub(super) async fn upload(handles: &UploadHandles, segment: &Segment) -> Outcome {
    let begun = Instant::now();
    let late =
        |_| Err(Error::new(Kind::Timeout, format!("the object store did not answer within {} s", LIMIT.as_secs())));
    match timeout(LIMIT, store(handles, segment)).await.unwrap_or_else(late) {
        Ok(None) => Outcome::Stored { took: begun.elapsed() },
        Ok(Some(why)) => match lose(handles, segment, why).await {
            Ok(()) => Outcome::Lost,
            Err(error) => Outcome::Failed(error),
        },
        Err(error) => Outcome::Failed(error),
    }
}

/// `Some`: why it can never be stored.
async fn store(handles: &UploadHandles, segment: &Segment) -> Result<Option<String>> {
    let path = handles.spool.path(&segment.spool_path)?;
    match local_size(&handles.spool, segment).await? {
        None => return Ok(Some("its file was gone from the spool before it was stored".to_owned())),
        Some(size) if size != segment.bytes => {
            return Ok(Some(format!("its file had {size} bytes instead of {} before it was stored", segment.bytes)));
        }
        Some(_) => {}
    }
    let stored = match handles.objects.put(&segment.object_key, &path).await {
        // The file went away under our hands.
        Err(error) if error.kind() == Kind::NotFound => return Ok(Some(error.message().to_owned())),
        stored => stored?,
    };
    let size = handles.objects.size(&segment.object_key).await?;
    if stored != segment.bytes || size != Some(segment.bytes) {
        let told = size.map_or("no such object".to_owned(), |size| format!("{size} bytes"));
        let words = format!("sent {stored} of {} bytes, and the store then had {told}", segment.bytes);
        return Err(Error::unavailable(words));
    }
    let is_ours =
        handles.database.move_segment(segment.id, vec![SegmentState::Uploading], SegmentState::Uploaded, None).await?;
    if !is_ours {
        log::warn!(stream = segment.stream.as_str(); "the row of an uploaded segment changed meanwhile and was left as it is");
    }
    Ok(None)
}

async fn local_size(spool: &SharedSpool, segment: &Segment) -> Result<Option<u64>> {
    let (spool, path) = (spool.clone(), segment.spool_path.clone());
    let asked = tokio::task::spawn_blocking(move || spool.size(&path)).await;
    asked.map_err(|error| Error::internal("work on the spool ended without a result").with_source(error))?
}

async fn lose(handles: &UploadHandles, segment: &Segment, why: String) -> Result<()> {
    log::error!(
        stream = segment.stream.as_str(), session:% = segment.session;
        "segment {} is lost: {why}", segment.number
    );
    let from = vec![SegmentState::Uploading];
    handles.database.move_segment(segment.id, from, SegmentState::Lost, Some(why)).await.map(drop)
}
