//! The rows of cameras as commands write them, checked by the rules for rows. Whoever relays acts on them: the actor of the commands
//! in a process that has the role, another process elsewhere.

use tokio::time::Instant;

use crate::adapters::database::import;
use crate::adapters::database::{CameraStore, Condition, with_timeout};
use crate::adapters::resolve;
use crate::base::Result;
use crate::domain::camera::sheet::ImportReport;
use crate::domain::camera::{self, CameraEdit, CameraRow, Kinds, Reach};

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

/// Adds a row. With it the kinds that it was checked by, and when its write began.
///
/// # Errors
/// `Invalid` names the field; `Conflict` when the name is taken.
pub async fn add_row(
    cameras: &dyn CameraStore,
    edit: CameraEdit,
    reach: &Reach,
) -> Result<(CameraRow, Kinds, Instant)> {
    with_timeout(async {
        let kinds = cameras.camera_kinds().await?.into_iter().collect();
        camera::check_edit(None, &edit, &kinds)?;
        check_reach(reach, None, &edit, &kinds).await?;
        let begun = Instant::now();
        Ok((cameras.add_camera(edit).await?, kinds, begun))
    })
    .await
}

/// Changes a row.
///
/// # Errors
/// As [`add_row`]; `NotFound`, and what `only_if` says.
pub async fn edit_row(
    cameras: &dyn CameraStore,
    id: i64,
    edit: CameraEdit,
    only_if: Condition,
    reach: &Reach,
) -> Result<(CameraRow, Kinds, Instant)> {
    with_timeout(async {
        let kinds: Kinds = cameras.camera_kinds().await?.into_iter().collect();
        if edit.names_place() {
            check_reach(reach, cameras.camera(id).await?.as_ref(), &edit, &kinds).await?;
        }
        let (checked, by) = (edit.clone(), kinds.clone());
        let only_if = only_if.and(move |row| camera::check_edit(Some(row), &checked, &by));
        let begun = Instant::now();
        Ok((cameras.edit_camera_if(id, edit, only_if).await?, kinds, begun))
    })
    .await
}

/// Deletes a row.
///
/// # Errors
/// `NotFound`, and what `only_if` says.
pub async fn delete_row(cameras: &dyn CameraStore, id: i64, only_if: Condition) -> Result<()> {
    with_timeout(cameras.delete_camera_if(id, only_if)).await
}
