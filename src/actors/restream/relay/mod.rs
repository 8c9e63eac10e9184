//! One camera's relay: owns its process, does what the rules decide, tells the live store.

mod degraded;
pub(super) mod links;
mod listening;
mod process;
mod reassigned;
mod relay_shown;

use links::RelayLinks;
use process::RelayProcessEvent;
pub use relay_shown::{FAILED_RELAYS, RELAYS_BEGUN};

use std::collections::VecDeque;
use std::time::Duration;

use actix::{Actor, ActorFutureExt, AsyncContext, Context, SpawnHandle, StreamHandler, WrapFuture};
use chrono::{DateTime, Utc};
use futures_util::FutureExt;
use futures_util::future::{BoxFuture, LocalBoxFuture};
use futures_util::stream;
use serde_json::Value;
use tokio::time::Instant;

use self::degraded::DegradedNotice;
use super::address::check_address;
use super::assignment::{Assigned, RelayAssignment};
use super::probes::probe_attempt::probe_in_order;
use super::program_runs::CameraRuns;
use super::setup::Process;
use crate::actors::supervision::{Supervised, supervised};
use crate::adapters::ffmpeg::child::ProcessExit;
use crate::adapters::ffmpeg::ffmpeg_fault::{self, Attempt};
use crate::adapters::ffmpeg::ffmpeg_progress::Progress;
use crate::adapters::live::publisher::LivePublisher;
use crate::adapters::resolve::CheckedAddress;
use crate::domain::camera::{CameraSource, CameraState, CameraStatus, DownSince};
use crate::domain::incident::RelayTransition;
use crate::domain::probe::{KeptProbe, ProbeFault, Tracks};
use crate::domain::restream::{Action, Movement, MovementWatch, PathView, Relay, RelayEvent, RelayPhase, TimeOf};

/// Each step of the kill ladder waits so long at most.
const GRACE: Duration = Duration::from_secs(2);

/// The actor of one camera.
pub struct Restream {
    publisher: LivePublisher,
    links: RelayLinks,
    runs: CameraRuns,
    assigned: Assigned,
    known: RelayAssignment,
    relay: Relay,
    /// Zero of the relay's clock.
    born: Instant,
    ffmpeg: Option<RelayProcess>,
    grace: Duration,
    probing: Option<SpawnHandle>,
    asking: Option<SpawnHandle>,
    /// Until the sound is listened to, and while it is.
    listening: Option<SpawnHandle>,
    /// Whether sound comes in this run; `None` until somebody has listened.
    sound_comes: Option<bool>,
    /// Whether its address may be connected to, as of the last turn.
    checked: Option<Result<CheckedAddress, ProbeFault>>,
    wake: Option<(Duration, SpawnHandle)>,
    state: CameraState,
    since: DateTime<Utc>,
    down: DownSince,
    degraded: DegradedNotice,
    published: Option<CameraStatus>,
}

/// A running ffmpeg.
struct RelayProcess {
    child: Box<dyn Process>,
    /// What it reads.
    source: Box<CameraSource>,
    /// What its arguments were made for.
    tracks: Tracks,
    progress: Progress,
    movement: MovementWatch,
    /// Its publishing is over, and it has been told to end.
    is_cut_off: bool,
}

impl Restream {
    pub(super) fn new(publisher: LivePublisher, links: RelayLinks, runs: CameraRuns, mut assigned: Assigned) -> Self {
        let known = assigned.borrow_and_update().clone();
        let mut relay = Relay::new(known.setup.rules());
        relay.set_audio(known.source.audio);
        if let Some(tracks) = known.kept.clone() {
            relay.remember(tracks);
        }
        Self {
            relay,
            publisher,
            links,
            runs,
            assigned,
            known,
            born: Instant::now(),
            ffmpeg: None,
            grace: GRACE,
            probing: None,
            asking: None,
            listening: None,
            sound_comes: None,
            checked: None,
            wake: None,
            state: CameraState::Waiting,
            since: Utc::now(),
            down: DownSince::default(),
            degraded: DegradedNotice::default(),
            published: None,
        }
    }

    fn camera(&self) -> &str {
        self.known.source.name.as_str()
    }

    /// Takes an event, does what follows from it, and shows the result.
    fn happened(&mut self, event: RelayEvent, ctx: &mut Context<Self>) {
        let mut events = VecDeque::from([event]);
        while let Some(event) = events.pop_front() {
            for action in self.relay.step(event, self.born.elapsed(), rand::random()) {
                events.extend(self.act(action, ctx));
            }
        }
        self.note_state();
        self.listen_when_running(ctx);
        self.set_alarm(ctx);
        self.publish();
    }

    fn act(&mut self, action: Action, ctx: &mut Context<Self>) -> Option<RelayEvent> {
        match action {
            Action::AcquirePermit => self.acquire_permit(ctx),
            Action::CancelPermit => {
                if let Some(asking) = self.asking.take() {
                    ctx.cancel_future(asking);
                }
                self.links.cancel_permit(self.known.facts.id);
            }
            Action::Probe => self.probe(ctx),
            Action::CancelProbe => {
                if let Some(probing) = self.probing.take() {
                    ctx.cancel_future(probing);
                }
            }
            Action::Start(tracks) => return Some(RelayEvent::Started(self.start(&tracks, ctx))),
            Action::End => {
                if let Some(ffmpeg) = &self.ffmpeg {
                    ctx.spawn(ffmpeg.child.end(self.grace).into_actor(self).map(|_, _, _| ()));
                }
            }
            Action::AskPath => {
                let asked = self.path_now().into_actor(self);
                ctx.spawn(asked.map(|path, relay, ctx| relay.happened(RelayEvent::Asked(path), ctx)));
            }
            Action::ReadRow => self.links.read_row(self.known.facts.id),
        }
        None
    }

    fn acquire_permit(&mut self, ctx: &mut Context<Self>) {
        let permit = self.links.permit(self.known.facts.id, &self.known.source.host);
        let path = self.path_now();
        let checked = check_address(self.known.setup.clone(), self.known.source.clone());
        let permitted = async move {
            permit.await;
            // A slow resolver must not make the server's word old.
            let checked = checked.await;
            (checked, path.await)
        };
        self.asking = Some(ctx.spawn(permitted.into_actor(self).map(|(checked, path), relay, ctx| {
            relay.asking = None;
            relay.checked = Some(checked);
            relay.happened(RelayEvent::StartPermit(path), ctx);
        })));
    }

    /// Asks the server itself: what its poller said may be seconds old.
    fn path_now(&self) -> BoxFuture<'static, PathView> {
        self.known.setup.runner.path(self.known.setup.clone(), self.known.source.name.clone())
    }

    fn probe(&mut self, ctx: &mut Context<Self>) {
        let (setup, source, slots) = (self.known.setup.clone(), self.known.source.clone(), self.links.slots.clone());
        let (probe, path) = (probe_in_order(setup, source.clone(), slots, self.runs.clone()), self.path_now());
        let probed = async move {
            let (result, took) = probe.await;
            let path = if result.is_ok() { path.await } else { PathView::Unknown };
            (result, took, path)
        };
        self.probing = Some(ctx.spawn(probed.into_actor(self).map(move |(result, took, path), relay, ctx| {
            relay.probing = None;
            let ms = took.as_millis() as u64;
            match &result {
                Ok(tracks) => log::info!(
                    camera = relay.camera(), ms = ms, video = tracks.video.as_deref().unwrap_or("none"),
                    audio = tracks.audio.as_deref().unwrap_or("none"); "probe succeeded"
                ),
                Err(fault) => log::warn!(camera = relay.camera(), ms = ms; "probe failed: {fault}"),
            }
            relay.links.known.found(KeptProbe::new(&source, Utc::now(), &result), false);
            relay.happened(RelayEvent::Probed(result.map(|tracks| (tracks, path))), ctx);
        })));
    }

    fn start(&mut self, tracks: &Tracks, ctx: &mut Context<Self>) -> Result<(), ProbeFault> {
        self.forget_sound(ctx);
        let source = &self.known.source;
        let manner = self.relay.manner();
        let checked = self.checked.take();
        let begun = process::start(&self.known.setup, source, tracks, manner, checked);
        let (child, events) = begun.inspect_err(|fault| {
            log::error!(camera = source.name.as_str(); "ffmpeg did not start: {fault}");
        })?;
        log::info!(camera = source.name.as_str(), pid = child.pid(); "ffmpeg started");
        if let Some(observer) = child.observer() {
            self.runs.started(observer);
        }
        ctx.add_stream(process::hear(events));
        let time =
            if self.known.setup.version.tells_time_of_all() { TimeOf::FurthestBehind } else { TimeOf::FurthestAhead };
        let (progress, movement) = (Progress::default(), MovementWatch::of(source.scheme, time));
        self.ffmpeg = Some(RelayProcess {
            child,
            source: source.clone(),
            tracks: tracks.clone(),
            progress,
            movement,
            is_cut_off: false,
        });
        Ok(())
    }

    /// Wakes the rules when they want to be. An alarm that is too early is left alone: it only looks and sets the next.
    fn set_alarm(&mut self, ctx: &mut Context<Self>) {
        let Some(due) = self.relay.next_wake() else { return };
        match self.wake.take() {
            Some((at, handle)) if at <= due => {
                self.wake = Some((at, handle));
                return;
            }
            Some((_, handle)) => {
                ctx.cancel_future(handle);
            }
            None => {}
        }
        let handle = ctx.run_later(due.saturating_sub(self.born.elapsed()), |relay, ctx| {
            relay.wake = None;
            let is_suspended = relay.ffmpeg.as_ref().is_some_and(|ffmpeg| ffmpeg.child.is_suspended());
            relay.happened(if is_suspended { RelayEvent::Suspended } else { RelayEvent::Tick }, ctx);
        });
        self.wake = Some((due, handle));
    }

    fn exited(&mut self, exit: &ProcessExit, ctx: &mut Context<Self>) {
        let Some(ffmpeg) = self.ffmpeg.take() else { return };
        let fault = ffmpeg_fault::explain(
            exit,
            &Attempt {
                source: &ffmpeg.source,
                io_timeout: self.known.setup.io_timeout(),
                pictures: ffmpeg.progress.frame.unwrap_or(0),
                has_publish_login: self.known.setup.login.is_some(),
            },
        );
        let ms = exit.lasted.as_millis() as u64;
        let (camera, pid) = (self.camera(), ffmpeg.child.pid());
        if matches!(self.relay.phase(), RelayPhase::Starting | RelayPhase::Running) {
            log::warn!(camera = camera, pid = pid, ms = ms; "ffmpeg ended ({}): {fault}", exit.ending);
        } else {
            log::info!(camera = camera, pid = pid, ms = ms; "ffmpeg stopped ({})", exit.ending);
        }
        self.runs.ended(match self.relay.phase() {
            RelayPhase::Starting | RelayPhase::Running => Some(fault.clone()),
            RelayPhase::Stalled => self.relay.last_fault().cloned(),
            _ => None,
        });
        self.happened(RelayEvent::Exited(fault), ctx);
    }
}

impl Actor for Restream {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        let changes = stream::unfold(self.assigned.clone(), |mut assigned| async move {
            assigned.changed().await.ok().map(|()| (Reassigned, assigned))
        });
        ctx.add_stream(changes);
        self.tell(RelayTransition::Begun);
        self.path_seen(true, true, ctx);
        self.happened(RelayEvent::Server(self.known.server.clone()), ctx);
    }
}

/// The assignment has changed.
#[derive(Debug)]
struct Reassigned;

impl StreamHandler<Reassigned> for Restream {
    fn handle(&mut self, _: Reassigned, ctx: &mut Self::Context) {
        self.reassigned(ctx);
    }

    fn finished(&mut self, _: &mut Self::Context) {
        // Nobody assigns anything to us any more: a Stop is on its way; actix would stop us without the release.
    }
}

impl StreamHandler<RelayProcessEvent> for Restream {
    fn handle(&mut self, heard: RelayProcessEvent, ctx: &mut Self::Context) {
        match heard {
            RelayProcessEvent::Progress(progress) => {
                let Some(ffmpeg) = &mut self.ffmpeg else { return };
                ffmpeg.progress = progress;
                let observer = ffmpeg.child.observer();
                let said = observer.as_ref().map(|observer| observer.lines()).unwrap_or_default();
                if !self.known.setup.version.counts_copied_pictures() && ffmpeg_fault::is_cut_off(&said) {
                    // Its exit is told as that of one which has ended by itself, as those do that have one output.
                    if !std::mem::replace(&mut ffmpeg.is_cut_off, true) {
                        let ended = ffmpeg.child.end(self.grace);
                        ctx.spawn(ended.into_actor(self).map(|_, _, _| ()));
                    }
                    return;
                }
                let unusable = ffmpeg_fault::unusable(&said, ffmpeg.tracks.shown_as_sent);
                if let Some(fault) = unusable.filter(|_| !progress.end) {
                    log::warn!(camera = self.camera(); "ffmpeg is being stopped: {fault}");
                    self.happened(RelayEvent::Unusable(fault), ctx);
                    return;
                }
                let complaints = observer.map(|observer| observer.complaints()).unwrap_or_default();
                let event = match ffmpeg.movement.judge(progress.counts(complaints), self.born.elapsed()) {
                    Movement::Nothing => return,
                    Movement::SoundOnly => RelayEvent::SoundOnly,
                    Movement::Pictures => RelayEvent::Progress,
                    Movement::ClockJumped => RelayEvent::ClockJumped,
                };
                self.happened(event, ctx);
            }
            RelayProcessEvent::Exited(exit) => self.exited(&exit, ctx),
        }
    }

    fn finished(&mut self, _: &mut Self::Context) {
        // One run has been heard to its end; actix would stop the actor here.
    }
}

impl Supervised for Restream {
    const KIND: &'static str = "restream";

    fn observe(&self) -> Value {
        self.view()
    }

    fn release(&mut self, ctx: &mut Context<Self>, deadline: Instant) -> LocalBoxFuture<'static, ()> {
        // The ladder has three steps; leave time to reap.
        self.known.facts = self.assigned.borrow().facts.clone();
        self.grace = (deadline.saturating_duration_since(Instant::now()) / 4).min(GRACE);
        let ended = self.ffmpeg.as_ref().map(|ffmpeg| ffmpeg.child.ended());
        let probe = self.runs.probe_gone();
        self.happened(RelayEvent::Stop, ctx);
        async move {
            probe.await;
            if let Some(ended) = ended {
                ended.await;
            }
        }
        .boxed_local()
    }
}

supervised!(Restream);
