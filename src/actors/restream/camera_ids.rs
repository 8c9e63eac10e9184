//! Cameras whose rows have come back under other ids: everything that is kept by id follows, and nothing is stopped.

use super::assignments::Assignments;
use super::camera_incidents::CameraIncidents;
use super::desired_fleet::DesiredFleet;
use super::probes::KnownSources;
use super::program_runs::RunLogs;
use crate::domain::change_guard::renumbered;
use crate::domain::fleet::Fleet;

/// What is kept of cameras by their ids.
#[derive(Clone)]
pub(super) struct CameraIds {
    pub assignments: Assignments,
    pub incidents: CameraIncidents,
    pub runs: RunLogs,
    pub known: KnownSources,
}

impl CameraIds {
    /// Goes to another fleet; a camera of the same name and source is the same, whatever its id.
    pub(super) fn change_to(&self, fleet: &DesiredFleet, after: Fleet) {
        let moved = fleet.read(|before| renumbered(before, &after));
        if !moved.is_empty() {
            let cameras = moved.iter().filter(|(_, new)| after.contains_key(new)).count();
            log::info!(cameras = cameras; "rows have other ids than before, their cameras go on");
            self.assignments.renumber(&moved);
            self.incidents.renumber(&moved);
            self.runs.renumber(&moved);
            self.known.renumber(&moved);
        }
        fleet.change_to(after);
    }
}
