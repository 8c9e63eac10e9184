//! What is known of each track of a segment, by the boxes of its file. Pure.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What a track holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum TrackKind {
    /// Pictures.
    Video,
    /// Sound.
    Audio,
    /// Something else.
    Other,
}

/// One track. The database keeps its fields as an array in this order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "TrackFields", into = "TrackFields")]
pub struct SegmentTrack {
    /// What it holds.
    pub kind: TrackKind,
    /// Its codec, by the four letters of its sample entry (`avc1`, `hvc1`, `mp4a`, `Opus`, ...).
    pub codec: String,
    /// Frames: pictures, or packets of sound.
    pub frames: u64,
    /// Those of them that can be decoded alone.
    pub key_frames: u64,
    /// Decoding time of the first frame, in microseconds on the clock of the ffmpeg run (a segment's `media_start_ms`).
    pub first_us: u64,
    /// That of the last frame.
    pub last_us: u64,
    /// How long the last frame lasts, in microseconds.
    pub last_frame_us: u64,
}

type TrackFields = (TrackKind, String, u64, u64, u64, u64, u64);

impl From<TrackFields> for SegmentTrack {
    fn from((kind, codec, frames, key_frames, first_us, last_us, last_frame_us): TrackFields) -> Self {
        Self { kind, codec, frames, key_frames, first_us, last_us, last_frame_us }
    }
}

impl From<SegmentTrack> for TrackFields {
    fn from(of: SegmentTrack) -> Self {
        (of.kind, of.codec, of.frames, of.key_frames, of.first_us, of.last_us, of.last_frame_us)
    }
}

/// The text of the database.
pub fn to_text(tracks: &[SegmentTrack]) -> String {
    serde_json::to_string(tracks).unwrap_or_default()
}

/// Reads it again; `None` where somebody wrote something else.
pub fn from_text(text: &str) -> Option<Vec<SegmentTrack>> {
    serde_json::from_str(text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::sample;

    #[test]
    fn what_the_database_keeps_comes_back() {
        let tracks = vec![
            sample::track(385_201_000_000, 385_210_960_000),
            SegmentTrack { kind: TrackKind::Audio, ..sample::track(0, 1) },
        ];
        let text = to_text(&tracks);
        assert_eq!(
            text,
            r#"[["video","avc1",250,5,385201000000,385210960000,40000],["audio","avc1",250,5,0,1,40000]]"#
        );
        assert_eq!(from_text(&text), Some(tracks));
        for nonsense in ["", "null", "[[1]]", r#"[["video","avc1",-1,5,0,1,2]]"#] {
            assert_eq!(from_text(nonsense), None, "{nonsense}");
        }
    }
}
