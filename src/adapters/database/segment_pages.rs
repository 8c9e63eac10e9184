//! A long list of segments, a page at a time.

use super::{RecordingStore, SegmentQuery};
use crate::base::Result;
use crate::domain::recording::Segment;

/// What a query lists, in pages of its limit. What changes behind the last page is not listed again.
pub struct SegmentPages<'a> {
    store: &'a dyn RecordingStore,
    query: SegmentQuery,
}

impl<'a> SegmentPages<'a> {
    /// Before the first page.
    pub fn of(store: &'a dyn RecordingStore, query: SegmentQuery) -> Self {
        Self { store, query }
    }

    /// The next page; `None` after the last.
    pub async fn next(&mut self) -> Result<Option<Vec<Segment>>> {
        let page = self.store.segments(self.query.clone()).await?;
        let Some(last) = page.last() else { return Ok(None) };
        self.query.after = Some(last.id);
        Ok(Some(page))
    }
}
