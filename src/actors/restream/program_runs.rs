//! What the cameras' programs have said: one [`RunLog`] per camera, filled by its relay and read by whoever asks.
//!
//! Kept outside the actors: a relay that is built anew, a camera that is switched off or held, still has its log. It
//! goes with its row.

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};

use crate::adapters::ffmpeg::child::{ProcessExit, RunObserver};
use crate::domain::change_guard;
use crate::domain::probe::ProbeFault;
use crate::domain::run_log::{Program, ProgramRun, RunEnd, RunLog};

/// The logs of all cameras. Clones are the same logs.
#[derive(Clone, Debug, Default)]
pub struct RunLogs(Arc<Mutex<BTreeMap<i64, SharedLog>>>);

type SharedLog = Arc<Mutex<KeptRuns>>;

/// The log of one camera, and who sees the run that goes on.
#[derive(Debug, Default)]
struct KeptRuns {
    log: RunLog,
    observer: Option<(RunObserver, DateTime<Utc>)>,
    /// Sees the probe of the source that goes on.
    probe: Option<(RunObserver, DateTime<Utc>)>,
}

/// One camera's log in the hands of its relay.
#[derive(Clone, Debug)]
pub(super) struct CameraRuns(SharedLog);

impl RunLogs {
    /// The log of this camera.
    pub(super) fn camera(&self, id: i64) -> CameraRuns {
        CameraRuns(Arc::clone(self.lock().entry(id).or_default()))
    }

    /// The runs of this camera, newest first; none when it never ran.
    pub(super) fn of(&self, id: i64) -> Vec<ProgramRun> {
        let Some(log) = self.lock().get(&id).cloned() else { return Vec::new() };
        let mut kept = lock(&log);
        kept.note_end();
        let observer = kept.observer.as_ref().map(|(observer, _)| observer);
        kept.log.runs(|pid| observer.filter(|one| one.pid() == pid).map(RunObserver::lines).unwrap_or_default())
    }

    /// The camera is gone.
    pub(super) fn forget(&self, id: i64) {
        self.lock().remove(&id);
    }

    /// Cameras have other ids from now on, and keep their logs.
    pub(super) fn renumber(&self, moved: &BTreeMap<i64, i64>) {
        change_guard::renumber(&mut self.lock(), moved);
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<i64, SharedLog>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl KeptRuns {
    /// A run whose relay has died ends without its word.
    fn note_end(&mut self) {
        let Some((observer, started_at)) = &self.observer else { return };
        if let Some(exit) = observer.exit() {
            self.log.end(observer.pid(), end(&exit, *started_at), None);
        }
    }
}

impl CameraRuns {
    /// ffmpeg was started.
    pub(super) fn started(&self, observer: RunObserver) {
        let now = Utc::now();
        let mut kept = lock(&self.0);
        kept.note_end();
        if let Some((lost, _)) = kept.observer.take_if(|(lost, _)| lost.exit().is_none()) {
            // Dropped with its relay a moment ago: killed, and reaped any moment.
            let end = RunEnd { at: now, ending: "killed with its relay".to_owned(), lines: lost.lines() };
            kept.log.end(lost.pid(), end, None);
        }
        kept.log.begin(run(Program::Ffmpeg, observer.pid(), now, None, None));
        kept.observer = Some((observer, now));
    }

    /// It has ended, and this is what its end was taken for; `None` when it was ended without a fault.
    pub(super) fn ended(&self, fault: Option<ProbeFault>) {
        let mut kept = lock(&self.0);
        let Some((observer, started_at)) = kept.observer.take() else { return };
        if let Some(exit) = observer.exit() {
            kept.log.end(observer.pid(), end(&exit, started_at), fault);
        }
    }

    /// ffprobe was started.
    pub(super) fn probing(&self, observer: RunObserver) {
        lock(&self.0).probe = Some((observer, Utc::now()));
    }

    /// Waits until the ffprobe of the probe that goes on has been reaped; at once when there is none.
    pub(super) fn probe_gone(&self) -> impl Future<Output = ()> + Send + use<> {
        let probe = lock(&self.0).probe.as_ref().map(|(observer, _)| observer.gone());
        async move {
            if let Some(gone) = probe {
                gone.await;
            }
        }
    }

    /// The probe of the source is over; one that found what it should is not worth a line.
    pub(super) fn probed(&self, fault: Option<&ProbeFault>) {
        let mut kept = lock(&self.0);
        if let (Some((observer, started_at)), Some(fault)) = (kept.probe.take(), fault) {
            let end = observer.exit().map(|exit| end(&exit, started_at));
            kept.log.begin(run(Program::Ffprobe, observer.pid(), started_at, end, Some(fault.clone())));
        }
    }
}

fn lock(log: &SharedLog) -> MutexGuard<'_, KeptRuns> {
    log.lock().unwrap_or_else(PoisonError::into_inner)
}

fn run(
    program: Program,
    pid: u32,
    started_at: DateTime<Utc>,
    end: Option<RunEnd>,
    fault: Option<ProbeFault>,
) -> ProgramRun {
    let (ended_at, ending, lines) = match end {
        Some(end) => (Some(end.at), Some(end.ending), end.lines),
        None => (None, None, Vec::new()),
    };
    ProgramRun { program, pid, started_at, ended_at, ending, fault, lines }
}

fn end(exit: &ProcessExit, started_at: DateTime<Utc>) -> RunEnd {
    let lasted = TimeDelta::from_std(exit.lasted).unwrap_or_default();
    // Its own clock began a little before we noted its start.
    RunEnd { at: (started_at + lasted).min(Utc::now()), ending: exit.ending.to_string(), lines: exit.stderr.clone() }
}
