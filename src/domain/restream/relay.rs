//! The rules themselves: one function per event.

mod stall;
mod start_permit;

pub use stall::Manner;

use std::time::Duration;

use super::claim::Claim;
use super::{Action, PathView, RelayEvent, RelayPhase, RelayRules};
use crate::domain::camera::AudioPolicy;
use crate::domain::probe::{FaultKind, ProbeFault, Tracks};
use crate::domain::restart::RestartHistory;

/// A path that may still be held by what is left of us is asked about again after this time; that costs no turn.
const UNCLEAR_WAIT: Duration = Duration::from_millis(250);

/// A taken path is asked about so often, besides what its poller says.
const HELD_RETRY: Duration = Duration::from_secs(10);

/// A remembered probe is believed for so many failed runs in a row; then the source is looked at again.
const PROBE_LASTS: u32 = 3;

/// Longest wait after the first failure of a relay that was running: until its row was read again, and no longer than this.
const FIRST_WAIT: Duration = Duration::from_millis(100);

/// One relay.
#[derive(Clone, Debug)]
pub struct Relay {
    rules: RelayRules,
    phase: RelayPhase,
    server: Result<(), String>,
    path: PathView,
    claim: Claim,
    /// Somebody wants the path whoever has it.
    forced: bool,
    history: RestartHistory,
    /// What the last probe found, and how many runs have failed on it since one reached the server.
    tracks: Option<Tracks>,
    failed_runs: u32,
    last_fault: Option<ProbeFault>,
    /// Backoff and Degraded: when to try again.
    retry_at: Duration,
    /// Backoff: once the row was read there is nothing more to wait for.
    waits_for_row: bool,
    /// No try before this, not even when the server comes back.
    not_before: Duration,
    /// ffmpeg: when it was started, when a picture and when sound without pictures last came, since when nothing arrives
    /// at the path, since when it has been running.
    started_at: Duration,
    moved_at: Option<Duration>,
    sound_at: Option<Duration>,
    dry_since: Option<Duration>,
    running_since: Option<Duration>,
    /// Whether bytes arrive at our path; `None` when nobody knows. Whether any have in this run.
    arriving: Option<bool>,
    arrived: bool,
    /// What the row says about sound.
    audio: AudioPolicy,
    manner: Manner,
    /// Runs in a row that were ended because the camera's clock jumped.
    clock_jumps: u32,
}

impl Relay {
    /// A relay that has done nothing yet; the first event that counts is [`RelayEvent::Server`].
    pub fn new(rules: RelayRules) -> Self {
        Self {
            rules,
            phase: RelayPhase::WaitingForServer,
            server: Err("nothing is known of the media server yet".into()),
            path: PathView::Unknown,
            claim: Claim::default(),
            forced: false,
            history: RestartHistory::default(),
            tracks: None,
            failed_runs: 0,
            last_fault: None,
            retry_at: Duration::ZERO,
            waits_for_row: false,
            not_before: Duration::ZERO,
            started_at: Duration::ZERO,
            moved_at: None,
            sound_at: None,
            dry_since: None,
            running_since: None,
            arriving: None,
            arrived: false,
            audio: AudioPolicy::default(),
            manner: Manner::default(),
            clock_jumps: 0,
        }
    }

    /// What the row says about sound, from the next start on.
    pub fn set_audio(&mut self, audio: AudioPolicy) {
        self.audio = audio;
    }

    /// How ffmpeg is to be started.
    pub fn manner(&self) -> Manner {
        self.manner
    }

    /// Other numbers from now on, also for the run that goes on.
    pub fn set_rules(&mut self, rules: RelayRules) {
        self.rules = rules;
    }

    /// What an earlier look at the source found: it is believed as if it had been found just now.
    pub fn remember(&mut self, tracks: Tracks) {
        self.tracks = Some(tracks);
        self.failed_runs = 0;
    }

    /// Where it stands.
    pub fn phase(&self) -> &RelayPhase {
        &self.phase
    }

    /// Ends of ffmpeg or failed tries so far.
    pub fn restarts(&self) -> u32 {
        self.history.total()
    }

    /// Why it is not running, or why it last failed; without secrets.
    pub fn last_error(&self) -> Option<&str> {
        match (&self.phase, &self.server) {
            (RelayPhase::WaitingForServer, Err(reason)) => Some(reason),
            _ => self.last_fault.as_ref().map(|fault| fault.message.as_str()),
        }
    }

    /// What its last failure was.
    pub fn last_fault(&self) -> Option<&ProbeFault> {
        self.last_fault.as_ref()
    }

    /// When the next try begins.
    pub fn next_start(&self) -> Option<Duration> {
        matches!(self.phase, RelayPhase::Backoff | RelayPhase::Degraded).then_some(self.retry_at)
    }

    /// When [`RelayEvent::Tick`] is due at the latest.
    pub fn next_wake(&self) -> Option<Duration> {
        match self.phase {
            RelayPhase::Backoff | RelayPhase::Degraded | RelayPhase::Clearing | RelayPhase::Held => Some(self.retry_at),
            RelayPhase::Starting | RelayPhase::Running => Some(self.stalled_at()),
            _ => None,
        }
    }

    /// Takes an event at `now`; `jitter` is uniform in `0.0..=1.0`. What does not fit the phase is ignored: it is late.
    pub fn step(&mut self, event: RelayEvent, now: Duration, jitter: f64) -> Vec<Action> {
        match event {
            RelayEvent::Server(server) => self.on_server(server, now),
            RelayEvent::Standby => self.on_standby(),
            RelayEvent::Path(path) => self.on_path(path, now),
            RelayEvent::StartPermit(path) => self.on_permit(&path, now),
            RelayEvent::Asked(path) => self.on_asked(&path, now),
            RelayEvent::Probed(result) => self.on_probed(result, now, jitter),
            RelayEvent::SourceAnswers(tracks) => self.on_source_answers(tracks, now),
            RelayEvent::Started(result) => self.on_started(result, now, jitter),
            RelayEvent::Progress => self.on_progress(now),
            RelayEvent::Unusable(fault) => self.on_unusable(fault),
            RelayEvent::SoundOnly => self.on_sound_only(now),
            RelayEvent::ClockJumped => self.on_clock_jumped(now),
            RelayEvent::Arriving(arriving) => self.on_arriving(arriving, now),
            RelayEvent::Exited(fault) => self.on_exited(fault, now, jitter),
            RelayEvent::Row { changed } => self.on_row(changed, now),
            RelayEvent::Restart => {
                self.forced = true;
                self.manner.with_sound = true;
                self.start_afresh(now)
            }
            RelayEvent::Stop => self.on_stop(),
            RelayEvent::Tick => self.on_tick(now),
            RelayEvent::Suspended => self.on_suspended(now),
        }
    }

    fn on_server(&mut self, server: Result<(), String>, now: Duration) -> Vec<Action> {
        self.server = server;
        match (&self.phase, &self.server) {
            (RelayPhase::WaitingForServer, Ok(())) => self.try_again(now),
            // Waiting for a time makes no sense while the server is away: its return is what to wait for.
            (RelayPhase::Backoff | RelayPhase::Degraded | RelayPhase::Clearing | RelayPhase::Held, Err(_)) => {
                self.phase = RelayPhase::WaitingForServer;
                Vec::new()
            }
            (RelayPhase::WaitingForPermit, Err(_)) => {
                self.phase = RelayPhase::WaitingForServer;
                vec![Action::CancelPermit]
            }
            // Probes and running ffmpegs find out by themselves: the API may be down and the media fine.
            _ => Vec::new(),
        }
    }

    fn on_path(&mut self, path: PathView, now: Duration) -> Vec<Action> {
        self.path = path;
        self.judge_running(now);
        let path = self.path.clone();
        self.on_seen(&path, now)
    }

    /// Somebody has looked, and the source is well: no reason to wait any longer.
    fn on_source_answers(&mut self, tracks: Tracks, now: Duration) -> Vec<Action> {
        self.manner.with_sound = true;
        match self.phase {
            // Its own look says the same in a moment.
            RelayPhase::Probing | RelayPhase::Stopping | RelayPhase::Ended => Vec::new(),
            RelayPhase::Backoff | RelayPhase::Degraded => {
                self.remember(tracks);
                self.start_afresh(now)
            }
            _ => {
                self.remember(tracks);
                Vec::new()
            }
        }
    }

    fn on_started(&mut self, result: Result<(), ProbeFault>, now: Duration, jitter: f64) -> Vec<Action> {
        match (&self.phase, result) {
            (RelayPhase::Starting, Err(fault)) => self.failed(fault, now, jitter),
            (RelayPhase::Restarting, Err(_)) => self.try_again(now),
            (RelayPhase::Stopping, Err(_)) => {
                self.phase = RelayPhase::Ended;
                Vec::new()
            }
            _ => Vec::new(),
        }
    }

    fn start(&mut self, tracks: Tracks, now: Duration) -> Vec<Action> {
        self.phase = RelayPhase::Starting;
        self.claim.started(&self.path);
        self.forced = false;
        self.started_at = now;
        (self.moved_at, self.sound_at, self.running_since, self.arrived) = (None, None, None, false);
        self.dry_since = (self.arriving == Some(false)).then_some(now);
        vec![Action::Start(tracks)]
    }

    fn on_progress(&mut self, now: Duration) -> Vec<Action> {
        if matches!(self.phase, RelayPhase::Starting | RelayPhase::Running) {
            self.moved_at = Some(now);
            self.judge_running(now);
        }
        Vec::new()
    }

    /// Running is: a picture has come, and the server does not say that the stream is missing, another's, or brings nothing.
    fn judge_running(&mut self, now: Duration) {
        if !matches!(self.phase, RelayPhase::Starting | RelayPhase::Running) {
            return;
        }
        let sends = self.moved_at.is_some();
        self.arrived |= sends && self.arriving == Some(true);
        let runs = self.claim.is_ours(&self.path, sends, now) && sends;
        match self.phase {
            RelayPhase::Starting if runs && self.arriving != Some(false) => {
                self.phase = RelayPhase::Running;
                self.running_since.get_or_insert(now);
                self.failed_runs = 0;
            }
            RelayPhase::Running if !runs => self.phase = RelayPhase::Starting,
            // Nobody knew at first.
            RelayPhase::Running if self.arriving == Some(false) && !self.arrived => {
                (self.phase, self.running_since) = (RelayPhase::Starting, None);
            }
            _ => {}
        }
    }

    fn on_exited(&mut self, fault: ProbeFault, now: Duration, jitter: f64) -> Vec<Action> {
        self.claim.ended(now);
        let fault = self.truth_of(fault);
        match self.phase {
            // Told to end because nothing moved: that is the reason, not what ffmpeg says of being ended.
            RelayPhase::Stalled => {
                let fault = self.last_fault.clone().unwrap_or(fault);
                self.failed(fault, now, jitter)
            }
            RelayPhase::Starting | RelayPhase::Running => self.failed(fault, now, jitter),
            RelayPhase::Restarting => self.try_again(now),
            RelayPhase::Stopping => {
                self.phase = RelayPhase::Ended;
                Vec::new()
            }
            _ => Vec::new(),
        }
    }

    /// A probe or a run has failed, and no process is left.
    fn failed(&mut self, fault: ProbeFault, now: Duration, jitter: f64) -> Vec<Action> {
        let ran = self.running_since.take().map_or(Duration::ZERO, |since| now.saturating_sub(since));
        let retry = self.history.ended(&self.rules.restart, now, ran, jitter);
        // One bad moment of a camera that was fine costs its viewers no more than the start itself. Not when the server
        // refused or went: that happens to all relays together.
        let first = ran > Duration::ZERO && self.history.failures() == 1 && fault.kind != FaultKind::PublishRefused
            || fault.kind == FaultKind::SoundMissing;
        self.retry_at = now + if first { retry.after.min(FIRST_WAIT) } else { retry.after };
        self.waits_for_row = first;
        if fault.kind == FaultKind::Unauthorized {
            self.not_before = now + self.rules.login_pause;
            self.retry_at = self.retry_at.max(self.not_before);
        }
        if fault.kind.may_be_the_tracks() {
            self.failed_runs += 1;
        }
        if self.failed_runs >= PROBE_LASTS || matches!(fault.kind, FaultKind::NoVideo | FaultKind::CodecUnsupported) {
            self.tracks = None;
        }
        self.last_fault = Some(fault);
        self.moved_at = None;
        self.phase = match (&self.server, retry.degraded) {
            (Err(_), _) => RelayPhase::WaitingForServer,
            (Ok(()), true) => RelayPhase::Degraded,
            (Ok(()), false) => RelayPhase::Backoff,
        };
        vec![Action::ReadRow]
    }

    fn on_row(&mut self, changed: bool, now: Duration) -> Vec<Action> {
        if matches!(self.phase, RelayPhase::Stopping | RelayPhase::Ended) {
            return Vec::new();
        }
        if !changed {
            let goes_on = std::mem::take(&mut self.waits_for_row) && self.phase == RelayPhase::Backoff;
            return if goes_on { self.try_again(now) } else { Vec::new() };
        }
        // Another source: nothing that was learnt of the old one counts.
        self.tracks = None;
        (self.manner, self.clock_jumps) = (Manner::default(), 0);
        self.history = RestartHistory::default();
        self.last_fault = None;
        if self.phase == RelayPhase::WaitingForPermit {
            // The turn it waits for may be one of another host's.
            self.not_before = now;
            return vec![Action::CancelPermit, Action::AcquirePermit];
        }
        self.start_afresh(now)
    }

    /// Ends what runs, and starts at once.
    fn start_afresh(&mut self, now: Duration) -> Vec<Action> {
        self.not_before = now;
        match self.phase {
            RelayPhase::Starting | RelayPhase::Running | RelayPhase::Stalled => self.end_for_restart(),
            RelayPhase::Probing => {
                let mut actions = vec![Action::CancelProbe];
                actions.extend(self.try_again(now));
                actions
            }
            RelayPhase::Backoff
            | RelayPhase::Degraded
            | RelayPhase::Clearing
            | RelayPhase::Held
            | RelayPhase::WaitingForServer => self.try_again(now),
            RelayPhase::WaitingForPermit | RelayPhase::Restarting | RelayPhase::Stopping | RelayPhase::Ended => {
                Vec::new()
            }
        }
    }

    fn on_stop(&mut self) -> Vec<Action> {
        let (phase, actions) = match self.phase {
            RelayPhase::Starting | RelayPhase::Running => (RelayPhase::Stopping, vec![Action::End]),
            RelayPhase::Stalled | RelayPhase::Restarting | RelayPhase::Stopping => (RelayPhase::Stopping, Vec::new()),
            RelayPhase::Probing => (RelayPhase::Ended, vec![Action::CancelProbe]),
            RelayPhase::WaitingForPermit => (RelayPhase::Ended, vec![Action::CancelPermit]),
            RelayPhase::WaitingForServer
            | RelayPhase::Backoff
            | RelayPhase::Degraded
            | RelayPhase::Clearing
            | RelayPhase::Held
            | RelayPhase::Ended => (RelayPhase::Ended, Vec::new()),
        };
        self.phase = phase;
        actions
    }

    fn on_tick(&mut self, now: Duration) -> Vec<Action> {
        match self.phase {
            RelayPhase::Backoff | RelayPhase::Degraded if now >= self.retry_at => self.try_again(now),
            RelayPhase::Clearing | RelayPhase::Held if now >= self.retry_at => {
                self.retry_at = now + if self.phase == RelayPhase::Held { HELD_RETRY } else { UNCLEAR_WAIT };
                vec![Action::AskPath]
            }
            RelayPhase::Starting | RelayPhase::Running if now >= self.stalled_at() => self.stalled(now),
            _ => Vec::new(),
        }
    }
}
