//! A file of a finished folder of the spool that the catalogue does not know, because its rows were lost (a database from an older
//! backup): sealed and entered as the recovery does it.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::run::draft;
use super::sealing::seal_again;
use super::set_aside::SealOrder;
use crate::adapters::database::RecordingStore;
use crate::adapters::spool::{Note, SharedSpool, on_disk};
use crate::base::{Error, Result, Scope};
use crate::domain::arrival::FileArrival;
use crate::domain::recording::{Segment, SegmentState};

/// Such a file.
pub struct FoundFile<'a> {
    /// Whose it is.
    pub note: &'a Note,
    /// Its folder.
    pub folder: &'a str,
    /// Its number.
    pub number: u32,
    /// When it begins, as far as that can be known: at the end of the one before it.
    pub started_at: DateTime<Utc>,
}

/// Seals it and enters its row, and that of its session.
///
/// # Errors
/// When it cannot be sealed, or its row cannot be written.
pub async fn enter(recordings: &Arc<dyn RecordingStore>, spool: &SharedSpool, file: FoundFile<'_>) -> Result<Segment> {
    let (note, number, place) = (file.note, file.number, (file.folder.to_owned(), file.number));
    let draft = draft(&note.key_prefix, &note.session, number, Uuid::now_v7(), file.started_at, file.folder);
    let why = Some("found in the spool without a row; its times are those of its media and of its file".to_owned());
    let order = SealOrder { from: place.clone(), to: place, draft, arrival: FileArrival::NOT_KNOWN, why };
    let segment = on_disk(spool, move |spool| seal_again(spool, order)).await?;
    if segment.state != SegmentState::Sealed {
        return Err(Error::internal("nothing of it can be played").about(Scope::Item));
    }
    recordings.open_session(note.session.clone()).await?;
    recordings.put_segment(segment.clone()).await?;
    Ok(segment)
}

/// Gives its session an end where it has none.
///
/// # Errors
/// When the row cannot be written.
pub async fn end_session(recordings: &Arc<dyn RecordingStore>, note: &Note, end: DateTime<Utc>) -> Result<()> {
    let reason = "found in the spool; what was whole has been entered".to_owned();
    recordings.close_session(note.session.id, end.max(note.session.started_at), reason).await
}
