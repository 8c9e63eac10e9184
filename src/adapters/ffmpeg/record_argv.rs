//! The recorder's ffmpeg: its arguments, and what the lines of its stdout mean. Pure.
//!
//! It reads one stream from a server over RTSP/TCP and cuts it at keyframes into fragmented mp4 files in its working
//! directory. Two things share its stdout: the segment list (one CSV line when a file has been closed) and `-progress`
//! (`key=value`). ffmpeg hands each of them over in one write of less than a pipe's atomic size, so lines never mix.

use std::time::Duration;

use secrecy::SecretString;

use super::child::Argument;
use crate::domain::container::{Audio, Mp4Plan};
use crate::domain::layout::segment_number;

/// What the recorder's ffmpeg needs to know.
#[derive(Clone, Debug)]
pub struct RecordInput {
    /// RTSP address of the stream, with credentials where the server wants them.
    pub url: SecretString,
    /// What happens to its tracks.
    pub plan: Mp4Plan,
    /// Length of a segment; cut at the next keyframe after it.
    pub segment: Duration,
    /// ffmpeg gives up when the server is silent for so long.
    pub silence: Duration,
    /// Major version of ffmpeg: 4 calls the socket timeout `-stimeout`, later ones `-timeout` (FFmpeg 001ccbc5).
    pub ffmpeg_major: u32,
}

/// Longest fragment in microseconds: what a crash may lose. Besides, sound without a picture would have no fragments
/// at all, because only keyframes of pictures end one.
const FRAGMENT: &str = "1000000";

/// The arguments. ffmpeg must run with the session's folder as its working directory.
pub fn record_argv(input: &RecordInput) -> Vec<Argument> {
    let micros = input.silence.as_micros().to_string();
    let timeout = if input.ffmpeg_major < 5 { "-stimeout" } else { "-timeout" };
    let mut argv: Vec<Argument> = Vec::new();
    let mut add = |words: &[&str]| argv.extend(words.iter().map(Argument::from));
    add(&["-nostdin", "-hide_banner", "-nostats", "-loglevel", "warning"]);
    // Guessing the frame rate takes a second (measured: 2.0 s to the first frame, 0.8 s without) and serves encoders only.
    add(&["-fpsprobesize", "0"]);
    add(&["-protocol_whitelist", "rtsp,rtsps,rtp,tcp,tls,udp", "-rtsp_transport", "tcp", timeout, &micros, "-i"]);
    argv.push(Argument::url(&input.url));

    let mut add = |words: &[&str]| argv.extend(words.iter().map(Argument::from));
    add(&["-map", "0:v?", "-map", "0:a?", "-c:v", "copy"]);
    if input.plan.hevc {
        add(&["-tag:v", "hvc1"]);
    }
    match input.plan.audio {
        Audio::Copy => add(&["-c:a", "copy"]),
        Audio::Aac => add(&["-c:a", "aac"]),
    }
    let length = format!("{}.{:03}", input.segment.as_secs(), input.segment.subsec_millis());
    // Without flush_packets the last quarter of a megabyte of an open file is in ffmpeg's memory and dies with it: at
    // low bitrates that is the whole segment (seen with 5.1.9).
    let format =
        format!("movflags=+frag_keyframe+empty_moov+default_base_moof:frag_duration={FRAGMENT}:flush_packets=1");
    add(&["-progress", "pipe:1", "-f", "segment", "-segment_time", &length, "-segment_format", "mp4"]);
    add(&["-segment_format_options", &format, "-segment_list", "pipe:1", "-segment_list_type", "csv"]);
    add(&["segment_%03d.mp4"]);
    argv
}

/// A line of the recorder's stdout.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecordLine {
    /// ffmpeg has closed this file.
    Closed {
        /// Its number.
        file: u32,
        /// First and last moment on ffmpeg's clock, which begins at zero with the run.
        start: Duration,
        /// See `start`.
        end: Duration,
    },
    /// Everything up to this moment has been handed to the file.
    Written(Duration),
}

impl RecordLine {
    /// Reads a line; `None` for everything that does not matter to a recorder.
    pub fn parse(line: &str) -> Option<Self> {
        if let Some(micros) = line.strip_prefix("out_time_us=") {
            // `N/A` and, before the first packet, a hugely negative number.
            return micros.trim().parse().ok().map(Duration::from_micros).map(Self::Written);
        }
        let mut columns = line.trim().split(',');
        let file = segment_number(columns.next()?)?;
        let (start, end) = (seconds(columns.next()?)?, seconds(columns.next()?)?);
        (columns.next().is_none() && start <= end).then_some(Self::Closed { file, start, end })
    }
}

fn seconds(text: &str) -> Option<Duration> {
    text.parse().ok().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(input: &RecordInput) -> String {
        let words: Vec<String> =
            record_argv(input).iter().map(|word| word.shown().to_string_lossy().into_owned()).collect();
        words.join(" ")
    }

    fn input() -> RecordInput {
        RecordInput {
            url: "rtsp://reader:s3cret@127.0.0.1:8554/site/cam1".to_owned().into(),
            plan: Mp4Plan { audio: Audio::Copy, hevc: false },
            segment: Duration::from_millis(10_500),
            silence: Duration::from_secs(10),
            ffmpeg_major: 5,
        }
    }

    #[test]
    fn arguments() {
        assert_eq!(
            shown(&input()),
            "-nostdin -hide_banner -nostats -loglevel warning -fpsprobesize 0 -protocol_whitelist rtsp,rtsps,rtp,tcp,tls,udp \
             -rtsp_transport tcp -timeout 10000000 -i rtsp://***@127.0.0.1:8554/site/cam1 \
             -map 0:v? -map 0:a? -c:v copy -c:a copy -progress pipe:1 -f segment -segment_time 10.500 \
             -segment_format mp4 -segment_format_options \
             movflags=+frag_keyframe+empty_moov+default_base_moof:frag_duration=1000000:flush_packets=1 \
             -segment_list pipe:1 -segment_list_type csv segment_%03d.mp4"
        );
    }

    #[test]
    fn arguments_that_depend() {
        let aac = RecordInput { plan: Mp4Plan { audio: Audio::Aac, hevc: true }, ffmpeg_major: 4, ..input() };
        let words = shown(&aac);
        assert!(words.contains(" -c:v copy -tag:v hvc1 -c:a aac "), "{words}");
        assert!(words.contains(" -stimeout 10000000 "), "{words}");
        assert!(!words.contains("s3cret") && !format!("{aac:?}").contains("s3cret"), "{words}");
    }

    #[test]
    fn lines() {
        let seconds = Duration::from_secs_f64;
        for (line, wanted) in [
            (
                "segment_001.mp4,4.452578,8.452578",
                Some(RecordLine::Closed { file: 1, start: seconds(4.452_578), end: seconds(8.452_578) }),
            ),
            (
                "segment_1000.mp4,0.000000,0.000000",
                Some(RecordLine::Closed { file: 1000, start: seconds(0.0), end: seconds(0.0) }),
            ),
            ("out_time_us=13931973", Some(RecordLine::Written(Duration::from_micros(13_931_973)))),
            ("out_time_us=-9223372036854775808", None),
            ("out_time_us=N/A", None),
            ("out_time=00:00:13.931973", None),
            ("frame=335", None),
            ("progress=end", None),
            ("segment_001.mp4,8.0,4.0", None),
            ("segment_001.mp4,-1.0,4.0", None),
            ("segment_001.mp4,nan,inf", None),
            ("segment_001.mp4,0,1e300", None),
            ("segment_001.mp4,0,1,2", None),
            ("segment_001.mp4", None),
            ("../segment_001.mp4,0,1", None),
            ("", None),
        ] {
            assert_eq!(RecordLine::parse(line), wanted, "{line:?}");
        }
    }
}
