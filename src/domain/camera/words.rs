//! Columns of a camera that are one of a few words: transport, audio. Read without regard to case.

use std::str::FromStr;

use crate::base::{Error, Result};

/// How RTP travels from an RTSP source.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Transport {
    /// Inside the RTSP connection.
    #[default]
    Tcp,
    /// In datagrams of its own.
    Udp,
}

impl FromStr for Transport {
    type Err = Error;
    fn from_str(text: &str) -> Result<Self> {
        match text.to_ascii_lowercase().as_str() {
            "tcp" => Ok(Self::Tcp),
            "udp" => Ok(Self::Udp),
            _ => Err(Error::invalid("transport", format!("{} is neither tcp nor udp", quoted(text)))),
        }
    }
}

/// What becomes of the sound.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AudioPolicy {
    /// Copied when RTSP carries its codec, else turned into AAC.
    #[default]
    Auto,
    /// Copied, whatever it is.
    Copy,
    /// Turned into AAC.
    Aac,
    /// Dropped.
    None,
}

impl FromStr for AudioPolicy {
    type Err = Error;
    fn from_str(text: &str) -> Result<Self> {
        match text.to_ascii_lowercase().as_str() {
            "auto" => Ok(Self::Auto),
            "copy" => Ok(Self::Copy),
            "aac" => Ok(Self::Aac),
            "none" => Ok(Self::None),
            _ => Err(Error::invalid("audio", format!("{} is none of auto, copy, aac, none", quoted(text)))),
        }
    }
}

/// A text as it was read, for a complaint.
pub(super) fn quoted(text: &str) -> String {
    /// More is not worth reading, in characters.
    const LONGEST: usize = 40;
    let dots = if text.chars().count() > LONGEST { "..." } else { "" };
    format!("{:?}", text.chars().take(LONGEST).collect::<String>() + dots)
}
