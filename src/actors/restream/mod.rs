//! Restreaming: every camera that should run is relayed to the media server by one supervised ffmpeg.
//!
//! [`role`] makes a supervisor with six actors below it, each with one job:
//!
//! * `budget`: grants the starts of relays, so many a second.
//! * `probes`: keeps what is known of the cameras' sources, and probes them for people.
//! * `server`: watches the media server, and judges by it what relays go through.
//! * `relays`: supervises one [`Restream`] for each camera that should run. It owns the process of that camera and does what
//!   `domain::restream` decides.
//! * `planner`: reads the table of cameras and decides what each should do.
//! * `commands`: writes what people change, and lets it act at once.
//!
//! They meet in memory that outlives them: the planner writes the desired fleet and the relays' supervisor carries it out; what
//! a relay should know (its source, whether the server answers and has its path) reaches it through a watch channel that
//! always holds the latest. So nothing queues up, an actor that is built anew finds everything there, and a fault of any of
//! the six, or of their supervisor, ends no relay. Whoever is asked is reached through a handle that outlives its instances.
//!
//! States are written to the live store; what monitors say is read from there. Commands come in through a [`RestreamHandle`].
//! Never here: SQL, argument vectors, rules.

mod activity;
mod address;
mod assignment;
mod assignments;
mod budget;
mod camera_commands_actor;
mod camera_ids;
mod camera_incidents;
mod camera_rows;
mod desired_fleet;
mod from_settings;
mod machine;
mod planner;
mod probes;
mod program_runs;
mod relay;
mod relays;
mod restream_handle;
mod server_view;
mod server_watch;
mod setup;
mod supervisor;

pub use camera_commands_actor::Written;
pub use camera_rows::{add_row, delete_row, edit_row, import_sheet, write_kind};
pub use machine::Machine;
pub use probes::probe_attempt::probe;
pub use relay::{FAILED_RELAYS, RELAYS_BEGUN, Restream};
pub use restream_handle::RestreamHandle;
pub use setup::{LAST_KNOWN, Process, RestreamSetup, Runner, reach};
pub use supervisor::role;

use super::incidents::IncidentsHandle;
use crate::domain::incident::IncidentKind;

/// Without the role what an earlier run has told of cameras ends: nobody looks at them any more.
pub fn without_role(incidents: &IncidentsHandle) {
    incidents.nobody_tells_of(&[
        IncidentKind::CameraDown,
        IncidentKind::CameraStalled,
        IncidentKind::CameraDegraded,
        IncidentKind::OtherPublisher,
        IncidentKind::ChangeBlocked,
    ]);
}
