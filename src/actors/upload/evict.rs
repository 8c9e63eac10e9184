//! Eviction: local files of uploaded segments go when they are old enough, or when the disk needs room.

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use super::{UploadHandles, UploadRules};
use crate::adapters::database::SegmentQuery;
use crate::adapters::spool::SharedSpool;
use crate::base::{Error, Result};
use crate::domain::recording::{Segment, SegmentState};

/// Segments looked at together.
const PAGE: u32 = 200;

/// Evicts what is due. Returns how many segments left the spool.
pub(super) async fn evict(handles: &UploadHandles, rules: &UploadRules, now: DateTime<Utc>) -> Result<usize> {
    handles.ready().await?;
    let age = TimeDelta::from_std(rules.keep_local).unwrap_or(TimeDelta::MAX);
    let mut evicted = 0;
    if let Some(before) = now.checked_sub_signed(age) {
        let mut after = None;
        loop {
            let page = uploaded(handles, Some(before), after).await?;
            let Some(last) = page.last() else { break };
            after = Some(last.id);
            for segment in page.iter().filter(|segment| segment.ended_at() <= before) {
                evicted += usize::from(evict_one(handles, segment).await?);
            }
        }
    }
    // A wish about age is less than the next frame: with the disk nearly full the oldest go first.
    let mut after = None;
    while needs_room(&handles.spool, rules.min_free).await? {
        let page = uploaded(handles, None, after).await?;
        let Some(last) = page.last() else { break };
        after = Some(last.id);
        for segment in page.iter().take(20) {
            after = Some(segment.id);
            evicted += usize::from(evict_one(handles, segment).await?);
        }
    }
    Ok(evicted)
}

async fn uploaded(handles: &UploadHandles, to: Option<DateTime<Utc>>, after: Option<Uuid>) -> Result<Vec<Segment>> {
    let states = vec![SegmentState::Uploaded];
    handles
        .database
        .segments(SegmentQuery { states, own: true, to, after, limit: PAGE, ..SegmentQuery::default() })
        .await
}

/// Removes one local file, after the store has confirmed once more that it has the object.
async fn evict_one(handles: &UploadHandles, segment: &Segment) -> Result<bool> {
    let size = handles.objects.size(&segment.object_key).await?;
    if size != Some(segment.bytes) {
        log::error!(
            stream = segment.stream.as_str(), bytes = size.unwrap_or(0);
            "{} is not in the object store as it was uploaded; its local file is kept", segment.object_key
        );
        return Ok(false);
    }
    // File first, row second: whoever reads in between finds the object, and a crash leaves no file without a row.
    let path = segment.spool_path.clone();
    on_disk(&handles.spool, move |spool| spool.remove(&path)).await?;
    let from = vec![SegmentState::Uploaded];
    handles.database.move_segment(segment.id, from, SegmentState::Evicted, None).await
}

async fn needs_room(spool: &SharedSpool, min_free: u64) -> Result<bool> {
    let free = on_disk(spool, |spool| spool.probe()).await?;
    // More than a paused recorder needs to go on (`domain::spool_space`).
    Ok(free < min_free.saturating_add(min_free / 4))
}

async fn on_disk<T: Send + 'static>(
    spool: &SharedSpool,
    work: impl FnOnce(&crate::adapters::spool::Spool) -> Result<T> + Send + 'static,
) -> Result<T> {
    let spool = spool.clone();
    let done = tokio::task::spawn_blocking(move || work(&spool)).await;
    done.map_err(|error| Error::internal("work on the spool ended without a result").with_source(error))?
}
