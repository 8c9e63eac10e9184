//! The kinds of cameras for `streamwarden cameras kinds`, checked as over the API. Called by `cli`.

use crate::base::Result;
use crate::config::Settings;
use crate::domain::camera::{check_kind, check_unused};

/// Every kind with its template, by name.
///
/// # Errors
/// When the database cannot be used.
pub async fn list(settings: &Settings) -> Result<Vec<(String, String)>> {
    super::open_database(settings).await?.camera_kinds().await
}

/// Writes a kind.
///
/// # Errors
/// `Invalid` naming the field, or when the database cannot be used.
pub async fn set(settings: &Settings, kind: &str, template: &str) -> Result<()> {
    check_kind(kind, template)?;
    super::open_database(settings).await?.put_camera_kind(kind.to_owned(), template.to_owned()).await
}

/// Deletes a kind.
///
/// # Errors
/// `NotFound`, `Conflict` when cameras are of this kind, or when the database cannot be used.
pub async fn remove(settings: &Settings, kind: &str) -> Result<()> {
    let database = super::open_database(settings).await?;
    check_unused(kind, &database.cameras().await?)?;
    database.delete_camera_kind(kind).await
}
