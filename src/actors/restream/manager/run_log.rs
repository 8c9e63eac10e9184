//! What a camera's programs have said, for those who ask.

use actix::{Handler, Message};

use super::Restreams;
use super::commands::no_camera;
use crate::base::Result;
use crate::domain::run_log::Run;

/// What the programs of this camera have said, the newest run first. `NotFound` when there is no such camera.
#[derive(Message, Clone, Copy, Debug)]
#[rtype(result = "Result<Vec<Run>>")]
pub struct GetRunLog(pub i64);

impl Handler<GetRunLog> for Restreams {
    type Result = Result<Vec<Run>>;

    fn handle(&mut self, get: GetRunLog, _: &mut Self::Context) -> Self::Result {
        if !self.fleet.contains_key(&get.0) {
            return Err(no_camera(get.0));
        }
        Ok(self.runs.of(get.0))
    }
}
