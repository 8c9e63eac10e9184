//! Copies: where the bytes of a segment are, or were. A segment is what was recorded; how it stands follows from its copies.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::recording::SegmentState;

/// A place where bytes of a segment can be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum CopyPlace {
    /// The spool of the node that recorded it.
    Spool,
    /// The object store.
    Objects,
}

impl CopyPlace {
    /// Every place there is.
    pub const ALL: [Self; 2] = [Self::Spool, Self::Objects];

    /// The word in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Spool => "spool",
            Self::Objects => "objects",
        }
    }

    /// Reads the word of the database.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|place| place.as_str() == word)
    }
}

/// How it stands with a copy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum CopyState {
    /// It is to be made.
    Waiting,
    /// It is being made.
    Uploading,
    /// It is there: the place itself has said so.
    Verified,
    /// Other bytes stand where it should be; they are left alone, and so is the other copy.
    Conflict,
    /// It should be there and is not; it may come back.
    Missing,
    /// It was there and was removed in order.
    Evicted,
    /// It was there and is proven to be damaged.
    Lost,
}

impl CopyState {
    /// Every state there is.
    pub const ALL: [Self; 7] =
        [Self::Waiting, Self::Uploading, Self::Verified, Self::Conflict, Self::Missing, Self::Evicted, Self::Lost];

    /// The word in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Uploading => "uploading",
            Self::Verified => "verified",
            Self::Conflict => "conflict",
            Self::Missing => "missing",
            Self::Evicted => "evicted",
            Self::Lost => "lost",
        }
    }

    /// Reads the word of the database.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == word)
    }
}

/// A copy, as its row keeps it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SegmentCopy {
    /// Of this segment.
    pub segment: Uuid,
    /// Where.
    pub place: CopyPlace,
    /// How it stands.
    pub state: CopyState,
    /// When its bytes were looked at last; null where nobody has.
    pub verified_at: Option<DateTime<Utc>>,
    /// Digest of its bytes in hexadecimal; null where nobody has counted it.
    pub sha256: Option<String>,
    /// Why it is in this state, in a sentence.
    pub reason: Option<String>,
}

impl SegmentCopy {
    /// A copy in this state, of which no more is known.
    pub fn new(segment: Uuid, place: CopyPlace, state: CopyState) -> Self {
        Self { segment, place, state, verified_at: None, sha256: None, reason: None }
    }
}

/// The copies (spool, object store) of a segment in this state; none while it is being written.
pub fn copies_of(state: SegmentState) -> Option<(CopyState, CopyState)> {
    Some(match state {
        SegmentState::Writing => return None,
        SegmentState::Sealed => (CopyState::Verified, CopyState::Waiting),
        SegmentState::Uploading => (CopyState::Verified, CopyState::Uploading),
        SegmentState::Uploaded => (CopyState::Verified, CopyState::Verified),
        SegmentState::Evicted => (CopyState::Evicted, CopyState::Verified),
        SegmentState::Missing => (CopyState::Missing, CopyState::Waiting),
        SegmentState::Lost => (CopyState::Lost, CopyState::Lost),
        SegmentState::Deleted => (CopyState::Evicted, CopyState::Evicted),
    })
}

/// The state of a segment with these copies, as the view `segment_states` of the database has it.
pub fn state_of(spool: Option<CopyState>, objects: Option<CopyState>) -> SegmentState {
    let both = [spool, objects];
    let has = |state| both.contains(&Some(state));
    match (spool, objects) {
        (None, None) => SegmentState::Writing,
        (_, Some(CopyState::Uploading)) => SegmentState::Uploading,
        (Some(CopyState::Verified), Some(CopyState::Verified)) => SegmentState::Uploaded,
        (_, Some(CopyState::Verified)) => SegmentState::Evicted,
        (Some(CopyState::Verified), _) => SegmentState::Sealed,
        _ if has(CopyState::Missing) => SegmentState::Missing,
        _ if has(CopyState::Lost) => SegmentState::Lost,
        _ if both.iter().flatten().all(|state| *state == CopyState::Evicted) => SegmentState::Deleted,
        _ => SegmentState::Missing,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_segment_stands_as_its_copies_do() {
        for state in SegmentState::ALL {
            let copies = copies_of(state);
            assert_eq!(state_of(copies.map(|(spool, _)| spool), copies.map(|(_, objects)| objects)), state);
        }
        use CopyState::{Conflict, Evicted, Lost, Missing, Uploading, Verified, Waiting};
        for (spool, objects, wanted) in [
            (Some(Verified), Some(Conflict), SegmentState::Sealed),
            (Some(Verified), Some(Lost), SegmentState::Sealed),
            (Some(Missing), Some(Verified), SegmentState::Evicted),
            (Some(Lost), Some(Verified), SegmentState::Evicted),
            (Some(Evicted), Some(Missing), SegmentState::Missing),
            (Some(Evicted), Some(Lost), SegmentState::Lost),
            (Some(Evicted), Some(Conflict), SegmentState::Missing),
            (Some(Missing), Some(Uploading), SegmentState::Uploading),
            (None, Some(Waiting), SegmentState::Missing),
            (None, Some(Verified), SegmentState::Evicted),
        ] {
            assert_eq!(state_of(spool, objects), wanted, "{spool:?} {objects:?}");
        }
    }
}
