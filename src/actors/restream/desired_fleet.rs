//! The cameras as they should be relayed: decided by the planner, carried out by the supervisor of the relays.
//!
//! Kept outside both. The planner goes to another fleet; whoever carries it out takes the ids that differ and makes each
//! camera what it should be, as often as it likes. So nothing is lost when one of the two is built anew, and neither knows
//! the other.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use actix::Message;
use chrono::Utc;
use futures_util::{Stream, stream};
use tokio::sync::watch;

use crate::base::Error;
use crate::domain::camera::CameraStatus;
use crate::domain::fleet::{self, Fleet, FleetChange, Planned};
use crate::domain::name::StreamName;

/// Clones are the same fleet.
#[derive(Clone, Default)]
pub(super) struct DesiredFleet(Arc<SharedFleet>);

#[derive(Default)]
struct SharedFleet {
    kept: Mutex<KeptFleet>,
    changed: watch::Sender<u64>,
}

#[derive(Default)]
struct KeptFleet {
    fleet: Fleet,
    /// Cameras that differ from what was taken last. No more than there are and were cameras.
    changed: BTreeSet<i64>,
    /// It is what the table says: cameras that are not in it are none.
    complete: bool,
}

/// There is something to take.
#[derive(Message, Clone, Copy, Debug)]
#[rtype(result = "()")]
pub(super) struct FleetChanged;

impl DesiredFleet {
    fn lock(&self) -> MutexGuard<'_, KeptFleet> {
        self.0.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What this camera should do.
    pub(super) fn get(&self, id: i64) -> Option<Arc<Planned>> {
        self.lock().fleet.get(&id).cloned()
    }

    /// Whether there is such a camera.
    pub(super) fn contains(&self, id: i64) -> bool {
        self.lock().fleet.contains_key(&id)
    }

    /// Which camera is relayed under this name.
    pub(super) fn id_of_name(&self, name: &StreamName) -> Option<i64> {
        let kept = self.lock();
        let named = kept.fleet.iter().find(|(_, planned)| planned.source().is_some_and(|one| one.name == *name));
        named.map(|(id, _)| *id)
    }

    /// All of it, for a moment.
    pub(super) fn read<T>(&self, read: impl FnOnce(&Fleet) -> T) -> T {
        read(&self.lock().fleet)
    }

    /// Goes to another fleet.
    pub(super) fn change_to(&self, after: Fleet) {
        let mut kept = self.lock();
        let changes = fleet::diff(&kept.fleet, &after);
        kept.fleet = after;
        if changes.is_empty() {
            return;
        }
        kept.changed.extend(changes.into_iter().map(id_of));
        drop(kept);
        self.0.changed.send_modify(|count| *count += 1);
    }

    /// One camera is another one, or gone; says whether that makes a difference.
    pub(super) fn set(&self, id: i64, after: Option<Arc<Planned>>) -> bool {
        let mut kept = self.lock();
        let changed = fleet::change(id, kept.fleet.get(&id).map(Arc::as_ref), after.as_deref()).is_some();
        match after {
            Some(planned) => _ = kept.fleet.insert(id, planned),
            None => _ = kept.fleet.remove(&id),
        }
        if changed {
            kept.changed.insert(id);
            drop(kept);
            self.0.changed.send_modify(|count| *count += 1);
        }
        changed
    }

    /// The table has been read.
    pub(super) fn set_complete(&self) {
        if !std::mem::replace(&mut self.lock().complete, true) {
            self.0.changed.send_modify(|count| *count += 1);
        }
    }

    /// Whether it has been.
    pub(super) fn is_complete(&self) -> bool {
        self.lock().complete
    }

    /// The cameras that differ since the last time, those that end something first: a name may move from one to another.
    pub(super) fn take_changed(&self) -> Vec<i64> {
        let mut kept = self.lock();
        let changed = std::mem::take(&mut kept.changed);
        kept.ends_first(changed.into_iter())
    }

    /// Every camera, in the same order.
    pub(super) fn all(&self) -> Vec<i64> {
        let kept = self.lock();
        kept.ends_first(kept.fleet.keys().copied())
    }

    /// One message for each change from now on, several in quick succession counting as one.
    pub(super) fn changes(&self) -> impl Stream<Item = FleetChanged> + use<> {
        let changed = self.0.changed.subscribe();
        stream::unfold(
            changed,
            |mut changed| async move { changed.changed().await.ok().map(|()| (FleetChanged, changed)) },
        )
    }

    /// A camera that has no relay, or whose relay has said nothing yet.
    pub(super) fn status(&self, id: i64, server: &str) -> Option<CameraStatus> {
        Some(self.get(id)?.status(server, Utc::now()))
    }
}

impl KeptFleet {
    fn ends_first(&self, ids: impl Iterator<Item = i64>) -> Vec<i64> {
        let runs = |id: &i64| self.fleet.get(id).is_some_and(|planned| planned.source().is_some());
        let (begin, mut all): (Vec<i64>, Vec<i64>) = ids.partition(runs);
        all.extend(begin);
        all
    }
}

fn id_of(change: FleetChange) -> i64 {
    match change {
        FleetChange::Start(id)
        | FleetChange::Update { id, .. }
        | FleetChange::Stop(id)
        | FleetChange::Show(id)
        | FleetChange::Gone(id) => id,
    }
}

/// There is none of this id.
pub(super) fn no_camera(id: i64) -> Error {
    Error::not_found(format!("there is no camera {id}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::camera::{CameraRow, CameraState, Kinds};
    use crate::domain::sample;

    fn planned(id: i64, enabled: bool) -> Arc<Planned> {
        let url = Some(format!("rtsp://10.0.0.9/{id}").into());
        let row = CameraRow { url, enabled, ..sample::camera_row(id, &format!("cam{id}")) };
        Arc::new(Planned::read(&row, &Kinds::new()))
    }

    #[test]
    fn what_differs_is_taken_once_and_ends_come_first() {
        let fleet = DesiredFleet::default();
        fleet.change_to([(1, planned(1, true)), (2, planned(2, false)), (3, planned(3, true))].into());
        assert_eq!(fleet.take_changed(), [2, 1, 3]);
        assert!(fleet.take_changed().is_empty());
        assert!(!fleet.set(1, Some(planned(1, true))), "the same");
        assert!(fleet.set(3, None) && fleet.set(4, Some(planned(4, true))));
        fleet.change_to([(1, planned(1, false)), (2, planned(2, false)), (4, planned(4, true))].into());
        assert_eq!(fleet.take_changed(), [1, 3, 4], "what was not taken before is not lost");
        assert_eq!(fleet.all(), [1, 2, 4]);
        assert_eq!(fleet.status(1, "main").map(|status| status.state), Some(CameraState::Stopped));
        assert!(fleet.status(3, "main").is_none() && !fleet.contains(3));
    }
}
