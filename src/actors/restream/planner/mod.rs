//! The planner: reads the table of cameras and decides what each should do.

mod last_known_fleet;
mod planner_actor;
mod planner_guard;
mod planner_rows;
mod remembered_plan;
mod rereads;

pub(super) use planner_actor::{CameraPlanner, PlannerParts};
pub(super) use planner_guard::{ApplyPlan, ShowPlan};
pub(super) use planner_rows::{ReadRow, ReadTable, TakeRow};
pub(super) use remembered_plan::PlannerMemory;
