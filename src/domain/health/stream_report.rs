//! What one probe found of a stream, and whether that is a stream at all.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::probe::{FaultKind, ProbeFault};

/// A probe that covers less of what it asked for has seen a stream that stalls or ends.
const LEAST_COVERED: f64 = 0.6;

/// What a source says of its tracks, as far as it does.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TrackFacts {
    /// Container or protocol in ffmpeg's words.
    pub format: Option<String>,
    /// Codec of the first video track.
    pub video_codec: Option<String>,
    /// Its profile.
    pub profile: Option<String>,
    /// Its width in pixels.
    pub width: Option<u32>,
    /// Its height in pixels.
    pub height: Option<u32>,
    /// Its bit rate by the container, in bits a second.
    pub video_declared: Option<f64>,
    /// Codec of the first audio track.
    pub audio_codec: Option<String>,
    /// Samples a second.
    pub sample_rate: Option<u32>,
    /// Channels.
    pub channels: Option<u32>,
    /// Its bit rate by the container, in bits a second.
    pub audio_declared: Option<f64>,
}

/// What one probe measured. What could not be measured is null, never 0.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct StreamReport {
    /// Container or protocol in ffmpeg's words (`rtsp`, `mpegts`, `flv`, `hls`); null when the probe was cut short.
    pub format: Option<String>,
    /// The source names a video track.
    #[serde(skip)]
    pub has_video_track: bool,
    /// The first video track; null when no picture came.
    pub video: Option<VideoReport>,
    /// The first audio track; null when no sound came.
    pub audio: Option<AudioReport>,
    /// Seconds of video that were seen, by its own timestamps.
    pub seconds: f64,
    /// Timestamps that went back, or on by more than a second.
    pub timestamp_jumps: u32,
    /// Damaged packets, and complaints of the decoder.
    pub decode_errors: u32,
    /// How much later the sound was than the picture at the end of the probe, in seconds.
    pub av_offset_seconds: Option<f64>,
}

/// What was measured of the pictures.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct VideoReport {
    /// Codec in ffmpeg's words (`h264`).
    pub codec: Option<String>,
    /// Profile in ffmpeg's words (`High`).
    pub profile: Option<String>,
    /// Pixels.
    pub width: Option<u32>,
    /// Pixels.
    pub height: Option<u32>,
    /// Pictures counted, by the time they take.
    pub frames_per_second: Option<f64>,
    /// Bits counted, by the time they take.
    pub bits_per_second: Option<f64>,
    /// Bit rate that the container claims.
    pub declared_bits_per_second: Option<f64>,
    /// Mean time between key frames; null when fewer than two were seen.
    pub gop_seconds: Option<f64>,
    /// How long before the end of the probe the last key frame came; null when none was seen.
    pub key_frame_age_seconds: Option<f64>,
    /// Key frames that were seen.
    pub key_frames: u32,
}

/// What was measured of the sound.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AudioReport {
    /// Codec in ffmpeg's words (`aac`).
    pub codec: Option<String>,
    /// Samples a second.
    pub sample_rate: Option<u32>,
    /// Channels.
    pub channels: Option<u32>,
    /// Bits counted, by the time they take.
    pub bits_per_second: Option<f64>,
    /// Bit rate that the container claims.
    pub declared_bits_per_second: Option<f64>,
}

impl StreamReport {
    /// Whether it is a stream that flows: `window` is how much of it was asked for.
    ///
    /// # Errors
    /// There is no video, no picture came, or it stopped in the middle: a short span is a stall and no success, whatever
    /// ffprobe says of it.
    pub fn judge(self, window: Duration) -> Result<Self, ProbeFault> {
        let wanted = window.as_secs_f64();
        if self.video.is_none() {
            let kind = if self.has_video_track { FaultKind::Silent } else { FaultKind::NoVideo };
            return Err(ProbeFault::new(kind, "no picture came"));
        }
        if self.seconds < wanted * LEAST_COVERED {
            let text = format!("{:.1} s of video came where {wanted:.0} s were waited for", self.seconds);
            return Err(ProbeFault::new(FaultKind::Stalled, text));
        }
        Ok(self)
    }
}

#[cfg(test)]
mod tests {
    use super::super::stream_meter::{MediaKind, MediaPacket, StreamMeter};
    use super::*;

    #[test]
    fn a_short_span_is_no_success() {
        let window = Duration::from_secs(5);
        let facts = |codec: Option<&str>| TrackFacts { video_codec: codec.map(str::to_owned), ..TrackFacts::default() };
        for (pictures, codec, wanted) in [
            (126, Some("h264"), None),
            (80, Some("h264"), None),
            (60, Some("h264"), Some(FaultKind::Stalled)),
            (1, None, Some(FaultKind::Stalled)),
            (0, Some("h264"), Some(FaultKind::Silent)),
            (0, None, Some(FaultKind::NoVideo)),
        ] {
            let mut meter = StreamMeter::default();
            for number in 0..pictures {
                let dts = Some(f64::from(number) * 0.04);
                let kind = MediaKind::Video;
                meter.take(&MediaPacket { track: 0, kind, pts: dts, dts, size: 1, is_key: true, is_corrupt: false });
            }
            let judged = meter.finish(facts(codec), 0).judge(window);
            assert_eq!(judged.err().map(|fault| fault.kind), wanted, "{pictures} {codec:?}");
        }
    }
}
