//! Targets of the health probes that cannot work: each address is looked at, and those that may be called are probed once, for a moment.

use std::path::Path;
use std::time::Duration;

use futures_util::{StreamExt, stream};

use super::report::{CheckOutcome, Finding};
use super::server_paths::ServerPaths;
use crate::actors::health;
use crate::adapters::ffmpeg::ffmpeg_version::{self, FfmpegVersion};
use crate::adapters::ffmpeg::ffprobe::Prober;
use crate::adapters::ffmpeg::measure::measure;
use crate::adapters::resolve;
use crate::app::health_children::target_reach;
use crate::config::Settings;
use crate::domain::camera::{CameraSource, Reach};
use crate::domain::health::{ProbeKey, ProbePlace, ProbeTarget, in_words};

/// So many targets are probed, at once as many as there are workers; of the others the address is looked at.
const PROBED: usize = 50;
/// So much of a stream is enough to know that it is one.
const WINDOW: Duration = Duration::from_secs(1);
/// A probe takes so long besides what it measures.
const BESIDE_WINDOW: f64 = 3.0;

/// What is wrong with the targets, each with its name; one line when nothing is.
pub(super) async fn findings(settings: &Settings, paths: &ServerPaths) -> Vec<Finding> {
    let is_role = settings.has_role("health");
    if !is_role || settings.health.targets.is_empty() {
        return Vec::new();
    }
    let targets = match health::targets(&settings.health) {
        Ok(targets) => targets,
        Err(error) => return vec![Finding::error("health", &error)],
    };
    // Without an ffprobe that is told of elsewhere.
    let version = ffmpeg_version::look(&settings.ffmpeg.ffprobe, "check").await.ok();
    let reach = target_reach(settings);
    let addresses = targets.iter().filter_map(|target| match &target.place {
        ProbePlace::Address(source) => Some((target.name.clone(), target.limit, source)),
        ProbePlace::Paths { .. } => None,
    });
    let tries = addresses.enumerate().map(|(index, (name, limit, source))| {
        let version = version.as_ref().filter(|_| index < PROBED);
        let (ffprobe, reach) = (&settings.ffmpeg.ffprobe, &reach);
        async move { tried(&name, source, limit, reach, ffprobe, version).await }
    });
    let mut found: Vec<Finding> =
        stream::iter(tries).buffered(settings.health.workers).filter_map(std::future::ready).collect().await;
    found.extend(unmatched(&targets, paths));
    found.extend(crowded(settings));
    if found.is_empty() {
        found.push(Finding::ok("health", format!("{} targets", targets.len())));
    }
    found
}

async fn tried(
    name: &str,
    source: &CameraSource,
    limit: Duration,
    reach: &Reach,
    ffprobe: &Path,
    version: Option<&FfmpegVersion>,
) -> Option<Finding> {
    let what = format!("health target {name}");
    if let Err(error) = resolve::check_address(reach, source).await {
        return Some(Finding::error(what, &error));
    }
    let prober = Prober { ffprobe, version: version?, mark: "check", limit };
    let fault = measure(&prober, source, WINDOW).await.err()?;
    let told = in_words(&fault, &ProbeKey::of_address(name), &source.shown);
    // It may be off for now: that is what it is probed for.
    Some(Finding::in_words(what, CheckOutcome::Note, &told.message, "it is probed all the same"))
}

/// Patterns that no path has now, as far as the servers answer: a misspelt one is never probed, and never fails.
fn unmatched<'a>(targets: &'a [ProbeTarget], paths: &'a ServerPaths) -> impl Iterator<Item = Finding> + 'a {
    targets.iter().filter_map(|target| {
        let ProbePlace::Paths { server, pattern } = &target.place else { return None };
        let all = paths.of(server.as_deref())?;
        let matches = all.iter().any(|(server, path)| target.key_of(server, path).is_some());
        (!matches).then(|| {
            let found = format!("none of the {} paths that are there now is like {pattern:?}", all.len());
            let remedy = "compare it with page Streams, or GET /api/v1/streams; a path is probed once it is live";
            Finding::note(format!("health target {}", target.name), found, remedy)
        })
    })
}

/// More than the workers can do at the intervals; a pattern counts as one path.
fn crowded(settings: &Settings) -> Option<Finding> {
    let health = &settings.health;
    let each = health.window.as_secs_f64() + BESIDE_WINDOW;
    let needed: f64 = health.targets.iter().map(|target| each / target.interval.as_secs_f64()).sum();
    (needed > health.workers as f64).then(|| {
        let found = format!(
            "{} targets want {needed:.0} probes at a time at their intervals, and health.workers is {}: they are probed later than that",
            health.targets.len(),
            health.workers
        );
        Finding::note("health", found, "raise health.workers or the intervals")
    })
}
