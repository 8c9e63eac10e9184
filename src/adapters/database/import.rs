//! A sheet of cameras written as one change: all of its rows, or none when anything is wrong. Called by the actor of the
//! commands, and by whoever writes a table that no program relays.

use tokio::sync::oneshot;

use super::CameraStore;
use crate::base::{Error, Result};
use crate::domain::camera::sheet::{ImportReport, MOST_FAULTS, Sheet, SheetFault, SheetTarget};
use crate::domain::camera::{CameraRow, Kinds};

/// Reads the file, compares it with the cameras as they are, asks whether what they would call may be called and, unless
/// `dry`, writes what differs. Faults are in the report, and then nothing is written.
///
/// # Errors
/// When the database cannot be read or written.
pub async fn import(
    cameras: &dyn CameraStore,
    file: &[u8],
    dry: bool,
    check_targets: impl AsyncFnOnce(Vec<SheetTarget>) -> Vec<SheetFault>,
) -> Result<ImportReport> {
    let sheet = match Sheet::read(file) {
        Ok(sheet) => sheet,
        Err(report) => return Ok(report),
    };
    let kinds: Kinds = cameras.camera_kinds().await?.into_iter().collect();
    let planned = sheet.plan(&cameras.cameras().await?, &kinds);
    // More are not told anyway.
    if planned.report.faults.len() > MOST_FAULTS {
        return Ok(planned.report);
    }
    let mut faults = planned.report.faults.clone();
    faults.extend(check_targets(planned.called).await);
    if !faults.is_empty() {
        return Ok(ImportReport::refused(faults));
    }
    if dry {
        return Ok(planned.report);
    }
    let (tell, told) = oneshot::channel();
    let plan = Box::new(move |rows: &[CameraRow]| {
        let planned = sheet.plan(rows, &kinds);
        // Whoever asked may have gone; the file is written all the same.
        let _ = tell.send(planned.report);
        Ok(planned.writes)
    });
    cameras.write_cameras(plan).await?;
    told.await.map_err(|_| Error::internal("the import was not planned"))
}
