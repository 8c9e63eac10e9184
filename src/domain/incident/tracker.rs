//! What happens to a camera's relay, told as incidents: which are open, since when, and why.
//!
//! * Down: from the first failure until it runs again, however short that was.
//! * Stalled: from the moment it made no progress until it runs again, or fails in another way.
//! * Degraded: besides down, while it is tried at the longest interval only.
//! * Somebody else publishes: instead of down.
//!
//! A media server that goes takes all relays with it, and each of them notices before anybody knows why. So a failure of
//! publishing opens nothing until it is known whether the server answers: if not, its own incident tells it all.

use std::time::Duration;

use super::IncidentKind;
use crate::domain::camera::CameraState;
use crate::domain::moment::Moment;
use crate::domain::probe::FaultKind;

/// A failure of publishing to a server that is said to answer is the camera's own when that is still said after this
/// time: a poll comes every 2 s, and takes a moment.
const GRACE: Duration = Duration::from_secs(5);

/// RelayUpdate of a relay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RelayUpdate {
    /// Where it stands now.
    pub state: CameraState,
    /// What its last failure was.
    pub fault: Option<FaultKind>,
    /// In words, without secrets.
    pub cause: String,
    /// What the state alone does not say.
    pub transition: RelayTransition,
    /// When.
    pub at: Moment,
}

/// What the state alone does not say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RelayTransition {
    /// Nothing.
    #[default]
    None,
    /// The relay was built just now.
    Begun,
    /// ffmpeg sends, and the server does not show the stream any more.
    Unseen,
}

/// Whether the media server answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ServerObservation {
    /// It does.
    Up,
    /// Nobody can tell yet.
    Doubtful,
    /// It does not.
    Down,
}

/// What follows for the camera's incidents.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IncidentDecision {
    /// It goes wrong since then; nothing new when it does already.
    Raise(IncidentKind, String, Moment),
    /// It goes well again.
    Clear(IncidentKind, Moment),
}

/// What is remembered of one camera.
#[derive(Clone, Debug, Default)]
pub struct IncidentTracker {
    state: Option<CameraState>,
    /// Perhaps the server's fault and not the camera's.
    pending: Option<(String, Moment)>,
    /// What is pending is only that nobody sees the stream: a failure that follows says why.
    unseen: bool,
}

impl IncidentTracker {
    /// Whether it runs.
    pub fn runs(&self) -> bool {
        self.state == Some(CameraState::Running)
    }

    /// Whether [`IncidentTracker::decide`] has something to decide.
    pub fn is_pending(&self) -> bool {
        self.pending.is_some()
    }

    /// Takes update.
    #[must_use]
    pub fn observe(&mut self, update: RelayUpdate) -> Vec<IncidentDecision> {
        use IncidentKind::{CameraDegraded, CameraDown, CameraStalled, OtherPublisher};
        let before = self.state.replace(update.state);
        let RelayUpdate { state, fault, cause, transition, at } = update;
        match state {
            CameraState::Running => {
                // It was the camera's own trouble, and is over.
                let mut told: Vec<IncidentDecision> = self.confirm(CameraDown).into_iter().collect();
                told.extend(clear(&[CameraDown, CameraStalled, CameraDegraded, OtherPublisher], at));
                told
            }
            CameraState::Held => {
                self.unseen = false;
                let (_, since) = self.pending.take().unwrap_or((String::new(), at));
                let mut told = vec![IncidentDecision::Raise(OtherPublisher, cause, since)];
                told.extend(clear(&[CameraDown, CameraStalled, CameraDegraded], at));
                told
            }
            CameraState::Stalled => {
                let mut told: Vec<IncidentDecision> = self.confirm(CameraDown).into_iter().collect();
                told.push(IncidentDecision::Raise(CameraStalled, cause, at));
                told
            }
            // The end of a stall: that tracker goes on.
            CameraState::Backoff if before == Some(CameraState::Stalled) => Vec::new(),
            CameraState::Backoff if fault == Some(FaultKind::PublishRefused) => {
                self.explain(&cause);
                self.pending.get_or_insert((cause, at));
                Vec::new()
            }
            CameraState::Backoff | CameraState::Degraded => {
                let stalled = before == Some(CameraState::Stalled);
                let mut told = Vec::new();
                if !stalled {
                    self.explain(&cause);
                    let (why, since) = self.pending.take().unwrap_or_else(|| (cause.clone(), at));
                    told.push(IncidentDecision::Raise(CameraDown, why, since));
                    told.extend(clear(&[CameraStalled, OtherPublisher], at));
                }
                if state == CameraState::Degraded {
                    told.push(IncidentDecision::Raise(CameraDegraded, cause, at));
                }
                told
            }
            CameraState::Starting if transition == RelayTransition::Unseen => {
                self.unseen |= self.pending.is_none();
                self.pending.get_or_insert((cause, at));
                Vec::new()
            }
            CameraState::Waiting if transition == RelayTransition::Begun && before == Some(CameraState::Running) => {
                let why = "its relay was built anew after a fault of ours; the log says more";
                vec![IncidentDecision::Raise(CameraDown, why.to_owned(), at)]
            }
            CameraState::Waiting | CameraState::Probing | CameraState::Starting | CameraState::Stopped => Vec::new(),
        }
    }

    /// Decides what was in doubt, by what is known of the server now.
    #[must_use]
    pub fn decide(&mut self, server: ServerObservation, now: Moment) -> Option<IncidentDecision> {
        match server {
            ServerObservation::Doubtful => None,
            ServerObservation::Down => {
                (self.pending, self.unseen) = (None, false);
                None
            }
            ServerObservation::Up if self.pending.as_ref().is_some_and(|(_, since)| now.since(*since) >= GRACE) => {
                self.confirm(IncidentKind::CameraDown)
            }
            ServerObservation::Up => None,
        }
    }

    /// The failure that a stream which nobody saw any more has come to is its cause, since it was seen last.
    fn explain(&mut self, failure: &str) {
        if std::mem::take(&mut self.unseen)
            && let Some((cause, _)) = &mut self.pending
        {
            failure.clone_into(cause);
        }
    }

    fn confirm(&mut self, kind: IncidentKind) -> Option<IncidentDecision> {
        self.unseen = false;
        self.pending.take().map(|(cause, since)| IncidentDecision::Raise(kind, cause, since))
    }
}

fn clear(kinds: &[IncidentKind], at: Moment) -> impl Iterator<Item = IncidentDecision> {
    kinds.iter().map(move |kind| IncidentDecision::Clear(*kind, at))
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, Utc};
    use uuid::Uuid;

    use super::super::{IncidentWrite, OpenIncidents, Subject};
    use super::*;

    fn at(second: i64) -> Moment {
        let at = DateTime::from_timestamp(1_800_000_000 + second, 0).expect("a time");
        Moment { wall: at, steady: Duration::from_secs(second.unsigned_abs()) }
    }

    /// What happens, second by second.
    #[derive(Clone, Copy, Debug)]
    enum Step {
        Is(CameraState),
        Fails(CameraState, FaultKind),
        Unseen,
        Begun,
        Server(ServerObservation),
    }

    /// The incidents of a life, as `kind cause opened closed` in seconds.
    fn told(life: &[(i64, Step)]) -> Vec<String> {
        let subject = Subject::camera_of(7, "gate");
        let (mut tracker, mut open_incidents, mut server) =
            (IncidentTracker::default(), OpenIncidents::default(), ServerObservation::Up);
        let mut incidents: Vec<super::super::Incident> = Vec::new();
        for (second, step) in life {
            let now = at(*second);
            let update = |state, fault: Option<FaultKind>, transition| {
                let cause = fault.map_or_else(|| format!("{state:?}"), |fault| format!("{fault:?}"));
                RelayUpdate { state, fault, cause, transition, at: now }
            };
            let mut decisions = match *step {
                Step::Is(state) => tracker.observe(update(state, None, RelayTransition::None)),
                Step::Fails(state, fault) => tracker.observe(update(state, Some(fault), RelayTransition::None)),
                Step::Unseen => tracker.observe(update(CameraState::Starting, None, RelayTransition::Unseen)),
                Step::Begun => tracker.observe(update(CameraState::Waiting, None, RelayTransition::Begun)),
                Step::Server(observation) => {
                    server = observation;
                    Vec::new()
                }
            };
            decisions.extend(tracker.decide(server, now));
            for entry in decisions.into_iter().filter_map(|one| open_incidents.apply(&subject, one, Uuid::now_v7())) {
                match entry {
                    IncidentWrite::Open(incident) => incidents.push(incident),
                    IncidentWrite::Close { id, at } => {
                        let open = incidents.iter_mut().find(|one| one.id == id);
                        open.expect("it was opened").closed_at = Some(at);
                    }
                }
            }
        }
        let second = |time: DateTime<Utc>| (time - at(0).wall).num_seconds();
        let line = |one: &super::super::Incident| {
            let closed = one.closed_at.map_or_else(|| "open".to_owned(), |time| second(time).to_string());
            format!("{} {} {} {closed}", one.kind.as_str(), one.cause, second(one.opened_at))
        };
        incidents.iter().map(line).collect()
    }

    #[test]
    fn every_lost_second_becomes_an_incident() {
        use CameraState::{Backoff, Degraded, Held, Probing, Running, Stalled, Starting, Waiting};
        use FaultKind::{Ended, PublishRefused, Refused, Silent, Unauthorized};
        use Step::{Begun, Fails, Is, Server, Unseen};
        /// What it is, what happens, what is told of it.
        type Case = (&'static str, &'static [(i64, Step)], &'static [&'static str]);
        let table: [Case; 18] = [
            (
                "it fails when the server is known to be away",
                &[(0, Is(Running)), (1, Is(Waiting)), (3, Is(Running))],
                &[],
            ),
            ("asked to start anew", &[(0, Is(Running)), (1, Is(Starting)), (2, Is(Waiting)), (3, Is(Running))], &[]),
            (
                "its relay dies",
                &[(0, Begun), (0, Is(Running)), (1, Begun), (3, Is(Running))],
                &["cameraDown its relay was built anew after a fault of ours; the log says more 1 3"],
            ),
            ("a start", &[(0, Is(Waiting)), (1, Is(Probing)), (2, Is(Starting)), (3, Is(Running))], &[]),
            (
                "a blip",
                &[(0, Is(Running)), (1, Fails(Backoff, Ended)), (1, Is(Waiting)), (1, Is(Starting)), (1, Is(Running))],
                &["cameraDown Ended 1 1"],
            ),
            (
                "the first cause stays",
                &[(0, Fails(Backoff, Refused)), (5, Is(Probing)), (6, Fails(Backoff, Unauthorized)), (9, Is(Running))],
                &["cameraDown Refused 0 9"],
            ),
            (
                "a stall that heals",
                &[(0, Is(Running)), (5, Fails(Stalled, Silent)), (6, Fails(Backoff, Silent)), (8, Is(Running))],
                &["cameraStalled Silent 5 8"],
            ),
            (
                "a stall that becomes something else",
                &[
                    (5, Fails(Stalled, Silent)),
                    (6, Fails(Backoff, Silent)),
                    (7, Is(Starting)),
                    (8, Fails(Backoff, Refused)),
                ],
                &["cameraStalled Silent 5 8", "cameraDown Refused 8 open"],
            ),
            (
                "too often",
                &[
                    (0, Fails(Backoff, Refused)),
                    (1, Is(Waiting)),
                    (2, Fails(Degraded, Refused)),
                    (3, Is(Waiting)),
                    (4, Fails(Degraded, Refused)),
                    (9, Is(Running)),
                ],
                &["cameraDown Refused 0 9", "cameraDegraded Refused 2 9"],
            ),
            (
                "the server goes: nothing of its own",
                &[
                    (0, Is(Running)),
                    (1, Fails(Backoff, PublishRefused)),
                    (2, Server(ServerObservation::Doubtful)),
                    (3, Server(ServerObservation::Down)),
                    (3, Is(Waiting)),
                    (60, Server(ServerObservation::Up)),
                    (61, Is(Starting)),
                    (70, Is(Running)),
                ],
                &[],
            ),
            (
                "its API goes, and it is the camera after all",
                &[
                    (1, Fails(Backoff, PublishRefused)),
                    (2, Server(ServerObservation::Doubtful)),
                    (4, Server(ServerObservation::Up)),
                    (7, Server(ServerObservation::Up)),
                    (9, Is(Running)),
                ],
                &["cameraDown PublishRefused 1 9"],
            ),
            (
                "cut off and back at once",
                &[(0, Is(Running)), (1, Fails(Backoff, PublishRefused)), (2, Is(Running))],
                &["cameraDown PublishRefused 1 2"],
            ),
            (
                "refused by a server that answers",
                &[
                    (1, Fails(Backoff, PublishRefused)),
                    (3, Is(Starting)),
                    (4, Fails(Backoff, PublishRefused)),
                    (6, Server(ServerObservation::Up)),
                ],
                &["cameraDown PublishRefused 1 open"],
            ),
            (
                "another publisher",
                &[(1, Fails(Backoff, PublishRefused)), (2, Fails(Held, PublishRefused)), (9, Is(Running))],
                &["otherPublisher PublishRefused 1 9"],
            ),
            (
                "held, and then the camera itself fails",
                &[(1, Fails(Held, PublishRefused)), (5, Is(Waiting)), (6, Fails(Backoff, Refused))],
                &["otherPublisher PublishRefused 1 6", "cameraDown Refused 6 open"],
            ),
            (
                "not shown any more, then shown",
                &[(0, Is(Running)), (1, Unseen), (3, Is(Running))],
                &["cameraDown Starting 1 3"],
            ),
            (
                "not shown any more, then it fails: that is why",
                &[(0, Is(Running)), (1, Unseen), (2, Fails(Backoff, Ended)), (3, Is(Running))],
                &["cameraDown Ended 1 3"],
            ),
            (
                "not shown any more, then refused, then it fails in another way",
                &[(0, Is(Running)), (1, Unseen), (2, Fails(Backoff, PublishRefused)), (3, Fails(Backoff, Ended))],
                &["cameraDown PublishRefused 1 open"],
            ),
        ];
        for (what, life, wanted) in table {
            assert_eq!(told(life), wanted, "{what}");
        }
    }
}
