//! One answer of a device, in one form for both protocols. Holds no stream key: whoever reads an answer leaves keys and passphrases out.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// More than any encoder sends, in bits a second; and longer than any stream goes on, in seconds: ten years.
const MOST_BITS: f64 = 1e11;
const LONGEST_SECONDS: f64 = 3_653.0 * 86_400.0;

/// How the device is spoken to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum EncoderProtocol {
    /// HTTP with JSON, `/control/api/v1`.
    Rest,
    /// Blocks of text over TCP, the Web Presenter Ethernet Protocol.
    Text,
}

impl EncoderProtocol {
    /// Its word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Rest => "rest",
            Self::Text => "text",
        }
    }
}

/// What the device says that it does. It may be wrong: see [`super::EncoderMemory`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum EncoderClaim {
    /// Nothing.
    Idle,
    /// It calls its platform.
    Connecting,
    /// It streams.
    Streaming,
    /// It was stopped and sends the rest of its cache (REST only).
    Flushing,
    /// Its platform does not take the stream at the moment.
    Interrupted,
    /// A word that we do not know.
    Other,
}

impl EncoderClaim {
    /// Of the word of either protocol.
    pub fn of_word(word: &str) -> Self {
        let is = |other: &str| word.trim().eq_ignore_ascii_case(other);
        match () {
            () if is("idle") => Self::Idle,
            () if is("connecting") => Self::Connecting,
            () if is("streaming") => Self::Streaming,
            () if is("flushing") => Self::Flushing,
            () if is("interrupted") => Self::Interrupted,
            () => Self::Other,
        }
    }
}

/// What an operator may tell a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum EncoderOrder {
    /// Begin to stream.
    Start,
    /// End the stream.
    Stop,
}

impl EncoderOrder {
    /// Its word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Stop => "stop",
        }
    }
}

/// What stays the same for long. Null where the device does not say it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct EncoderDetails {
    /// Model.
    pub model: Option<String>,
    /// The name that its owner has given it.
    pub label: Option<String>,
    /// Its serial number.
    pub unique_id: Option<String>,
    /// Release of its software.
    pub firmware: Option<String>,
    /// Where it streams to: `YouTube`.
    pub platform: Option<String>,
    /// Which server there: `Primary`.
    pub server: Option<String>,
    /// Which quality: `Streaming High`.
    pub quality: Option<String>,
    /// Format of the video: `1920x1080p30`.
    pub video_format: Option<String>,
    /// Where the sound of its monitor output comes from (text protocol); no level of sound is told by either protocol.
    pub audio_source: Option<String>,
}

/// One answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct EncoderReading {
    /// By which protocol.
    pub protocol: EncoderProtocol,
    /// What it says that it does.
    pub claim: EncoderClaim,
    /// Bits a second, as it says.
    pub bits_per_second: Option<f64>,
    /// How long it has been streaming, in seconds, as it says.
    pub duration_seconds: Option<f64>,
    /// How much of its cache is in use, in percent: what it could not send yet.
    pub cache_percent: Option<f64>,
    /// What stays the same for long.
    #[serde(flatten)]
    pub details: EncoderDetails,
}

impl EncoderReading {
    /// Without figures that no encoder can mean.
    pub fn plausible(self) -> Self {
        let within = |figure: Option<f64>, most: f64| figure.filter(|figure| (0.0..=most).contains(figure));
        Self {
            bits_per_second: within(self.bits_per_second, MOST_BITS),
            duration_seconds: within(self.duration_seconds, LONGEST_SECONDS),
            cache_percent: within(self.cache_percent, 100.0),
            ..self
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_that_no_encoder_can_mean_are_left_out() {
        for (figures, wanted) in [
            ([6e6, 125.0, 100.0], [Some(6e6), Some(125.0), Some(100.0)]),
            ([0.0, 0.0, 0.0], [Some(0.0), Some(0.0), Some(0.0)]),
            ([1e308, 1e308, 1e308], [None; 3]),
            ([-1.0, f64::NAN, 100.5], [None; 3]),
        ] {
            let [bits, duration, cache] = figures.map(Some);
            let reading = EncoderReading {
                protocol: EncoderProtocol::Rest,
                claim: EncoderClaim::Streaming,
                bits_per_second: bits,
                duration_seconds: duration,
                cache_percent: cache,
                details: EncoderDetails::default(),
            };
            let found = reading.plausible();
            assert_eq!([found.bits_per_second, found.duration_seconds, found.cache_percent], wanted, "{figures:?}");
        }
    }

    #[test]
    fn words_of_both_protocols_are_known_and_others_are_not_guessed() {
        for (word, claim) in [
            ("Idle", EncoderClaim::Idle),
            ("Connecting", EncoderClaim::Connecting),
            ("Streaming", EncoderClaim::Streaming),
            (" streaming ", EncoderClaim::Streaming),
            ("Flushing", EncoderClaim::Flushing),
            ("Interrupted", EncoderClaim::Interrupted),
            ("Streaming!", EncoderClaim::Other),
            ("", EncoderClaim::Other),
        ] {
            assert_eq!(EncoderClaim::of_word(word), claim, "{word:?}");
        }
    }
}
