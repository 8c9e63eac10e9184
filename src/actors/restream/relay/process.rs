//! Starting ffmpeg and ffprobe for one camera, and hearing from them.

use std::sync::Arc;
use std::time::Duration;

use futures_util::stream::{self, Stream};
use tokio::sync::Semaphore;
use tokio::time::Instant;

use crate::actors::restream::runner::Process;
use crate::actors::restream::runs::CameraRuns;
use crate::actors::restream::setup::RestreamSetup;
use crate::adapters::ffmpeg::argv;
use crate::adapters::ffmpeg::child::{Launch, ProcessEvent, ProcessEvents, ProcessExit};
use crate::adapters::ffmpeg::progress::{Progress, ProgressReader};
use crate::adapters::resolve::{self, CheckedAddress};
use crate::base::{Error, Kind};
use crate::domain::camera::CameraSource;
use crate::domain::probe::{Fault, FaultKind, Tracks};
use crate::domain::restream::Manner;

/// What a running ffmpeg tells.
#[derive(Debug)]
pub(super) enum Heard {
    /// Once a second.
    Progress(Progress),
    /// The last word.
    Exited(ProcessExit),
}

/// Whether a camera may be connected to, by its address at this moment.
///
/// # Errors
/// Why not, and what lets it in.
pub(super) async fn check_address(
    setup: Arc<RestreamSetup>,
    source: Box<CameraSource>,
) -> Result<CheckedAddress, Fault> {
    resolve::check_address(&setup.reach, &source).await.map_err(|error| address_fault(&error))
}

/// Why a camera is not connected to.
pub(in crate::actors::restream) fn address_fault(error: &Error) -> Fault {
    let kind = if error.kind() == Kind::Timeout { FaultKind::NameNotResolved } else { FaultKind::NoRoute };
    Fault::new(kind, error.message().to_owned())
}

/// Starts ffmpeg for a camera whose address was looked at for this start. Must be called on the main thread (see the
/// contract of `adapters::ffmpeg::child`).
pub(super) fn start(
    setup: &RestreamSetup,
    source: &CameraSource,
    tracks: &Tracks,
    manner: Manner,
    checked: Option<Result<CheckedAddress, Fault>>,
) -> Result<(Box<dyn Process>, ProcessEvents), Fault> {
    if !checked.transpose()?.is_some_and(|checked| checked.is_for(source)) {
        return Err(Fault::new(FaultKind::Program, "the camera's address was not looked at before this start"));
    }
    let program = |error: Error| Fault::new(FaultKind::Program, error.to_string());
    let target = setup.target(&source.name).map_err(program)?;
    let launch = Launch {
        program: setup.ffmpeg.clone(),
        args: argv::relay(&setup.version, source, tracks, manner, &target, setup.io_timeout()),
        secrets: source.secrets.iter().chain(setup.publish_password()).cloned().collect(),
        label: format!("camera {}", source.name),
        mark: setup.mark.clone(),
        ..Launch::default()
    };
    setup.runner.spawn(launch).map_err(program)
}

/// Probes a camera when there is a slot, and judges whether it can be relayed; also says how long the probe itself took.
/// Dropped half-way it leaves the line or kills ffprobe.
pub(super) async fn probe_in_order(
    setup: Arc<RestreamSetup>,
    source: Box<CameraSource>,
    slots: Arc<Semaphore>,
    runs: CameraRuns,
) -> (Result<Tracks, Fault>, Duration) {
    // Never closed.
    let _slot = slots.acquire_owned().await;
    let begun = Instant::now();
    (probe_logged(setup, source, runs).await, begun.elapsed())
}

/// Probes a camera now. A probe that fails is in its log.
async fn probe_logged(setup: Arc<RestreamSetup>, source: Box<CameraSource>, runs: CameraRuns) -> Result<Tracks, Fault> {
    if source.calls_us() {
        return Ok(Tracks::unseen());
    }
    let seen = runs.clone();
    let started = Box::new(move |observer| seen.probing(observer));
    let probed = setup.runner.probe_observed(Arc::clone(&setup), source, started).await;
    let judged = probed.and_then(|tracks| tracks.check(setup.version.major).map(|()| tracks));
    runs.probed(judged.as_ref().err());
    judged
}

/// Probes a camera now, and judges whether it can be relayed. Spawns: see the contract of `adapters::ffmpeg::child`.
///
/// # Errors
/// What is wrong with it.
pub async fn probe(setup: Arc<RestreamSetup>, source: Box<CameraSource>) -> Result<Tracks, Fault> {
    if source.calls_us() {
        let text = "the source calls us (mode=listener), and a probe would take its call; save the camera and see whether it runs";
        return Err(Fault::new(FaultKind::Other, text));
    }
    let tracks = setup.runner.probe(Arc::clone(&setup), source).await?;
    tracks.check(setup.version.major)?;
    Ok(tracks)
}

/// ffmpeg's events as the relay wants them. Ends after the exit.
pub(super) fn hear(events: ProcessEvents) -> impl Stream<Item = Heard> {
    stream::unfold((events, ProgressReader::default()), |(mut events, mut reader)| async move {
        loop {
            match events.recv().await? {
                ProcessEvent::Line(line) => {
                    if let Some(progress) = reader.feed(&line) {
                        return Some((Heard::Progress(progress), (events, reader)));
                    }
                }
                ProcessEvent::Exited(exit) => return Some((Heard::Exited(exit), (events, reader))),
            }
        }
    })
}
