//! Before a start: the server must answer, the lock-out be over, the budget have a turn, and nobody else have the path.

use std::time::Duration;

use super::{HELD_RETRY, Relay, UNCLEAR_WAIT};
use crate::domain::probe::{FaultKind, ProbeFault, Tracks};
use crate::domain::restream::claim::Before;
use crate::domain::restream::{Action, PathPublisher, PathView, RelayPhase};

impl Relay {
    /// A held path is tried again when it is free; one that may have what is left of us when that is gone.
    pub(super) fn on_asked(&mut self, path: &PathView, now: Duration) -> Vec<Action> {
        match self.phase {
            RelayPhase::Held => return self.on_seen(path, now),
            RelayPhase::Clearing => {}
            _ => return Vec::new(),
        }
        match self.claim.before(path, now) {
            Before::Free => self.try_again(now),
            Before::Unclear => Vec::new(),
            Before::Taken(publisher) => {
                self.hold(&publisher, now);
                Vec::new()
            }
        }
    }

    /// What the server's poller says may be seconds old: it ends a hold, and begins none.
    pub(super) fn on_seen(&mut self, path: &PathView, now: Duration) -> Vec<Action> {
        match path {
            PathView::Missing | PathView::Available(None) if self.phase == RelayPhase::Held => self.try_again(now),
            _ => Vec::new(),
        }
    }

    pub(super) fn on_permit(&mut self, path: &PathView, now: Duration) -> Vec<Action> {
        if self.phase != RelayPhase::WaitingForPermit {
            return Vec::new();
        }
        if !self.may_take(path, now) {
            return Vec::new();
        }
        match self.tracks.clone() {
            Some(tracks) => self.start(tracks, now),
            None => {
                self.phase = RelayPhase::Probing;
                vec![Action::Probe]
            }
        }
    }

    /// A probe takes seconds, in which somebody may have begun to publish.
    pub(super) fn on_probed(
        &mut self,
        result: Result<(Tracks, PathView), ProbeFault>,
        now: Duration,
        jitter: f64,
    ) -> Vec<Action> {
        if self.phase != RelayPhase::Probing {
            return Vec::new();
        }
        match result {
            Ok((tracks, path)) => {
                self.remember(tracks.clone());
                if self.may_take(&path, now) { self.start(tracks, now) } else { Vec::new() }
            }
            Err(fault) => self.failed(fault, now, jitter),
        }
    }

    /// Whether a start now would push nobody aside, or somebody wants that. Otherwise it waits from now on.
    pub(super) fn may_take(&mut self, path: &PathView, now: Duration) -> bool {
        match self.claim.before(path, now) {
            _ if self.forced => return true,
            Before::Free => return true,
            Before::Unclear => (self.phase, self.retry_at) = (RelayPhase::Clearing, now + UNCLEAR_WAIT),
            Before::Taken(publisher) => self.hold(&publisher, now),
        }
        false
    }

    /// Waits until the path is free. Trying on would push the other aside, who may do the same to us for ever.
    fn hold(&mut self, publisher: &PathPublisher, now: Duration) {
        let words = format!(
            "another publisher has the path ({publisher}); end it and the camera goes on by itself, or restart the camera \
             to take the path"
        );
        self.last_fault = Some(ProbeFault::new(FaultKind::PublishRefused, words));
        (self.phase, self.retry_at) = (RelayPhase::Held, now + HELD_RETRY);
    }

    /// Whatever runs ends; what waits has been told by the server's state.
    pub(super) fn on_standby(&mut self) -> Vec<Action> {
        match self.phase {
            RelayPhase::Starting | RelayPhase::Running | RelayPhase::Stalled => self.end_for_restart(),
            RelayPhase::Probing => {
                self.phase = RelayPhase::WaitingForServer;
                vec![Action::CancelProbe]
            }
            _ => Vec::new(),
        }
    }

    /// What runs ends, unless it is being ended already; then it starts anew.
    pub(super) fn end_for_restart(&mut self) -> Vec<Action> {
        let is_ending = self.phase == RelayPhase::Stalled;
        self.phase = RelayPhase::Restarting;
        if is_ending { Vec::new() } else { vec![Action::End] }
    }

    /// Nothing runs; get going as far as server, lock-out and budget allow.
    pub(super) fn try_again(&mut self, now: Duration) -> Vec<Action> {
        if self.server.is_err() {
            self.phase = RelayPhase::WaitingForServer;
            return Vec::new();
        }
        if now < self.not_before {
            self.phase = RelayPhase::Backoff;
            self.retry_at = self.not_before;
            return Vec::new();
        }
        self.phase = RelayPhase::WaitingForPermit;
        vec![Action::AcquirePermit]
    }
}
