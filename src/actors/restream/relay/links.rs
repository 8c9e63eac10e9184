//! Whom a relay asks and tells: services beside it that outlive each of their own instances. It knows no parent.

use std::time::Duration;

use tokio::time::sleep;

use crate::actors::restream::budget::{AcquirePermit, CancelPermit, StartBudget};
use crate::actors::restream::camera_incidents::CameraIncidents;
use crate::actors::restream::planner::{CameraPlanner, ReadRow};
use crate::actors::restream::probes::{KnownSources, ProbeSlots};
use crate::actors::supervision::Handle;

/// Until a relay whose request for a permit was lost asks again.
const ASK_AGAIN: Duration = Duration::from_millis(100);

/// The same for all relays.
#[derive(Clone)]
pub(in crate::actors::restream) struct RelayLinks {
    /// Grants starts.
    pub budget: Handle<StartBudget>,
    /// Reads rows.
    pub planner: Handle<CameraPlanner>,
    /// Takes what probes have found.
    pub known: KnownSources,
    /// A probe needs one of these.
    pub slots: ProbeSlots,
    /// Hears what a relay goes through.
    pub incidents: CameraIncidents,
}

impl RelayLinks {
    /// Waits for a permit to start, however often the budget is built anew meanwhile. Whoever drops it half-way says so with
    /// [`Self::cancel_permit`].
    pub(super) fn permit(&self, id: i64, host: &str) -> impl Future<Output = ()> + use<> {
        let (budget, acquire) = (self.budget.clone(), AcquirePermit { id, host: host.to_owned() });
        async move {
            while !budget.ask(acquire.clone()).await {
                sleep(ASK_AGAIN).await;
            }
        }
    }

    pub(super) fn cancel_permit(&self, id: i64) {
        self.budget.tell(CancelPermit(id));
    }

    /// Its ffmpeg has ended: its row may have changed. Without an answer a relay does not wait for long.
    pub(super) fn read_row(&self, id: i64) {
        self.planner.tell(ReadRow(id));
    }
}
