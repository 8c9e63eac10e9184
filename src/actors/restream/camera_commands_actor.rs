//! Commands of API and CLI: all writes of people take this way.
//!
//! A command is checked by the rules for rows, written to the database, and acts at once by way of the planner; what it
//! answers is the camera's state as everybody will see it.

use std::sync::Arc;

use actix::{Actor, AsyncContext, Context, Handler, Message, ResponseFuture};
use serde_json::{Value, json};
use tokio::time::Instant;

use super::assignments::Assignments;
use super::camera_rows::{add_row, delete_row, edit_row, import_sheet, write_kind};
use super::desired_fleet::{DesiredFleet, no_camera};
use super::planner::{CameraPlanner, ReadTable, TakeRow};
use super::setup::RestreamSetup;
use crate::actors::supervision::{Handle, Setting, Supervised, supervised};
use crate::adapters::database::{CameraStore, Condition, with_timeout};
use crate::adapters::live::SharedLive;
use crate::base::{Error, ErrorKind, Result};
use crate::domain::camera::sheet::ImportReport;
use crate::domain::camera::{CameraEdit, CameraRow, CameraStatus, Kinds};
use crate::domain::fleet::CameraPlan;

/// Adds a camera. `Invalid` names the field, `Conflict` when the name is taken.
#[derive(Message, Debug)]
#[rtype(result = "Result<Written>")]
pub(super) struct AddCamera(pub CameraEdit);

/// Changes the fields present. Also `NotFound`, and what `only_if` says.
#[derive(Message, Debug)]
#[rtype(result = "Result<Written>")]
pub(super) struct EditCamera {
    /// The camera.
    pub id: i64,
    /// What changes.
    pub edit: CameraEdit,
    /// What its row must be.
    pub only_if: Condition,
}

/// Deletes a camera and ends its relay, also one whose row is gone already and that goes on because that is blocked.
/// `NotFound`, and what `only_if` says.
#[derive(Message, Debug)]
#[rtype(result = "Result<()>")]
pub(super) struct DeleteCamera {
    /// The camera.
    pub id: i64,
    /// What its row must be.
    pub only_if: Condition,
}

/// A camera that was added or changed.
#[derive(Clone, Debug)]
pub struct Written {
    /// Its row, as this very write left it. With its secrets.
    pub row: CameraRow,
    /// As everybody sees it.
    pub status: CameraStatus,
}

/// Another process has written the row of this camera, which a person has named to it, or deleted it: it acts at once. The camera's
/// state; `None` where it is gone. `NotFound` where there was none.
#[derive(Message, Debug)]
#[rtype(result = "Result<Option<CameraStatus>>")]
pub(super) struct TakeWritten(pub i64);

/// Adds and changes cameras by a CSV file; all of it or, with what is wrong in the report, nothing.
#[derive(Message, Debug)]
#[rtype(result = "Result<ImportReport>")]
pub(super) struct ImportCameras {
    /// The file.
    pub file: Vec<u8>,
    /// Only says what would happen.
    pub dry: bool,
}

/// Adds a kind of camera, or changes its template; without a template, deletes it.
#[derive(Message, Debug)]
#[rtype(result = "Result<()>")]
pub(super) struct WriteKind {
    /// The kind.
    pub kind: String,
    /// What it means from now on.
    pub template: Option<String>,
}

/// Ends the camera's ffmpeg and starts it again at once. `NotFound`; `Conflict` when it should not run at all.
#[derive(Message, Debug)]
#[rtype(result = "Result<CameraStatus>")]
pub(super) struct RestartCamera(pub i64);

/// Carries out commands. It holds nothing: a command is in the database, or it was not carried out.
pub(super) struct CameraCommands {
    parts: CommandParts,
    handle: Handle<Self>,
}

/// What a command needs.
#[derive(Clone)]
pub(super) struct CommandParts {
    pub settings: Setting<Arc<RestreamSetup>>,
    pub cameras: Arc<dyn CameraStore>,
    pub live: SharedLive,
    pub fleet: DesiredFleet,
    pub assignments: Assignments,
    pub planner: Handle<CameraPlanner>,
}

impl CameraCommands {
    pub(super) fn new(parts: CommandParts, handle: Handle<Self>) -> Self {
        Self { parts, handle }
    }
}

/// The live state with the facts of the row as it is now.
async fn with_live(live: SharedLive, row: CameraStatus) -> CameraStatus {
    let found = live.latest().await.ok().and_then(|latest| latest.cameras.into_iter().find(|old| old.id == row.id));
    match found {
        Some(old) if row.enabled && old.enabled => {
            let CameraStatus { name, label, kind, host, record, path, .. } = row;
            CameraStatus { name, label, kind, host, record, path, ..old }
        }
        _ => row,
    }
}

impl CommandParts {
    fn status(&self, id: i64) -> Result<CameraStatus> {
        self.fleet.status(id, &self.settings.get().server).ok_or_else(|| no_camera(id))
    }

    /// Lets a written row act, and answers with its state. `begun`: when its write began.
    async fn act(self, row: CameraRow, kinds: Kinds, begun: Instant) -> Result<Written> {
        let take = TakeRow { id: row.id, row: Some(row.clone()), kinds: Some(kinds), begun };
        self.planner.ask(take).await;
        let status = self.status(row.id)?;
        Ok(Written { row, status: with_live(self.live, status).await })
    }

    async fn delete(self, command: DeleteCamera) -> Result<()> {
        let (id, begun) = (command.id, Instant::now());
        match delete_row(&*self.cameras, id, command.only_if).await {
            // Somebody names the very camera: that is confirmation enough for it.
            Err(error) if error.kind() == ErrorKind::NotFound && self.fleet.contains(id) => {}
            deleted => deleted?,
        }
        self.planner.ask(TakeRow { id, row: None, kinds: None, begun }).await;
        Ok(())
    }

    async fn take_written(self, id: i64) -> Result<Option<CameraStatus>> {
        let begun = Instant::now();
        let read = async { Ok((self.cameras.camera(id).await?, self.cameras.camera_kinds().await?)) };
        let (row, kinds) = with_timeout(read).await?;
        if let Some(row) = row {
            return Ok(Some(self.act(row, kinds.into_iter().collect(), begun).await?.status));
        }
        if !self.fleet.contains(id) {
            return Err(no_camera(id));
        }
        self.planner.ask(TakeRow { id, row: None, kinds: None, begun }).await;
        Ok(None)
    }

    /// A file is evaluated like any change of the table, although a person has sent it: one that was exported from the wrong place
    /// switches off as many cameras as a wrong backup does. The table is read at once.
    async fn import(self, command: ImportCameras) -> Result<ImportReport> {
        let reach = self.settings.get().reach.clone();
        let report = import_sheet(&*self.cameras, &reach, &command.file, command.dry).await?;
        if !command.dry && !report.is_refused() {
            self.planner.ask(ReadTable).await;
        }
        Ok(report)
    }

    async fn write_kind(self, command: WriteKind) -> Result<()> {
        write_kind(&*self.cameras, command.kind, command.template).await?;
        self.planner.tell(ReadTable);
        Ok(())
    }

    fn restart(&self, id: i64) -> Result<CameraStatus> {
        let planned = self.fleet.get(id).ok_or_else(|| no_camera(id))?;
        match &planned.plan {
            CameraPlan::Run(_) => self.assignments.restart(id),
            CameraPlan::Disabled => {
                return Err(Error::new(ErrorKind::Conflict, "the camera is switched off; switch it on instead"));
            }
            CameraPlan::Refused(reason) => {
                return Err(Error::new(ErrorKind::Conflict, format!("the camera cannot run: {reason}")));
            }
        }
        self.status(id)
    }
}

impl Actor for CameraCommands {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        self.handle.now_at(ctx.address());
    }
}

impl Handler<AddCamera> for CameraCommands {
    type Result = ResponseFuture<Result<Written>>;

    fn handle(&mut self, command: AddCamera, _: &mut Self::Context) -> Self::Result {
        let parts = self.parts.clone();
        Box::pin(async move {
            let reach = parts.settings.get().reach.clone();
            let (row, kinds, begun) = add_row(&*parts.cameras, command.0, &reach).await?;
            parts.act(row, kinds, begun).await
        })
    }
}

impl Handler<EditCamera> for CameraCommands {
    type Result = ResponseFuture<Result<Written>>;

    fn handle(&mut self, command: EditCamera, _: &mut Self::Context) -> Self::Result {
        let parts = self.parts.clone();
        Box::pin(async move {
            let reach = parts.settings.get().reach.clone();
            let EditCamera { id, edit, only_if } = command;
            let (row, kinds, begun) = edit_row(&*parts.cameras, id, edit, only_if, &reach).await?;
            parts.act(row, kinds, begun).await
        })
    }
}

impl Handler<DeleteCamera> for CameraCommands {
    type Result = ResponseFuture<Result<()>>;

    fn handle(&mut self, command: DeleteCamera, _: &mut Self::Context) -> Self::Result {
        Box::pin(self.parts.clone().delete(command))
    }
}

impl Handler<TakeWritten> for CameraCommands {
    type Result = ResponseFuture<Result<Option<CameraStatus>>>;

    fn handle(&mut self, command: TakeWritten, _: &mut Self::Context) -> Self::Result {
        Box::pin(self.parts.clone().take_written(command.0))
    }
}

impl Handler<ImportCameras> for CameraCommands {
    type Result = ResponseFuture<Result<ImportReport>>;

    fn handle(&mut self, command: ImportCameras, _: &mut Self::Context) -> Self::Result {
        Box::pin(self.parts.clone().import(command))
    }
}

impl Handler<WriteKind> for CameraCommands {
    type Result = ResponseFuture<Result<()>>;

    fn handle(&mut self, command: WriteKind, _: &mut Self::Context) -> Self::Result {
        Box::pin(self.parts.clone().write_kind(command))
    }
}

impl Handler<RestartCamera> for CameraCommands {
    type Result = ResponseFuture<Result<CameraStatus>>;

    fn handle(&mut self, command: RestartCamera, _: &mut Self::Context) -> Self::Result {
        let (status, live) = (self.parts.restart(command.0), Arc::clone(&self.parts.live));
        Box::pin(async move { Ok(with_live(live, status?).await) })
    }
}

impl Supervised for CameraCommands {
    const KIND: &'static str = "cameraCommands";

    fn observe(&self) -> Value {
        json!({})
    }
}

supervised!(CameraCommands);
