//! The recorder's ffmpeg: its arguments, the lines of its segment list, its last words. Pure.
//!
//! It reads one stream from a server over RTSP/TCP and cuts it at keyframes into fragmented mp4 files in its working
//! directory. Two things share its stdout: the segment list (one CSV line when a file has been closed) and `-progress`
//! (`key=value`). ffmpeg hands each of them over in one write of less than a pipe's atomic size, so lines never mix.

use std::time::Duration;

use secrecy::SecretString;

use super::child::{Argument, Ending, ProcessExit};
use super::ffmpeg_version::FfmpegVersion;
use super::version_words;
use crate::domain::container::{Audio, Mp4Plan};
use crate::domain::layout::segment_number;

/// What the recorder's ffmpeg needs to know.
#[derive(Clone, Debug)]
pub struct RecordInput {
    /// RTSP address of the stream, with credentials where the server wants them.
    pub url: SecretString,
    /// What happens to its tracks.
    pub plan: Mp4Plan,
    /// ffmpeg need not wait for a key frame to know the pictures, and looks for the sound a shorter time.
    pub looks_shortly: bool,
    /// Length of a segment; cut at the next keyframe after it.
    pub segment: Duration,
    /// ffmpeg gives up when the server is silent for so long.
    pub silence: Duration,
    /// Where the timestamps in its files begin. What it tells of them on its stdout begins at zero.
    pub begins_at: Duration,
}

/// Longest fragment in microseconds: what a crash may lose. Besides, sound without a picture would have no fragments
/// at all, because only keyframes of pictures end one.
const FRAGMENT: &str = "1000000";

/// Sound that is announced and does not come holds the picture up for so long, in microseconds (ffmpeg's own limit is ten
/// seconds, which is what a crash would lose then).
const INTERLEAVE: &str = "500000";

/// ffmpeg looks for the format of sound that does not come for so long, in microseconds, before it writes anything. Its own limit is five
/// seconds, which a crash would lose; it has to wait them for pictures that nothing but their next key frame describes. Where sound does
/// come, a picture a second needs two of these seconds (with 1.5 it was never recorded): ffmpeg takes one for whole when the next comes.
const LOOK_FOR_SOUND: &str = "2500000";

/// The arguments. ffmpeg must run with the session's folder as its working directory.
pub fn record_argv(version: &FfmpegVersion, input: &RecordInput) -> Vec<Argument> {
    let micros = input.silence.as_micros().to_string();
    // FFmpeg 001ccbc5 renamed it.
    let timeout = if version.major < 5 { "-stimeout" } else { "-timeout" };
    let mut argv: Vec<Argument> = Vec::new();
    let mut add = |words: &[&str]| argv.extend(words.iter().map(Argument::from));
    add(version.no_keyboard());
    add(&["-hide_banner", "-nostats", "-loglevel", "warning"]);
    // Guessing the frame rate takes a second (measured: 2.0 s to the first frame, 0.8 s without) and serves encoders only.
    add(&["-fpsprobesize", "0"]);
    if input.looks_shortly {
        add(&["-analyzeduration", LOOK_FOR_SOUND]);
    }
    // Timestamps that jump back are no overflow of 32 bits, which the RTP reader has unwrapped already: seen as one, a jump of
    // more than a minute back would become one of 13 h forward.
    add(&["-correct_ts_overflow", "0"]);
    add(&["-protocol_whitelist", "rtsp,rtsps,rtp,tcp,tls,udp", "-rtsp_transport", "tcp", timeout, &micros, "-i"]);
    argv.push(Argument::url(&input.url));

    let mut add = |words: &[&str]| argv.extend(words.iter().map(Argument::from));
    add(&["-map", "0:v?", "-map", "0:a?", "-c:v", "copy"]);
    if input.plan.hevc {
        add(&["-tag:v", "hvc1"]);
    }
    match input.plan.audio {
        // 7.1 takes no AAC from RTSP for a key frame, and would drop what comes before one: all of it.
        Audio::Copy => add(&["-c:a", "copy", "-copyinkf:a"]),
        Audio::Aac => add(&["-c:a", "aac"]),
    }
    let length = format!("{}.{:03}", input.segment.as_secs(), input.segment.subsec_millis());
    // frag_discont and the two after it: timestamps go on from file to file, so that players need no break between them. Without flush_packets the last quarter of a megabyte of an open file is in ffmpeg's memory and dies with it: at
    // low bitrates that is the whole segment (seen with 5.1.9). Because of -initial_offset the muxer of each file sorts packets once more
    // (libavformat/segment.c) and does not inherit how long it may wait for sound: ten seconds of picture died with a killed ffmpeg.
    let format = format!(
        "movflags=+frag_keyframe+empty_moov+default_base_moof+frag_discont:use_editlist=0:\
         avoid_negative_ts=make_non_negative:frag_duration={FRAGMENT}:flush_packets=1:max_interleave_delta={INTERLEAVE}"
    );
    add(&["-max_interleave_delta", INTERLEAVE]);
    let begins_at = input.begins_at.as_secs().to_string();
    add(&["-progress", "pipe:1", "-f", "segment", "-segment_time", &length, "-initial_offset", &begins_at]);
    add(&[
        "-segment_format",
        "mp4",
        "-segment_format_options",
        &format,
        "-segment_list",
        "pipe:1",
        "-segment_list_type",
        "csv",
    ]);
    add(&["segment_%03d.mp4"]);
    argv
}

/// A file that ffmpeg has closed, from a line of its segment list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClosedFile {
    /// Its number.
    pub number: u32,
    /// First and last moment on ffmpeg's clock, which begins at zero with the run.
    pub start: Duration,
    /// See `start`.
    pub end: Duration,
}

impl ClosedFile {
    /// Reads `segment_001.mp4,4.452578,8.452578`; `None` for every other line.
    pub fn parse(line: &str) -> Option<Self> {
        let mut columns = line.trim().split(',');
        let number = segment_number(columns.next()?)?;
        let (start, end) = (seconds(columns.next()?)?, seconds(columns.next()?)?);
        (columns.next().is_none() && start <= end).then_some(Self { number, start, end })
    }
}

/// So many short files do no harm; ffmpeg catches up by then.
const SHORT_FILES: u128 = 30;

impl ClosedFile {
    /// Whether ffmpeg was to cut at segment times that its clock has long passed, and so cuts at every key frame. It multiplies
    /// the length of a segment by the number of files (libavformat/segment.c), which is right only while each file is about as
    /// long: after a timestamp that was hours off, or after an hour of key frames far apart, hundreds of files are too many.
    pub fn was_cut_early(&self, segment: Duration) -> bool {
        let passed = self.start.as_nanos() / segment.as_nanos().max(1);
        self.end - self.start < segment && passed > u128::from(self.number) + SHORT_FILES
    }
}

/// What the end of a run means for the next one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EndKind {
    /// The stream ended; its publisher may be back already.
    StreamEnded,
    /// The server has no such stream: it has just ended, or is about to begin.
    NotThere,
    /// The sound does not go into the file as it was planned.
    DoesNotFit,
    /// The picture is another one than was told.
    OtherPicture,
    /// Nothing had come from which the format could be told.
    NotDescribed,
    /// Something failed.
    Failed,
}

/// Why a run ended by itself, in a sentence with a remedy where there is one, and what that means.
pub fn why_it_ended(exit: &ProcessExit) -> (EndKind, String) {
    let text = version_words::in_older_words(&exit.stderr).join("\n").to_lowercase();
    let rule = RULES.iter().find(|(_, needles, _)| needles.iter().any(|needle| text.contains(needle)));
    let why = match (rule, exit.ending, telling_line(&exit.stderr)) {
        (Some((kind, _, words)), _, _) => return (*kind, (*words).to_owned()),
        (None, Ending::Code(0), _) => return (EndKind::StreamEnded, "the stream ended".to_owned()),
        (None, ending, Some(line)) if matches!(ending, Ending::Code(_)) => {
            format!("ffmpeg failed ({ending}): {}", line.chars().take(160).collect::<String>())
        }
        // Its own abort, or a fault of it: nobody outside has done that.
        (None, Ending::Signal(signal), line) if FAULTS.contains(&signal) => {
            let last = line.map(|line| format!(": {}", line.chars().take(160).collect::<String>())).unwrap_or_default();
            format!("ffmpeg crashed ({}){last}; it is started again, a newer version may help", exit.ending)
        }
        (None, ending, _) => format!("ffmpeg was ended from outside ({ending})"),
    };
    (EndKind::Failed, why)
}

/// Signals that a process gets for its own faults: SIGILL, SIGTRAP, SIGABRT, SIGBUS, SIGFPE, SIGSEGV.
const FAULTS: [i32; 6] = [4, 5, 6, 7, 8, 11];

/// The last line, or the one that says why nothing could be written.
fn telling_line(stderr: &[String]) -> Option<&String> {
    let header = stderr.iter().rposition(|line| line.to_lowercase().contains("could not write header"));
    let reason = header.and_then(|at| stderr[..at].iter().rev().find(|line| !line.trim().is_empty()));
    reason.or_else(|| stderr.iter().rev().find(|line| !line.trim().is_empty()))
}

/// What to look for in ffmpeg's last words (any of them, lower case), and what to say. First match wins.
const RULES: [(EndKind, &[&str], &str); 8] = [
    (
        EndKind::Failed,
        &["401 unauthorized", "403 forbidden"],
        "the media server refuses our login for reading; check publish_username and publish_password of the server",
    ),
    (EndKind::NotThere, &["404 not found"], "the media server has no such stream any more"),
    (
        EndKind::Failed,
        &["connection refused", "no route to host", "connection timed out"],
        "the media server's RTSP port does not answer; check that it runs, and rtsp_url",
    ),
    (EndKind::Failed, &["no space left"], "the disk of the spool is full; free space, or lower record.keep_local"),
    (
        EndKind::Failed,
        &["read-only file system", "permission denied"],
        "the spool cannot be written; make it writable, or change data_dir",
    ),
    (
        // A camera that is frozen, or a server that has just come up: nothing has arrived to tell the format from.
        EndKind::NotDescribed,
        &["dimensions not set", "sample rate not set", "could not find codec parameters"],
        "the stream sent nothing from which its picture or sound could be told; check that it sends pictures, and \
         the key frame interval of the camera (recording is tried again by itself)",
    ),
    (
        // Only the picture is given a tag: hvc1.
        EndKind::OtherPicture,
        &["incompatible with output codec"],
        "the picture is not H.265, as the media server told",
    ),
    (
        // Not "could not write header": that follows whatever is wrong.
        EndKind::DoesNotFit,
        &["could not find tag for codec", "not currently supported in container"],
        "the stream does not fit into mp4; publish H264 or H265, with AAC or Opus",
    ),
];

fn seconds(text: &str) -> Option<Duration> {
    text.parse().ok().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(major: u32, input: &RecordInput) -> String {
        let version = FfmpegVersion { major, libavformat: (major + 54, 0), text: String::new() };
        let words: Vec<String> =
            record_argv(&version, input).iter().map(|word| word.shown().to_string_lossy().into_owned()).collect();
        words.join(" ")
    }

    fn input() -> RecordInput {
        RecordInput {
            url: "rtsp://reader:s3cret@127.0.0.1:8554/site/cam1".to_owned().into(),
            plan: Mp4Plan { audio: Audio::Copy, hevc: false },
            looks_shortly: false,
            segment: Duration::from_millis(10_500),
            silence: Duration::from_secs(10),
            begins_at: Duration::from_secs(345_600),
        }
    }

    #[test]
    fn files_that_are_cut_at_every_key_frame_are_told_from_long_and_late_ones() {
        let early = |number, start: u64, end: u64| {
            let (start, end) = (Duration::from_millis(start), Duration::from_millis(end));
            ClosedFile { number, start, end }.was_cut_early(Duration::from_secs(10))
        };
        assert!(!early(7, 70_000, 80_500), "in step");
        assert!(!early(7, 78_000, 86_000), "a key frame every 8 s");
        assert!(!early(7, 420_000, 480_000), "a key frame a minute");
        assert!(!early(7, 150_000, 151_000), "half a minute of key frames far apart is caught up with");
        assert!(early(7, 420_000, 421_000), "after key frames far apart they come every second");
        assert!(early(1, 9_800_000, 9_801_000), "a stray timestamp at the beginning");
        assert!(!early(0, 0, 9_801_000), "the stray itself");
    }

    #[test]
    fn arguments() {
        assert_eq!(
            shown(5, &input()),
            "-nostdin -hide_banner -nostats -loglevel warning -fpsprobesize 0 -correct_ts_overflow 0 \
             -protocol_whitelist rtsp,rtsps,rtp,tcp,tls,udp \
             -rtsp_transport tcp -timeout 10000000 -i rtsp://***@127.0.0.1:8554/site/cam1 \
             -map 0:v? -map 0:a? -c:v copy -c:a copy -copyinkf:a -max_interleave_delta 500000 -progress pipe:1 -f segment -segment_time 10.500 \
             -initial_offset 345600 -segment_format mp4 -segment_format_options \
             movflags=+frag_keyframe+empty_moov+default_base_moof+frag_discont:use_editlist=0:\
             avoid_negative_ts=make_non_negative:frag_duration=1000000:flush_packets=1:max_interleave_delta=500000 \
             -segment_list pipe:1 -segment_list_type csv segment_%03d.mp4"
        );
    }

    #[test]
    fn arguments_that_depend() {
        let plan = Mp4Plan { audio: Audio::Aac, hevc: true };
        let aac = RecordInput { plan, looks_shortly: true, ..input() };
        assert!(!shown(7, &aac).contains("-nostdin"), "7.x would not close its file when told to end");
        let words = shown(4, &aac);
        assert!(words.contains(" -c:v copy -tag:v hvc1 -c:a aac "), "{words}");
        assert!(words.contains(" -stimeout 10000000 "), "{words}");
        assert!(words.contains(" -analyzeduration 2500000 "), "{words}");
        assert!(!words.contains("s3cret") && !format!("{aac:?}").contains("s3cret"), "{words}");
    }

    #[test]
    fn lines() {
        let closed = |number, start, end| {
            Some(ClosedFile { number, start: Duration::from_secs_f64(start), end: Duration::from_secs_f64(end) })
        };
        for (line, wanted) in [
            ("segment_001.mp4,4.452578,8.452578", closed(1, 4.452_578, 8.452_578)),
            ("segment_1000.mp4,0.000000,0.000000", closed(1000, 0.0, 0.0)),
            ("out_time_us=13931973", None),
            ("segment_001.mp4,8.0,4.0", None),
            ("segment_001.mp4,-1.0,4.0", None),
            ("segment_001.mp4,nan,inf", None),
            ("segment_001.mp4,0,1e300", None),
            ("segment_001.mp4,0,1,2", None),
            ("segment_001.mp4", None),
            ("../segment_001.mp4,0,1", None),
            ("", None),
        ] {
            assert_eq!(ClosedFile::parse(line), wanted, "{line:?}");
        }
    }

    #[test]
    fn ends_are_explained() {
        let exit = |ending, stderr: &[&str]| ProcessExit {
            ending,
            lasted: Duration::from_secs(1),
            stderr: stderr.iter().map(|line| (*line).to_owned()).collect(),
        };
        for (ending, stderr, wanted) in [
            (Ending::Code(0), &[][..], "the stream ended"),
            (Ending::Code(0), &["[mp4 @ 0x1] Non-monotonous DTS"], "the stream ended"),
            (Ending::Code(1), &["rtsp://h/x: Server returned 404 Not Found"], "no such stream"),
            (Ending::Code(1), &["[in#0 @ 0x5] method DESCRIBE failed: 404 (Not Found)"], "no such stream"),
            (Ending::Code(1), &["method DESCRIBE failed: 401 Unauthorized", "rtsp://h/x: ..."], "publish_password"),
            (Ending::Code(228), &["av_interleaved_write_frame(): No space left on device"], "full"),
            (Ending::Code(1), &["something new"], "ffmpeg failed (exit code 1): something new"),
            // As 5.1.9 printed them for H264 with AAC of a frozen camera.
            (
                Ending::Code(1),
                &[
                    "[rtsp @ 0x5] Could not find codec parameters for stream 0 (Video: h264, none): unspecified size",
                    "[segment @ 0x5] dimensions not set",
                    "Could not write header for output file #0 (incorrect codec parameters ?): Invalid argument",
                    "Error initializing output stream 0:1 -- ",
                    "",
                ],
                "sent nothing from which its picture or sound could be told",
            ),
            (
                Ending::Code(1),
                &[
                    "[mp4 @ 0x5] Could not find tag for codec pcm_mulaw in stream #1, codec not currently supported in container",
                    "Could not write header for output file #0 (incorrect codec parameters ?): Invalid argument",
                ],
                "does not fit into mp4",
            ),
            (
                Ending::Code(1),
                &[
                    "[mp4 @ 0x5] Tag hvc1 incompatible with output codec id '27' (avc1)",
                    "Could not write header for output file #0 (incorrect codec parameters ?): Invalid data found when processing input",
                ],
                "the picture is not H.265",
            ),
            (
                Ending::Code(1),
                &[
                    "[segment @ 0x5] nobody has foreseen this",
                    "Could not write header for output file #0 (incorrect codec parameters ?): Invalid argument",
                    "Error initializing output stream 0:1 -- ",
                ],
                "ffmpeg failed (exit code 1): [segment @ 0x5] nobody has foreseen this",
            ),
            // Of its own accord, as 5.1.9 did with sound that came late.
            (
                Ending::Signal(6),
                &[
                    "[mp4 @ 0x1] Packets poorly interleaved",
                    "Assertion next_dts >= 0 failed at src/libavformat/movenc.c:1136",
                ],
                "ffmpeg crashed (ended by SIGABRT): Assertion next_dts",
            ),
            (Ending::Signal(11), &[], "ffmpeg crashed (ended by SIGSEGV); it is started again"),
            (Ending::Signal(9), &["[mp4 @ 0x1] Non-monotonous DTS"], "ended from outside (ended by SIGKILL)"),
        ] {
            let (kind, words) = why_it_ended(&exit(ending, stderr));
            assert!(words.contains(wanted), "{words} lacks {wanted}");
            let plain = match wanted {
                "the stream ended" => EndKind::StreamEnded,
                "no such stream" => EndKind::NotThere,
                "does not fit into mp4" => EndKind::DoesNotFit,
                "the picture is not H.265" => EndKind::OtherPicture,
                "sent nothing from which its picture or sound could be told" => EndKind::NotDescribed,
                _ => EndKind::Failed,
            };
            assert_eq!(kind, plain, "{words}");
        }
    }
}
