//! When a run has to end although ffmpeg goes on: it stalls, something forbids it, or its next segments should be others.

use std::time::Duration;

use actix::Context;

use super::Recorder;

/// No new media for so long = stalled. Longer than ffmpeg's own limit, which ends a run more gently.
const STALL: Duration = Duration::from_secs(15);
/// The first media may take so long: a keyframe has to come by.
const FIRST_MEDIA: Duration = Duration::from_secs(30);

impl Recorder {
    /// A file has just been closed: the best moment to begin anew, when there is a reason to.
    pub(super) fn end_at_cut(&mut self, ctx: &mut Context<Self>) {
        let Some(active) = &self.active else { return };
        let wanted = self.assignment.settings.get().segment_duration;
        let why = if active.clock.was_set_back() {
            "the wall clock was set back; the recording goes on in the next session"
        } else if active.segment != wanted {
            "record.segment_duration was changed; the recording goes on in the next session"
        } else {
            return;
        };
        self.end_run(Some(why.to_owned()), ctx);
    }

    /// Once a second: stalls, obstacles that came or went, files that could not be sealed.
    pub(super) fn tick(&mut self, ctx: &mut Context<Self>) {
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
        if active.process.is_none() {
            return;
        }
        let limit = if active.run.has_media() { STALL } else { FIRST_MEDIA };
        if let Err(why) = plan {
            self.end_run(Some(why), ctx);
        } else if active.moved.elapsed() > limit {
            let words = format!("no media for {} s; ffmpeg is started again", limit.as_secs());
            self.end_run(Some(words), ctx);
        }
    }
}
