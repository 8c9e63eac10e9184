//! Records one stream: one ffmpeg after the other, each run a session.
//!
//! Owns the ffmpeg process, the run's catalog and the catalog_writer's queue. Told to stop by the manager; restarts ffmpeg by
//! itself. It pauses while the spool's disk or the stream's codecs forbid recording, and says why in the live store.

mod active;
mod catalog;
mod checks;
mod corrections;
mod current_tracks;
mod harmless_ends;
mod lines;
mod run_end;
mod source_change;

use std::time::Duration;

use actix::{Actor, ActorFutureExt, AsyncContext, Context, Handler, Message, WrapFuture};
use futures_util::StreamExt;
use futures_util::future::LocalBoxFuture;
use serde_json::{Value, json};
use tokio::time::Instant;

use self::active::Active;
use self::corrections::Corrections;
use self::current_tracks::CurrentTracks;
use self::harmless_ends::HarmlessEnds;
use super::catalog_writer::CatalogWriter;
use super::folder_lock::FolderLock;
use super::run::RecordingRun;
use super::start::{PlannedRun, RecordAssignment, RecordedSource};
use crate::actors::supervision::{Stopping, Supervised, supervised};
use crate::adapters::ffmpeg::child::{ChildProcess, ProcessEvent, ProcessEvents};
use crate::adapters::ffmpeg::ffmpeg_progress::ProgressReader;
use crate::adapters::mediamtx::rtsp_connection::{RtspPlace, check_server};
use crate::adapters::spool::{Note, on_disk};
use crate::base::single_flight::SingleFlight;
use crate::domain::container::{Mp4Plan, mp4_plan, pictures_are_described};
use crate::domain::picture_watch::PictureWatch;
use crate::domain::recording::{RecordingState, RecordingStatus};
use crate::domain::restart::RestartHistory;
use crate::domain::timestamp_watch::{RecentJumps, TimestampWatch};
use crate::domain::wall_clock::RunClock;
use crate::domain::written_time::WrittenTime;

/// ffmpeg closes its file within milliseconds; each step of the kill ladder waits so long.
const GRACE: Duration = Duration::from_secs(2);
/// Left to our parent when we stop.
const MARGIN: Duration = Duration::from_millis(300);

/// The recorder of one stream.
pub struct Recorder {
    assignment: RecordAssignment,
    catalog_writer: CatalogWriter,
    applying: SingleFlight,
    active: Option<Active>,
    /// Runs in a row to which nothing came.
    empty_runs: u32,
    /// Counts runs, so that an event of an older one is known.
    runs: u64,
    /// A timer is set for the next try.
    due: Option<Instant>,
    history: RestartHistory,
    /// Ends that were no failures.
    harmless_ends: HarmlessEnds,
    /// What runs that failed have shown of the tracks.
    corrections: Corrections,
    /// What is known of the tracks beyond the polls.
    current_tracks: CurrentTracks,
    /// Whom the polls show as the source.
    source: RecordedSource,
    /// Timestamps of the source that jumped.
    jumps: RecentJumps,
    /// The log tells that pictures do not come.
    picture_is_missing: bool,
    /// When one of them ended a run.
    jump_ended: Option<Instant>,
    born: Instant,
    /// What everybody shall see, and what was told them last.
    status: RecordingStatus,
    published: Option<RecordingStatus>,
    /// Why it is not recording.
    why: Option<String>,
    /// The pause that the log tells of.
    logged_pause: Option<String>,
    /// Why we stop, once the manager has said so.
    stop_reason: Option<String>,
    /// What is being done in the spool between two runs, and since when.
    disk_work: Option<(&'static str, Instant)>,
    /// Told when everything has been let go.
    stopping: Stopping,
}

impl Recorder {
    /// A recorder for this assignment.
    pub fn new(assignment: RecordAssignment) -> Self {
        let status = RecordingStatus {
            server: assignment.key.server.clone(),
            name: assignment.key.name.clone(),
            state: RecordingState::Starting,
            since: (assignment.handles.clock)(),
            session: None,
            segments: 0,
            reason: None,
        };
        let source = assignment.source.borrow().clone();
        Self {
            assignment,
            catalog_writer: CatalogWriter::default(),
            applying: SingleFlight::default(),
            active: None,
            runs: 0,
            empty_runs: 0,
            due: None,
            history: RestartHistory::default(),
            harmless_ends: HarmlessEnds::default(),
            corrections: Corrections::default(),
            current_tracks: CurrentTracks::default(),
            source,
            jumps: RecentJumps::default(),
            picture_is_missing: false,
            jump_ended: None,
            born: Instant::now(),
            status,
            published: None,
            why: None,
            logged_pause: None,
            stop_reason: None,
            disk_work: None,
            stopping: Stopping::default(),
        }
    }

    /// What forbids recording at present, else how to do it.
    fn plan(&self) -> Result<Mp4Plan, String> {
        let spool = self.assignment.obstacle.borrow().clone();
        match spool.or_else(|| self.catalog_writer.obstacle()) {
            Some(why) => Err(why),
            None => {
                let plan = mp4_plan(&self.tracks(), &self.assignment.handles.unreadable)?;
                Ok(self.corrections.now.of(plan))
            }
        }
    }

    /// Begins a run, or pauses.
    fn attempt(&mut self, ctx: &mut Context<Self>) {
        self.due = None;
        if self.active.is_some() || self.stopping.has_begun() {
            return;
        }
        if self.ask_for_tracks(ctx) {
            return;
        }
        let plan = match self.plan() {
            Ok(plan) => plan,
            Err(why) => return self.say(RecordingState::Paused, Some(why)),
        };
        if self.assignment.must_look_up() {
            // Once, as a rule: the next try comes with its end.
            self.due = Some(Instant::now());
            let assignment = self.assignment.clone();
            let look = async move { assignment.look_up().await };
            ctx.spawn(look.into_actor(self).map(|(), recorder, ctx| recorder.attempt(ctx)));
            return;
        }
        let note = self.assignment.new_note();
        let run = RecordingRun::new(note.clone(), (self.assignment.handles.clock)());
        let lock = FolderLock::take(&self.assignment.folders, run.folder());
        let now = Instant::now();
        self.runs += 1;
        self.status.session = Some(note.session.id);
        self.active = Some(Active {
            run,
            lock,
            progress: ProgressReader::default(),
            process: None,
            pid: None,
            begun: now,
            clock: RunClock::begin((self.assignment.handles.clock)(), self.born.elapsed()),
            segment: self.assignment.settings.get().segment_duration,
            tracks: self.tracks(),
            plan,
            watch: TimestampWatch::default(),
            begins_at: self.assignment.starts.borrow().media_begin(note.session.started_at),
            media_end: Duration::ZERO,
            early_cuts: 0,
            written: WrittenTime::default(),
            picture: PictureWatch::default(),
            moved: now,
            ending: None,
            renews: false,
        });
        self.prepare(note, plan, ctx);
    }

    fn prepare(&mut self, note: Note, plan: Mp4Plan, ctx: &mut Context<Self>) {
        let spool = self.assignment.handles.spool.clone();
        let segment =
            self.active.as_ref().map_or_else(|| self.assignment.settings.get().segment_duration, |run| run.segment);
        let begins_at = self.active.as_ref().map_or(Duration::ZERO, |run| run.begins_at);
        let looks_shortly = pictures_are_described(&self.tracks()) && !self.corrections.must_look_long();
        let run = PlannedRun { plan, looks_shortly, segment, begins_at };
        let place = RtspPlace::of(&self.assignment.server.settings);
        let begin = async move {
            check_server(&place).await?;
            on_disk(&spool, move |spool| spool.begin(&note)).await
        };
        let begin = self.on_the_disk("making a folder in the spool", begin);
        ctx.spawn(begin.into_actor(self).map(move |folder, recorder, ctx| {
            recorder.disk_work = None;
            let started = folder.and_then(|folder| recorder.assignment.spawn(&folder, run));
            match started {
                Ok((process, events)) => recorder.started_run(process, events, ctx),
                Err(error) => {
                    // The recovery removes what there may be of the folder.
                    recorder.active = None;
                    recorder.after_failure(Duration::ZERO, error.message(), ctx);
                    recorder.say(RecordingState::Paused, Some(error.message().to_owned()));
                }
            }
        }));
    }

    fn started_run(&mut self, process: ChildProcess, mut events: ProcessEvents, ctx: &mut Context<Self>) {
        let (run, stopping) = (self.runs, self.stopping.has_begun());
        let Some(active) = &mut self.active else { return };
        let stream = self.assignment.key.name.as_str();
        log::debug!(stream = stream, pid = process.pid(), session:% = active.run.session().id; "recorder started, nothing has come yet");
        active.begun = Instant::now();
        active.moved = active.begun;
        active.pid = Some(process.pid());
        active.process = Some(process);
        let events = futures_util::stream::poll_fn(move |context| events.poll_recv(context));
        ctx.add_message_stream(events.map(move |event| RunEvent { run, event }));
        if stopping {
            return self.end_run(None, ctx);
        }
        if !self.harmless_ends.is_between_sessions() {
            // Between two sessions of its publisher it stays what it is.
            self.say(RecordingState::Starting, None);
        }
        // They may have changed while the folder was made.
        self.renew_for_tracks(ctx);
    }

    /// Tells ffmpeg to stop. Its exit arrives as an event.
    fn end_run(&mut self, why: Option<String>, ctx: &mut Context<Self>) {
        let why = why.or_else(|| self.stop_reason.clone()).unwrap_or_else(|| "the program was stopped".to_owned());
        let Some(active) = &mut self.active else { return };
        active.ending.get_or_insert(why);
        if let Some(process) = active.process.take() {
            if !active.run.has_media() {
                // There is no file to be closed well, and while ffmpeg connects it does not listen.
                process.kill();
            }
            ctx.spawn(process.stop(GRACE).into_actor(self).map(|_, _, _| ()));
        }
    }
}

impl Actor for Recorder {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        ctx.run_interval(Duration::from_secs(1), |recorder, ctx| recorder.tick(ctx));
        self.hear_of_sources(ctx);
        self.attempt(ctx);
    }
}

impl Supervised for Recorder {
    const KIND: &'static str = "recorder";

    fn observe(&self) -> Value {
        json!({
            "recording": self.status,
            "pid": self.active.as_ref().and_then(|active| active.pid),
            "folder": self.active.as_ref().map(|active| active.run.folder()),
            "waiting": self.catalog_writer.waiting(),
            "trouble": self.catalog_writer.trouble(),
            "runs": self.runs,
        })
    }

    fn release(&mut self, ctx: &mut Context<Self>, deadline: Instant) -> LocalBoxFuture<'static, ()> {
        let finished = self.stopping.begin(deadline.checked_sub(MARGIN).unwrap_or(deadline));
        self.end_run(None, ctx);
        // What waits for better times is tried once more.
        self.work(ctx);
        let stream = self.assignment.key.name.clone();
        Box::pin(async move {
            if !finished.await {
                // The recovery finds it: soon when only this stream ends, else at the next start.
                log::warn!(stream = stream.as_str(); "the last segments are not in the catalogue yet");
            }
        })
    }
}
supervised!(Recorder);

/// Something happened to ffmpeg.
#[derive(Message)]
#[rtype(result = "()")]
struct RunEvent {
    run: u64,
    event: ProcessEvent,
}

impl Handler<RunEvent> for Recorder {
    type Result = ();

    fn handle(&mut self, RunEvent { run, event }: RunEvent, ctx: &mut Self::Context) {
        if run != self.runs {
            return;
        }
        match event {
            ProcessEvent::Line(line) => self.on_line(&line, ctx),
            ProcessEvent::Exited(exit) => self.on_exit(&exit, ctx),
        }
    }
}

/// Why the recorder will be stopped next; becomes the session's reason.
#[derive(Message)]
#[rtype(result = "()")]
pub struct StopRecorder(pub String);

impl Handler<StopRecorder> for Recorder {
    type Result = ();

    fn handle(&mut self, StopRecorder(why): StopRecorder, _: &mut Self::Context) {
        self.stop_reason = Some(why);
    }
}
