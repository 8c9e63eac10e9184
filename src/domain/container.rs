//! What of a stream fits into fragmented mp4 as it is, what has to become AAC, and what cannot be recorded.
//!
//! ffmpeg 5.1.9: G.711 copied into mp4 fails ("Could not find tag for codec"), VP8 too. Codec words are MediaMTX's
//! (internal/formatlabel/label.go).

use super::stream::StreamTrack;

/// How to put a stream into mp4.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mp4Plan {
    /// What happens to the sound.
    pub audio: Audio,
    /// The picture is H.265: marked `hvc1`, because Apple's players refuse ffmpeg's default `hev1`.
    pub hevc: bool,
}

/// What happens to the sound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Audio {
    /// Copied.
    Copy,
    /// Encoded as AAC, because mp4 or its players do not know the codec, or because we do not know it.
    Aac,
}

/// Codecs of pictures that go into mp4.
const VIDEO: [&str; 7] = ["H264", "H265", "AV1", "VP9", "MPEG-4 Video", "MPEG-1/2 Video", "M-JPEG"];
/// Codecs of sound that go into mp4 as they are.
const COPIED: [&str; 5] = ["MPEG-4 Audio", "Opus", "FLAC", "MPEG-1/2 Audio", "AC3"];
/// Codecs of sound that become AAC.
const ENCODED: [&str; 7] = ["MPEG-4 Audio LATM", "Vorbis", "Speex", "G726", "G722", "G711", "LPCM"];

/// The plan for these tracks, or a sentence that says why they cannot be recorded. Servers may tell no tracks at all;
/// then everything is tried.
pub fn mp4_plan(tracks: &[StreamTrack]) -> Result<Mp4Plan, String> {
    let codecs = || tracks.iter().map(|track| track.codec.as_str());
    if codecs().any(|codec| codec == "VP8") {
        return Err("VP8 does not go into mp4; publish H264, H265, AV1 or VP9".to_owned());
    }
    let fits = |codec: &str| [&VIDEO[..], &COPIED, &ENCODED].iter().any(|list| list.contains(&codec));
    if !tracks.is_empty() && !codecs().any(fits) {
        let names = codecs().take(5).collect::<Vec<_>>().join(", ");
        return Err(format!("no track goes into mp4 ({names}); publish H264, H265, AV1, VP9, AAC or Opus"));
    }
    let known = |codec: &str| VIDEO.contains(&codec) || COPIED.contains(&codec);
    let audio = if !tracks.is_empty() && codecs().all(known) { Audio::Copy } else { Audio::Aac };
    Ok(Mp4Plan { audio, hevc: codecs().any(|codec| codec == "H265") })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plans() {
        let plan = |codecs: &[&str]| {
            let tracks: Vec<StreamTrack> = codecs
                .iter()
                .map(|codec| StreamTrack { codec: (*codec).to_owned(), ..StreamTrack::default() })
                .collect();
            mp4_plan(&tracks)
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
            (&["H264", "something new"], &aac),
            (&[], &aac),
            (&["H265", "MPEG-4 Audio"], &Ok(Mp4Plan { audio: Audio::Copy, hevc: true })),
        ] {
            assert_eq!(&plan(codecs), wanted, "{codecs:?}");
        }
        for (codecs, words) in [(&["VP8", "Opus"][..], "VP8"), (&["KLV", "MPEG-TS"], "KLV, MPEG-TS")] {
            let why = plan(codecs).expect_err(words);
            assert!(why.contains(words) && why.contains("publish"), "{why}");
        }
    }
}
