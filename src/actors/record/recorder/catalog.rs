//! The recorder's part of the catalog: the writer's operations, what everybody is told, and whether it may go.

use actix::{ActorFutureExt, AsyncContext, Context, WrapFuture};

use super::Recorder;
use crate::actors::record::catalog_writer::{Next, apply};
use crate::adapters::live::Change;
use crate::domain::recording::{RecordingState, SegmentState};

impl Recorder {
    /// Gives the catalog writer's next operation to a task.
    pub(super) fn work(&mut self, ctx: &mut Context<Self>) {
        let Some(operation) = self.catalog_writer.next() else { return self.maybe_stopped() };
        let handles = self.assignment.handles.clone();
        let doing = async move { apply(&handles, operation).await };
        ctx.spawn(doing.into_actor(self).map(|done, recorder, ctx| {
            if let Ok(Some(segment)) = &done {
                recorder.sealed(segment.state);
            }
            let next = recorder.catalog_writer.done(done.as_ref().map(|_| ()), rand::random());
            recorder.refresh();
            match next {
                Next::Now => recorder.work(ctx),
                // Whoever stops does not wait for better times: the recovery will. But ffmpeg may still be closing its last
                // file, and dies with us; its exit brings us back here.
                Next::After(_) if recorder.stopping.is_some() && recorder.active.is_some() => {}
                Next::After(_) if recorder.stopping.is_some() => recorder.stopped(),
                Next::After(delay) => {
                    ctx.run_later(delay, |recorder, ctx| recorder.work(ctx));
                }
            }
        }));
    }

    fn sealed(&mut self, state: SegmentState) {
        if state == SegmentState::Sealed {
            self.status.segments += 1;
            self.assignment.handles.sealed.send_modify(|count| *count += 1);
        }
    }

    /// Changes what everybody sees. `why`: why it is not recording.
    pub(super) fn say(&mut self, state: RecordingState, why: Option<String>) {
        if self.status.state != state {
            self.status.since = (self.assignment.handles.clock)();
            self.log_pause(state, why.as_deref());
        }
        self.status.state = state;
        self.why = why;
        self.refresh();
    }

    /// Once for each reason, however often it is tried again.
    fn log_pause(&mut self, state: RecordingState, why: Option<&str>) {
        match (state, why) {
            (RecordingState::Paused, Some(why)) if self.logged_pause.as_deref() != Some(why) => {
                log::warn!(stream = self.assignment.key.name.as_str(); "recording paused: {why}");
                self.logged_pause = Some(why.to_owned());
            }
            (RecordingState::Recording, _) => self.logged_pause = None,
            _ => {}
        }
    }

    /// Tells everybody, when something is new.
    pub(super) fn refresh(&mut self) {
        let late = |trouble| format!("recorded into the spool, but not in the catalogue yet: {trouble}");
        self.status.reason = match self.status.state {
            RecordingState::Recording => self.catalog_writer.trouble().map(late),
            _ => self.why.clone(),
        };
        if self.published.as_ref() != Some(&self.status) {
            self.published = Some(self.status.clone());
            let disk = self.assignment.obstacle.borrow().clone();
            let (key, why) = (&self.assignment.key, self.status.reason.as_deref());
            self.assignment.pauses.stream(key, self.status.state, why, disk.as_deref());
            self.assignment.publisher.tell([Change::Recording(self.status.clone())]);
        }
    }

    pub(super) fn maybe_stopped(&mut self) {
        if self.active.is_none() && self.catalog_writer.is_idle() {
            self.stopped();
        }
    }

    pub(super) fn stopped(&mut self) {
        if let Some(stopped) = self.stopping.take() {
            let _ = stopped.send(());
        }
    }
}
