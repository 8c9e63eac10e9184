//! Cameras and their kinds in the database: what is asked and written.

use std::sync::Arc;

use async_trait::async_trait;
use tokio::sync::watch;

use super::Condition;
use crate::base::Result;
use crate::domain::camera::sheet::CameraWrite;
use crate::domain::camera::{CameraEdit, CameraRow};

/// Called by a listener with every step, from any thread.
pub type ListenProgress = Arc<dyn Fn() + Send + Sync>;

/// Says what to write of the cameras as they are; an error writes nothing.
pub type WritePlan = Box<dyn FnOnce(&[CameraRow]) -> Result<Vec<CameraWrite>> + Send>;

/// The cameras. Every write is durable when it returns.
#[async_trait]
pub trait CameraStore: Send + Sync {
    /// All cameras, by id.
    async fn cameras(&self) -> Result<Vec<CameraRow>>;
    /// One camera, as it is now; `None` when the row is gone.
    async fn camera(&self, id: i64) -> Result<Option<CameraRow>>;
    /// `(kind, url_template)` of every kind, by name.
    async fn camera_kinds(&self) -> Result<Vec<(String, String)>>;
    /// Writes a kind's template (checked by the caller), in place of an earlier one. `Conflict` when it would lead stored
    /// passwords elsewhere; nobody's camera comes between that look and the write.
    async fn put_camera_kind(&self, kind: String, url_template: String) -> Result<()>;
    /// Deletes a kind. `NotFound` when there is none, `Conflict` when a camera needs it; nobody's camera comes in between.
    async fn delete_camera_kind(&self, kind: &str) -> Result<()>;
    /// Inserts a camera (checked by the caller) and returns its row. `Conflict` when the name is taken, `Invalid` when its kind
    /// is gone by now.
    async fn add_camera(&self, edit: CameraEdit) -> Result<CameraRow>;
    /// Changes the fields present in `edit`, if the row passes `only_if`: nobody's change comes between that look and the
    /// write. `NotFound`, `Conflict` when the new name is taken, or what the condition says.
    async fn edit_camera_if(&self, id: i64, edit: CameraEdit, only_if: Condition) -> Result<CameraRow>;
    /// Shows `plan` all cameras and writes what it asks for, all of it or nothing; nobody's change comes in between.
    async fn write_cameras(&self, plan: WritePlan) -> Result<()>;
    /// Deletes a camera, if its row passes `only_if` as above. `NotFound` when there is none.
    async fn delete_camera_if(&self, id: i64, only_if: Condition) -> Result<()>;
    /// As [`CameraStore::edit_camera_if`], whatever the row is.
    async fn edit_camera(&self, id: i64, edit: CameraEdit) -> Result<CameraRow> {
        self.edit_camera_if(id, edit, Condition::always()).await
    }
    /// As [`CameraStore::delete_camera_if`], whatever the row is.
    async fn delete_camera(&self, id: i64) -> Result<()> {
        self.delete_camera_if(id, Condition::always()).await
    }
    /// Changes its value whenever somebody, this process or any other, may have changed the cameras; changes made elsewhere
    /// are heard of only while [`CameraStore::listen`] runs.
    fn camera_changes(&self) -> watch::Receiver<u64>;
    /// Ids of cameras that a command has named, in whatever process, since the last call: their changes are meant, and are not
    /// judged like those of the table. Changes of a command that nobody here has heard of are like any other's.
    fn take_commanded(&self) -> Vec<i64> {
        Vec::new()
    }
    /// Listens for changes of the cameras until it fails, or returns where nothing can be heard. `progress` is called with
    /// every step once it listens. What happened since the database was opened, or since an earlier call ended, is not
    /// missed. A database that was away when it was opened is waited for by this.
    async fn listen(&self, progress: ListenProgress) -> Result<()>;
}
