//! `streamwarden cameras log`: what a camera's ffmpeg has said.

use clap::Args;
use serde_json::json;

use super::whom::Whom;
use super::{ApiTarget, CommandFailure, say};
use crate::domain::run_log::{Program, ProgramRun};

/// Options of `cameras log`.
#[derive(Clone, Debug, Args)]
pub struct RunsOptions {
    /// Name or id.
    pub camera: String,
    /// How and whom to ask.
    #[command(flatten)]
    pub target: ApiTarget,
}

/// Asks the running process for the last runs of a camera.
///
/// # Errors
/// When no streamwarden runs there, or when it has no such camera.
pub(super) async fn run(whom: &Whom<'_>, options: &RunsOptions) -> Result<(), CommandFailure> {
    let log = whom.remote().await?.camera_log(&options.camera).await?;
    say(&if options.target.print.json { json!(log).to_string() } else { words(&log.items) })
}

/// For people the newest comes last, as in every log.
fn words(runs: &[ProgramRun]) -> String {
    if runs.is_empty() {
        return "ffmpeg has not run for this camera since streamwarden was started".to_owned();
    }
    runs.iter().rev().map(run_words).collect::<Vec<_>>().join("\n\n")
}

fn run_words(run: &ProgramRun) -> String {
    let time = |at: chrono::DateTime<chrono::Utc>| at.format("%Y-%m-%d %H:%M:%S").to_string();
    let program = match run.program {
        Program::Ffmpeg => "ffmpeg",
        Program::Ffprobe => "ffprobe",
    };
    let times = match run.ended_at {
        Some(ended_at) => format!("{} to {} UTC", time(run.started_at), time(ended_at)),
        None => format!("running since {} UTC", time(run.started_at)),
    };
    let ending = run.ending.as_ref().map(|ending| format!(": {ending}")).unwrap_or_default();
    let mut lines = vec![format!("{program} (pid {}), {times}{ending}", run.pid)];
    lines.extend(run.fault.as_ref().map(|fault| format!("=> {fault}")));
    // Control characters have been taken out where the lines were kept.
    lines.extend(run.lines.iter().map(|line| format!("   {line}")));
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, TimeDelta};

    use super::*;
    use crate::domain::probe::{FaultKind, ProbeFault};

    #[test]
    fn people_read_the_newest_run_last() {
        let started_at = DateTime::UNIX_EPOCH;
        let program = Program::Ffmpeg;
        let runs = ProgramRun { program, pid: 8, started_at, ended_at: None, ending: None, fault: None, lines: vec![] };
        let ended = ProgramRun {
            pid: 7,
            ended_at: Some(started_at + TimeDelta::seconds(61)),
            ending: Some("exit code 1".to_owned()),
            fault: Some(ProbeFault::new(FaultKind::Ended, "the camera has ended")),
            lines: vec!["[error] End of file".to_owned()],
            ..runs.clone()
        };
        let text = words(&[runs, ended]);
        let wanted = "ffmpeg (pid 7), 1970-01-01 00:00:00 to 1970-01-01 00:01:01 UTC: exit code 1\n\
            => the camera has ended\n   [error] End of file\n\n\
            ffmpeg (pid 8), running since 1970-01-01 00:00:00 UTC";
        assert_eq!(text, wanted);
        assert!(words(&[]).contains("has not run"));
    }
}
