//! What the installed ffmpeg can read over RTSP: asked once at start, by letting it read a description of streams that are
//! nowhere. At its loglevel `debug` it tells of each which codec it takes it for, before it looks for packets.
//!
//! Talked to by the app at start. A codec counts as unreadable only when others of the same answer are known, so that another
//! wording of a later version forbids nothing.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use tokio::time::timeout;

use super::child::{Argument, ChildProcess, ProcessEvent, ProcessLaunch};
use super::ffmpeg_version::FfmpegVersion;
use crate::domain::container::UnreadableCodecs;

/// It tells what we want to know at once, and is ended then.
const LIMIT: Duration = Duration::from_secs(5);

/// A codec: MediaMTX's label, its kind and its name in a description (RFC 3551 and the RFC of each), ffmpeg's name.
struct RtspCodec {
    label: &'static str,
    kind: &'static str,
    rtp: &'static str,
    ffmpeg: &'static str,
}

/// What it says of them has to fit into the last lines of stderr that are kept.
const CODECS: [RtspCodec; 9] = [
    RtspCodec { label: "H264", kind: "video", rtp: "H264/90000", ffmpeg: "h264" },
    RtspCodec { label: "H265", kind: "video", rtp: "H265/90000", ffmpeg: "hevc" },
    RtspCodec { label: "AV1", kind: "video", rtp: "AV1/90000", ffmpeg: "av1" },
    RtspCodec { label: "MPEG-4 Video", kind: "video", rtp: "MP4V-ES/90000", ffmpeg: "mpeg4" },
    RtspCodec { label: "MPEG-4 Audio", kind: "audio", rtp: "MPEG4-GENERIC/48000/2", ffmpeg: "aac" },
    RtspCodec { label: "Opus", kind: "audio", rtp: "opus/48000/2", ffmpeg: "opus" },
    RtspCodec { label: "AC3", kind: "audio", rtp: "AC3/48000/2", ffmpeg: "ac3" },
    RtspCodec { label: "Vorbis", kind: "audio", rtp: "vorbis/48000/2", ffmpeg: "vorbis" },
    RtspCodec { label: "Speex", kind: "audio", rtp: "speex/8000", ffmpeg: "speex" },
];

/// Asks it. Whatever goes wrong, nothing is called unreadable.
pub async fn unreadable(program: &Path, version: &FfmpegVersion, mark: &str) -> UnreadableCodecs {
    let text = ask(program, mark).await.unwrap_or_default();
    UnreadableCodecs { version: version.text.clone(), codecs: missing(&text) }
}

async fn ask(program: &Path, mark: &str) -> Option<String> {
    let words = ["-nostdin", "-hide_banner", "-loglevel", "debug", "-protocol_whitelist", "pipe,fd"];
    let input = ["-f", "sdp", "-i", "pipe:0", "-f", "null", "-"];
    let launch = ProcessLaunch {
        program: program.to_owned(),
        args: words.iter().chain(&input).map(Argument::from).collect(),
        stdin: Some(description().into()),
        label: "codecs of ffmpeg".to_owned(),
        mark: mark.to_owned(),
        ..ProcessLaunch::default()
    };
    let (child, mut events) = ChildProcess::spawn(launch).ok()?;
    let observer = child.observer();
    let answer = timeout(LIMIT, async {
        while let Some(event) = events.recv().await {
            if let ProcessEvent::Exited(exit) = event {
                return exit.stderr;
            }
        }
        Vec::new()
    });
    // Where it waits for packets, it has said by now what it takes them for.
    Some(answer.await.unwrap_or_else(|_| observer.lines()).join("\n"))
}

/// The protocol that it would open is not allowed, so it ends when it has read this.
fn description() -> String {
    let media = CODECS.iter().enumerate().map(|(place, codec)| {
        let kind = 96 + place;
        format!("m={} 0 RTP/AVP {kind}\r\na=rtpmap:{kind} {}\r\n", codec.kind, codec.rtp)
    });
    format!("v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n{}", media.collect::<String>())
}

/// Labels of the codecs that it does not know, by `[sdp @ 0x5] video codec set to: h264` and the like.
fn missing(text: &str) -> BTreeSet<String> {
    let known = |codec: &&RtspCodec| {
        let words = format!("{} codec set to: {}", codec.kind, codec.ffmpeg);
        text.lines().any(|line| line.trim_end().ends_with(&words))
    };
    if CODECS.iter().filter(known).count() < CODECS.len() / 2 {
        return BTreeSet::new();
    }
    CODECS.iter().filter(|codec| !known(codec)).map(|codec| codec.label.to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_it_names_is_known_and_an_answer_that_cannot_be_read_forbids_nothing() {
        let line = |codec: &RtspCodec| format!("[sdp @ 0x55] {} codec set to: {}\n", codec.kind, codec.ffmpeg);
        let all: String = CODECS.iter().map(line).collect();
        assert_eq!(missing(&all), BTreeSet::new());
        let without = all.replace("codec set to: av1", "codec set to: (null)");
        assert_eq!(missing(&without), BTreeSet::from(["AV1".to_owned()]));
        for nothing in ["", "Unrecognized option 'loglevel'", "[sdp @ 0x55] video codec set to: h264"] {
            assert_eq!(missing(nothing), BTreeSet::new(), "{nothing}");
        }
    }

    #[tokio::test]
    async fn the_installed_one_is_asked() {
        let version = FfmpegVersion { major: 5, libavformat: (59, 27), text: "5.1".to_owned() };
        let found = unreadable(Path::new("ffmpeg"), &version, "test").await;
        let text = ask(Path::new("ffmpeg"), "test").await.expect("an answer");
        assert!(text.contains("video codec set to: h264"), "{text}");
        assert!(!found.codecs.contains("H264") && !found.codecs.contains("MPEG-4 Audio"), "{found:?}");
        assert_eq!(found.codecs.contains("AV1"), !text.contains("codec set to: av1"), "{text}");
        let missing = unreadable(Path::new("/nowhere/ffmpeg"), &version, "test").await;
        assert_eq!(missing.codecs, BTreeSet::new());
    }
}
