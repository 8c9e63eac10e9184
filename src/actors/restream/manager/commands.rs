//! What may be asked of the manager: commands of API and CLI, and the relays' own requests.
//!
//! A command is checked by the rules for rows, written to the database, and acts at once; what it answers is the
//! camera's state as everybody will see it.

use std::sync::Arc;

use actix::{ActorFutureExt, Context, Handler, Message, ResponseActFuture, WrapFuture};

use super::Restreams;
use crate::adapters::database::{Condition, Stores, with_timeout};
use crate::adapters::live::SharedLive;
use crate::adapters::resolve;
use crate::base::{Error, Kind, Result};
use crate::domain::camera::{self, CameraEdit, CameraRow, CameraStatus, Kinds, Reach};

/// Adds a camera. `Invalid` names the field, `Conflict` when the name is taken.
#[derive(Message, Debug)]
#[rtype(result = "Result<Written>")]
pub struct AddCamera(pub CameraEdit);

/// Changes the fields present. Also `NotFound`, and what `only_if` says.
#[derive(Message, Debug)]
#[rtype(result = "Result<Written>")]
pub struct EditCamera {
    /// The camera.
    pub id: i64,
    /// What changes.
    pub edit: CameraEdit,
    /// What its row must be.
    pub only_if: Condition,
}

/// Deletes a camera and ends its relay, also one whose row is gone already and that goes on because that is held.
/// `NotFound`, and what `only_if` says.
#[derive(Message, Debug)]
#[rtype(result = "Result<()>")]
pub struct DeleteCamera {
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

/// Ends the camera's ffmpeg and starts it again at once. `NotFound`; `Conflict` when it should not run at all.
#[derive(Message, Debug)]
#[rtype(result = "Result<CameraStatus>")]
pub struct RestartCamera(pub i64);

/// Reads the cameras again now.
#[derive(Message, Debug, Clone, Copy)]
#[rtype(result = "()")]
pub struct Refresh;

/// All rows and kinds.
pub(super) async fn read_all(database: Stores) -> Result<(Vec<CameraRow>, Kinds)> {
    with_timeout(async {
        let kinds = database.cameras.camera_kinds().await?.into_iter().collect();
        Ok((database.cameras.cameras().await?, kinds))
    })
    .await
}

/// One row as it is now; `None` when it is gone.
pub(super) async fn read_one(database: Stores, id: i64) -> Result<Option<CameraRow>> {
    with_timeout(database.cameras.camera(id)).await
}

/// Refuses an edit that leads to an address which no camera may have; what else is wrong with it is told by the rules.
async fn check_reach(reach: &Reach, row: Option<&CameraRow>, edit: &CameraEdit, kinds: &Kinds) -> Result<()> {
    match camera::draft(row, edit, kinds) {
        Ok(source) => resolve::check(reach, &source).await,
        Err(_) => Ok(()),
    }
}

async fn add(database: Stores, edit: CameraEdit, reach: Reach) -> Result<(CameraRow, Kinds)> {
    with_timeout(async {
        let kinds = database.cameras.camera_kinds().await?.into_iter().collect();
        camera::check_edit(None, &edit, &kinds)?;
        check_reach(&reach, None, &edit, &kinds).await?;
        Ok((database.cameras.add_camera(edit).await?, kinds))
    })
    .await
}

async fn edit(database: Stores, command: EditCamera, reach: Reach) -> Result<(CameraRow, Kinds)> {
    let EditCamera { id, edit, only_if } = command;
    with_timeout(async {
        let kinds: Kinds = database.cameras.camera_kinds().await?.into_iter().collect();
        if edit.names_place() {
            check_reach(&reach, database.cameras.camera(id).await?.as_ref(), &edit, &kinds).await?;
        }
        let (checked, by) = (edit.clone(), kinds.clone());
        let only_if = only_if.and(move |row| camera::check_edit(Some(row), &checked, &by));
        Ok((database.cameras.edit_camera_if(id, edit, only_if).await?, kinds))
    })
    .await
}

pub(super) fn no_camera(id: i64) -> Error {
    Error::not_found(format!("there is no camera {id}"))
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

type Answer<T> = ResponseActFuture<Restreams, Result<T>>;

impl Restreams {
    /// Lets a written row act, and answers with its state.
    fn answer(
        &mut self,
        written: Result<(CameraRow, Kinds)>,
        ctx: &mut Context<Self>,
    ) -> impl Future<Output = Result<Written>> + use<> {
        let live = Arc::clone(&self.live);
        let written = written.map(|(row, kinds)| {
            self.kinds = kinds;
            self.take_row(row.id, Some(&row), ctx);
            let status = self.status_of(row.id).ok_or_else(|| no_camera(row.id));
            status.map(|status| Written { row, status })
        });
        async move {
            let Written { row, status } = written??;
            Ok(Written { row, status: with_live(live, status).await })
        }
    }
}

impl Handler<AddCamera> for Restreams {
    type Result = Answer<Written>;

    fn handle(&mut self, command: AddCamera, _: &mut Self::Context) -> Self::Result {
        let added = add(self.database.clone(), command.0, self.setup.reach.clone()).into_actor(self);
        Box::pin(added.then(|row, manager, ctx| manager.answer(row, ctx).into_actor(manager)))
    }
}

impl Handler<EditCamera> for Restreams {
    type Result = Answer<Written>;

    fn handle(&mut self, command: EditCamera, _: &mut Self::Context) -> Self::Result {
        let edited = edit(self.database.clone(), command, self.setup.reach.clone()).into_actor(self);
        Box::pin(edited.then(|row, manager, ctx| manager.answer(row, ctx).into_actor(manager)))
    }
}

impl Handler<DeleteCamera> for Restreams {
    type Result = Answer<()>;

    fn handle(&mut self, command: DeleteCamera, _: &mut Self::Context) -> Self::Result {
        let (database, id) = (self.database.clone(), command.id);
        let deleted = async move { with_timeout(database.cameras.delete_camera_if(id, command.only_if)).await };
        Box::pin(deleted.into_actor(self).map(move |deleted, manager, ctx| {
            match deleted {
                // Somebody names the very camera: that is confirmation enough for it.
                Err(error) if error.kind() == Kind::NotFound && manager.fleet.contains_key(&id) => {}
                deleted => deleted?,
            }
            manager.take_row(id, None, ctx);
            Ok(())
        }))
    }
}

impl Handler<RestartCamera> for Restreams {
    type Result = Answer<CameraStatus>;

    fn handle(&mut self, command: RestartCamera, _: &mut Self::Context) -> Self::Result {
        let status = self.restart(command.0);
        let live = Arc::clone(&self.live);
        Box::pin(async move { Ok(with_live(live, status?).await) }.into_actor(self))
    }
}

impl Handler<Refresh> for Restreams {
    type Result = ();

    fn handle(&mut self, _: Refresh, ctx: &mut Self::Context) {
        self.refresh(ctx);
    }
}
