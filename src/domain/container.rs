//! What of a stream fits into fragmented mp4 as it is, what has to become AAC, and what cannot be recorded.
//!
//! ffmpeg 5.1.9: G.711 copied into mp4 fails ("Could not find tag for codec"), VP8 too. Codec words are MediaMTX's
//! (internal/formatlabel/label.go).

use std::collections::BTreeSet;

use super::stream::StreamTrack;

/// How to put a stream into mp4.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mp4Plan {
    /// What happens to the sound.
    pub audio: Audio,
    /// The picture is H.265: marked `hvc1`, because Apple's players refuse ffmpeg's default `hev1`.
    pub hevc: bool,
}

/// What a run that failed has shown of its tracks. Stands beside what the server tells of them, until it tells of others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PlanCorrection {
    /// Its sound does not go into the file as it is.
    pub encode_sound: bool,
    /// Its picture is not H.265.
    pub other_picture: bool,
    /// Its picture is H.265.
    pub is_h265: bool,
}

impl PlanCorrection {
    /// The plan with what is known better. One thing that was wrong changes nothing about the other.
    pub fn of(self, plan: Mp4Plan) -> Mp4Plan {
        let audio = if self.encode_sound { Audio::Aac } else { plan.audio };
        Mp4Plan { audio, hevc: (plan.hevc || self.is_h265) && !self.other_picture }
    }
}

/// What happens to the sound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Audio {
    /// Copied.
    Copy,
    /// Encoded as AAC, because mp4 or its players do not know the codec, or because nobody told us of it.
    Aac,
}

/// Codecs of pictures that go into mp4.
const VIDEO: [&str; 7] = ["H264", "H265", "AV1", "VP9", "MPEG-4 Video", "MPEG-1/2 Video", "M-JPEG"];
/// Codecs of sound that go into mp4 as they are.
const COPIED: [&str; 4] = ["MPEG-4 Audio", "Opus", "FLAC", "AC3"];
/// Codecs of sound that become AAC. MPEG-1/2 Audio (MP3) fits into mp4, but browsers do not play it there.
const ENCODED: [&str; 8] = ["MPEG-1/2 Audio", "MPEG-4 Audio LATM", "Vorbis", "Speex", "G726", "G722", "G711", "LPCM"];

/// The other way out for pictures that MediaMTX records without ffmpeg (internal/recorder/format_fmp4.go of 1.20.1).
const RECORDED_ELSEWHERE: &str = ", or let MediaMTX record the path itself (record: yes in its configuration)";

/// Codecs that the installed ffmpeg cannot read over RTSP, found out once at start.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UnreadableCodecs {
    /// ffmpeg's version, for people.
    pub version: String,
    /// Labels of MediaMTX.
    pub codecs: BTreeSet<String>,
}

impl UnreadableCodecs {
    /// Why a stream with this track cannot be recorded, and the way out.
    fn obstacle(&self, codec: &str) -> Option<String> {
        match codec {
            "VP8" => Some("VP8 does not go into mp4, which is all that is recorded; publish H264 or H265".to_owned()),
            // In no version until now: its packets carry no mark of key frames, so `-c copy` waits for the first for ever.
            "VP9" => Some(format!(
                "VP9 cannot be recorded, because ffmpeg does not recognise its key frames over RTSP; publish H264 or \
                 H265{RECORDED_ELSEWHERE}",
            )),
            codec if self.codecs.contains(codec) => {
                let elsewhere = if codec == "AV1" { RECORDED_ELSEWHERE } else { "" };
                Some(format!(
                    "the installed ffmpeg ({}) cannot read {codec} over RTSP; install a newer ffmpeg, or publish H264 or \
                     H265 with AAC or Opus{elsewhere}",
                    self.version
                ))
            }
            _ => None,
        }
    }
}

/// The plan for these tracks, or a sentence that says why they cannot be recorded. Servers may tell no tracks at all;
/// then everything is tried. Only sound decides about encoding sound: metadata beside it changes nothing.
pub fn mp4_plan(tracks: &[StreamTrack], unreadable: &UnreadableCodecs) -> Result<Mp4Plan, String> {
    let codecs = || tracks.iter().map(|track| track.codec.as_str());
    if let Some(why) = codecs().find_map(|codec| unreadable.obstacle(codec)) {
        return Err(why);
    }
    let fits = |codec: &str| [&VIDEO[..], &COPIED, &ENCODED].iter().any(|list| list.contains(&codec));
    if !tracks.is_empty() && !codecs().any(fits) {
        let names = codecs().take(5).collect::<Vec<_>>().join(", ");
        return Err(format!("no track goes into mp4 ({names}); publish H264 or H265, with AAC or Opus"));
    }
    let copied = !tracks.is_empty() && !codecs().any(|codec| ENCODED.contains(&codec));
    let audio = if copied { Audio::Copy } else { Audio::Aac };
    Ok(Mp4Plan { audio, hevc: codecs().any(|codec| codec == "H265") })
}

/// Whether one of the tracks is a picture that goes into mp4.
pub fn has_picture(tracks: &[StreamTrack]) -> bool {
    tracks.iter().any(|track| VIDEO.contains(&track.codec.as_str()))
}

/// Whether readers get the size of every picture with the description of the stream (`sprop-parameter-sets`, RFC 6184 8.1 and RFC 7798
/// 7.1): the media server has seen it.
pub fn pictures_are_described(tracks: &[StreamTrack]) -> bool {
    let is_described = |track: &StreamTrack| matches!(track.codec.as_str(), "H264" | "H265") && track.width.is_some();
    has_picture(tracks) && tracks.iter().filter(|track| VIDEO.contains(&track.codec.as_str())).all(is_described)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_whose_size_the_server_tells_are_described() {
        let track = |codec: &str, width| StreamTrack { codec: codec.to_owned(), width, ..StreamTrack::default() };
        for (tracks, wanted) in [
            (vec![track("H264", Some(640)), track("Opus", None)], true),
            (vec![track("H265", Some(640))], true),
            (vec![track("H264", None), track("Opus", None)], false),
            (vec![track("H264", Some(640)), track("H264", None)], false),
            (vec![track("AV1", Some(640))], false),
            (vec![track("Opus", None)], false),
            (vec![], false),
        ] {
            assert_eq!(pictures_are_described(&tracks), wanted, "{tracks:?}");
        }
    }

    #[test]
    fn sound_that_does_not_fit_changes_nothing_about_the_picture() {
        let told = Mp4Plan { audio: Audio::Copy, hevc: true };
        for (encode_sound, other_picture, wanted) in [
            (false, false, told),
            (true, false, Mp4Plan { audio: Audio::Aac, hevc: true }),
            (false, true, Mp4Plan { audio: Audio::Copy, hevc: false }),
            (true, true, Mp4Plan { audio: Audio::Aac, hevc: false }),
        ] {
            assert_eq!(PlanCorrection { encode_sound, other_picture, is_h265: false }.of(told), wanted);
        }
    }

    #[test]
    fn plans() {
        let unreadable = UnreadableCodecs {
            version: "5.1.9".to_owned(),
            codecs: BTreeSet::from(["AV1".to_owned(), "AC3".to_owned()]),
        };
        let plan = |codecs: &[&str]| {
            let tracks: Vec<StreamTrack> = codecs
                .iter()
                .map(|codec| StreamTrack { codec: (*codec).to_owned(), ..StreamTrack::default() })
                .collect();
            mp4_plan(&tracks, &unreadable)
        };
        let copy = Ok(Mp4Plan { audio: Audio::Copy, hevc: false });
        let aac = Ok(Mp4Plan { audio: Audio::Aac, hevc: false });
        for (codecs, wanted) in [
            (&["H264", "MPEG-4 Audio"][..], &copy),
            (&["H264"], &copy),
            (&["Opus"], &copy),
            (&["H264", "G711"], &aac),
            (&["G711", "MPEG-4 Audio"], &aac),
            (&["H264", "LPCM"], &aac),
            (&["H264", "MPEG-1/2 Audio"], &aac),
            (&["H264", "MPEG-4 Audio", "Generic"], &copy),
            (&["H264", "MPEG-4 Audio", "KLV"], &copy),
            (&["H264", "G711", "Generic"], &aac),
            (&[], &aac),
            (&["H265", "MPEG-4 Audio"], &Ok(Mp4Plan { audio: Audio::Copy, hevc: true })),
        ] {
            assert_eq!(&plan(codecs), wanted, "{codecs:?}");
        }
        for (codecs, words) in [
            (&["VP8", "Opus"][..], "VP8"),
            (&["VP9"], "key frames"),
            (&["VP9", "Opus"], "VP9 cannot be recorded"),
            (&["AV1"], "the installed ffmpeg (5.1.9) cannot read AV1"),
            (&["AV1"], "install a newer ffmpeg"),
            (&["AV1"], "let MediaMTX record the path itself"),
            (&["VP9"], "let MediaMTX record the path itself"),
            (&["H264", "AC3"], "cannot read AC3"),
            (&["KLV", "MPEG-TS"], "KLV, MPEG-TS"),
        ] {
            let why = plan(codecs).expect_err(words);
            assert!(why.contains(words) && why.contains("publish"), "{why}");
        }
    }
}
