//! One probe of a camera: ffprobe looks, and what it finds is judged.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::slots::ProbeSlots;
use crate::actors::restream::program_runs::CameraRuns;
use crate::actors::restream::setup::RestreamSetup;
use crate::domain::camera::CameraSource;
use crate::domain::probe::{FaultKind, ProbeFault, Tracks};

/// Probes a camera when there is a slot, and judges whether it can be relayed; also says how long the probe itself took.
/// Dropped half-way it leaves the line or kills ffprobe.
pub(in crate::actors::restream) async fn probe_in_order(
    setup: Arc<RestreamSetup>,
    source: Box<CameraSource>,
    slots: ProbeSlots,
    runs: CameraRuns,
) -> (Result<Tracks, ProbeFault>, Duration) {
    // Never closed.
    let _slot = slots.acquire().await;
    let begun = Instant::now();
    (probe_logged(setup, source, runs).await, begun.elapsed())
}

/// Probes a camera now. A probe that fails is in its log.
async fn probe_logged(
    setup: Arc<RestreamSetup>,
    source: Box<CameraSource>,
    runs: CameraRuns,
) -> Result<Tracks, ProbeFault> {
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
pub async fn probe(setup: Arc<RestreamSetup>, source: Box<CameraSource>) -> Result<Tracks, ProbeFault> {
    if source.calls_us() {
        let text = "the source calls us (mode=listener), and a probe would take its call; save the camera and see whether it runs";
        return Err(ProbeFault::new(FaultKind::Other, text));
    }
    let tracks = setup.runner.probe(Arc::clone(&setup), source).await?;
    tracks.check(setup.version.major)?;
    Ok(tracks)
}
