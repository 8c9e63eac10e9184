//! Uploads in parts that were left in the middle: invisible, and paid for until somebody ends them.
//!
//! A failed upload ends its own; a process that is killed cannot. Only keys of segments are touched, and only what began more
//! than a day ago: no upload takes so long.

use chrono::{DateTime, TimeDelta, Utc};

use super::S3Store;
use crate::base::Result;
use crate::domain::layout::is_segment_key;

/// Younger ones may be under way, here or at another node.
const OLD: TimeDelta = TimeDelta::days(1);

impl S3Store {
    /// Ends them. Returns how many.
    ///
    /// # Errors
    /// When the server does not list them, or refuses to end one.
    pub(super) async fn end_old_uploads(&self, now: DateTime<Utc>) -> Result<usize> {
        let pages = self.bucket.list_multiparts_uploads(None, None).await.map_err(|error| self.fault(error))?;
        let mut ended = 0;
        for upload in pages.into_iter().flat_map(|page| page.uploads) {
            let begun = DateTime::parse_from_rfc3339(&upload.initiated).ok();
            let is_old = begun.is_some_and(|begun| now.signed_duration_since(begun) > OLD);
            if !is_old || !is_segment_key(&upload.key) {
                continue;
            }
            self.bucket.abort_upload(&upload.key, &upload.id).await.map_err(|error| self.fault(error))?;
            log::debug!("ended an upload in parts of {} that began at {}", upload.key, upload.initiated);
            ended += 1;
        }
        Ok(ended)
    }
}
