//! What the installed ffmpeg can read over RTSP: asked once at start, by letting it read a description of streams that are
//! nowhere. At its loglevel `debug` it tells of each which codec it takes it for, before it looks for packets.
//!
//! Talked to by the app at start. A codec counts as unreadable only when the answer is whole and most others in it are known, so
//! that another wording of a later version forbids nothing.
//!
//! Not asked about are VP8 and VP9, which cannot be recorded whatever it says ([`container`](crate::domain::container)), and KLV and
//! ONVIF metadata, which are not recorded: nothing but pictures and sound is.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use tokio::time::timeout;

use super::child::{Argument, ChildProcess, ProcessEvent, ProcessLaunch};
use super::ffmpeg_version::FfmpegVersion;
use crate::domain::container::UnreadableCodecs;

/// It tells what we want to know at once, and is ended then.
const LIMIT: Duration = Duration::from_secs(5);

/// A codec: MediaMTX's label, its kind and its name in a description (RFC 3551 and the RFC of each).
struct RtspCodec {
    label: &'static str,
    kind: &'static str,
    rtp: &'static str,
}

const fn video(label: &'static str, rtp: &'static str) -> RtspCodec {
    RtspCodec { label, kind: "video", rtp }
}

const fn audio(label: &'static str, rtp: &'static str) -> RtspCodec {
    RtspCodec { label, kind: "audio", rtp }
}

/// What it says of them, three lines of each sound, has to fit into the last lines of stderr that are kept. Of labels that stand for
/// several encodings the usual one: no ffmpeg reads LPCM of 8 bits.
const CODECS: [RtspCodec; 18] = [
    video("H264", "H264/90000"),
    video("H265", "H265/90000"),
    video("AV1", "AV1/90000"),
    video("M-JPEG", "JPEG/90000"),
    video("MPEG-4 Video", "MP4V-ES/90000"),
    video("MPEG-1/2 Video", "MPV/90000"),
    audio("MPEG-4 Audio", "MPEG4-GENERIC/48000/2"),
    audio("MPEG-4 Audio LATM", "MP4A-LATM/48000/2"),
    audio("MPEG-1/2 Audio", "MPA/90000"),
    audio("Opus", "opus/48000/2"),
    audio("G711", "PCMU/8000"),
    audio("G722", "G722/8000"),
    audio("G726", "G726-32/8000"),
    audio("LPCM", "L16/48000/2"),
    audio("AC3", "AC3/48000/2"),
    audio("FLAC", "FLAC/48000/2"),
    audio("Vorbis", "vorbis/48000/2"),
    audio("Speex", "speex/8000"),
];

/// What it says of a codec that it does not know, by version.
const UNKNOWN: [&str; 3] = ["(null)", "none", "unknown_codec"];

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

/// Labels of the codecs that it does not know, by `[sdp @ 0x5] video codec set to: h264` and the like, one line for each in their
/// order.
fn missing(text: &str) -> BTreeSet<String> {
    let said: Vec<(&str, &str)> =
        text.lines().filter_map(|line| line.trim_end().split_once(" codec set to: ")).collect();
    let fits = |(codec, (before, _)): (&RtspCodec, &(&str, &str))| before.ends_with(codec.kind);
    if said.len() != CODECS.len() || !CODECS.iter().zip(&said).all(fits) {
        return BTreeSet::new();
    }
    let unknown = |(_, (_, name)): &(&RtspCodec, &(&str, &str))| UNKNOWN.contains(name);
    let found: Vec<&RtspCodec> = CODECS.iter().zip(&said).filter(unknown).map(|(codec, _)| codec).collect();
    if found.len() > CODECS.len() / 2 {
        return BTreeSet::new();
    }
    found.into_iter().map(|codec| codec.label.to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_it_names_is_known_and_an_answer_that_cannot_be_read_forbids_nothing() {
        let line = |codec: &RtspCodec| format!("[sdp @ 0x55] {} codec set to: {}\n", codec.kind, codec.rtp);
        let all: String = CODECS.iter().map(line).collect();
        assert_eq!(missing(&all), BTreeSet::new());
        for word in UNKNOWN {
            let without = all.replace("AV1/90000", word).replace("FLAC/48000/2", word);
            assert_eq!(missing(&without), BTreeSet::from(["AV1".to_owned(), "FLAC".to_owned()]));
        }
        // The first are lost; in another order; it knows none.
        let cut = all.replace("AV1/90000", "(null)").split_once('\n').expect("lines").1.to_owned();
        let other = all.replace("video", "x").replace("audio", "video").replace("x codec", "audio codec");
        let none: String = CODECS.iter().map(|codec| format!("{} codec set to: none\n", codec.kind)).collect();
        for nothing in ["", "Unrecognized option 'loglevel'", &cut, &other, &none] {
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
        assert_eq!(text.lines().filter(|line| line.contains(" codec set to: ")).count(), CODECS.len(), "{text}");
        // Its own names of them.
        for (label, name) in [("AV1", "av1"), ("FLAC", "flac"), ("M-JPEG", "mjpeg"), ("G722", "adpcm_g722")] {
            assert_eq!(found.codecs.contains(label), !text.contains(&format!("codec set to: {name}")), "{text}");
        }
        let missing = unreadable(Path::new("/nowhere/ffmpeg"), &version, "test").await;
        assert_eq!(missing.codecs, BTreeSet::new());
    }
}
