//! How a relay looks from outside: its state in the live store, in the log and in the tree.

use std::time::Duration;

use actix::{AsyncContext, Context};
use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::Restream;
use crate::actors::incidents::now;
use crate::adapters::live::Change;
use crate::base::tally::{Tallies, Tally};
use crate::domain::camera::{CameraState, CameraStatus};
use crate::domain::incident::{RelayTransition, RelayUpdate};
use crate::domain::probe::FaultKind;
use crate::domain::restream::RelayPhase;

/// How often a relay of this process began to deliver.
pub static RELAYS_BEGUN: Tally = Tally::new();
/// How often one failed, by the word of the fault.
pub static FAILED_RELAYS: Tallies = Tallies::new();

impl Restream {
    pub(super) fn note_state(&mut self) {
        let state = self.relay.phase().state();
        if state == self.state {
            return;
        }
        let unseen = self.state == CameraState::Running && *self.relay.phase() == RelayPhase::Starting;
        let transition = if unseen { RelayTransition::Unseen } else { RelayTransition::None };
        let down_since = self.down.since();
        (self.state, self.since) = (state, Utc::now());
        self.down.note(state, self.since);
        self.tell(transition);
        self.count(state);
        let is_change = self.degraded.is_change(state);
        match state {
            CameraState::Running => {
                let server = self.known.setup.server.as_str();
                match down_since {
                    Some(then) => {
                        let down = (self.since - then).num_seconds();
                        log::info!(camera = self.camera(), server = server; "relay recovered after {down} s")
                    }
                    None => log::info!(camera = self.camera(), server = server; "relay started"),
                }
            }
            CameraState::Stalled => {
                let reason = self.relay.last_error().unwrap_or_default();
                log::warn!(camera = self.camera(); "stalled: {reason}");
            }
            CameraState::Held => {
                let reason = self.relay.last_error().unwrap_or_default();
                log::error!(camera = self.camera(); "held: {reason}");
            }
            CameraState::Degraded if is_change => log::error!(
                camera = self.camera(), restarts = self.relay.restarts(); "degraded: failed too often; retried once a minute from now on"
            ),
            _ => {}
        }
    }

    /// For `/metrics`.
    fn count(&self, state: CameraState) {
        match state {
            CameraState::Running => RELAYS_BEGUN.add(),
            CameraState::Backoff | CameraState::Degraded => {
                let kind = self.relay.last_fault().map_or(FaultKind::Other, |fault| fault.kind);
                FAILED_RELAYS.of(json!(kind).as_str().unwrap_or_default()).add();
            }
            _ => {}
        }
    }

    /// Tells what has happened, which may be an incident.
    pub(super) fn tell(&self, transition: RelayTransition) {
        let cause = match transition {
            RelayTransition::Unseen => Some("ffmpeg sends, but the media server shows no stream of it; if this goes on, look at the media server's log".to_owned()),
            RelayTransition::None | RelayTransition::Begun => self.relay.last_error().map(str::to_owned),
        };
        let update = RelayUpdate {
            state: self.state,
            fault: self.relay.last_fault().map(|fault| fault.kind),
            cause: cause.unwrap_or_default(),
            transition,
            at: now(),
        };
        // The newest id, also before the rest of the assignment is taken up.
        let id = self.assigned.borrow().facts.id;
        self.links.incidents.hear(id, update);
    }

    /// Nobody has heard of our new id yet, and what was asked for under the old one is another camera's.
    pub(super) fn renumbered(&mut self, old: i64, ctx: &mut Context<Self>) {
        self.tell(RelayTransition::None);
        if let Some(asking) = self.asking.take() {
            ctx.cancel_future(asking);
            self.links.cancel_permit(old);
            self.acquire_permit(ctx);
        }
    }

    fn status(&self) -> CameraStatus {
        let in_future = |due: Duration| Utc::now() + due.saturating_sub(self.born.elapsed());
        CameraStatus {
            down_since: self.down.since(),
            restarts: self.relay.restarts(),
            last_error: self.relay.last_error().map(str::to_owned),
            fault: self.relay.last_fault().map(|fault| fault.kind),
            next_start: self.relay.next_start().map(in_future),
            sound: self.relay.sound(self.known.at_path.sound, self.sound_comes),
            ..self.known.facts.status(&self.known.setup.server, self.state, self.since)
        }
    }

    /// Whether this status is the present one, for sure.
    fn is_still(&self, told: &CameraStatus) -> bool {
        told.state == self.state
            && told.since == self.since
            && told.down_since == self.down.since()
            && told.restarts == self.relay.restarts()
            && told.last_error.as_deref() == self.relay.last_error()
            && told.fault == self.relay.last_fault().map(|fault| fault.kind)
            && told.next_start.is_none()
            && self.relay.next_start().is_none()
            && told.sound == self.relay.sound(self.known.at_path.sound, self.sound_comes)
            && told.server == self.known.setup.server
            && self.known.facts.are_in(told)
    }

    /// Tells everybody the newest status, when something about it is new.
    pub(super) fn publish(&mut self) {
        // Its id is another camera's, or nobody's, from now on: the new one is published when it is taken up.
        if self.assigned.borrow().facts.id != self.known.facts.id {
            return;
        }
        // At each step of each relay, once a second: nearly always there is nothing new.
        if self.published.as_ref().is_some_and(|before| self.is_still(before)) {
            return;
        }
        let mut status = self.status();
        if let Some(before) = &self.published {
            // The time of the next try is computed anew each time; a difference of moments is none.
            if same_moment(before.next_start, status.next_start) {
                status.next_start = before.next_start;
            }
            if *before == status {
                return;
            }
        }
        self.published = Some(status.clone());
        self.publisher.tell([Change::Camera(status)]);
    }

    /// What the tree shows of it.
    pub(super) fn view(&self) -> Value {
        let ffmpeg = self.ffmpeg.as_ref();
        json!({
            "camera": self.camera(),
            "state": self.state,
            "since": self.since,
            "pid": ffmpeg.map(|ffmpeg| ffmpeg.child.pid()),
            "source": self.known.source.shown,
            "frames": ffmpeg.and_then(|ffmpeg| ffmpeg.progress.frame),
            "speed": ffmpeg.and_then(|ffmpeg| ffmpeg.progress.speed),
            "restarts": self.relay.restarts(),
            "lastError": self.relay.last_error(),
        })
    }
}

fn same_moment(one: Option<DateTime<Utc>>, other: Option<DateTime<Utc>>) -> bool {
    match (one, other) {
        (Some(one), Some(other)) => (one - other).num_milliseconds().abs() < 500,
        (one, other) => one == other,
    }
}
