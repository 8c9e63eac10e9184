//! The cameras table itself, where no program runs on it: checks and writes go the same way as those of the API.

use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::Utc;

use super::camera_answer::{BlockedChangeNotice, no_camera};
use super::open_stores::{known_nodes, open_existing, open_or_empty, open_stores};
use crate::actors::restream::{self, LAST_KNOWN, RestreamSetup};
use crate::adapters::database::import::import as write_sheet;
use crate::adapters::database::{Condition, IncidentQuery, Stores};
use crate::adapters::ffmpeg::ffmpeg_version;
use crate::adapters::last_known::LastKnownFile;
use crate::adapters::resolve;
use crate::base::Result;
use crate::config::Settings;
use crate::domain::camera::sheet::{self, ImportReport};
use crate::domain::camera::{CameraEdit, CameraRow, CameraSource, Kinds, check_edit, check_kind, draft, is_named};
use crate::domain::incident::IncidentKind;
use crate::domain::probe::{KeptProbe, ProbeView};

/// A change of the table is taken up by whoever relays it in so long, and looked for so often.
const TAKEN_UP_WITHIN: Duration = Duration::from_secs(4);
const CHECK_EVERY: Duration = Duration::from_millis(250);

/// All cameras, by id. A database that does not exist yet has none, and is not made for looking.
pub(super) async fn list(settings: &Settings) -> Result<Vec<CameraRow>> {
    let (stores, _folder) = open_or_empty(settings).await?;
    stores.cameras.cameras().await
}

pub(super) async fn add(settings: &Settings, edit: CameraEdit) -> Result<CameraRow> {
    let stores = open_stores(settings).await?;
    let kinds = read_kinds(&stores).await?;
    check_edit(None, &edit, &kinds)?;
    resolve::check(&restream::reach(settings), &draft(None, &edit, &kinds)?).await?;
    stores.cameras.add_camera(edit).await
}

pub(super) async fn edit(settings: &Settings, camera: &str, edit: CameraEdit) -> Result<CameraRow> {
    let stores = open_existing(settings).await?;
    let row = find(&stores, camera).await?;
    let (checked, kinds) = (edit.clone(), read_kinds(&stores).await?);
    if edit.names_place() {
        resolve::check(&restream::reach(settings), &draft(Some(&row), &edit, &kinds)?).await?;
    }
    let only_if = Condition::new(move |row| check_edit(Some(row), &checked, &kinds));
    let row = stores.cameras.edit_camera_if(row.id, edit, only_if).await?;
    note_meant(settings, row.id, Some(&row));
    Ok(row)
}

pub(super) async fn remove(settings: &Settings, camera: &str) -> Result<CameraRow> {
    let stores = open_existing(settings).await?;
    let row = find(&stores, camera).await?;
    stores.cameras.delete_camera(row.id).await?;
    note_meant(settings, row.id, None);
    Ok(row)
}

/// The next start compares the table with the cameras that were known last: what a person named is no surprise to it.
fn note_meant(settings: &Settings, id: i64, row: Option<&CameraRow>) {
    if let Err(error) = LastKnownFile::at(settings.data_dir.join(LAST_KNOWN)).change_row(id, row) {
        log::warn!("the next start may block this change, see `streamwarden cameras plan` then: {error}");
    }
}

pub(super) async fn import(settings: &Settings, file: &[u8], dry: bool) -> Result<ImportReport> {
    let reach = restream::reach(settings);
    let cameras = open_stores(settings).await?.cameras;
    let check = async |called| resolve::check_lines(&reach, called).await;
    write_sheet(&*cameras, file, dry, check).await
}

/// What a program elsewhere that relays these cameras holds, as its incident tells.
pub(super) async fn blocked(settings: &Settings) -> Result<Option<BlockedChangeNotice>> {
    let Some(node) = relayed_elsewhere(settings).await else { return Ok(None) };
    let query =
        IncidentQuery { open: true, kind: Some(IncidentKind::ChangeBlocked), limit: 1, ..IncidentQuery::default() };
    let found = open_stores(settings).await?.incidents.incidents(query).await?.into_iter().next();
    Ok(found.map(|blocked| BlockedChangeNotice {
        id: blocked.id.to_string(),
        words: format!(
            "{}; confirm where node {node:?} runs: `streamwarden cameras plan --apply`, or with --api",
            blocked.cause
        ),
    }))
}

/// The same for a change that was just written: it has some seconds to be taken up.
pub(super) async fn blocked_since(
    settings: &Settings,
    before: Option<BlockedChangeNotice>,
) -> Result<Option<BlockedChangeNotice>> {
    let until = Instant::now() + TAKEN_UP_WITHIN;
    while relayed_elsewhere(settings).await.is_some() && Instant::now() < until {
        match blocked(settings).await? {
            Some(now) if before.as_ref() != Some(&now) => return Ok(Some(now)),
            _ => tokio::time::sleep(CHECK_EVERY).await,
        }
    }
    Ok(None)
}

/// The node that relays the cameras of this database, if one lives: not here, or it would have been asked.
async fn relayed_elsewhere(settings: &Settings) -> Option<String> {
    // Where the nodes cannot be read, the change itself has said so.
    let nodes = known_nodes(settings).await.unwrap_or_default();
    nodes.into_iter().find(|node| node.relays && node.is_alive()).map(|node| node.name)
}

pub(super) async fn export(settings: &Settings) -> Result<String> {
    Ok(sheet::write(&list(settings).await?))
}

/// The kinds; before there is a database those that each one begins with.
pub(super) async fn kinds(settings: &Settings) -> Result<Vec<(String, String)>> {
    let (stores, _folder) = open_or_empty(settings).await?;
    stores.cameras.camera_kinds().await
}

pub(super) async fn set_kind(settings: &Settings, kind: &str, template: &str) -> Result<()> {
    check_kind(kind, template)?;
    open_stores(settings).await?.cameras.put_camera_kind(kind.to_owned(), template.to_owned()).await
}

pub(super) async fn remove_kind(settings: &Settings, kind: &str) -> Result<()> {
    open_existing(settings).await?.cameras.delete_camera_kind(kind).await
}

pub(super) async fn probe(settings: &Settings, camera: &str) -> Result<ProbeView> {
    let stores = open_existing(settings).await?;
    let row = find(&stores, camera).await?;
    let source = Box::new(CameraSource::from_row(&row, &read_kinds(&stores).await?)?);
    let mark = settings.data_dir.display().to_string();
    ffmpeg_version::look(&settings.ffmpeg.ffprobe, &mark).await?;
    let version = ffmpeg_version::look(&settings.ffmpeg.ffmpeg, &mark).await?;
    let setup = Arc::new(RestreamSetup::from_settings(settings, version, mark, false)?);
    let begun = Instant::now();
    let result = restream::probe(setup, source.clone()).await;
    let (at, ms) = (Utc::now(), begun.elapsed().as_millis() as u64);
    if let Err(error) = stores.probes.put_camera_probe(KeptProbe::new(&source, at, &result)).await {
        log::warn!("keeping the result of the probe failed: {error}");
    }
    Ok(ProbeView::new(at, ms, result))
}

async fn read_kinds(stores: &Stores) -> Result<Kinds> {
    Ok(stores.cameras.camera_kinds().await?.into_iter().collect())
}

/// By its id or its name, see [`is_named`].
async fn find(stores: &Stores, camera: &str) -> Result<CameraRow> {
    let rows = stores.cameras.cameras().await?;
    rows.into_iter().find(|row| is_named(camera, row.id, &row.name)).ok_or_else(|| no_camera(camera))
}
