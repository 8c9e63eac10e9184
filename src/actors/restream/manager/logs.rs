//! What a camera's programs have said, for those who ask.

use actix::{Handler, Message};

use super::Restreams;
use super::commands::no_camera;
use crate::base::Result;
use crate::domain::run_log::Run;

/// What the programs of this camera have said, the newest run first. `NotFound` when there is no such camera.
#[derive(Message, Clone, Copy, Debug)]
#[rtype(result = "Result<Vec<Run>>")]
pub struct LookAtRuns(pub i64);

impl Handler<LookAtRuns> for Restreams {
    type Result = Result<Vec<Run>>;

    fn handle(&mut self, look: LookAtRuns, _: &mut Self::Context) -> Self::Result {
        if !self.fleet.contains_key(&look.0) {
            return Err(no_camera(look.0));
        }
        Ok(self.runs.look(look.0))
    }
}
