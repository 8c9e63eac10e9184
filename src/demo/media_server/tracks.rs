//! The session description of a publisher: which tracks it has, what they are called, and what readers are told.
//!
//! Owns the reading and rewriting of SDP (RFC 8866, RFC 6184, RFC 3640). Never sees packets or sockets. Talked to by
//! the connection at ANNOUNCE and by the API for codec names.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sdp_types::{Attribute, Connection, Media, Session};

use super::picture::{self, Picture};
use crate::base::{Error, Result};

/// What MediaMTX 1.20 tells about a track beside its name (`codecProps`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Properties {
    /// H.264 and H.265.
    Video(Picture),
    /// MPEG-4 Audio.
    Audio {
        /// Hz.
        sample_rate: u32,
        /// Channels.
        channels: u32,
    },
    /// G.711.
    G711 {
        /// µ-law, else A-law.
        mu_law: bool,
        /// Hz.
        sample_rate: u32,
        /// Channels.
        channels: u32,
    },
    /// Opus.
    Opus {
        /// Channels.
        channels: u32,
    },
    /// Nothing more is told (`null`).
    None,
}

/// One media of a session description.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Track {
    /// Label of MediaMTX: `H264`, `MPEG-4 Audio`, `G711`, ...
    pub codec: &'static str,
    /// What else is told.
    pub properties: Properties,
    /// RTP ticks per second.
    pub clock_rate: u32,
    /// The publisher's `a=control`, as it stands; empty when it gave none.
    pub control: String,
}

/// A publisher's session description, read.
#[derive(Clone, Debug)]
pub struct Description {
    /// Its tracks, in order.
    pub tracks: Vec<Track>,
    /// What DESCRIBE answers.
    pub for_readers: Vec<u8>,
}

impl Description {
    /// Reads what a publisher announced. The error says what a server would log; the client only sees a 400.
    pub fn read(sdp: &[u8]) -> Result<Self> {
        let session = Session::parse(sdp).map_err(|error| Error::invalid("sdp", format!("is not an SDP: {error}")))?;
        if session.medias.is_empty() {
            return Err(Error::invalid("sdp", "has no media"));
        }
        let tracks = session.medias.iter().map(track).collect::<Result<Vec<_>>>()?;
        let for_readers = rewritten(session)?;
        Ok(Self { tracks, for_readers })
    }

    /// Labels of the tracks, for the log.
    pub fn labels(&self) -> String {
        self.tracks.iter().map(|track| track.codec).collect::<Vec<_>>().join(", ")
    }
}

/// Encoding name, clock rate and channels of a media.
struct Encoding {
    name: String,
    clock_rate: u32,
    channels: u32,
}

fn track(media: &Media) -> Result<Track> {
    let payload = media.fmt.split_whitespace().next().unwrap_or_default();
    let encoding = encoding(media, payload)?;
    let parameters = parameters(media, payload);
    let (codec, properties) = codec(&encoding, &parameters)?;
    let control = media.get_first_attribute_value("control").flatten().unwrap_or_default().to_owned();
    Ok(Track { codec, properties, clock_rate: encoding.clock_rate, control })
}

/// The `rtpmap` of the payload type, or the static assignment of RFC 3551.
fn encoding(media: &Media, payload: &str) -> Result<Encoding> {
    let mapped = media.get_attribute_values("rtpmap").flatten().find_map(|value| {
        let (number, rest) = value.split_once(' ')?;
        (number == payload).then(|| rest.trim().to_owned())
    });
    let text = match (mapped, payload) {
        (Some(text), _) => text,
        (None, "0") => "PCMU/8000".to_owned(),
        (None, "8") => "PCMA/8000".to_owned(),
        (None, "9") => "G722/8000".to_owned(),
        (None, "10") => "L16/44100/2".to_owned(),
        (None, "11") => "L16/44100/1".to_owned(),
        (None, "14") => "MPA/90000".to_owned(),
        (None, "26") => "JPEG/90000".to_owned(),
        (None, "32") => "MPV/90000".to_owned(),
        (None, "33") => "MP2T/90000".to_owned(),
        (None, _) => return Err(Error::invalid("sdp", format!("payload type {payload:?} has no rtpmap"))),
    };
    let mut parts = text.split('/');
    let name = parts.next().unwrap_or_default().to_ascii_uppercase();
    let clock_rate = parts.next().and_then(|rate| rate.parse().ok()).filter(|rate| *rate > 0);
    let clock_rate = clock_rate.ok_or_else(|| Error::invalid("sdp", format!("rtpmap {text:?} has no clock rate")))?;
    let channels = parts.next().and_then(|count| count.parse().ok()).unwrap_or(1);
    Ok(Encoding { name, clock_rate, channels })
}

/// The `fmtp` of the payload type as pairs, keys in lower case.
fn parameters(media: &Media, payload: &str) -> Vec<(String, String)> {
    let values = media.get_attribute_values("fmtp").flatten();
    let own = values.filter_map(|value| value.split_once(' ')).filter(|(number, _)| *number == payload);
    own.flat_map(|(_, list)| list.split(';'))
        .filter_map(|pair| pair.split_once('='))
        .map(|(key, value)| (key.trim().to_ascii_lowercase(), value.trim().to_owned()))
        .collect()
}

fn codec(encoding: &Encoding, parameters: &[(String, String)]) -> Result<(&'static str, Properties)> {
    let value = |key: &str| parameters.iter().find(|(name, _)| name == key).map(|(_, value)| value.as_str());
    let Encoding { name, clock_rate, channels } = encoding;
    Ok(match name.as_str() {
        "H264" => ("H264", video(value("sprop-parameter-sets"), picture::h264)),
        "H265" => ("H265", video(value("sprop-sps"), picture::h265)),
        "MPEG4-GENERIC" => ("MPEG-4 Audio", audio_specific(value("config"))?),
        "PCMU" | "PCMA" => {
            ("G711", Properties::G711 { mu_law: name == "PCMU", sample_rate: *clock_rate, channels: *channels })
        }
        "OPUS" => {
            // RFC 7587: the rtpmap always says 2; `sprop-stereo` tells the truth.
            let channels = if value("sprop-stereo") == Some("1") { 2 } else { 1 };
            ("Opus", Properties::Opus { channels })
        }
        "MP4A-LATM" => ("MPEG-4 Audio LATM", Properties::None),
        "MP4V-ES" => ("MPEG-4 Video", Properties::None),
        "AV1" => ("AV1", Properties::None),
        "VP8" => ("VP8", Properties::None),
        "VP9" => ("VP9", Properties::None),
        "JPEG" => ("M-JPEG", Properties::None),
        "MPV" => ("MPEG-1/2 Video", Properties::None),
        "MPA" => ("MPEG-1/2 Audio", Properties::None),
        "MP2T" => ("MPEG-TS", Properties::None),
        "AC3" => ("AC3", Properties::None),
        "G722" => ("G722", Properties::None),
        "L8" | "L16" | "L24" => ("LPCM", Properties::None),
        "SPEEX" => ("Speex", Properties::None),
        "VORBIS" => ("Vorbis", Properties::None),
        _ => ("Generic", Properties::None),
    })
}

/// The first parameter set in a comma-separated base64 list that is a picture's.
fn video(sets: Option<&str>, read: fn(&[u8]) -> Option<Picture>) -> Properties {
    let decoded = sets.into_iter().flat_map(|sets| sets.split(',')).filter_map(|set| STANDARD.decode(set.trim()).ok());
    Properties::Video(decoded.filter_map(|set| read(&set)).next().unwrap_or_default())
}

/// Reads `config=` of RFC 3640: an AudioSpecificConfig (ISO 14496-3 1.6.2.1) in hexadecimal.
fn audio_specific(config: Option<&str>) -> Result<Properties> {
    const RATES: [u32; 13] =
        [96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000, 7_350];
    // MediaMTX refuses AAC without a configuration as well: nobody could decode it.
    let fault = || Error::invalid("sdp", "MPEG-4 audio has no usable config; publish with global headers");
    let config = config.filter(|text| text.len() >= 4 && text.is_ascii()).ok_or_else(fault)?;
    let bits = u16::from_str_radix(&config[..4], 16).map_err(|_| fault())?;
    let sample_rate = *RATES.get(usize::from(bits >> 7 & 0xf)).ok_or_else(fault)?;
    let channels = match u32::from(bits >> 3 & 0xf) {
        7 => 8,
        count => count,
    };
    Ok(Properties::Audio { sample_rate, channels })
}

/// What readers get: the publisher's description without its address, and with control attributes of ours.
fn rewritten(mut session: Session) -> Result<Vec<u8>> {
    session.connection = Some(Connection::from_ip_addr(std::net::Ipv4Addr::UNSPECIFIED));
    session.attributes.retain(|attribute| !matches!(attribute.attribute.as_str(), "tool" | "control" | "range"));
    for (number, media) in session.medias.iter_mut().enumerate() {
        media.port = 0;
        media.connections.clear();
        media
            .attributes
            .retain(|attribute| !matches!(attribute.attribute.as_str(), "control" | "recvonly" | "sendonly"));
        media.attributes.insert(0, Attribute::with_value("control", format!("trackID={number}")));
    }
    let mut out = Vec::new();
    session.write(&mut out).map_err(|error| Error::internal("the SDP could not be written").with_source(error))?;
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What ffmpeg 5.1.9 announces for H.264 and AAC.
    const FFMPEG: &str = "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=No Name\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n\
        a=tool:libavformat LIBAVFORMAT_VERSION\r\nm=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\n\
        a=fmtp:96 packetization-mode=1; sprop-parameter-sets=Z0LAHtoCgL/lwEQAAAMABAAAAwDKPFi6gA==,aM4PyA==; profile-level-id=42C01E\r\n\
        a=control:streamid=0\r\nm=audio 0 RTP/AVP 97\r\nb=AS:69\r\na=rtpmap:97 MPEG4-GENERIC/48000/1\r\n\
        a=fmtp:97 profile-level-id=1;mode=AAC-hbr;sizelength=13;indexlength=3;indexdeltalength=3; config=118856E500\r\n\
        a=control:streamid=1\r\n";

    fn media(lines: &str) -> Result<Description> {
        Description::read(format!("v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=x\r\nt=0 0\r\n{lines}").as_bytes())
    }

    #[test]
    fn tracks_of_ffmpeg() {
        let description = Description::read(FFMPEG.as_bytes()).expect("an SDP");
        assert_eq!(description.labels(), "H264, MPEG-4 Audio");
        let [video, audio] = description.tracks.as_slice() else { panic!("two tracks") };
        assert_eq!((video.clock_rate, video.control.as_str()), (90_000, "streamid=0"));
        assert!(matches!(&video.properties, Properties::Video(picture) if picture.width == 640));
        assert_eq!(audio.properties, Properties::Audio { sample_rate: 48_000, channels: 1 });
        let told = String::from_utf8(description.for_readers).expect("text");
        assert!(told.contains("c=IN IP4 0.0.0.0\r\n") && !told.contains("libavformat"), "{told}");
        assert!(told.contains("a=control:trackID=0\r\n") && told.contains("a=control:trackID=1\r\n"), "{told}");
        assert!(!told.contains("streamid"), "{told}");
    }

    #[test]
    fn static_payload_types_need_no_rtpmap() {
        let description = media("m=audio 0 RTP/AVP 8\r\n").expect("an SDP");
        let wanted = Properties::G711 { mu_law: false, sample_rate: 8_000, channels: 1 };
        assert_eq!((description.tracks[0].codec, &description.tracks[0].properties), ("G711", &wanted));
    }

    #[test]
    fn what_cannot_be_played_is_refused() {
        let table = [
            ("", "no media"),
            ("m=video 0 RTP/AVP 96\r\n", "no rtpmap"),
            ("m=video 0 RTP/AVP 96\r\na=rtpmap:96 H264\r\n", "no clock rate"),
            ("m=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/0\r\n", "no clock rate"),
            ("m=audio 0 RTP/AVP 97\r\na=rtpmap:97 MPEG4-GENERIC/48000/1\r\n", "no usable config"),
            (
                "m=audio 0 RTP/AVP 97\r\na=rtpmap:97 MPEG4-GENERIC/48000/1\r\na=fmtp:97 config=zz88\r\n",
                "no usable config",
            ),
        ];
        for (lines, reason) in table {
            let error = media(lines).expect_err(reason).to_string();
            assert!(error.contains(reason), "{error} lacks {reason}");
        }
        assert!(Description::read(b"xyz").is_err());
    }
}
