//! The tracks of a segment as people see them: what its boxes tell, at the time on the wall. Pure.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::recording::Segment;
use super::segment_track::{SegmentTrack, TrackKind};

/// A track of a segment as people see it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RecordedTrack {
    /// What it holds.
    pub kind: TrackKind,
    /// Its codec, by the four letters of its sample entry in the file (`avc1`, `hvc1`, `mp4a`, `Opus`, ...).
    pub codec: String,
    /// Frames: pictures, or packets of sound.
    pub frames: u64,
    /// Those of them that can be decoded alone.
    pub key_frames: u64,
    /// When the first frame arrived: the segment's time on the wall, divided as the track's timestamps divide its media.
    pub first_arrived_at: DateTime<Utc>,
    /// When the last frame arrived.
    pub last_arrived_at: DateTime<Utc>,
    /// Decoding time of the first frame in the file, in microseconds, on the clock of the ffmpeg run that wrote it (see the
    /// segment's `mediaStartMs`).
    pub first_timestamp_us: u64,
    /// That of the last frame.
    pub last_timestamp_us: u64,
    /// How long the last frame lasts, in microseconds. Where nothing tells that, as long as the one before it.
    pub last_frame_us: u64,
}

impl RecordedTrack {
    /// Of each track of a segment; none where nothing is known of them.
    pub fn of(segment: &Segment) -> Vec<Self> {
        let facts = |track: &SegmentTrack| Self {
            kind: track.kind,
            codec: track.codec.clone(),
            frames: track.frames,
            key_frames: track.key_frames,
            first_arrived_at: arrived(segment, track.first_us),
            last_arrived_at: arrived(segment, track.last_us),
            first_timestamp_us: track.first_us,
            last_timestamp_us: track.last_us,
            last_frame_us: track.last_frame_us,
        };
        segment.tracks.iter().flatten().map(facts).collect()
    }
}

/// When what has this timestamp arrived: a source whose clock is fast or slow spreads its media over another time on the wall.
fn arrived(segment: &Segment, us: u64) -> DateTime<Utc> {
    let into = u128::from(us.saturating_sub(segment.media_start_ms.unwrap_or(0).saturating_mul(1_000)));
    let (media_ms, wall_ms) = (u128::from(segment.playing_ms()), u128::from(segment.duration_ms));
    let passed = (into * wall_ms).checked_div(media_ms).unwrap_or(0).min(wall_ms * 1_000);
    let passed = i64::try_from(passed).map_or(TimeDelta::MAX, TimeDelta::microseconds);
    segment.started_at.checked_add_signed(passed).unwrap_or(DateTime::<Utc>::MAX_UTC)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::sample;

    #[test]
    fn frames_arrived_within_the_time_of_their_segment() {
        let session = sample::session("cam");
        for (what, duration_ms, media_ms, first_ms, last_ms, wanted) in [
            ("in time", 10_000, Some(10_000), 0, 9_960, (0, 9_960)),
            ("sound that begins later", 10_000, Some(10_000), 700, 9_900, (700, 9_900)),
            ("a clock at 1.2", 10_000, Some(12_000), 0, 11_988, (0, 9_990)),
            ("a clock at 0.83", 10_000, Some(8_300), 0, 8_217, (0, 9_900)),
            ("beyond its media", 10_000, Some(10_000), 0, 90_000, (0, 10_000)),
            ("of an earlier version", 10_000, None, 0, 9_960, (0, 9_960)),
            ("no length", 0, Some(0), 0, 40, (0, 0)),
        ] {
            let start = 385_201_000_000;
            let tracks = Some(vec![sample::track(start + first_ms * 1_000, start + last_ms * 1_000)]);
            let media_start_ms = Some(385_201_000);
            let segment = Segment { duration_ms, media_ms, media_start_ms, tracks, ..sample::segment(&session, 0) };
            let facts = RecordedTrack::of(&segment).remove(0);
            let after = |at: DateTime<Utc>| (at - segment.started_at).num_milliseconds();
            assert_eq!((after(facts.first_arrived_at), after(facts.last_arrived_at)), wanted, "{what}");
        }
        assert_eq!(RecordedTrack::of(&sample::segment(&session, 0)), []);
        let far = Segment {
            duration_ms: u64::MAX,
            media_ms: Some(1),
            tracks: Some(vec![sample::track(u64::MAX, u64::MAX)]),
            ..sample::segment(&session, 0)
        };
        assert_eq!(
            RecordedTrack::of(&far).remove(0).last_arrived_at,
            DateTime::<Utc>::MAX_UTC,
            "nonsense overflows nothing"
        );
    }
}
