//! The cameras table for `streamwarden cameras`, whether or not a streamwarden is running on it: checks and writes go
//! the same way as those of the API. Called by `cli`.

use std::sync::Arc;
use std::time::Instant;

use chrono::Utc;

use super::remote::Remote;
use crate::actors::restream::{self, RestreamSetup};
use crate::adapters::database::import::import as write_sheet;
use crate::adapters::database::{Condition, SharedDatabase};
use crate::adapters::ffmpeg::version;
use crate::base::{Error, Result};
use crate::config::Settings;
use crate::config::settings::Database;
use crate::domain::camera::sheet::ImportReport;
use crate::domain::camera::{CameraEdit, CameraRow, CameraSource, Kinds, check_edit};
use crate::domain::probe::{KeptProbe, ProbeView};

/// All cameras, by id. A database that does not exist yet has none, and is not made for looking.
///
/// # Errors
/// When the database cannot be used.
pub async fn list(settings: &Settings) -> Result<Vec<CameraRow>> {
    if let Database::Sqlite(file) = &settings.database
        && !file.exists()
    {
        return Ok(Vec::new());
    }
    open(settings).await?.cameras().await
}

/// Adds a camera.
///
/// # Errors
/// `Invalid` naming the field, `Conflict` when the name is taken, or when the database cannot be used.
pub async fn add(settings: &Settings, edit: CameraEdit) -> Result<CameraRow> {
    let database = open(settings).await?;
    check_edit(None, &edit, &kinds(&database).await?)?;
    database.add_camera(edit).await
}

/// Changes the camera of this name or id.
///
/// # Errors
/// As [`add`], and `NotFound`.
pub async fn edit(settings: &Settings, camera: &str, edit: CameraEdit) -> Result<CameraRow> {
    let database = open(settings).await?;
    let row = find(&database, camera).await?;
    let (checked, kinds) = (edit.clone(), kinds(&database).await?);
    let only_if = Condition::new(move |row| check_edit(Some(row), &checked, &kinds));
    database.edit_camera_if(row.id, edit, only_if).await
}

/// Removes the camera of this name or id, and returns what it was.
///
/// # Errors
/// `NotFound`, or when the database cannot be used.
pub async fn remove(settings: &Settings, camera: &str) -> Result<CameraRow> {
    let database = open(settings).await?;
    let row = find(&database, camera).await?;
    database.delete_camera(row.id).await?;
    Ok(row)
}

/// Adds and changes cameras by a CSV file; see [`import::import`](crate::adapters::database::import::import).
///
/// # Errors
/// When the database cannot be used.
pub async fn import(settings: &Settings, file: &[u8], dry: bool) -> Result<ImportReport> {
    write_sheet(&open(settings).await?, file, dry).await
}

/// Looks at the camera of this name or id: by the streamwarden that runs on our data folder, else by itself. The result is
/// kept.
///
/// # Errors
/// `NotFound`, `Invalid` when its row is wrong, or when nobody can look. A camera that fails is no error.
pub async fn probe(settings: &Settings, camera: &str) -> Result<ProbeView> {
    let database = open(settings).await?;
    let row = find(&database, camera).await?;
    if let Ok(remote) = Remote::find(settings) {
        return remote.probe(row.id).await;
    }
    let source = Box::new(CameraSource::from_row(&row, &kinds(&database).await?)?);
    let mark = settings.data_dir.display().to_string();
    version::look(&settings.ffmpeg.ffprobe, &mark).await?;
    let version = version::look(&settings.ffmpeg.ffmpeg, &mark).await?;
    let setup = Arc::new(RestreamSetup::from_settings(settings, version, mark, false)?);
    let begun = Instant::now();
    let result = restream::probe(setup, source.clone()).await;
    let (at, ms) = (Utc::now(), begun.elapsed().as_millis() as u64);
    if let Err(error) = database.put_camera_probe(KeptProbe::new(&source, at, &result)).await {
        log::warn!("what was found is not kept: {error}");
    }
    Ok(ProbeView::new(at, ms, result))
}

async fn open(settings: &Settings) -> Result<SharedDatabase> {
    super::open_database(settings).await
}

async fn kinds(database: &SharedDatabase) -> Result<Kinds> {
    Ok(database.camera_kinds().await?.into_iter().collect())
}

/// A name wins over an id, as names may be numbers.
async fn find(database: &SharedDatabase, camera: &str) -> Result<CameraRow> {
    let rows = database.cameras().await?;
    let id = camera.parse::<i64>().ok();
    let by_name = rows.iter().find(|row| row.name == camera);
    let found = by_name.or_else(|| rows.iter().find(|row| Some(row.id) == id));
    found.cloned().ok_or_else(|| {
        let shown: String = camera.chars().take(60).collect();
        Error::not_found(format!("there is no camera {shown:?}; `streamwarden cameras list` names them all"))
    })
}
