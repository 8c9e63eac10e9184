//! The pictures that are kept: one for each stream, so many streams, the longest without a look goes first.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;
use uuid::Uuid;

use super::Thumbnail;
use crate::base::{Error, Result};
use crate::domain::name::StreamName;

/// Streams whose picture is kept: some 10 KB each.
const MOST: usize = 1_000;

#[derive(Default)]
pub(super) struct KeptPictures(HashMap<(String, StreamName), KeptPicture>);

struct KeptPicture {
    segment: Uuid,
    /// The picture, or why there is none.
    made: Result<Arc<Thumbnail>, String>,
    /// When it was last found to be of the newest segment.
    found: Instant,
}

impl KeptPicture {
    fn told(&self) -> Result<Arc<Thumbnail>> {
        self.made.clone().map_err(|why| Error::invalid("segment", why))
    }
}

impl KeptPictures {
    /// What was found lately to be the newest.
    pub(super) fn fresh(&self, server: &str, stream: &StreamName, lately: Duration) -> Option<Result<Arc<Thumbnail>>> {
        let kept = self.0.get(&(server.to_owned(), stream.clone()))?;
        (kept.found.elapsed() < lately).then(|| kept.told())
    }

    /// What is known of this segment, which is the newest now.
    pub(super) fn of_segment(
        &mut self,
        server: &str,
        stream: &StreamName,
        segment: Uuid,
    ) -> Option<Result<Arc<Thumbnail>>> {
        let kept = self.0.get_mut(&(server.to_owned(), stream.clone())).filter(|kept| kept.segment == segment)?;
        kept.found = Instant::now();
        Some(kept.told())
    }

    pub(super) fn keep(
        &mut self,
        server: &str,
        stream: &StreamName,
        segment: Uuid,
        made: Result<Arc<Thumbnail>, String>,
    ) {
        let key = (server.to_owned(), stream.clone());
        if self.0.len() >= MOST && !self.0.contains_key(&key) {
            let oldest = self.0.iter().min_by_key(|(_, kept)| kept.found).map(|(key, _)| key.clone());
            oldest.map(|oldest| self.0.remove(&oldest));
        }
        self.0.insert(key, KeptPicture { segment, made, found: Instant::now() });
    }
}
