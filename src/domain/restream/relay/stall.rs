//! ffmpeg lives, and no pictures come, none arrive, or their time is wrong: when that is so, and why.

use std::time::Duration;

use super::Relay;
use crate::domain::camera::{AudioPolicy, SoundState};
use crate::domain::probe::{AudioPlan, FaultKind, ProbeFault};
use crate::domain::restream::{Action, RelayPhase};

/// A camera whose clock has jumped in so many runs in a row, none of which lasted, has no time of its own to go by.
const CLOCK_JUMPS: u32 = 2;

/// Pictures that still come so long after the last byte has arrived are lost on the way.
const PICTURES_LOST: Duration = Duration::from_secs(2);

/// So long pictures may come before the first byte arrives. MediaMTX passes nothing on before the first key frame
/// (gortsplib v5.6.4, `rtptime.GlobalDecoder`), and cameras that save bandwidth send one in 10 to 20 s.
const FIRST_KEY_FRAME: Duration = Duration::from_secs(30);

/// How ffmpeg is started, besides what the tracks and the row ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Manner {
    /// False when sound that has to be converted did not come: ffmpeg would wait for it before it publishes anything.
    pub with_sound: bool,
    /// False when the camera's own timestamps cannot be used: the time of arrival is taken.
    pub camera_clock: bool,
}

impl Default for Manner {
    fn default() -> Self {
        Self { with_sound: true, camera_clock: true }
    }
}

impl Relay {
    /// What becomes of the sound. `at_path`: whether the server's path has a sound track, `comes`: whether anything came of
    /// it, as far as anybody knows.
    pub fn sound(&self, at_path: Option<bool>, comes: Option<bool>) -> Option<SoundState> {
        let named = self.tracks.as_ref().map(|tracks| tracks.audio.is_some());
        match at_path.or(named) {
            _ if self.phase != RelayPhase::Running => None,
            _ if self.audio == AudioPolicy::None => Some(SoundState::Off),
            _ if !self.manner.with_sound => Some(SoundState::Silent),
            Some(true) if comes == Some(false) => Some(SoundState::Silent),
            Some(true) => Some(SoundState::Carried),
            Some(false) => Some(SoundState::Missing),
            None => None,
        }
    }

    pub(super) fn on_sound_only(&mut self, now: Duration) -> Vec<Action> {
        if matches!(self.phase, RelayPhase::Starting | RelayPhase::Running) {
            self.sound_at = Some(now);
        }
        Vec::new()
    }

    /// Readers of the path get nonsense for as long as the jump was; a start heals it at once.
    pub(super) fn on_clock_jumped(&mut self, now: Duration) -> Vec<Action> {
        if !matches!(self.phase, RelayPhase::Starting | RelayPhase::Running) || !self.manner.camera_clock {
            return Vec::new();
        }
        let ran = self.running_since.map_or(Duration::ZERO, |since| now.saturating_sub(since));
        self.clock_jumps = if ran >= self.rules.restart.settled_after { 1 } else { self.clock_jumps + 1 };
        let remedy = if self.clock_jumps >= CLOCK_JUMPS {
            self.manner.camera_clock = false;
            "it did so before, so its pictures get the time of their arrival from now on; set its clock (NTP)"
        } else {
            "the relay is started again; if this goes on, look at how the camera sets its clock (NTP)"
        };
        self.end_stalled(ProbeFault::new(FaultKind::ClockJumped, format!("the camera's clock jumped; {remedy}")))
    }

    /// It moves and is of no use: it is ended as if nothing moved, and what was known of the source is forgotten.
    pub(super) fn on_unusable(&mut self, fault: ProbeFault) -> Vec<Action> {
        if !matches!(self.phase, RelayPhase::Starting | RelayPhase::Running) {
            return Vec::new();
        }
        self.tracks = None;
        self.last_fault = Some(fault);
        self.phase = RelayPhase::Stalled;
        vec![Action::End]
    }

    pub(super) fn on_arriving(&mut self, arriving: Option<bool>, now: Duration) -> Vec<Action> {
        self.arriving = arriving;
        self.dry_since = match arriving {
            Some(false) => Some(self.dry_since.unwrap_or(now)),
            _ => None,
        };
        self.judge_running(now);
        Vec::new()
    }

    pub(super) fn stalled_at(&self) -> Duration {
        let stall = self.rules.stall_timeout;
        match (self.moved_at, self.phase == RelayPhase::Running, self.dry_since) {
            (None, ..) => self.started_at + self.rules.start_timeout,
            (Some(moved), _, Some(dry)) if !self.arrived => {
                (moved + stall).min(dry + self.rules.start_timeout.max(FIRST_KEY_FRAME))
            }
            (Some(moved), true, Some(dry)) => (moved + stall).min(dry + stall),
            (Some(moved), false, Some(dry)) => (moved + stall).min(dry + self.rules.start_timeout),
            (Some(moved), _, None) => moved + stall,
        }
    }

    /// Nothing of the camera is known then: whoever is suspended hears nothing.
    pub(super) fn on_suspended(&mut self, now: Duration) -> Vec<Action> {
        if !matches!(self.phase, RelayPhase::Starting | RelayPhase::Running) || now < self.stalled_at() {
            return self.on_tick(now);
        }
        let text = "ffmpeg was suspended by somebody (SIGSTOP, a debugger), so nothing came; it is started again. If this \
                    goes on, find out who does so on this host";
        self.end_stalled(ProbeFault::new(FaultKind::Program, text))
    }

    /// The time of [`Relay::stalled_at`] has come.
    pub(super) fn stalled(&mut self, now: Duration) -> Vec<Action> {
        let stall = self.rules.stall_timeout;
        let waited = now.saturating_sub(self.moved_at.unwrap_or(self.started_at));
        let for_s = waited.as_secs();
        let sound = self.sound_at.is_some_and(|at| now.saturating_sub(at) < stall);
        let begun = self.moved_at.is_some();
        let fault = if begun && waited < stall {
            self.nothing_arrives()
        } else if sound && !begun {
            // The first picture may be on its way: of the video nothing is known but that none is complete.
            let text = format!(
                "timeout: no picture within {for_s} s of the start, though sound came; it is started again. If this goes on, \
                 restart the camera, or look at its video settings and at the way to it"
            );
            ProbeFault::new(FaultKind::Silent, text)
        } else if sound {
            let text = format!(
                "the camera sends sound and no video (for {for_s} s); it is started again. If this goes on, restart the \
                 camera or look at its video settings"
            );
            ProbeFault::new(FaultKind::Silent, text)
        } else if !begun && self.manner.with_sound && self.converts_sound() {
            self.manner.with_sound = false;
            let text = format!(
                "nothing came within {for_s} s of the start; the sound has to be converted and perhaps does not come, so \
                 the camera is tried without it. Switch its microphone on and restart it here, or set audio to none"
            );
            return self.end_stalled(ProbeFault::new(FaultKind::SoundMissing, text));
        } else {
            let words = if begun { format!("for {for_s} s") } else { format!("within {for_s} s of the start") };
            let text = format!(
                "nothing came {words} though ffmpeg lives; it is started again. If this goes on, look at the camera"
            );
            ProbeFault::new(FaultKind::Silent, text)
        };
        if !begun {
            // It was not the sound, or not the sound alone.
            self.manner = Manner { with_sound: true, ..self.manner };
        }
        self.end_stalled(fault)
    }

    fn end_stalled(&mut self, fault: ProbeFault) -> Vec<Action> {
        self.last_fault = Some(fault);
        self.phase = RelayPhase::Stalled;
        vec![Action::End]
    }

    /// ffmpeg waits for converted sound before it publishes anything.
    fn converts_sound(&self) -> bool {
        let tracks = self.tracks.as_ref().filter(|tracks| tracks.audio.is_some());
        tracks.is_some_and(|tracks| tracks.audio_plan(self.audio) == AudioPlan::Aac)
    }

    fn nothing_arrives(&self) -> ProbeFault {
        let text = "ffmpeg gets pictures of the camera, and none of them arrives at the media server; ffmpeg's log of the \
                    camera says why (a video format that RTSP cannot carry), its key frames are more than half a minute apart, \
                    or look at the media server";
        ProbeFault::new(FaultKind::PublishRefused, text)
    }

    /// A server cuts off whoever sends nothing, and ffmpeg knows no more than that it was cut off.
    pub(super) fn truth_of(&self, fault: ProbeFault) -> ProbeFault {
        let lost = match (self.moved_at, self.dry_since) {
            (Some(moved), Some(dry)) => moved >= dry + PICTURES_LOST,
            _ => false,
        };
        if lost && fault.kind == FaultKind::PublishRefused { self.nothing_arrives() } else { fault }
    }
}
