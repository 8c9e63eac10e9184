//! The way in for whoever gives commands: it outlives every actor of the role.

use std::time::Duration;

use actix::dev::ToEnvelope;
use actix::{Actor, Context, Handler, Message};
use tokio::time::timeout;

use super::camera_commands_actor::{
    AddCamera, CameraCommands, DeleteCamera, EditCamera, ImportCameras, RestartCamera, TakeWritten, WriteKind, Written,
};
use super::desired_fleet::{DesiredFleet, no_camera};
use super::planner::{ApplyPlan, CameraPlanner, ShowPlan};
use super::probes::{ProbeCamera, Probes, TestCamera};
use super::program_runs::RunLogs;
use crate::actors::supervision::Handle;
use crate::adapters::database::Condition;
use crate::base::{Error, ErrorKind, Result};
use crate::domain::camera::sheet::ImportReport;
use crate::domain::camera::{CameraEdit, CameraStatus};
use crate::domain::change_guard::PlanView;
use crate::domain::probe::ProbeView;
use crate::domain::run_log::ProgramRun;

/// An answer takes at most so long: the database's own limit and a margin.
const TIMEOUT: Duration = Duration::from_secs(10);

/// A file of thousands of cameras is read, its addresses are looked up, and it is written.
const IMPORT_TIMEOUT: Duration = Duration::from_secs(120);

/// A probe of a camera has limits of its own, of 5 minutes at most; this is for the case that they fail.
const PROBE_TIMEOUT: Duration = Duration::from_secs(330);

/// Gives commands to the role. Each of them is also refused with `Unavailable` while whoever carries it out is built anew, and
/// with `Timeout` when there is no answer.
#[derive(Clone)]
pub struct RestreamHandle {
    pub(super) commands: Handle<CameraCommands>,
    pub(super) planner: Handle<CameraPlanner>,
    pub(super) probes: Handle<Probes>,
    pub(super) fleet: DesiredFleet,
    pub(super) runs: RunLogs,
}

/// Asks once: a command is not carried out twice.
async fn ask<A, M, T>(to: &Handle<A>, message: M, limit: Duration) -> Result<T>
where
    A: Actor<Context = Context<A>> + Handler<M>,
    M: Message<Result = Result<T>> + Send + 'static,
    T: Send + 'static,
    Context<A>: ToEnvelope<A, M>,
{
    match timeout(limit, to.ask_once(message)).await {
        Ok(Some(answer)) => answer,
        // It was rebuilt while it had the command; whether it was carried out shows in the list.
        Ok(None) => Err(Error::unavailable("the camera manager is starting anew; look at the list and try again")),
        Err(_) => Err(Error::new(ErrorKind::Timeout, "the camera manager did not answer in time; look at the list")),
    }
}

impl RestreamHandle {
    /// Adds a camera.
    ///
    /// # Errors
    /// `Invalid` names the field; `Conflict` when the name is taken.
    pub async fn add_camera(&self, edit: CameraEdit) -> Result<Written> {
        ask(&self.commands, AddCamera(edit), TIMEOUT).await
    }

    /// Changes the fields present.
    ///
    /// # Errors
    /// As [`Self::add_camera`]; `NotFound`, and what `only_if` says.
    pub async fn edit_camera(&self, id: i64, edit: CameraEdit, only_if: Condition) -> Result<Written> {
        ask(&self.commands, EditCamera { id, edit, only_if }, TIMEOUT).await
    }

    /// Deletes a camera and ends its relay.
    ///
    /// # Errors
    /// `NotFound`, and what `only_if` says.
    pub async fn delete_camera(&self, id: i64, only_if: Condition) -> Result<()> {
        ask(&self.commands, DeleteCamera { id, only_if }, TIMEOUT).await
    }

    /// The row of this camera was written or deleted elsewhere, by a person: it acts at once. `None`: it is gone.
    ///
    /// # Errors
    /// `NotFound` where there was none.
    pub async fn take_written(&self, id: i64) -> Result<Option<CameraStatus>> {
        ask(&self.commands, TakeWritten(id), TIMEOUT).await
    }

    /// Adds and changes cameras by a CSV file.
    ///
    /// # Errors
    /// Only of the database: what is wrong with the file is in the report.
    pub async fn import_cameras(&self, file: Vec<u8>, dry: bool) -> Result<ImportReport> {
        ask(&self.commands, ImportCameras { file, dry }, IMPORT_TIMEOUT).await
    }

    /// Adds a kind of camera or changes it; without a template it is deleted.
    ///
    /// # Errors
    /// `Invalid`, `NotFound`, `Conflict` while cameras forbid it.
    pub async fn write_kind(&self, kind: String, template: Option<String>) -> Result<()> {
        ask(&self.commands, WriteKind { kind, template }, TIMEOUT).await
    }

    /// Ends the camera's ffmpeg and starts it again at once.
    ///
    /// # Errors
    /// `NotFound`; `Conflict` when it should not run at all.
    pub async fn restart_camera(&self, id: i64) -> Result<CameraStatus> {
        ask(&self.commands, RestartCamera(id), TIMEOUT).await
    }

    /// What the programs of this camera have said, the newest run first.
    ///
    /// # Errors
    /// `NotFound` when there is no such camera.
    pub fn camera_log(&self, id: i64) -> Result<Vec<ProgramRun>> {
        if self.fleet.contains(id) { Ok(self.runs.of(id)) } else { Err(no_camera(id)) }
    }

    /// Probes a camera now, also one that is switched off, and keeps the result.
    ///
    /// # Errors
    /// `NotFound`; `Invalid` when its row is wrong; `Unavailable` when too many are being probed.
    pub async fn probe_camera(&self, id: i64) -> Result<ProbeView> {
        ask(&self.probes, ProbeCamera(id), PROBE_TIMEOUT).await
    }

    /// Probes a camera that is not saved; nothing is kept. What is absent is taken from the row of `id`.
    ///
    /// # Errors
    /// As [`Self::probe_camera`].
    pub async fn test_camera(&self, id: Option<i64>, edit: CameraEdit) -> Result<ProbeView> {
        ask(&self.probes, TestCamera { id, edit }, PROBE_TIMEOUT).await
    }

    /// What of the table has not been carried out, and why. `read`: the table is read first, so that the answer holds for what
    /// was written before the question.
    ///
    /// # Errors
    /// None of its own.
    pub async fn plan(&self, read: bool) -> Result<PlanView> {
        ask(&self.planner, ShowPlan { read }, TIMEOUT).await
    }

    /// Carries out the blocked change of this id.
    ///
    /// # Errors
    /// `Conflict` when another one, or none, is blocked by now.
    pub async fn apply_plan(&self, id: String) -> Result<PlanView> {
        ask(&self.planner, ApplyPlan(id), TIMEOUT).await
    }
}
