//! What the cameras' programs have said: one [`RunLog`] per camera, filled by its relay and read by the manager.
//!
//! Kept outside the actors: a relay that is built anew, a camera that is switched off or held, still has its log. It
//! goes with its row.

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};

use crate::adapters::ffmpeg::child::{Exit, Witness};
use crate::domain::probe::Fault;
use crate::domain::run_log::{Program, Run, RunEnd, RunLog};

/// The logs of all cameras. Clones are the same logs.
#[derive(Clone, Debug, Default)]
pub struct RunLogs(Arc<Mutex<BTreeMap<i64, Kept>>>);

/// The log of one camera, and who sees the run that goes on.
#[derive(Debug, Default)]
struct Kept {
    log: RunLog,
    witness: Option<(Witness, DateTime<Utc>)>,
    /// Sees the look at the source that goes on.
    look: Option<(Witness, DateTime<Utc>)>,
}

/// One camera's log in the hands of its relay.
#[derive(Clone, Debug)]
pub(super) struct CameraRuns {
    logs: RunLogs,
    id: i64,
}

impl RunLogs {
    /// The log of this camera.
    pub(super) fn camera(&self, id: i64) -> CameraRuns {
        CameraRuns { logs: self.clone(), id }
    }

    /// The runs of this camera, newest first; none when it never ran.
    pub(super) fn look(&self, id: i64) -> Vec<Run> {
        let mut all = self.lock();
        let Some(kept) = all.get_mut(&id) else { return Vec::new() };
        kept.note_end();
        let witness = kept.witness.as_ref().map(|(witness, _)| witness);
        kept.log.runs(|pid| witness.filter(|one| one.pid() == pid).map(Witness::lines).unwrap_or_default())
    }

    /// The camera is gone.
    pub(super) fn forget(&self, id: i64) {
        self.lock().remove(&id);
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<i64, Kept>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    /// A run whose relay has died ends without its word.
    fn note_end(&mut self) {
        let Some((witness, started_at)) = &self.witness else { return };
        if let Some(exit) = witness.exit() {
            self.log.end(witness.pid(), end(&exit, *started_at), None);
        }
    }
}

impl CameraRuns {
    /// ffmpeg was started.
    pub(super) fn started(&self, witness: Witness) {
        let now = Utc::now();
        let mut all = self.logs.lock();
        let kept = all.entry(self.id).or_default();
        kept.note_end();
        if let Some((lost, _)) = kept.witness.take_if(|(lost, _)| lost.exit().is_none()) {
            // Dropped with its relay a moment ago: killed, and reaped any moment.
            let end = RunEnd { at: now, ending: "killed with its relay".to_owned(), lines: lost.lines() };
            kept.log.end(lost.pid(), end, None);
        }
        kept.log.begin(run(Program::Ffmpeg, witness.pid(), now, None, None));
        kept.witness = Some((witness, now));
    }

    /// It has ended, and this is what its end was taken for; `None` when it was ended without a fault.
    pub(super) fn ended(&self, fault: Option<Fault>) {
        let mut all = self.logs.lock();
        let Some(kept) = all.get_mut(&self.id) else { return };
        let Some((witness, started_at)) = kept.witness.take() else { return };
        if let Some(exit) = witness.exit() {
            kept.log.end(witness.pid(), end(&exit, started_at), fault);
        }
    }

    /// ffprobe was started.
    pub(super) fn looking(&self, witness: Witness) {
        self.logs.lock().entry(self.id).or_default().look = Some((witness, Utc::now()));
    }

    /// Waits until the ffprobe of the look that goes on has been reaped; at once when there is none.
    pub(super) fn look_gone(&self) -> impl Future<Output = ()> + Send + use<> {
        let look =
            self.logs.lock().get(&self.id).and_then(|kept| kept.look.as_ref().map(|(witness, _)| witness.gone()));
        async move {
            if let Some(gone) = look {
                gone.await;
            }
        }
    }

    /// The look at the source is over; one that found what it should is not worth a line.
    pub(super) fn looked(&self, fault: Option<&Fault>) {
        let mut all = self.logs.lock();
        let Some(kept) = all.get_mut(&self.id) else { return };
        if let (Some((witness, started_at)), Some(fault)) = (kept.look.take(), fault) {
            let end = witness.exit().map(|exit| end(&exit, started_at));
            kept.log.begin(run(Program::Ffprobe, witness.pid(), started_at, end, Some(fault.clone())));
        }
    }
}

fn run(program: Program, pid: u32, started_at: DateTime<Utc>, end: Option<RunEnd>, fault: Option<Fault>) -> Run {
    let (ended_at, ending, lines) = match end {
        Some(end) => (Some(end.at), Some(end.ending), end.lines),
        None => (None, None, Vec::new()),
    };
    Run { program, pid, started_at, ended_at, ending, fault, lines }
}

fn end(exit: &Exit, started_at: DateTime<Utc>) -> RunEnd {
    let lasted = TimeDelta::from_std(exit.lasted).unwrap_or_default();
    // Its own clock began a little before we noted its start.
    RunEnd { at: (started_at + lasted).min(Utc::now()), ending: exit.ending.to_string(), lines: exit.stderr.clone() }
}
