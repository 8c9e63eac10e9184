//! One ffprobe from start to end, never longer than its deadline; its lines go to whoever reads them, none is kept.

use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use super::child::{ChildProcess, ProcessEvent, ProcessEvents, ProcessExit, ProcessLaunch, RunObserver};
use crate::base::Result;

/// Each step of the end of an ffprobe that is not needed any more.
const STOP_WITHIN: Duration = Duration::from_millis(100);

/// How a run came to its end.
#[derive(Debug)]
pub(super) enum FfprobeEnd {
    /// By itself.
    Exited(ProcessExit),
    /// Whoever reads has enough. With the last lines of stderr.
    Enough(Vec<String>),
    /// At its deadline. With the last lines of stderr.
    Late(Vec<String>),
    /// Nobody knows.
    Lost,
}

/// Whether whoever reads a line wants another one.
pub(super) type WantsMore = bool;

/// Runs one ffprobe. `line` reads stdout; `enough` ends it early. Spawns: see the contract of [`super::child`] about the thread.
///
/// # Errors
/// When it cannot be started.
pub(super) async fn run<E: Future<Output = ()>>(
    launch: ProcessLaunch,
    deadline: Instant,
    started: &mut impl FnMut(RunObserver),
    line: impl FnMut(&str) -> WantsMore,
    enough: impl FnOnce(RunObserver) -> E,
) -> Result<FfprobeEnd> {
    let (child, mut events) = ChildProcess::spawn(launch)?;
    let observer = child.observer();
    started(observer.clone());
    let enough = enough(observer.clone());
    let end = timeout_at(deadline, async {
        tokio::select! {
            end = listen(&mut events, line) => end,
            () = enough => None,
        }
    });
    Ok(match end.await {
        Ok(Some(end)) => end,
        Ok(None) => {
            child.stop(STOP_WITHIN).await;
            FfprobeEnd::Enough(observer.lines())
        }
        Err(_) => {
            child.stop(STOP_WITHIN).await;
            FfprobeEnd::Late(observer.lines())
        }
    })
}

/// Reads stdout until the exit; `None` when nobody wants more of it.
async fn listen(events: &mut ProcessEvents, mut line: impl FnMut(&str) -> WantsMore) -> Option<FfprobeEnd> {
    loop {
        match events.recv().await {
            Some(ProcessEvent::Line(text)) if line(&text) => {}
            Some(ProcessEvent::Line(_)) => return None,
            Some(ProcessEvent::Exited(exit)) => return Some(FfprobeEnd::Exited(exit)),
            None => return Some(FfprobeEnd::Lost),
        }
    }
}
