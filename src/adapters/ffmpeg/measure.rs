//! Measures a stream with ffprobe: reads its packets for a while, and says what they come to.
//!
//! Owns the process while it runs; a dropped future kills it. Keeps sums of the packets, so that it does not matter how much ffprobe
//! prints. Talked to by the role health.

use std::time::Duration;

use tokio::time::Instant;

use super::argv;
use super::child::{Ending, ProcessExit};
use super::ffmpeg_fault::{self, Attempt};
use super::ffprobe::Prober;
use super::ffprobe_run::{self, FfprobeEnd};
use super::named;
use super::probe_lines::{self, ProbeLine};
use crate::domain::camera::CameraSource;
use crate::domain::health::{StreamMeter, StreamReport, TrackFacts};
use crate::domain::probe::{FaultKind, ProbeFault};

/// No stream has so many packets in the longest window; what prints more is not ffprobe, or not a stream.
const MOST_LINES: u32 = 200_000;

/// ffprobe's own limit for a read, which ends it in better words than ours; at least this.
const LEAST_IO_TIMEOUT: Duration = Duration::from_secs(1);

/// Measures `window` of a source. Spawns: see the contract of [`super::child`] about the thread.
///
/// # Errors
/// Why there is no stream: nobody answers, no pictures, a stall, and so on.
pub async fn measure(prober: &Prober<'_>, source: &CameraSource, window: Duration) -> Result<StreamReport, ProbeFault> {
    let deadline = Instant::now() + prober.limit;
    let io_timeout = prober.limit.saturating_sub(window).mul_f64(0.5).max(LEAST_IO_TIMEOUT);
    let launch = prober.launch(argv::measure(prober.version, source, io_timeout, window), source);
    let (mut meter, mut facts, mut lines) = (StreamMeter::default(), TrackFacts::default(), 0_u32);
    let line = |text: &str| {
        lines += 1;
        match probe_lines::read(text) {
            Some(ProbeLine::Packet(packet)) => meter.take(&packet),
            Some(line) => probe_lines::note(&mut facts, line),
            None => {}
        }
        lines < MOST_LINES
    };
    let end = ffprobe_run::run(launch, deadline, &mut |_| {}, line, |_| std::future::pending()).await;
    let program = |text: String| ProbeFault::new(FaultKind::Program, text);
    match end.map_err(|error| program(error.to_string()))? {
        FfprobeEnd::Exited(exit) if exit.ending == Ending::Code(0) => {
            meter.finish(facts, complaints(&exit.stderr)).judge(window)
        }
        FfprobeEnd::Exited(exit) => Err(explained(&exit, source, io_timeout)),
        FfprobeEnd::Late(stderr) => {
            // What tracks it has is printed behind the packets; until then stderr knows.
            let named = named::named(&stderr);
            let has_answered = named.is_some();
            facts.video_codec = facts.video_codec.or(named.and_then(|named| named.video));
            let found = meter.finish(facts, complaints(&stderr));
            if found.video.is_some() || has_answered {
                return found.judge(window);
            }
            let text = format!("nothing came within {} s", prober.limit.as_secs_f64());
            Err(ProbeFault::new(FaultKind::TimedOut, text))
        }
        FfprobeEnd::Enough(_) => {
            Err(program(format!("ffprobe printed more than {MOST_LINES} lines; is it ffmpeg's own?")))
        }
        FfprobeEnd::Lost => Err(program("the probe was lost".to_owned())),
    }
}

fn explained(exit: &ProcessExit, source: &CameraSource, io_timeout: Duration) -> ProbeFault {
    ffmpeg_fault::explain(exit, &Attempt { source, io_timeout, pictures: 0, has_publish_login: false })
}

/// Complaints among the last lines of stderr; ffprobe decodes the first pictures, to learn what they are.
fn complaints(stderr: &[String]) -> u32 {
    let severe = stderr.iter().filter(|line| line.contains("[error]") || line.contains("[fatal]")).count();
    u32::try_from(severe).unwrap_or(u32::MAX)
}

#[cfg(test)]
#[path = "measure_tests.rs"]
mod tests;
