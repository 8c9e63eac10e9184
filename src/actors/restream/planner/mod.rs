//! The planner: reads the table of cameras and decides what each should do.

mod actor;
mod guard;
mod last_known;
mod memory;
mod rereads;
mod rows;

pub(super) use actor::{CameraPlanner, PlannerParts};
pub(super) use guard::{ApplyPlan, ShowPlan};
pub(super) use memory::PlannerMemory;
pub(super) use rows::{ReadRow, TakeRow};
