//! One probe of a source with ffprobe, never longer than its limit.
//!
//! Owns the process while it runs; a dropped future kills it. Remembers nothing and decides nothing: whether the
//! answer is good enough is [`Tracks::check`]. Talked to by the restream actors and by `check`.

use std::path::Path;
use std::time::Duration;

use serde::Deserialize;
use tokio::time::Instant;

use super::argv::{self, Depth};
use super::child::{Argument, Ending, ProcessExit, ProcessLaunch, RunObserver};
use super::ffmpeg_fault;
use super::ffmpeg_version::FfmpegVersion;
use super::ffprobe_run::{self, FfprobeEnd};
use super::named::{self, Named};
use super::picture_order;
use crate::domain::camera::{CameraSource, Scheme};
use crate::domain::probe::{FaultKind, ProbeFault, Tracks};

/// ffprobe's summary of the tracks is looked for so often, and is complete when it was there the last time.
const SUMMARY_EVERY: Duration = Duration::from_millis(100);

/// Longest answer that is read, in bytes.
const LONGEST: usize = 256 * 1024;

/// ffprobe as it is called here.
#[derive(Clone, Copy, Debug)]
pub struct Prober<'a> {
    /// The program.
    pub ffprobe: &'a Path,
    /// Its version.
    pub version: &'a FfmpegVersion,
    /// See [`super::child::ProcessLaunch::mark`].
    pub mark: &'a str,
    /// Wall-clock limit of the whole probe.
    pub limit: Duration,
}

impl Prober<'_> {
    /// Probes a source. Spawns: see the contract of [`super::child`] about the thread.
    pub async fn probe(&self, source: &CameraSource) -> Result<Tracks, ProbeFault> {
        self.probe_observed(source, |_| {}).await
    }

    /// The same, and tells of each ffprobe it starts.
    pub async fn probe_observed(
        &self,
        source: &CameraSource,
        mut started: impl FnMut(RunObserver),
    ) -> Result<Tracks, ProbeFault> {
        let deadline = Instant::now() + self.limit;
        if matches!(source.scheme, Scheme::Rtsp | Scheme::Rtsps) {
            let found = self.probe_once(source, Depth::Quick, deadline, &mut started).await?;
            // A session description may hide its tracks: MPEG-TS in RTP, of which a part has been seen at most.
            if found.tracks.video.is_some() && !found.is_transport_stream {
                return Ok(found.tracks);
            }
        }
        Ok(self.probe_once(source, Depth::Full, deadline, &mut started).await?.tracks)
    }

    /// How ffprobe is started with these arguments to look at this source.
    pub(super) fn launch(&self, args: Vec<Argument>, source: &CameraSource) -> ProcessLaunch {
        ProcessLaunch {
            program: self.ffprobe.to_owned(),
            args,
            secrets: source.secrets.clone(),
            label: format!("probe of {}", source.name),
            mark: self.mark.to_owned(),
            ..ProcessLaunch::default()
        }
    }

    async fn probe_once(
        &self,
        source: &CameraSource,
        depth: Depth,
        deadline: Instant,
        started: &mut impl FnMut(RunObserver),
    ) -> Result<ProbeFindings, ProbeFault> {
        // ffprobe's own limit comes first, because its exit says more than our kill.
        let io_timeout = deadline.saturating_duration_since(Instant::now()).mul_f64(0.6);
        let launch = self.launch(argv::probe(self.version, source, io_timeout, depth), source);
        let mut output = String::new();
        let line = |line: &str| {
            if output.len() < LONGEST {
                output.push_str(line);
                output.push('\n');
            }
            true
        };
        let end = ffprobe_run::run(launch, deadline, started, line, no_video_named).await;
        match end.map_err(|error| ProbeFault::new(FaultKind::Program, error.to_string()))? {
            FfprobeEnd::Exited(exit) => read(&output, &exit, source, io_timeout),
            FfprobeEnd::Lost => Err(ProbeFault::new(FaultKind::Program, "the probe was lost")),
            FfprobeEnd::Enough(lines) => Ok(without_pictures(named::named(&lines).unwrap_or_default())),
            FfprobeEnd::Late(lines) => {
                if let Some(named) = named::named(&lines).filter(|named| named.video.is_some()) {
                    // Why, nobody knows: only sound may come, a picture may not be complete yet, or we have no time to look.
                    let tracks = without_pictures(named).tracks;
                    return Err(tracks.no_picture_within(self.limit, self.version.major, &source.shown));
                }
                let (shown, limit) = (&source.shown, self.limit.as_secs_f32());
                let text = format!(
                    "timeout: {shown} gave no answer to the probe within {limit} s; check that it sends at all"
                );
                Err(ProbeFault::new(FaultKind::TimedOut, text))
            }
        }
    }
}

/// What one ffprobe has found.
struct ProbeFindings {
    tracks: Tracks,
    is_transport_stream: bool,
}

/// Returns when the summary of the tracks has come and names no video; else never.
async fn no_video_named(observer: RunObserver) {
    let mut seen = false;
    loop {
        tokio::time::sleep(SUMMARY_EVERY).await;
        match named::named(&observer.lines()) {
            None => {}
            Some(Named { video: Some(_), .. }) => std::future::pending().await,
            Some(_) if seen => return,
            Some(_) => seen = true,
        }
    }
}

/// A source whose tracks are known, and of which no picture came.
fn without_pictures(Named { video, audio }: Named) -> ProbeFindings {
    ProbeFindings { tracks: Tracks { video, audio, ..Tracks::default() }, is_transport_stream: false }
}

#[derive(Deserialize)]
struct FfprobeAnswer {
    #[serde(default)]
    packets: Vec<serde::de::IgnoredAny>,
    /// Of MPEG-TS.
    #[serde(default)]
    programs: Vec<serde::de::IgnoredAny>,
    #[serde(default)]
    streams: Vec<FfprobeStream>,
    #[serde(default)]
    format: Format,
}

#[derive(Deserialize)]
struct FfprobeStream {
    codec_type: Option<String>,
    codec_name: Option<String>,
    /// A dump in hexadecimal.
    #[serde(default)]
    extradata: String,
    width: Option<u32>,
    height: Option<u32>,
    pix_fmt: Option<String>,
}

#[derive(Default, Deserialize)]
struct Format {
    #[serde(default)]
    format_name: String,
}

fn read(
    output: &str,
    exit: &ProcessExit,
    source: &CameraSource,
    io_timeout: Duration,
) -> Result<ProbeFindings, ProbeFault> {
    if exit.ending != Ending::Code(0) {
        let attempt = ffmpeg_fault::Attempt { source, io_timeout, pictures: 0, has_publish_login: false };
        return Err(ffmpeg_fault::explain(exit, &attempt));
    }
    let answer: FfprobeAnswer = serde_json::from_str(output).map_err(|_| {
        ProbeFault::new(FaultKind::Program, "ffprobe's answer is not what it should be; is it ffmpeg's own?")
    })?;
    let format = &answer.format.format_name;
    if (format == "image2" || format.ends_with("_pipe")) && answer.packets.len() < argv::PACKETS_OF_A_FILE {
        return Err(ffmpeg_fault::one_picture(&source.shown));
    }
    let first = |kind: &str| answer.streams.iter().find(|stream| stream.codec_type.as_deref() == Some(kind));
    let codec = |stream: &FfprobeStream| stream.codec_name.clone().unwrap_or_else(|| "unknown".into());
    let (video, is_transport_stream) = (first("video"), !answer.programs.is_empty());
    let audio = named::named(&exit.stderr).and_then(|named| named.audio);
    let tracks = Tracks {
        format: format.clone(),
        video: video.map(codec),
        // A transport stream repeats it in every frame instead.
        audio_configured: audio.as_ref().map(|_| !is_transport_stream),
        audio,
        flows: !answer.packets.is_empty(),
        shown_as_sent: video
            .is_some_and(|video| picture_order::is_shown_as_sent(&codec(video), &bytes_of_dump(&video.extradata))),
        width: video.and_then(|video| video.width),
        height: video.and_then(|video| video.height),
        pixel_format: video.and_then(|video| video.pix_fmt.clone()),
    };
    Ok(ProbeFindings { tracks, is_transport_stream })
}

/// Bytes of a dump as ffprobe writes it: `00000000: 6742 c01e da02 80bf  gB......`, 16 bytes a line.
fn bytes_of_dump(dump: &str) -> Vec<u8> {
    /// The longest part of a line that is hexadecimal: 8 groups and the blanks between them.
    const WIDTH: usize = 39;
    let digits = dump.lines().filter_map(|line| line.split_once(": ")).flat_map(|(_, line)| {
        line.chars().take(WIDTH).filter_map(|c| c.to_digit(16)).map(|digit| digit as u8).collect::<Vec<_>>()
    });
    digits.collect::<Vec<_>>().chunks_exact(2).map(|pair| (pair[0] << 4) | pair[1]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As ffprobe 5.1.9 printed it, shortened.
    #[test]
    fn a_dump_is_read_back() {
        let dump = "\n00000000: 0000 0001 6742 c01e da02 80bf e5c0 4400  ....gB........D.\n\
                    00000010: 0168 ce0f c8                             .h...\n";
        let wanted =
            [0, 0, 0, 1, 0x67, 0x42, 0xc0, 0x1e, 0xda, 2, 0x80, 0xbf, 0xe5, 0xc0, 0x44, 0, 1, 0x68, 0xce, 0xf, 0xc8];
        assert_eq!(bytes_of_dump(dump), wanted);
        assert!(bytes_of_dump("").is_empty());
        assert!(bytes_of_dump("\n00000000: 1208                                     ..\n").eq(&[0x12, 8]));
    }
}
