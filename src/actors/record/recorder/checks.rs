//! When a run has to end although ffmpeg goes on: it stalls, something forbids it, or its next segments should be others.

use std::time::Duration;

use actix::Context;
use tokio::time::Instant;

use super::Recorder;
use crate::actors::supervision::reported;
use crate::domain::recording::RecordingState;

/// No new media for so long = stalled. Longer than ffmpeg's own limit, which ends a run more gently.
const STALL: Duration = Duration::from_secs(15);
/// The first media may take so long: a keyframe has to come by.
const FIRST_MEDIA: Duration = Duration::from_secs(30);

/// A source whose timestamps jump all the time costs a new session and the wait for its next key frame this often at most.
const BETWEEN_JUMPS: Duration = Duration::from_secs(10);
/// Work on the spool that takes longer hangs.
const DISK_STALLED_AFTER: Duration = Duration::from_secs(30);

impl Recorder {
    /// Work on the spool between two runs: when it hangs, that is the reason why nothing is recorded.
    pub(super) fn on_the_disk<F: Future>(
        &mut self,
        what: &'static str,
        work: F,
    ) -> impl Future<Output = F::Output> + use<F> {
        self.disk_work = Some((what, Instant::now()));
        reported(what, DISK_STALLED_AFTER, work)
    }

    fn check_disk_work(&mut self) {
        let hangs = self.disk_work.and_then(|(what, since)| hanging(what, since.elapsed()));
        if hangs.is_some() {
            self.say(RecordingState::Paused, hangs);
        }
    }

    /// A file has just been closed: the best moment to begin anew, when there is a reason to.
    pub(super) fn end_at_cut(&mut self, ctx: &mut Context<Self>) {
        let Some(active) = &self.active else { return };
        let wanted = self.assignment.settings.get().segment_duration;
        let what = if let Some(step) = active.clock.was_set() {
            format!("the wall clock was set {}", step.as_str())
        } else if active.segment != wanted {
            "record.segment_duration was changed".to_owned()
        } else if self.corrections.must_try_again(self.born.elapsed()) {
            "it is looked again whether the picture is H.265, as the media server tells".to_owned()
        } else {
            return;
        };
        self.renew(&what, ctx);
    }

    /// The timestamps of the source have jumped and stay where they are: what follows would be squeezed, stretched, or cut at every key
    /// frame. `what` says it.
    pub(super) fn end_at_jump(&mut self, what: &str, ctx: &mut Context<Self>) {
        if self.jump_ended.is_none_or(|ended| ended.elapsed() >= BETWEEN_JUMPS) {
            self.jump_ended = Some(Instant::now());
            self.renew(what, ctx);
        }
    }

    /// Ends the run so that the next one begins at once.
    pub(super) fn renew(&mut self, what: &str, ctx: &mut Context<Self>) {
        if let Some(active) = &mut self.active {
            active.renews = true;
        }
        self.end_run(Some(format!("{what}; the recording goes on in the next session")), ctx);
    }

    /// Once a second: stalls, obstacles that came or went, files that could not be sealed.
    pub(super) fn tick(&mut self, ctx: &mut Context<Self>) {
        self.check_disk_work();
        if self.catalog_writer.try_again(self.born.elapsed(), rand::random()) {
            self.work(ctx);
        }
        let plan = self.plan();
        let Some(active) = &self.active else {
            // Paused by an obstacle, with no timer set.
            return if self.due.is_none() {
                self.attempt(ctx)
            };
        };
        let Some(process) = &active.process else { return };
        let limit = if active.run.has_media() { STALL } else { FIRST_MEDIA };
        if let Err(why) = plan {
            self.end_run(Some(why), ctx);
        } else if active.moved.elapsed() > limit {
            let why = if process.is_suspended() { " (ffmpeg was suspended: SIGSTOP, a debugger)" } else { "" };
            let words = format!("no media for {} s{why}; ffmpeg is started again", limit.as_secs());
            self.end_run(Some(words), ctx);
        }
    }
}

/// Why nothing is recorded while work on the spool takes so long; `None` while that is no wonder.
fn hanging(what: &str, took: Duration) -> Option<String> {
    let words = match took.as_secs() / 60 {
        _ if took < DISK_STALLED_AFTER => return None,
        0 => "half a minute".to_owned(),
        minutes => format!("{minutes} min"),
    };
    Some(format!("the disk of the spool does not answer: {what} takes more than {words}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_disk_that_hangs_is_the_reason_after_half_a_minute() {
        for (seconds, wanted) in [
            (0, None),
            (29, None),
            (30, Some("the disk of the spool does not answer: making the folder takes more than half a minute")),
            (59, Some("the disk of the spool does not answer: making the folder takes more than half a minute")),
            (60, Some("the disk of the spool does not answer: making the folder takes more than 1 min")),
            (7_260, Some("the disk of the spool does not answer: making the folder takes more than 121 min")),
        ] {
            assert_eq!(hanging("making the folder", Duration::from_secs(seconds)).as_deref(), wanted, "{seconds} s");
        }
    }
}
