//! The row of an object that has none: by what the object says of itself, or, of an object of an earlier version, by its key and its
//! boxes. Those tell its length and its place on the clock of its ffmpeg run; the wall clock follows from the session's start.

use chrono::{DateTime, TimeDelta, Utc};
use sha2::{Digest, Sha256};
use tokio::runtime::Handle;
use uuid::{Builder, Uuid};

use super::reconcile_handles::ReconcileHandles;
use crate::adapters::objects::{ListedObject, RangedObject};
use crate::adapters::spool::mp4;
use crate::base::{Error, Result};
use crate::domain::layout::KeyParts;
use crate::domain::object_metadata::ArchivedSegment;
use crate::domain::recording::{RecordingSession, Segment, SegmentState};

/// Longest session on one clock; anything further is another one.
const LONGEST: i64 = 26 * 3_600_000;

/// The row of an object that says nothing of itself. `known`: other segments of its session. `None`: nothing in it can be played.
pub(super) async fn by_boxes(
    handles: &ReconcileHandles,
    object: &ListedObject,
    parts: &KeyParts,
    known: &[Segment],
) -> Result<Option<ArchivedSegment>> {
    let mut file = RangedObject::new(handles.objects.clone(), Handle::current(), &object.key, object.bytes);
    let looked = tokio::task::spawn_blocking(move || {
        let checked = mp4::check(&mut file);
        checked.map_err(|error| {
            file.fault().unwrap_or_else(|| Error::internal("an object cannot be read").with_source(error))
        })
    });
    let checked =
        looked.await.map_err(|panic| Error::internal("looking at an object failed inside").with_source(panic))??;
    if checked.fragments == 0 {
        return Ok(None);
    }
    let (folder, _) = object.key.rsplit_once('/').unwrap_or(("", &object.key));
    let session = RecordingSession {
        id: known.first().map_or_else(|| id_of(folder), |row| row.session),
        server: parts.server.clone().unwrap_or_else(|| handles.first_server.clone()),
        stream: parts.stream.clone(),
        started_at: parts.session,
        ended_at: None,
        end_reason: None,
    };
    let segment = Segment {
        id: id_of(&object.key),
        session: session.id,
        server: session.server.clone(),
        stream: session.stream.clone(),
        number: parts.number,
        state: SegmentState::Evicted,
        started_at: begins(parts, checked.start_ms, known),
        duration_ms: checked.duration_ms,
        media_ms: Some(checked.duration_ms),
        media_start_ms: Some(checked.start_ms),
        bytes: object.bytes,
        frames: checked.video_frames,
        init_bytes: checked.init_bytes,
        media_bytes: checked.media_bytes,
        spool_path: String::new(),
        object_key: object.key.clone(),
        reason: Some("entered from the object store; its times are those of its media".to_owned()),
        tracks: Some(checked.tracks),
    };
    Ok(Some(ArchivedSegment { session, segment }))
}

/// When a segment began whose media begins at `start_ms` on the clock of its run: seen from the segment before it.
fn begins(parts: &KeyParts, start_ms: u64, known: &[Segment]) -> DateTime<Utc> {
    let before = known.iter().filter(|row| row.number < parts.number).max_by_key(|row| row.number);
    let Some(before) = before else { return parts.session };
    let on_clock = before.media_start_ms.filter(|_| start_ms > 0).and_then(|other| {
        let later = i64::try_from(start_ms).ok()?.checked_sub(i64::try_from(other).ok()?)?;
        (0..LONGEST).contains(&later).then(|| before.started_at + TimeDelta::milliseconds(later))
    });
    on_clock.unwrap_or_else(|| before.ended_at()).max(before.ended_at())
}

/// The same name has the same id, so that whoever enters it twice enters it once.
fn id_of(name: &str) -> Uuid {
    let digest = Sha256::digest(format!("streamwarden {name}").as_bytes());
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest[..16]);
    Builder::from_random_bytes(bytes).into_uuid()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::layout::parse_key;
    use crate::domain::sample;

    #[test]
    fn a_segment_begins_by_the_clock_of_its_run_behind_the_one_before_it() {
        let parts = parse_key("cam/2026-11-21/20261121_082501/segment_002.mp4").expect("a key");
        let row = |number, second: i64, media_start_ms| Segment {
            started_at: parts.session + TimeDelta::seconds(second),
            duration_ms: 10_000,
            media_start_ms,
            ..sample::segment(&sample::session("cam"), number)
        };
        for (name, known, start_ms, wanted) in [
            ("nothing is known", vec![], 5_000, 0),
            ("only what follows", vec![row(3, 30, Some(9_000))], 5_000, 0),
            ("the next on its clock", vec![row(0, 1, Some(1_000)), row(1, 11, Some(11_000))], 21_500, 21_500),
            ("one between is missing", vec![row(0, 1, Some(1_000))], 41_000, 41_000),
            ("no clock", vec![row(1, 11, None)], 21_000, 21_000),
            ("each begins at zero", vec![row(1, 11, Some(0))], 0, 21_000),
            ("another clock", vec![row(1, 11, Some(500_000_000))], 21_000, 21_000),
        ] {
            let at = (begins(&parts, start_ms, &known) - parts.session).num_milliseconds();
            assert_eq!(at, wanted, "{name}");
        }
        assert_eq!(id_of("a"), id_of("a"));
        assert_ne!(id_of("a"), id_of("b"));
    }
}
