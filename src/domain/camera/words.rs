//! Columns of a camera that are one of a few words: scheme, transport, audio. Read without regard to case.

use std::str::FromStr;

use crate::base::{Error, Result};

/// Protocols a camera may be read by. Everything else ffmpeg knows (`file:`, `concat:`, `pipe:`, ...) is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// RTSP, and RTSP over TLS.
    Rtsp,
    /// See [`Scheme::Rtsp`].
    Rtsps,
    /// RTMP, and RTMP over TLS.
    Rtmp,
    /// See [`Scheme::Rtmp`].
    Rtmps,
    /// SRT, we call.
    Srt,
    /// HLS, MPEG-TS or MJPEG over HTTP.
    Http,
    /// See [`Scheme::Http`].
    Https,
    /// MPEG-TS over UDP, multicast or not.
    Udp,
}

impl Scheme {
    pub(super) const LIST: &str = "rtsp://, rtsps://, rtmp://, rtmps://, srt://, http://, https://, udp://";

    const ALL: [(&str, Self, Option<u16>); 8] = [
        ("rtsp", Self::Rtsp, Some(554)),
        ("rtsps", Self::Rtsps, Some(322)),
        ("rtmp", Self::Rtmp, Some(1935)),
        ("rtmps", Self::Rtmps, Some(443)),
        ("srt", Self::Srt, None),
        ("http", Self::Http, Some(80)),
        ("https", Self::Https, Some(443)),
        ("udp", Self::Udp, None),
    ];

    pub(super) fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|(name, ..)| text.eq_ignore_ascii_case(name)).map(|(_, scheme, _)| scheme)
    }

    /// As it stands in a URL.
    pub(super) fn word(self) -> &'static str {
        Self::ALL.into_iter().find(|(_, scheme, _)| *scheme == self).map_or("", |(name, ..)| name)
    }

    /// The port of a URL that names none.
    pub(super) fn default_port(self) -> Option<u16> {
        Self::ALL.into_iter().find(|(_, scheme, _)| *scheme == self).and_then(|(.., port)| port)
    }
}

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
