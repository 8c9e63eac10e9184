//! Segments whose file was not in the spool: back in the queue when it is there again.

use super::UploadHandles;
use super::attempt::local_size;
use crate::adapters::database::{SegmentPages, SegmentQuery};
use crate::base::Result;
use crate::domain::recording::SegmentState;

/// Rows looked at together.
const PAGE: u32 = 200;

/// Looks for the files of missing segments. Returns how many are in the queue again.
pub(super) async fn heal(handles: &UploadHandles) -> Result<usize> {
    let mut healed = 0;
    let states = vec![SegmentState::Missing];
    let query = SegmentQuery { states, own: true, limit: PAGE, ..SegmentQuery::default() };
    let mut pages = SegmentPages::of(&*handles.recordings, query);
    while let Some(page) = pages.next().await? {
        // One that was never sealed is the recovery's.
        for segment in page.iter().filter(|segment| segment.bytes > 0) {
            let (to, why) = match local_size(&handles.spool, segment).await {
                Ok(Some(size)) if size == segment.bytes => {
                    (SegmentState::Sealed, "its file was missing from the spool for a while and is back".to_owned())
                }
                Ok(Some(size)) => {
                    let why = format!("its file was missing, and has {size} bytes instead of {} now", segment.bytes);
                    (SegmentState::Lost, why)
                }
                Ok(None) => continue,
                Err(error) => {
                    handles.ready().await?;
                    log::debug!("a missing segment cannot be looked at: {error}");
                    continue;
                }
            };
            let moved = handles.recordings.move_segment(segment.id, vec![SegmentState::Missing], to, Some(why)).await?;
            healed += usize::from(moved && to == SegmentState::Sealed);
        }
    }
    Ok(healed)
}
