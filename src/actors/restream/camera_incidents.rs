//! What relays go through, on its way to becoming incidents.
//!
//! Relays tell of every change of their state; whether that is an incident, since when and why, is decided by
//! `domain::incident`, for each camera by itself. What depends on the media server is decided by whoever watches it. Kept
//! outside the actors, so that none of them loses the beginning of an incident.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use actix::Message;
use futures_util::{Stream, stream};
use tokio::sync::watch;

use super::activity::RelayActivity;
use crate::actors::incidents::{IncidentsHandle, now};
use crate::domain::camera::CameraState;
use crate::domain::change_guard;
use crate::domain::incident::{
    IncidentDecision, IncidentKind, IncidentTracker, RelayUpdate, ServerObservation, Subject,
};

/// Clones are the same incidents.
#[derive(Clone)]
pub(super) struct CameraIncidents(Arc<SharedCameraIncidents>);

struct SharedCameraIncidents {
    incidents: IncidentsHandle,
    activity: RelayActivity,
    /// Those that have a relay which is not on its way out.
    tracked: Mutex<BTreeMap<i64, Tracked>>,
    /// Counts what has come into doubt.
    pending: watch::Sender<u64>,
}

struct Tracked {
    name: String,
    tracker: IncidentTracker,
}

/// Something is in doubt, see [`CameraIncidents::decide`].
#[derive(Message, Clone, Copy, Debug)]
#[rtype(result = "()")]
pub(super) struct DecisionsPending;

impl CameraIncidents {
    /// Nothing is known of any camera yet.
    pub(super) fn new(incidents: IncidentsHandle, activity: RelayActivity) -> Self {
        let (tracked, pending) = (Mutex::default(), watch::Sender::new(0));
        Self(Arc::new(SharedCameraIncidents { incidents, activity, tracked, pending }))
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<i64, Tracked>> {
        self.0.tracked.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn apply(&self, id: i64, name: &str, decisions: impl IntoIterator<Item = IncidentDecision>) {
        let subject = subject(id, name);
        decisions.into_iter().for_each(|one| self.0.incidents.apply(&subject, one));
    }

    /// The camera has a relay from now on, or goes by this name.
    pub(super) fn track(&self, id: i64, name: &str) {
        let mut all = self.lock();
        all.entry(id).or_insert_with(|| Tracked { name: String::new(), tracker: IncidentTracker::default() }).name =
            name.to_owned();
    }

    /// The camera is gone or switched off: nothing is wrong with it any more, and its relay has nothing to tell.
    pub(super) fn untrack(&self, id: i64) {
        let name = self.lock().remove(&id).map(|tracked| tracked.name).unwrap_or_default();
        self.0.activity.forget(id);
        self.0.incidents.clear_all(&subject(id, &name));
    }

    /// Cameras have other ids from now on: what is open of the old ones is over, and their relays tell it anew.
    pub(super) fn renumber(&self, moved: &BTreeMap<i64, i64>) {
        let old: Vec<(i64, String)> = {
            let mut all = self.lock();
            let named = moved.keys().filter_map(|old| Some((*old, all.get(old)?.name.clone()))).collect();
            change_guard::renumber(&mut all, moved);
            named
        };
        self.0.activity.renumber(moved);
        old.iter().for_each(|(id, name)| self.0.incidents.clear_all(&subject(*id, name)));
    }

    /// The camera should run and cannot, for this reason in its row.
    pub(super) fn refused(&self, id: i64, name: &str, reason: &str) {
        self.apply(id, name, [IncidentDecision::Raise(IncidentKind::CameraDown, reason.to_owned(), now())]);
    }

    /// A relay's state has changed.
    pub(super) fn hear(&self, id: i64, update: RelayUpdate) {
        let (name, decisions, pending) = {
            let mut all = self.lock();
            let Some(tracked) = all.get_mut(&id) else { return };
            self.0.activity.note(id, update.state == CameraState::Running);
            let decisions = tracked.tracker.observe(update);
            (tracked.name.clone(), decisions, tracked.tracker.is_pending())
        };
        self.apply(id, &name, decisions);
        if pending {
            self.0.pending.send_modify(|count| *count += 1);
        }
    }

    /// Decides what was in doubt; says whether something still is.
    pub(super) fn decide(&self, observation: ServerObservation) -> bool {
        let now = now();
        let (decisions, pending) = {
            let mut all = self.lock();
            let pending = all.iter_mut().filter(|(_, tracked)| tracked.tracker.is_pending());
            let decisions: Vec<_> = pending
                .map(|(id, tracked)| (*id, tracked.name.clone(), tracked.tracker.decide(observation, now)))
                .collect();
            (decisions, all.values().any(|tracked| tracked.tracker.is_pending()))
        };
        for (id, name, decision) in decisions {
            self.apply(id, &name, decision);
        }
        pending
    }

    /// Whether it has a relay that runs.
    pub(super) fn runs(&self, id: i64) -> bool {
        self.lock().get(&id).is_some_and(|tracked| tracked.tracker.runs())
    }

    /// One message whenever something has come into doubt, several in quick succession counting as one.
    pub(super) fn pending(&self) -> impl Stream<Item = DecisionsPending> + use<> {
        stream::unfold(self.0.pending.subscribe(), |mut pending| async move {
            pending.changed().await.ok().map(|()| (DecisionsPending, pending))
        })
    }
}

fn subject(id: i64, name: &str) -> Subject {
    Subject::camera_of(id, name.to_owned())
}
