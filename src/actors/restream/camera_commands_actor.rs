//! Commands of API and CLI: all writes of people take this way.
//!
//! A command is checked by the rules for rows, written to the database, and acts at once by way of the planner; what it
//! answers is the camera's state as everybody will see it.

use std::sync::Arc;

use actix::{Actor, AsyncContext, Context, Handler, Message, ResponseFuture};
use serde_json::{Value, json};
use tokio::time::Instant;

use super::assignments::Assignments;
use super::desired_fleet::{DesiredFleet, no_camera};
use super::planner::{CameraPlanner, ReadTable, TakeRow};
use super::setup::RestreamSetup;
use crate::actors::supervision::{Handle, Setting, Supervised, supervised};
use crate::adapters::database::import;
use crate::adapters::database::{CameraStore, Condition, with_timeout};
use crate::adapters::live::SharedLive;
use crate::adapters::resolve;
use crate::base::{Error, ErrorKind, Result};
use crate::domain::camera::sheet::ImportReport;
use crate::domain::camera::{self, CameraEdit, CameraRow, CameraStatus, Kinds, Reach};
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

/// Writes a sheet, unless `dry`.
///
/// # Errors
/// When the database cannot be read or written; what is wrong with the sheet is in the report.
pub async fn import_sheet(cameras: &dyn CameraStore, reach: &Reach, file: &[u8], dry: bool) -> Result<ImportReport> {
    import::import(cameras, file, dry, async |called| resolve::check_lines(reach, called).await).await
}

/// Writes a kind; without a template it is deleted.
///
/// # Errors
/// `Invalid`, `NotFound`, `Conflict` while cameras forbid it.
pub async fn write_kind(cameras: &dyn CameraStore, kind: String, template: Option<String>) -> Result<()> {
    match template {
        Some(template) => {
            camera::check_kind(&kind, &template)?;
            with_timeout(cameras.put_camera_kind(kind, template)).await
        }
        None => with_timeout(cameras.delete_camera_kind(&kind)).await,
    }
}

/// Refuses an edit that leads to an address which no camera may have; what else is wrong with it is told by the rules.
async fn check_reach(reach: &Reach, row: Option<&CameraRow>, edit: &CameraEdit, kinds: &Kinds) -> Result<()> {
    match camera::draft(row, edit, kinds) {
        Ok(source) => resolve::check(reach, &source).await,
        Err(_) => Ok(()),
    }
}

async fn add(cameras: Arc<dyn CameraStore>, edit: CameraEdit, reach: Reach) -> Result<(CameraRow, Kinds, Instant)> {
    with_timeout(async {
        let kinds = cameras.camera_kinds().await?.into_iter().collect();
        camera::check_edit(None, &edit, &kinds)?;
        check_reach(&reach, None, &edit, &kinds).await?;
        let begun = Instant::now();
        Ok((cameras.add_camera(edit).await?, kinds, begun))
    })
    .await
}

async fn edit(cameras: Arc<dyn CameraStore>, command: EditCamera, reach: Reach) -> Result<(CameraRow, Kinds, Instant)> {
    let EditCamera { id, edit, only_if } = command;
    with_timeout(async {
        let kinds: Kinds = cameras.camera_kinds().await?.into_iter().collect();
        if edit.names_place() {
            check_reach(&reach, cameras.camera(id).await?.as_ref(), &edit, &kinds).await?;
        }
        let (checked, by) = (edit.clone(), kinds.clone());
        let only_if = only_if.and(move |row| camera::check_edit(Some(row), &checked, &by));
        let begun = Instant::now();
        Ok((cameras.edit_camera_if(id, edit, only_if).await?, kinds, begun))
    })
    .await
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
        let (cameras, id, begun) = (self.cameras, command.id, Instant::now());
        match with_timeout(async move { cameras.delete_camera_if(id, command.only_if).await }).await {
            // Somebody names the very camera: that is confirmation enough for it.
            Err(error) if error.kind() == ErrorKind::NotFound && self.fleet.contains(id) => {}
            deleted => deleted?,
        }
        self.planner.ask(TakeRow { id, row: None, kinds: None, begun }).await;
        Ok(())
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
            let (row, kinds, begun) = add(Arc::clone(&parts.cameras), command.0, reach).await?;
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
            let (row, kinds, begun) = edit(Arc::clone(&parts.cameras), command, reach).await?;
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
