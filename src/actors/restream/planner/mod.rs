//! The planner: reads the table of cameras and decides what each should do.

mod planner_actor;
mod planner_guard;
mod last_known_fleet;
mod remembered_plan;
mod rereads;
mod planner_rows;

pub(super) use planner_actor::{CameraPlanner, PlannerParts};
pub(super) use planner_guard::{ApplyPlan, ShowPlan};
pub(super) use remembered_plan::PlannerMemory;
pub(super) use planner_rows::{ReadRow, TakeRow};
