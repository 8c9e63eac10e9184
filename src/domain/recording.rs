//! Recordings: sessions and their segments.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::name::StreamName;
use super::segment_track::SegmentTrack;

/// The reason of a segment that was removed before it was stored. Completeness tells it from other deleted ones by it.
pub const GIVEN_UP: &str = "evicted before upload: the disk of the spool was full (record.evict_before_upload)";

/// Life of a segment: `writing -> sealed -> uploading -> uploaded -> evicted`, back from `uploading` to `sealed` when an
/// upload failed, and from `deleted` when the file of a segment that was given up could not be removed. Absence is not loss: a file
/// that is not in the spool makes its segment `missing`, which ends when the
/// file is back. `lost` is what is proven to be damaged, `deleted` what the rules of retention removed everywhere. It follows from the
/// segment's copies (`domain::copies`). [`SegmentState::may_become`] is the rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum SegmentState {
    /// ffmpeg is still writing it.
    Writing,
    /// ffmpeg closed it and its boxes check out; it is safe on local disk.
    Sealed,
    /// An upload worker has it.
    Uploading,
    /// It is in the object store.
    Uploaded,
    /// Its local file is gone, the object stays.
    Evicted,
    /// Its file is not in the spool, and may come back; `reason` says more.
    Missing,
    /// It could not be kept; `reason` says why.
    Lost,
    /// No copy is left, by the rules of retention.
    Deleted,
}

impl SegmentState {
    /// Every state there is.
    pub const ALL: [Self; 8] = [
        Self::Writing,
        Self::Sealed,
        Self::Uploading,
        Self::Uploaded,
        Self::Evicted,
        Self::Missing,
        Self::Lost,
        Self::Deleted,
    ];

    /// The word in the database and in answers.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Writing => "writing",
            Self::Sealed => "sealed",
            Self::Uploading => "uploading",
            Self::Uploaded => "uploaded",
            Self::Evicted => "evicted",
            Self::Missing => "missing",
            Self::Lost => "lost",
            Self::Deleted => "deleted",
        }
    }

    /// Reads the word of the database.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == word)
    }

    /// Whether a segment may go from this state to `next` in one step.
    pub fn may_become(self, next: Self) -> bool {
        match next {
            Self::Writing => false,
            Self::Sealed => matches!(self, Self::Writing | Self::Uploading | Self::Missing | Self::Deleted),
            Self::Uploading => self == Self::Sealed,
            Self::Uploaded => self == Self::Uploading,
            Self::Evicted => self == Self::Uploaded,
            Self::Missing => matches!(self, Self::Writing | Self::Sealed | Self::Uploading),
            Self::Lost => !matches!(self, Self::Evicted | Self::Lost | Self::Deleted),
            Self::Deleted => matches!(self, Self::Sealed | Self::Uploaded | Self::Evicted),
        }
    }

    /// Whether its media can be read from the spool or from the object store.
    pub fn is_playable(self) -> bool {
        !matches!(self, Self::Writing | Self::Missing | Self::Lost | Self::Deleted)
    }
}

/// One uninterrupted recording of one stream.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RecordingSession {
    /// Time-ordered id (UUID v7).
    pub id: Uuid,
    /// Server the stream was read from.
    pub server: String,
    /// The stream.
    #[schema(value_type = String)]
    pub stream: StreamName,
    /// Start, UTC: the second in its object keys. In the list of a stream's sessions when its first frame arrived, once its first
    /// segment is complete.
    pub started_at: DateTime<Utc>,
    /// End; null while it is going on.
    pub ended_at: Option<DateTime<Utc>>,
    /// Why it ended, in a sentence.
    pub end_reason: Option<String>,
}

/// One media file of a session, as its row in the database keeps it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Segment {
    /// Time-ordered id (UUID v7).
    pub id: Uuid,
    /// Its session.
    pub session: Uuid,
    /// Server the stream was read from.
    pub server: String,
    /// The stream.
    #[schema(value_type = String)]
    pub stream: StreamName,
    /// Number within the session, from 0.
    pub number: u32,
    /// Where it is in its life.
    pub state: SegmentState,
    /// Wall clock time at which its first frame arrived. Never before the end of the segment before it.
    pub started_at: DateTime<Utc>,
    /// Time on the wall from the arrival of its first frame to the end of its last, in milliseconds.
    pub duration_ms: u64,
    /// Length in milliseconds by the media's own timestamps, for which players show it. Another one than `durationMs` where
    /// the source's clock is slow, fast, or jumps; null for what versions before this field recorded: then they are the same.
    pub media_ms: Option<u64>,
    /// Where its media begins, in milliseconds on the clock of the ffmpeg run that wrote it, which goes on over its files and begins
    /// with the second of the week (of Unix time) at which the run did; null
    /// for what versions before this field recorded: each of those files begins at zero.
    pub media_start_ms: Option<u64>,
    /// Size in bytes.
    pub bytes: u64,
    /// Video frames counted in its boxes; 0 for sound only.
    pub frames: u64,
    /// Length of `ftyp` + `moov` at the start of the file, in bytes (HLS `EXT-X-MAP`).
    pub init_bytes: u64,
    /// Length of the media after them, in bytes, without a trailing `mfra`.
    pub media_bytes: u64,
    /// Spool file relative to the spool folder.
    pub spool_path: String,
    /// Key in the object store.
    pub object_key: String,
    /// Why it was lost or cut short, in a sentence.
    pub reason: Option<String>,
    /// What is known of each of its tracks; only where one segment is asked for, lists leave it out. `None` for what versions before
    /// this field recorded.
    #[serde(skip)]
    pub tracks: Option<Vec<SegmentTrack>>,
}

impl Segment {
    /// For how long players show it, in milliseconds.
    pub fn playing_ms(&self) -> u64 {
        self.media_ms.unwrap_or(self.duration_ms)
    }

    /// Wall clock time after its last frame.
    pub fn ended_at(&self) -> DateTime<Utc> {
        // A row from somewhere else may hold any length: no time is later than the last one.
        let length = i64::try_from(self.duration_ms).ok().map(TimeDelta::milliseconds);
        length.and_then(|length| self.started_at.checked_add_signed(length)).unwrap_or(DateTime::<Utc>::MAX_UTC)
    }
}

/// What a recorder is doing about one stream, as everybody sees it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RecordingStatus {
    /// Server the stream is read from.
    pub server: String,
    /// The stream.
    #[schema(value_type = String)]
    pub name: StreamName,
    /// What it is doing.
    pub state: RecordingState,
    /// Since when.
    pub since: DateTime<Utc>,
    /// Current session; null between sessions.
    pub session: Option<Uuid>,
    /// Segments sealed by this recorder since it started.
    pub segments: u64,
    /// Why it is not recording, or what of the stream is not recorded as it should be, in a sentence with a remedy.
    pub reason: Option<String>,
}

/// State of a recorder.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum RecordingState {
    /// ffmpeg has been started, no media has arrived yet.
    Starting,
    /// Media arrives in the spool.
    Recording,
    /// Its ffmpeg died; a new session follows.
    Restarting,
    /// It cannot write: disk full, read-only, too many recordings. The reason says which.
    Paused,
    /// Nobody asked for it to be recorded, and the reason says how to. No trouble.
    Off,
}

#[cfg(test)]
mod tests {
    use super::SegmentState::{self, *};
    use super::{DateTime, Segment, Utc};
    use crate::domain::sample;

    #[test]
    fn a_segment_of_any_length_ends_at_a_time() {
        let one = sample::segment(&sample::session("gate"), 0);
        for (ms, end) in [(2_000, 2_000), (i64::MAX as u64, i64::MAX), (u64::MAX, i64::MAX)] {
            let ended = Segment { duration_ms: ms, ..one.clone() }.ended_at();
            assert_eq!(ended, DateTime::from_timestamp_millis(end).unwrap_or(DateTime::<Utc>::MAX_UTC), "{ms}");
        }
    }

    #[test]
    fn only_the_steps_of_a_segments_life_exist() {
        let all = SegmentState::ALL;
        let steps: Vec<(SegmentState, SegmentState)> = all
            .iter()
            .flat_map(|from| all.iter().map(move |to| (*from, *to)))
            .filter(|(a, b)| a.may_become(*b))
            .collect();
        let wanted = [
            (Writing, Sealed),
            (Writing, Missing),
            (Writing, Lost),
            (Sealed, Uploading),
            (Sealed, Missing),
            (Sealed, Lost),
            (Sealed, Deleted),
            (Uploading, Sealed),
            (Uploading, Uploaded),
            (Uploading, Missing),
            (Uploading, Lost),
            (Uploaded, Evicted),
            (Uploaded, Lost),
            (Uploaded, Deleted),
            (Evicted, Deleted),
            (Missing, Sealed),
            (Missing, Lost),
            (Deleted, Sealed),
        ];
        assert_eq!(steps, wanted);
    }

    #[test]
    fn words_of_the_database_come_back() {
        for state in SegmentState::ALL {
            assert_eq!(SegmentState::parse(state.as_str()), Some(state));
        }
        assert_eq!(SegmentState::parse("Sealed"), None);
    }
}
