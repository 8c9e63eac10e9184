//! Reads the summary of an input that ffmpeg and ffprobe print on stderr: which tracks it names. Pure.
//!
//! `Input #0, rtsp, from '...':` and below it `  Stream #0:0: Video: h264 (Main), yuv420p, ...`, the same from ffmpeg 4 to 8.

/// What begins the summary.
const SUMMARY: &str = "Input #0, ";

/// Tracks that a source names, whether anything comes of them or not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Named {
    /// Codec of the first video track.
    pub video: Option<String>,
    /// Codec of the first audio track.
    pub audio: Option<String>,
}

/// What the lines of stderr tell; `None` while the summary has not come.
pub fn named(lines: &[String]) -> Option<Named> {
    let begun = lines.iter().position(|line| line.contains(SUMMARY))?;
    let codec = |kind: &str| {
        let mark = format!(": {kind}: ");
        let tracks = lines[begun..].iter().filter(|line| line.contains("Stream #"));
        let rest = tracks.filter_map(|line| line.split_once(mark.as_str())).map(|(_, rest)| rest).next()?;
        Some(rest.split([' ', ',']).next().unwrap_or_default().to_owned())
    };
    Some(Named { video: codec("Video"), audio: codec("Audio") })
}

/// Lines that only inform: what fails is told by the others.
pub fn informs(line: &str) -> bool {
    line.contains("[info]")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<Named> {
        named(&text.lines().map(str::to_owned).collect::<Vec<_>>())
    }

    #[test]
    fn the_summaries_of_all_versions_are_read() {
        let named = |video: Option<&str>, audio: Option<&str>| {
            Some(Named { video: video.map(str::to_owned), audio: audio.map(str::to_owned) })
        };
        let table = [
            ("", None),
            ("[error] method DESCRIBE failed: 404 Not Found", None),
            ("[info] Input #0, rtsp, from 'rtsp://***@h/x':\n[info]   Metadata:", named(None, None)),
            (
                "[info] Input #0, rtsp, from 'rtsp://h/x':\n[info]   Duration: N/A, start: 0.000000, bitrate: N/A\n\
                 [info]   Stream #0:0: Video: h264 (Constrained Baseline), yuv420p(progressive), 192x108, 25 fps, 90k tbn\n\
                 [info]   Stream #0:1: Audio: pcm_alaw, 8000 Hz, mono, s16, 64 kb/s",
                named(Some("h264"), Some("pcm_alaw")),
            ),
            (
                "[info] Input #0, mpegts, from 'udp://h:1':\n[info]   Program 1 \n\
                 [info]   Stream #0:0[0x101](eng): Audio: aac (LC) ([15][0][0][0] / 0x000F), 44100 Hz\n\
                 [info]   Stream #0:1[0x100]: Video: none ([27][0][0][0] / 0x001B)",
                named(Some("none"), Some("aac")),
            ),
            ("Stream #0:0: Video: h264, before\n[info] Input #0, flv, from 'x':", named(None, None)),
        ];
        for (text, wanted) in table {
            assert_eq!(read(text), wanted, "{text}");
        }
    }
}
