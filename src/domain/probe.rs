//! What a look at a source found, what is wrong with it, and what that means for publishing it over RTSP.

use std::fmt;
use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::camera::{AudioPolicy, CameraSource};

/// How the sentences begin that say that the media server does not take our login, or wants one: it is the server's
/// trouble, and not the camera's.
pub const PUBLISH_LOGIN: [&str; 2] =
    ["the media server refuses our login for publishing", "the media server wants a login for publishing"];

/// What ffprobe says of a source that answers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Tracks {
    /// Container or protocol in ffmpeg's words (`rtsp`, `mpegts`, `flv`, `hls`).
    pub format: String,
    /// Codec of the first video track, in ffmpeg's words (`h264`).
    pub video: Option<String>,
    /// Codec of the first audio track.
    pub audio: Option<String>,
    /// At least one picture came.
    pub flows: bool,
    /// The video promises that no picture is sent before one that is shown earlier (there are no B-frames).
    #[serde(default)]
    pub shown_as_sent: bool,
    /// Whether the audio's configuration came ahead of it (RTSP needs AAC's); absent without audio.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audio_configured: Option<bool>,
    /// Width of the picture in pixels, where the look has learnt it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub width: Option<u32>,
    /// Height of the picture in pixels, likewise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub height: Option<u32>,
    /// Format of its pixels in ffmpeg's words (`yuvj420p`), likewise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pixel_format: Option<String>,
}

/// How a look ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ProbeOutcome {
    /// The source answers.
    Tracks(Tracks),
    /// It does not.
    Fault(ProbeFault),
}

/// The last look at a camera, as it is kept over restarts. Never holds a URL or a password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptProbe {
    /// Primary key of the camera's row.
    pub camera: i64,
    /// Of the source that was looked at; a camera with another one has not been looked at.
    pub fingerprint: String,
    /// When.
    pub at: DateTime<Utc>,
    /// What was found.
    pub outcome: ProbeOutcome,
}

impl KeptProbe {
    /// A look at this source, as it is kept.
    pub fn new(source: &CameraSource, at: DateTime<Utc>, result: &Result<Tracks, ProbeFault>) -> Self {
        let outcome = match result {
            Ok(tracks) => ProbeOutcome::Tracks(tracks.clone()),
            Err(fault) => ProbeOutcome::Fault(fault.without_addresses()),
        };
        Self { camera: source.id, fingerprint: source.fingerprint(), at, outcome }
    }
}

/// A look as people see it. Never holds a password.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ProbeView {
    /// When.
    pub at: DateTime<Utc>,
    /// How long it took, in milliseconds; null for one that was kept.
    pub ms: Option<u64>,
    /// Whether the camera can be relayed.
    pub ok: bool,
    /// What the source sends, when it can be relayed.
    pub tracks: Option<Tracks>,
    /// What is wrong, when it cannot.
    pub fault: Option<ProbeFault>,
}

impl ProbeView {
    /// A look that was taken just now.
    pub fn new(at: DateTime<Utc>, ms: u64, result: Result<Tracks, ProbeFault>) -> Self {
        let (tracks, fault) = result.map_or_else(|fault| (None, Some(fault)), |tracks| (Some(tracks), None));
        Self { at, ms: Some(ms), ok: tracks.is_some(), tracks, fault }
    }
}

impl From<KeptProbe> for ProbeView {
    fn from(kept: KeptProbe) -> Self {
        let result = match kept.outcome {
            ProbeOutcome::Tracks(tracks) => Ok(tracks),
            ProbeOutcome::Fault(fault) => Err(fault),
        };
        Self { ms: None, ..Self::new(kept.at, 0, result) }
    }
}

/// What happens to the sound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AudioPlan {
    /// Copied as it is.
    Copy,
    /// Turned into AAC.
    Aac,
    /// There is none, or it is dropped.
    Drop,
}

/// Kinds of failure, each with its own remedy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum FaultKind {
    /// The host name has no address.
    NameNotResolved,
    /// Nobody listens at that port.
    Refused,
    /// No way to that address.
    NoRoute,
    /// No answer in time.
    TimedOut,
    /// TLS failed.
    Tls,
    /// User name or password is wrong.
    Unauthorized,
    /// The source has no such path.
    NotFound,
    /// What answers is not a stream of that protocol.
    NotMedia,
    /// There is no video track.
    NoVideo,
    /// RTSP cannot carry the video codec.
    CodecUnsupported,
    /// It answers but sends no pictures.
    Silent,
    /// It sent pictures for a while and then none, or too few for the time.
    Stalled,
    /// It sends no key frame in time.
    NoKeyFrame,
    /// Its sound, which has to be converted, does not come.
    SoundMissing,
    /// Its timestamps stood still or leapt.
    ClockJumped,
    /// It answers that it cannot serve us now.
    Busy,
    /// The server we publish to refused.
    PublishRefused,
    /// The source ended or cut the connection.
    Ended,
    /// The program itself failed.
    Program,
    /// Anything else.
    Other,
}

impl FaultKind {
    /// Whether it may come from tracks that are not what they were: a failure that says nothing about them costs a weak camera
    /// no second look.
    pub fn may_be_the_tracks(self) -> bool {
        !matches!(
            self,
            Self::NameNotResolved
                | Self::Refused
                | Self::NoRoute
                | Self::TimedOut
                | Self::Tls
                | Self::Unauthorized
                | Self::Busy
                | Self::ClockJumped
                | Self::Program
        )
    }
}

/// A failure in words for people, without secrets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ProbeFault {
    /// What can be done about it.
    pub kind: FaultKind,
    /// A sentence with a remedy.
    pub message: String,
}

impl ProbeFault {
    /// A fault in words.
    pub fn new(kind: FaultKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into() }
    }

    /// The same without any address, as it may be kept.
    pub fn without_addresses(&self) -> Self {
        // A sentence may go on right behind the address.
        let end = |word: &str| word.chars().last().filter(|last| matches!(last, ';' | ',' | ':')).map(String::from);
        let word = |word: &str| match word.contains("://") {
            true => format!("the camera{}", end(word).unwrap_or_default()),
            false => word.to_owned(),
        };
        let message = self.message.split(' ').map(word).collect::<Vec<_>>().join(" ");
        Self { kind: self.kind, message }
    }
}

impl fmt::Display for ProbeFault {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.message)
    }
}

/// Video codecs that ffmpeg sends over RTSP and MediaMTX takes.
const VIDEO: [&str; 8] = ["h264", "hevc", "mpeg4", "mpeg1video", "mpeg2video", "mjpeg", "vp8", "vp9"];
/// First major version of ffmpeg with an RTP packetiser for AV1 (`rtpenc_av1`).
const AV1_SINCE: u32 = 8;
/// Audio codecs of the same kind. AAC only with its configuration in front, see [`Tracks::audio_plan`].
const AUDIO: [&str; 11] = [
    "aac",
    "mp2",
    "mp3",
    "opus",
    "pcm_alaw",
    "pcm_mulaw",
    "pcm_s16be",
    "adpcm_g722",
    "adpcm_g726",
    "adpcm_g726le",
    "vorbis",
];
/// What stands for a codec that nobody has looked at.
const UNSEEN: &str = "unseen";
/// Longest side of a picture of Motion JPEG in RTP (RFC 2435: 255 blocks of 8), in pixels.
const JPEG_SIDE: u32 = 2040;
/// Pixel formats that it can carry there, in ffmpeg's words.
const JPEG_PIXELS: [&str; 4] = ["yuvj420p", "yuvj422p", "yuv420p", "yuv422p"];
/// Containers that repeat AAC's configuration in every frame instead of telling it first; the RTSP muxer needs it first
/// ("AAC with no global headers is currently not supported").
const ADTS: [&str; 2] = ["mpegts", "hls"];

impl Tracks {
    /// Of a source that cannot be looked at: whatever video and sound it has.
    pub fn unseen() -> Self {
        Self { video: Some(UNSEEN.into()), audio: Some(UNSEEN.into()), flows: true, ..Self::default() }
    }

    /// Whether it can be relayed by this major version of ffmpeg.
    pub fn check(&self, ffmpeg: u32) -> Result<(), ProbeFault> {
        let Some(video) = self.video.as_deref() else {
            let sound = self.audio.as_ref().map_or(String::new(), |codec| format!(", only sound ({codec})"));
            let text = format!("the source has no video{sound}; check the path or channel in its URL");
            return Err(ProbeFault::new(FaultKind::NoVideo, text));
        };
        if video == "av1" && ffmpeg < AV1_SINCE {
            let text = "the video is AV1, which ffmpeg sends over RTSP only from version 8 on; update ffmpeg or switch the \
                camera to H.264 or H.265";
            return Err(ProbeFault::new(FaultKind::CodecUnsupported, text));
        }
        if ![UNSEEN, "av1"].contains(&video) && !VIDEO.contains(&video) {
            let text = format!("the video is {video}, which RTSP cannot carry; switch the camera to H.264 or H.265");
            return Err(ProbeFault::new(FaultKind::CodecUnsupported, text));
        }
        if video == "mjpeg" {
            self.check_jpeg()?;
        }
        if !self.flows {
            let text = if self.audio.is_some() {
                "the camera sends sound and no video, though it names a video track; restart it, or look at its video settings"
            } else {
                "the source answers but sends no pictures; restart the camera, or check its limit of connections"
            };
            return Err(ProbeFault::new(FaultKind::Silent, text));
        }
        Ok(())
    }

    /// What is said when a look has come to its time limit without a picture of these tracks, by this major version of ffmpeg.
    /// What else may have come meanwhile is not known.
    pub fn no_picture_within(&self, limit: Duration, ffmpeg: u32, shown: &str) -> ProbeFault {
        let named = Self { flows: true, ..self.clone() };
        if let Err(fault) = named.check(ffmpeg) {
            return fault;
        }
        let video = self.video.as_deref().unwrap_or_default();
        let sound = match &self.audio {
            Some(codec) => format!("if nothing but its sound ({codec}) comes, look at its video settings; else "),
            None => String::new(),
        };
        let text = format!(
            "timeout: no picture within {} s from {shown}, which names a video track ({video}); {sound}restart the camera, or check \
             its limit of connections and the way to it",
            limit.as_secs_f32()
        );
        ProbeFault::new(FaultKind::Silent, text)
    }

    /// Whether AAC comes without its configuration: in some containers, and in RTSP when it has one of these inside.
    fn has_adts(&self) -> bool {
        self.audio_configured == Some(false) || ADTS.iter().any(|name| self.format.contains(name))
    }

    /// What RFC 2435 cannot carry: ffmpeg drops such pictures, or sends them cut off.
    fn check_jpeg(&self) -> Result<(), ProbeFault> {
        let refused = |what: String| {
            let text = format!(
                "the video is MJPEG {what}, which RTSP cannot carry (RFC 2435); switch the camera to H.264 or H.265"
            );
            Err(ProbeFault::new(FaultKind::CodecUnsupported, text))
        };
        if let (Some(width), Some(height)) = (self.width, self.height)
            && width.max(height) > JPEG_SIDE
        {
            return refused(format!("of {width}x{height}, more than {JPEG_SIDE} pixels a side"));
        }
        match self.pixel_format.as_deref() {
            Some(format) if !JPEG_PIXELS.contains(&format) => refused(format!("in the colour format {format}")),
            _ => Ok(()),
        }
    }

    /// What to do with the sound.
    pub fn audio_plan(&self, policy: AudioPolicy) -> AudioPlan {
        let Some(codec) = self.audio.as_deref() else {
            // Sound may be switched on in the camera later: taken as it comes, which costs nothing while there is none.
            return match policy {
                AudioPolicy::None => AudioPlan::Drop,
                AudioPolicy::Auto | AudioPolicy::Copy => AudioPlan::Copy,
                AudioPolicy::Aac => AudioPlan::Aac,
            };
        };
        match policy {
            AudioPolicy::None => AudioPlan::Drop,
            AudioPolicy::Copy => AudioPlan::Copy,
            AudioPolicy::Aac => AudioPlan::Aac,
            AudioPolicy::Auto if codec == "aac" && self.has_adts() => AudioPlan::Aac,
            AudioPolicy::Auto if AUDIO.contains(&codec) => AudioPlan::Copy,
            AudioPolicy::Auto => AudioPlan::Aac,
        }
    }
}

#[cfg(test)]
mod tests;
