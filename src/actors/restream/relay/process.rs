//! Starting ffmpeg for one camera, and hearing from it.

use futures_util::stream::{self, Stream};

use crate::actors::restream::setup::{Process, RestreamSetup};
use crate::adapters::ffmpeg::argv;
use crate::adapters::ffmpeg::child::{ProcessEvent, ProcessEvents, ProcessExit, ProcessLaunch};
use crate::adapters::ffmpeg::ffmpeg_progress::{Progress, ProgressReader};
use crate::adapters::resolve::CheckedAddress;
use crate::base::Error;
use crate::domain::camera::CameraSource;
use crate::domain::probe::{FaultKind, ProbeFault, Tracks};
use crate::domain::restream::Manner;

/// What a running ffmpeg tells.
#[derive(Debug)]
pub(super) enum RelayProcessEvent {
    /// Once a second.
    Progress(Progress),
    /// The last word.
    Exited(ProcessExit),
}

/// Starts ffmpeg for a camera whose address was looked at for this start. Must be called on the main thread (see the
/// contract of `adapters::ffmpeg::child`).
pub(super) fn start(
    setup: &RestreamSetup,
    source: &CameraSource,
    tracks: &Tracks,
    manner: Manner,
    checked: Option<Result<CheckedAddress, ProbeFault>>,
) -> Result<(Box<dyn Process>, ProcessEvents), ProbeFault> {
    if !checked.transpose()?.is_some_and(|checked| checked.is_for(source)) {
        return Err(ProbeFault::new(FaultKind::Program, "the camera's address was not looked at before this start"));
    }
    let program = |error: Error| ProbeFault::new(FaultKind::Program, error.to_string());
    let target = setup.target(&source.name).map_err(program)?;
    let launch = ProcessLaunch {
        program: setup.ffmpeg.clone(),
        args: argv::relay(&setup.version, source, tracks, manner, &target, setup.io_timeout()),
        secrets: source.secrets.iter().chain(setup.publish_password()).cloned().collect(),
        label: format!("camera {}", source.name),
        mark: setup.mark.clone(),
        ..ProcessLaunch::default()
    };
    setup.runner.spawn(launch).map_err(program)
}

/// ffmpeg's events as the relay wants them. Ends after the exit.
pub(super) fn hear(events: ProcessEvents) -> impl Stream<Item = RelayProcessEvent> {
    stream::unfold((events, ProgressReader::default()), |(mut events, mut reader)| async move {
        loop {
            match events.recv().await? {
                ProcessEvent::Line(line) => {
                    if let Some(progress) = reader.feed(&line) {
                        return Some((RelayProcessEvent::Progress(progress), (events, reader)));
                    }
                }
                ProcessEvent::Exited(exit) => return Some((RelayProcessEvent::Exited(exit), (events, reader))),
            }
        }
    })
}
