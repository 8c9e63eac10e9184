//! One look at a source with ffprobe, never longer than its limit.
//!
//! Owns the process while it runs; a dropped future kills it. Remembers nothing and decides nothing: whether the
//! answer is good enough is [`Tracks::check`]. Talked to by the restream actors and by `check`.

use std::path::Path;
use std::time::Duration;

use serde::Deserialize;
use tokio::time::{Instant, timeout_at};

use super::argv::{self, Depth};
use super::child::{Child, Ending, Event, Exit, Launch, Witness};
use super::fault;
use super::version::Version;
use crate::domain::camera::{CameraSource, Scheme};
use crate::domain::probe::{Fault, FaultKind, Tracks};

/// Longest answer that is read, in bytes.
const LONGEST: usize = 256 * 1024;

/// ffprobe as it is called here.
#[derive(Clone, Copy, Debug)]
pub struct Prober<'a> {
    /// The program.
    pub ffprobe: &'a Path,
    /// Its version.
    pub version: &'a Version,
    /// See [`super::child::Launch::mark`].
    pub mark: &'a str,
    /// Wall-clock limit of the whole look.
    pub limit: Duration,
}

impl Prober<'_> {
    /// Looks at a source. Spawns: see the contract of [`super::child`] about the thread.
    pub async fn look(&self, source: &CameraSource) -> Result<Tracks, Fault> {
        self.look_witnessed(source, |_| {}).await
    }

    /// The same, and tells of each ffprobe it starts.
    pub async fn look_witnessed(
        &self,
        source: &CameraSource,
        mut started: impl FnMut(Witness),
    ) -> Result<Tracks, Fault> {
        let deadline = Instant::now() + self.limit;
        if matches!(source.scheme, Scheme::Rtsp | Scheme::Rtsps) {
            let tracks = self.look_once(source, Depth::Quick, deadline, &mut started).await?;
            if tracks.video.is_some() {
                return Ok(tracks);
            }
            // A session description may hide its tracks (MPEG-TS in RTP).
        }
        self.look_once(source, Depth::Full, deadline, &mut started).await
    }

    async fn look_once(
        &self,
        source: &CameraSource,
        depth: Depth,
        deadline: Instant,
        started: &mut impl FnMut(Witness),
    ) -> Result<Tracks, Fault> {
        // ffprobe's own limit comes first, because its exit says more than our kill.
        let patience = deadline.saturating_duration_since(Instant::now()).mul_f64(0.6);
        let launch = Launch {
            program: self.ffprobe.to_owned(),
            args: argv::probe(self.version, source, patience, depth),
            secrets: source.secrets.clone(),
            label: format!("probe of camera {}", source.name),
            mark: self.mark.to_owned(),
            ..Launch::default()
        };
        let (child, mut events) =
            Child::spawn(launch).map_err(|error| Fault::new(FaultKind::Program, error.to_string()))?;
        started(child.witness());
        let mut output = String::new();
        let exit = timeout_at(deadline, async {
            loop {
                match events.recv().await {
                    Some(Event::Line(line)) if output.len() < LONGEST => {
                        output.push_str(&line);
                        output.push('\n');
                    }
                    Some(Event::Line(_)) => {}
                    Some(Event::Exited(exit)) => return Some(exit),
                    None => return None,
                }
            }
        })
        .await;
        match exit {
            Ok(Some(exit)) => read(&output, &exit, source, patience),
            Ok(None) => Err(Fault::new(FaultKind::Program, "the probe was lost")),
            Err(_) => {
                child.stop(Duration::from_millis(100)).await;
                let (shown, limit) = (&source.shown, self.limit.as_secs_f32());
                let text = format!("{shown} gave no answer to the probe within {limit} s; check that it sends at all");
                Err(Fault::new(FaultKind::TimedOut, text))
            }
        }
    }
}

#[derive(Deserialize)]
struct Answer {
    #[serde(default)]
    packets: Vec<serde::de::IgnoredAny>,
    #[serde(default)]
    streams: Vec<Stream>,
    #[serde(default)]
    format: Format,
}

#[derive(Deserialize)]
struct Stream {
    codec_type: Option<String>,
    codec_name: Option<String>,
}

#[derive(Default, Deserialize)]
struct Format {
    #[serde(default)]
    format_name: String,
}

fn read(output: &str, exit: &Exit, source: &CameraSource, patience: Duration) -> Result<Tracks, Fault> {
    if exit.ending != Ending::Code(0) {
        return Err(fault::explain(exit, &source.shown, patience));
    }
    let answer: Answer = serde_json::from_str(output).map_err(|_| {
        Fault::new(FaultKind::Program, "ffprobe's answer is not what it should be; is it ffmpeg's own?")
    })?;
    let first = |kind: &str| {
        let stream = answer.streams.iter().find(|stream| stream.codec_type.as_deref() == Some(kind))?;
        Some(stream.codec_name.clone().unwrap_or_else(|| "unknown".into()))
    };
    Ok(Tracks {
        format: answer.format.format_name.clone(),
        video: first("video"),
        audio: first("audio"),
        flows: !answer.packets.is_empty(),
    })
}
