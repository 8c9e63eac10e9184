//! The last runs of a camera's programs: what they said, how they ended, and what that meant.
//!
//! Bounded: [`RUNS`] runs; whoever hands in lines has bounded them and taken the secrets out.

use std::collections::VecDeque;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::probe::ProbeFault;

/// Runs that are kept for a camera.
pub const RUNS: usize = 3;

/// What ran.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Program {
    /// The relay.
    Ffmpeg,
    /// A look at the source.
    Ffprobe,
}

/// One run of a camera's ffmpeg, or a look with ffprobe that failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ProgramRun {
    /// What ran.
    pub program: Program,
    /// Process id.
    pub pid: u32,
    /// When it was started.
    pub started_at: DateTime<Utc>,
    /// When it ended; null while it runs.
    pub ended_at: Option<DateTime<Utc>>,
    /// How it ended, as the system tells it: `exit code 1`, `ended by SIGKILL`; null while it runs.
    pub ending: Option<String>,
    /// What its end was taken for; null while it runs, and when it was ended by us without a fault.
    pub fault: Option<ProbeFault>,
    /// The last lines of its standard error, oldest first, without secrets.
    pub lines: Vec<String>,
}

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunEnd {
    /// When.
    pub at: DateTime<Utc>,
    /// In the system's words.
    pub ending: String,
    /// The last lines of its standard error.
    pub lines: Vec<String>,
}

/// The last runs of one camera.
#[derive(Clone, Debug, Default)]
pub struct RunLog {
    /// Newest first.
    runs: VecDeque<ProgramRun>,
}

impl RunLog {
    /// A run begins, or a finished one is written down.
    ///
    /// Looks that fail one after the other replace each other: what ffmpeg said at last, before the camera went away,
    /// must not be pushed out by a day of failed looks.
    pub fn begin(&mut self, run: ProgramRun) {
        let is_probe = |run: &ProgramRun| run.program == Program::Ffprobe;
        if is_probe(&run) && self.runs.front().is_some_and(is_probe) {
            self.runs.pop_front();
        }
        self.runs.push_front(run);
        self.runs.truncate(RUNS);
    }

    /// The newest run has ended. Later words on the same run only add what its end was taken for.
    pub fn end(&mut self, pid: u32, end: RunEnd, fault: Option<ProbeFault>) {
        let Some(run) = self.runs.iter_mut().find(|run| run.pid == pid && run.program == Program::Ffmpeg) else {
            return;
        };
        if run.ended_at.is_none() {
            (run.ended_at, run.ending, run.lines) = (Some(end.at), Some(end.ending), end.lines);
        }
        run.fault = fault.or(run.fault.take());
    }

    /// The runs, newest first; `running`: what the run that goes on has said so far.
    pub fn runs(&self, running: impl Fn(u32) -> Vec<String>) -> Vec<ProgramRun> {
        let mut runs: Vec<ProgramRun> = self.runs.iter().cloned().collect();
        for run in runs.iter_mut().filter(|run| run.ended_at.is_none()) {
            run.lines = running(run.pid);
        }
        runs
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::probe::FaultKind;

    fn at(second: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000 + second, 0).expect("a time")
    }

    fn run(program: Program, pid: u32) -> ProgramRun {
        let started_at = at(i64::from(pid));
        ProgramRun { program, pid, started_at, ended_at: None, ending: None, fault: None, lines: Vec::new() }
    }

    fn end(second: i64) -> RunEnd {
        RunEnd { at: at(second), ending: "SIGKILL".to_owned(), lines: vec!["last word".to_owned()] }
    }

    fn pids(log: &RunLog) -> Vec<u32> {
        log.runs(|_| Vec::new()).iter().map(|run| run.pid).collect()
    }

    #[test]
    fn the_newest_runs_stay_and_failed_probes_push_out_no_more_than_one() {
        use Program::{Ffmpeg, Ffprobe};
        let table: [(&[Program], &[u32]); 4] = [
            (&[Ffmpeg, Ffmpeg], &[2, 1]),
            (&[Ffmpeg, Ffmpeg, Ffmpeg, Ffmpeg], &[4, 3, 2]),
            (&[Ffmpeg, Ffmpeg, Ffprobe, Ffprobe, Ffprobe], &[5, 2, 1]),
            (&[Ffprobe, Ffmpeg, Ffprobe, Ffmpeg], &[4, 3, 2]),
        ];
        for (begun, kept) in table {
            let mut log = RunLog::default();
            begun.iter().zip(1..).for_each(|(program, pid)| log.begin(run(*program, pid)));
            assert_eq!(pids(&log), kept, "{begun:?}");
        }
    }

    #[test]
    fn a_run_tells_what_it_says_and_keeps_its_end() {
        let mut log = RunLog::default();
        log.begin(run(Program::Ffmpeg, 7));
        log.end(8, end(9), None);
        let shown = |log: &RunLog| log.runs(|pid| vec![format!("{pid} lives")]).remove(0);
        assert_eq!((shown(&log).lines, shown(&log).ended_at), (vec!["7 lives".to_owned()], None));
        log.end(7, end(10), None);
        log.end(7, end(11), Some(ProbeFault::new(FaultKind::Ended, "it ended")));
        let run = shown(&log);
        assert_eq!((run.ended_at, run.ending.as_deref()), (Some(at(10)), Some("SIGKILL")), "the first end stays");
        assert_eq!(
            (run.lines, run.fault.map(|fault| fault.kind)),
            (vec!["last word".to_owned()], Some(FaultKind::Ended))
        );
    }
}
