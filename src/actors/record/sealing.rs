//! From a file that ffmpeg has left to its row: put into its place, checked, repaired, squeezed pictures given their time. Blocks.

use std::time::Duration;

use log::Level;

use super::set_aside::SealOrder;
use crate::adapters::spool::{Sealed, Spool};
use crate::base::{ErrorKind, Result};
use crate::domain::arrival::{FileArrival, FileEnd};
use crate::domain::recording::{Segment, SegmentState};

/// Puts a file into its place, checks, repairs and syncs it, and completes its row. Blocks.
pub fn seal(spool: &Spool, order: &SealOrder) -> Result<Segment> {
    let (from, to) = ((order.from.0.as_str(), order.from.1), (order.to.0.as_str(), order.to.1));
    if from != to {
        spool.adopt(from, to)?;
    }
    let mut segment = Segment { spool_path: Spool::file(to.0, to.1), ..order.draft.clone() };
    let sealed = match spool.seal(to.0, to.1) {
        // Absence is no proof of a loss: the recovery seals it when it is back.
        Err(error) if error.kind() == ErrorKind::NotFound => {
            segment.state = SegmentState::Missing;
            segment.reason = Some("its file is not in the spool".to_owned());
            return Ok(segment);
        }
        sealed => sealed?,
    };
    match sealed {
        Some(mut sealed) => {
            segment.state = SegmentState::Sealed;
            let told = Duration::from_millis(sealed.checked.duration_ms);
            respace(spool, order, &mut sealed)?;
            let media = Duration::from_millis(sealed.checked.duration_ms);
            let (started_at, length) = order.arrival.place_respaced(segment.started_at, media, told);
            segment.started_at = started_at;
            segment.duration_ms = u64::try_from(length.as_millis()).unwrap_or(u64::MAX);
            segment.media_ms = Some(sealed.checked.duration_ms);
            segment.media_start_ms = Some(sealed.checked.start_ms);
            segment.bytes = sealed.bytes;
            segment.frames = sealed.checked.video_frames;
            segment.init_bytes = sealed.checked.init_bytes;
            segment.media_bytes = sealed.checked.media_bytes;
            segment.tracks = Some(sealed.checked.tracks);
            let parts = [order.why.clone(), sealed.damage];
            segment.reason = parts.into_iter().flatten().reduce(|why, damage| format!("{why}; {damage}"));
        }
        None => {
            segment.state = SegmentState::Lost;
            let why = order.why.as_deref().unwrap_or("the file holds no whole fragment");
            segment.reason = Some(format!("nothing of it could be kept: {why}"));
        }
    }
    Ok(segment)
}

/// Seals a file whose writer is gone, and of which nobody saw the end: that was when it was written last, at the latest. Blocks.
pub fn seal_left(spool: &Spool, order: SealOrder) -> Result<Segment> {
    let written = spool.written_at(&Spool::file(&order.from.0, order.from.1));
    seal(spool, &SealOrder { arrival: FileArrival::left_behind(written), ..order })
}

/// Enters a file that was sealed before: it may be stored already, and stays as it is. Blocks.
pub fn seal_again(spool: &Spool, order: SealOrder) -> Result<Segment> {
    let written = spool.written_at(&Spool::file(&order.from.0, order.from.1));
    seal(spool, &SealOrder { arrival: FileArrival::sealed_before(written), ..order })
}

/// Gives squeezed pictures of a sealed file the time they took, unless it was sealed long ago.
///
/// Not where sound is announced beside them, in this file or the next: ffmpeg puts both right by the reports of the source, each at its own time, and what is squeezed
/// in one may be what brings it back to the other. What lengthened one of them would part them for the rest of the run.
fn respace(spool: &Spool, order: &SealOrder, sealed: &mut Sealed) -> Result<()> {
    if matches!(order.arrival.end, FileEnd::SealedBefore(_)) || sealed.checked.announced_tracks > 1 {
        return Ok(());
    }
    let ((folder, number), start) = (&order.to, order.draft.started_at);
    let told = sealed.checked.duration_ms;
    let came_for = order.arrival.came_for(start, Duration::from_millis(told));
    // After midnight the one before it is in the folder of the session before.
    let before = |(folder, number): &(String, u32)| Some((folder.clone(), number.checked_sub(1)?));
    let before: Vec<(String, u32)> = [&order.to, &order.from].into_iter().filter_map(before).collect();
    let pictures = spool.respace((folder, *number), &before, came_for, sealed)?;
    if pictures > 0 {
        let (stream, file) = (order.draft.stream.as_str(), Spool::file(folder, *number));
        let ms = sealed.checked.duration_ms.saturating_sub(told);
        // Single ones may be in each file for years, and the recording's state tells of them.
        let level = if ms > 0 { Level::Info } else { Level::Debug };
        log::log!(level, stream = stream, file = file, ms = ms; "{pictures} pictures re-stamped: the source's timestamps had jumped");
    }
    Ok(())
}
