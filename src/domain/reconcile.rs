//! Reconciling: what spool, catalogue and object store say of one another, and what mends it. Nothing is ever deleted for it.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::copies::{CopyPlace, CopyState, SegmentCopy};
use super::recording::{Segment, SegmentState};

/// What is looked through.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum ReconcilePart {
    /// Files of this node's spool.
    Spool,
    /// What is in the object store.
    Objects,
    /// Copies that the catalogue knows of this node's segments.
    Rows,
}

impl ReconcilePart {
    /// All of them, in the order in which they are gone through: what is found again is not missed after it.
    pub const ALL: [Self; 3] = [Self::Spool, Self::Objects, Self::Rows];
}

/// What mends a difference.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum Repair {
    /// It gets a row.
    Enter,
    /// Its copy is there.
    Verify,
    /// It is uploaded once more.
    UploadAgain,
    /// Its copy is missing, until it is there again.
    Missing,
    /// Other bytes stand there: the local file is kept and an incident tells of it.
    Conflict,
    /// A local file that nobody can explain is moved to `+unexplained` in the spool.
    SetAside,
    /// Nothing: a person has to look.
    Look,
}

impl Repair {
    /// What a person reads.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Enter => "enter",
            Self::Verify => "verify",
            Self::UploadAgain => "upload again",
            Self::Missing => "missing",
            Self::Conflict => "conflict",
            Self::SetAside => "set aside",
            Self::Look => "look",
        }
    }
}

/// A difference.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ReconcileFinding {
    /// Where.
    pub place: CopyPlace,
    /// Its key, or its file in the spool.
    pub name: String,
    /// Its segment, where there is one.
    pub segment: Option<Uuid>,
    /// What differs, in a sentence.
    pub what: String,
    /// What mends it.
    pub repair: Repair,
    /// It has been mended.
    pub done: bool,
}

/// A stretch of one part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ReconcileStep {
    /// So many files, objects or rows were looked at.
    pub looked_at: u64,
    /// What differs.
    pub findings: Vec<ReconcileFinding>,
    /// Where the next stretch goes on; null at the end of the part.
    pub next: Option<String>,
}

/// What an object of this size means for a segment whose key it has. `None`: all is well, or somebody is at work on it.
pub fn judge_object(
    segment: &Segment,
    copy: Option<&SegmentCopy>,
    bytes: u64,
    sha256: Option<&str>,
) -> Option<(Repair, String)> {
    let same = bytes == segment.bytes;
    let other_digest = copy.and_then(|copy| copy.sha256.as_deref()).zip(sha256).is_some_and(|(one, two)| one != two);
    match segment.state {
        // Their uploads look for themselves, and what should be there is looked at by the rows.
        SegmentState::Writing | SegmentState::Sealed | SegmentState::Uploading => None,
        SegmentState::Uploaded | SegmentState::Evicted => None,
        SegmentState::Deleted => {
            Some((Repair::Look, "it was deleted by the rules of retention, and an object is there again".to_owned()))
        }
        SegmentState::Missing | SegmentState::Lost => {
            let is_lost = copy.is_some_and(|copy| copy.state == CopyState::Lost);
            if same && !other_digest && !is_lost {
                return Some((Repair::Verify, "its object is there again".to_owned()));
            }
            Some((
                Repair::Look,
                "its segment is missing or lost, and the object is not proven to be the same".to_owned(),
            ))
        }
    }
}

/// What an object that is not there, or of another size, means for a segment that should have it. `local`: the size of its file in
/// the spool.
pub fn judge_row(segment: &Segment, object: Option<u64>, local: Option<u64>) -> Option<(CopyPlace, Repair, String)> {
    let here = local == Some(segment.bytes);
    let in_spool = matches!(segment.state, SegmentState::Sealed | SegmentState::Uploaded);
    let in_store = matches!(segment.state, SegmentState::Uploaded | SegmentState::Evicted);
    let object_is = |repair, what: String| Some((CopyPlace::Objects, repair, what));
    match object {
        None if in_store && here => object_is(Repair::UploadAgain, "its object is not in the store".to_owned()),
        None if in_store => object_is(Repair::Missing, "its object is not in the store".to_owned()),
        Some(bytes) if in_store && bytes != segment.bytes => {
            let what = format!("its object has {bytes} bytes instead of {}", segment.bytes);
            object_is(if here { Repair::Conflict } else { Repair::Look }, what)
        }
        _ => match local {
            None if in_spool => Some((CopyPlace::Spool, Repair::Missing, "its file is not in the spool".to_owned())),
            Some(bytes) if in_spool && bytes != segment.bytes => {
                let what = format!("its file has {bytes} bytes instead of {}", segment.bytes);
                Some((CopyPlace::Spool, Repair::Look, what))
            }
            _ => None,
        },
    }
}

/// What a file in a finished folder of the spool means for the segment that it should be. `None`: all is well.
pub fn judge_file(segment: Option<&Segment>, bytes: u64) -> Option<(Repair, String)> {
    let Some(segment) = segment else {
        return Some((Repair::Enter, "the catalogue does not know of it".to_owned()));
    };
    match segment.state {
        SegmentState::Evicted if bytes == segment.bytes => {
            Some((Repair::Verify, "it left the spool, and its file is there again".to_owned()))
        }
        SegmentState::Evicted => {
            let what = format!("it left the spool, and a file of {bytes} instead of {} bytes is there", segment.bytes);
            Some((Repair::SetAside, what))
        }
        SegmentState::Deleted => {
            Some((Repair::Look, "it was deleted by the rules of retention, and its file is there again".to_owned()))
        }
        // Their files are looked for all the time.
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::sample;

    fn segment(state: SegmentState) -> Segment {
        Segment { state, bytes: 10, ..sample::segment(&sample::session("gate"), 0) }
    }

    #[test]
    fn an_object_is_explained_by_its_row_or_mended_or_looked_at() {
        use SegmentState::{Deleted, Evicted, Lost, Missing, Sealed, Uploading};
        let copy = |state, sha256: Option<&str>| SegmentCopy {
            sha256: sha256.map(str::to_owned),
            ..SegmentCopy::new(Uuid::nil(), CopyPlace::Objects, state)
        };
        for (state, copy, bytes, sha256, wanted) in [
            (Sealed, copy(CopyState::Waiting, None), 10, None, None),
            (Uploading, copy(CopyState::Uploading, None), 3, None, None),
            (Evicted, copy(CopyState::Verified, None), 3, None, None),
            (Missing, copy(CopyState::Missing, Some("a")), 10, Some("a"), Some(Repair::Verify)),
            (Missing, copy(CopyState::Missing, None), 10, Some("a"), Some(Repair::Verify)),
            (Missing, copy(CopyState::Waiting, None), 10, None, Some(Repair::Verify)),
            (Missing, copy(CopyState::Missing, Some("a")), 10, Some("b"), Some(Repair::Look)),
            (Missing, copy(CopyState::Missing, None), 9, None, Some(Repair::Look)),
            (Lost, copy(CopyState::Lost, None), 10, None, Some(Repair::Look)),
            (Deleted, copy(CopyState::Evicted, None), 10, None, Some(Repair::Look)),
        ] {
            let found = judge_object(&segment(state), Some(&copy), bytes, sha256).map(|(repair, _)| repair);
            assert_eq!(found, wanted, "{state:?} {copy:?} {bytes}");
        }
    }

    #[test]
    fn a_row_misses_its_object_or_its_file() {
        use SegmentState::{Evicted, Sealed, Uploaded};
        use {CopyPlace::Objects, CopyPlace::Spool};
        for (state, object, local, wanted) in [
            (Uploaded, Some(10), Some(10), None),
            (Uploaded, None, Some(10), Some((Objects, Repair::UploadAgain))),
            (Uploaded, None, None, Some((Objects, Repair::Missing))),
            (Uploaded, None, Some(9), Some((Objects, Repair::Missing))),
            (Uploaded, Some(9), Some(10), Some((Objects, Repair::Conflict))),
            (Uploaded, Some(9), None, Some((Objects, Repair::Look))),
            (Uploaded, Some(10), None, Some((Spool, Repair::Missing))),
            (Uploaded, Some(10), Some(9), Some((Spool, Repair::Look))),
            (Evicted, Some(10), None, None),
            (Evicted, None, None, Some((Objects, Repair::Missing))),
            (Evicted, Some(9), None, Some((Objects, Repair::Look))),
            (Sealed, None, Some(10), None),
            (Sealed, None, None, Some((Spool, Repair::Missing))),
        ] {
            let found = judge_row(&segment(state), object, local).map(|(place, repair, _)| (place, repair));
            assert_eq!(found, wanted, "{state:?} {object:?} {local:?}");
        }
    }

    #[test]
    fn a_file_without_a_row_is_entered_and_no_other_is_touched() {
        use SegmentState::{Deleted, Evicted, Missing, Uploaded};
        for (state, bytes, wanted) in [
            (None, 10, Some(Repair::Enter)),
            (Some(Uploaded), 10, None),
            (Some(Missing), 10, None),
            (Some(Evicted), 10, Some(Repair::Verify)),
            (Some(Evicted), 9, Some(Repair::SetAside)),
            (Some(Deleted), 10, Some(Repair::Look)),
        ] {
            let row = state.map(segment);
            assert_eq!(judge_file(row.as_ref(), bytes).map(|(repair, _)| repair), wanted, "{state:?} {bytes}");
        }
    }
}
