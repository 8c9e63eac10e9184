//! The end of a run: what it left is sealed, and the next one begins, at once or after a while.

use std::time::Duration;

use actix::{ActorFutureExt, AsyncContext, Context, WrapFuture};
use tokio::time::Instant;

use super::Recorder;
use super::harmless_ends::{EndedRun, HarmlessEnds};
use crate::adapters::ffmpeg::child::ProcessExit;
use crate::adapters::ffmpeg::record_argv::{EndKind, why_it_ended};
use crate::adapters::spool::{LeftFile, on_disk};
use crate::base::backoff::Backoff;
use crate::domain::recording::RecordingState;
use crate::domain::restart::{RestartHistory, RestartPolicy};

/// Our own server is next door: settled soon, tried again sooner than a camera.
const POLICY: RestartPolicy = RestartPolicy {
    backoff: Backoff { min: Duration::from_secs(1), max: Duration::from_secs(30) },
    settled_after: Duration::from_secs(5),
    ..RestartPolicy::STANDARD
};

impl Recorder {
    /// ffmpeg is gone: look what it left, then close the catalog.
    pub(super) fn on_exit(&mut self, exit: &ProcessExit, ctx: &mut Context<Self>) {
        let Some(active) = &mut self.active else { return };
        active.process = None;
        let (kind, words) = why_it_ended(exit);
        let kind = match (&active.ending, active.renews) {
            (_, true) => EndKind::StreamEnded,
            (Some(_), false) => EndKind::Failed,
            (None, false) => kind,
        };
        let why = active.ending.clone().unwrap_or(words);
        let (stream, folder) = (self.assignment.key.name.as_str(), active.run.folder().to_owned());
        let (pid, ms) = (active.pid, exit.lasted.as_millis() as u64);
        // A stream that ends is looked for once more before anybody knows that it is gone: that is no recording.
        let is_empty = !active.run.has_media() && (kind != EndKind::NotThere || self.harmless_ends.is_over());
        self.empty_runs += u32::from(is_empty);
        match (active.run.has_media(), self.empty_runs) {
            (true, _) => log::info!(stream = stream, pid = pid, ms = ms; "recording ended: {why}"),
            (false, 3) => log::warn!(stream = stream, pid = pid, ms = ms; "recording does not start: {why}"),
            (false, _) => log::debug!(stream = stream, pid = pid, ms = ms; "recorder ended, nothing had come: {why}"),
        }
        let spool = self.assignment.handles.spool.clone();
        let look = async move { on_disk(&spool, move |spool| spool.left(&folder)).await };
        let look = self.on_the_disk("looking into a folder of the spool", look);
        ctx.spawn(look.into_actor(self).map(move |files, recorder, ctx| {
            recorder.disk_work = None;
            match files {
                Ok(files) => recorder.run_over(&files, kind, &why, ctx),
                Err(error) => {
                    // The folder stays unfinished, and the recovery reads it when the spool can be read again.
                    log::error!(stream = recorder.assignment.key.name.as_str(); "{error}");
                    recorder.active = None;
                    recorder.after_failure(Duration::ZERO, &why, ctx);
                }
            }
        }));
    }

    fn run_over(&mut self, files: &[LeftFile], kind: EndKind, why: &str, ctx: &mut Context<Self>) {
        let Some(mut active) = self.active.take() else { return };
        let (has_media, plan, lasted) = (active.run.has_media(), active.plan, active.begun.elapsed());
        let now = active.clock.now((self.assignment.handles.clock)(), self.born.elapsed());
        let told = active.media_end.max(active.written.until());
        // Pictures that were squeezed get their time when their file is sealed.
        let reached = active.begins_at.saturating_add(if active.watch.saw_behind() { told.max(lasted) } else { told });
        self.assignment.starts.borrow_mut().media_reached(reached);
        self.catalog_writer.add(active.run.over(files, now, why));
        self.catalog_writer.release(active.lock);
        self.status.session = None;
        self.current_tracks.run_ended(kind);
        self.work(ctx);
        if matches!(kind, EndKind::DoesNotFit | EndKind::OtherPicture | EndKind::NotDescribed)
            && self.corrections.learn(kind, plan, self.born.elapsed())
        {
            return self.go_on(Duration::ZERO, why, ctx);
        }
        let settled_after = POLICY.settled_after;
        let ended = EndedRun { kind, has_media, renews: active.renews, lasted, settled_after };
        match self.harmless_ends.after(ended) {
            Some(after) => self.go_on(after, why, ctx),
            None => self.after_failure(if has_media { lasted } else { Duration::ZERO }, why, ctx),
        }
    }

    /// The next run begins after a failure, later each time.
    pub(super) fn after_failure(&mut self, ran: Duration, why: &str, ctx: &mut Context<Self>) {
        if self.stopping.has_begun() {
            return self.work(ctx);
        }
        let retry = self.history.ended(&POLICY, self.born.elapsed(), ran, rand::random());
        // The first restart after a good run comes at once: every second of waiting is a second lost.
        let after = if ran >= POLICY.settled_after { Duration::ZERO } else { retry.after };
        self.go_on(after, why, ctx);
    }

    fn go_on(&mut self, after: Duration, why: &str, ctx: &mut Context<Self>) {
        if self.stopping.has_begun() {
            return self.work(ctx);
        }
        self.due = Some(Instant::now() + after);
        let stream = self.assignment.key.name.as_str();
        log::debug!(stream = stream; "recording begins again in {} ms", after.as_millis());
        self.say(RecordingState::Restarting, Some(why.to_owned()));
        ctx.run_later(after, |recorder, ctx| recorder.attempt(ctx));
    }

    /// Earlier failures are forgotten.
    pub(super) fn forgive(&mut self) {
        (self.history, self.harmless_ends) = (RestartHistory::default(), HarmlessEnds::default());
    }
}
