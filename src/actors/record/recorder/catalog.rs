//! The recorder's part of the catalog: the writer's operations, what everybody is told, and whether it may go.

use std::time::Duration;

use actix::Context;
use log::Level;

use super::Recorder;
use crate::actors::record::catalog_writer::{Next, apply};
use crate::actors::single_flight::{Ended, Flight, Late, Rules, Work};
use crate::adapters::live::Change;
use crate::base::single_flight::{FlightRetry, SingleFlight};
use crate::base::{Error, Result};
use crate::domain::recording::{RecordingState, Segment, SegmentState};

/// An operation works on a disk and asks the database: what takes longer hangs.
const LIMIT: Duration = Duration::from_secs(60);

/// Applies the catalog writer's next operation. Between two tries of one that fails it rests, however much ffmpeg has to
/// tell meanwhile.
pub(super) struct ApplyNext;

impl Flight for ApplyNext {
    type Owner = Recorder;
    type Subject = ();
    type Output = Option<Segment>;
    const RULES: Rules = Rules {
        what: "an operation of the catalog",
        limit: LIMIT,
        late: Late::Wait,
        // The writer says when.
        retry: FlightRetry::Never,
        // The state of the recording tells of it.
        level: Level::Debug,
    };

    fn state(recorder: &mut Recorder) -> &mut SingleFlight {
        &mut recorder.applying
    }

    fn begin(recorder: &mut Recorder, _: &mut Context<Recorder>) -> Option<((), Work<Option<Segment>>)> {
        let Some(operation) = recorder.catalog_writer.next() else {
            recorder.maybe_stopped();
            return None;
        };
        let handles = recorder.assignment.handles.clone();
        Some(((), Box::pin(async move { apply(&handles, operation).await })))
    }

    fn late(recorder: &mut Recorder, why: &Error, _: &mut Context<Recorder>) {
        recorder.catalog_writer.is_late(why);
        recorder.refresh();
    }

    fn ended(recorder: &mut Recorder, (): (), done: Result<Option<Segment>>, ctx: &mut Context<Recorder>) -> Ended {
        if let Ok(Some(segment)) = &done {
            recorder.sealed(segment.state);
            recorder.check_mark(segment, ctx);
        }
        let next = recorder.catalog_writer.done(done.as_ref().map(|_| ()), rand::random());
        recorder.refresh();
        match (next, done) {
            (Next::After(delay), Err(error)) => {
                // Whoever stops does not wait for better times: the recovery will. But ffmpeg may still be closing its last
                // file, and dies with us; its exit brings us back here.
                if recorder.stopping.has_begun() && recorder.active.is_none() {
                    recorder.stopping.finished();
                }
                Ended::Retry(error, delay)
            }
            _ => Ended::More,
        }
    }
}

impl Recorder {
    /// Works on the catalog. Whoever stops tries at once what waits for better times.
    pub(super) fn work(&mut self, ctx: &mut Context<Self>) {
        if self.stopping.has_begun() { ApplyNext::ask_now(self, ctx) } else { ApplyNext::ask(self, ctx) }
    }

    fn sealed(&mut self, state: SegmentState) {
        if state == SegmentState::Sealed {
            self.status.segments += 1;
            self.assignment.handles.sealed.send_modify(|count| *count += 1);
        }
    }

    /// H.265 of which the server has not told, because it does not answer, or not yet, is marked as ffmpeg does by itself: the run
    /// begins anew, with the mark that every player takes.
    fn check_mark(&mut self, segment: &Segment, ctx: &mut Context<Self>) {
        let is_marked_so = segment.tracks.iter().flatten().any(|track| track.codec == "hev1");
        let plan = self.active.as_ref().filter(|run| run.run.session().id == segment.session).map(|run| run.plan);
        if is_marked_so && plan.is_some_and(|plan| self.corrections.learn_h265(plan)) {
            self.renew("the picture is H.265, of which the media server had not told", ctx);
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
        let stuck = self.catalog_writer.stuck().filter(|_| self.status.state == RecordingState::Recording);
        let jumps = self.jumps.sentence(self.born.elapsed());
        let picture = self.active.as_ref().and_then(|active| active.picture.sentence());
        if picture.is_some() != self.picture_is_missing {
            self.picture_is_missing = picture.is_some();
            let stream = self.assignment.key.name.as_str();
            match &picture {
                Some(why) => log::warn!(stream = stream; "{why}"),
                None => log::info!(stream = stream; "its picture is recorded again, or the recording has ended"),
            }
        }
        self.status.reason = match self.status.state {
            RecordingState::Recording => {
                stuck.clone().or_else(|| self.catalog_writer.trouble().map(late)).or(picture).or(jumps)
            }
            _ => self.why.clone(),
        };
        if self.published.as_ref() != Some(&self.status) {
            self.published = Some(self.status.clone());
            let disk = self.assignment.obstacle.borrow().clone();
            let (key, why) = (&self.assignment.key, self.status.reason.as_deref());
            match &stuck {
                Some(why) => self.assignment.pauses.stuck(key, why),
                None => self.assignment.pauses.stream(key, self.status.state, why, disk.as_deref()),
            }
            self.assignment.publisher.tell([Change::Recording(self.status.clone())]);
        }
    }

    pub(super) fn maybe_stopped(&mut self) {
        if self.active.is_none() && self.catalog_writer.is_idle() {
            self.stopping.finished();
        }
    }
}
