//! The database of the settings, opened or looked into.

use std::path::Path;

use tempfile::TempDir;

use crate::actors::restream::LAST_KNOWN;
use crate::adapters::database::postgres::SiteTable;
use crate::adapters::database::site::WithSite;
use crate::adapters::database::{self, Stores};
use crate::base::{Error, Result};
use crate::config::Settings;
use crate::config::settings::DatabaseSettings;
use crate::domain::node::Node;

/// Opens the database of these settings, for commands that need nothing else.
///
/// # Errors
/// When it cannot be opened.
pub async fn open_stores(settings: &Settings) -> Result<Stores> {
    match &settings.database {
        DatabaseSettings::Sqlite(path) => Ok(database::sqlite::open(path).await?.into()),
        DatabaseSettings::Postgres(postgres) => Ok(database::postgres::open(postgres).await?.into()),
        DatabaseSettings::Site { url, cameras_query, listen_url, own } => {
            let cameras = SiteTable::open(url, listen_url.as_ref(), cameras_query).await?;
            Ok(WithSite { cameras, own: database::sqlite::open(own).await?.into() }.stores())
        }
    }
}

/// As [`open_stores`], for commands that look, or change what is there: a file that does not exist is not made. It would be a database that
/// nobody runs on, in whatever folder the command was typed.
///
/// # Errors
/// `NotFound` when there is none, with the folder that was looked at; when it cannot be opened.
pub(super) async fn open_existing(settings: &Settings) -> Result<Stores> {
    refuse_missing(settings)?;
    open_stores(settings).await
}

/// As [`open_stores`], for commands that list what a database holds from its beginning: where there is none, an empty one in a temporary
/// folder, which lasts as long as the folder is kept.
///
/// # Errors
/// When it cannot be opened, or made.
pub(super) async fn open_or_empty(settings: &Settings) -> Result<(Stores, Option<TempDir>)> {
    if missing_file(settings).is_none() {
        return Ok((open_stores(settings).await?, None));
    }
    let unusable = |error| Error::internal("a temporary folder cannot be made").with_source(error);
    let (folder, mut settings) = (tempfile::tempdir().map_err(unusable)?, settings.clone());
    if let DatabaseSettings::Sqlite(file) | DatabaseSettings::Site { own: file, .. } = &mut settings.database {
        *file = folder.path().join("empty.db");
    }
    Ok((open_stores(&settings).await?, Some(folder)))
}

/// Refuses settings whose SQLite file does not exist.
///
/// # Errors
/// `NotFound`, with the folder that was looked at.
pub(super) fn refuse_missing(settings: &Settings) -> Result<()> {
    let Some(file) = missing_file(settings) else { return Ok(()) };
    let (file, folder) = (file.display(), settings.data_dir.display());
    let remedy = "if it should be there, name the configuration (--config) or the database (PG_DSN) of the program; the first \
                  `streamwarden run` makes it";
    Err(Error::not_found(format!("there is no database {file} yet (data_dir {folder}); {remedy}")))
}

/// Our SQLite file, where it does not exist.
pub fn missing_file(settings: &Settings) -> Option<&Path> {
    match &settings.database {
        DatabaseSettings::Sqlite(file) | DatabaseSettings::Site { own: file, .. } if !file.exists() => Some(file),
        _ => None,
    }
}

/// As [`open_stores`], for a program that goes on without it until it answers. One that has cameras to go on with puts up
/// with more: a file that was damaged, a site's table that is just being changed.
pub(super) async fn open_stores_or_wait(settings: &Settings) -> Result<Stores> {
    let again = settings.data_dir.join(LAST_KNOWN).exists();
    let file = async |path: &Path| match again {
        true => database::sqlite::open_again(path).await,
        false => database::sqlite::open_or_wait(path).await,
    };
    match &settings.database {
        DatabaseSettings::Sqlite(path) => Ok(file(path).await?.into()),
        DatabaseSettings::Postgres(postgres) => Ok(database::postgres::open_or_wait(postgres).await?.into()),
        DatabaseSettings::Site { url, cameras_query, listen_url, own } => {
            let listen_url = listen_url.as_ref();
            let own = file(own).await?;
            let cameras = match again {
                true => SiteTable::open_again(url, listen_url, cameras_query).await?,
                false => SiteTable::open(url, listen_url, cameras_query).await?,
            };
            Ok(WithSite { cameras, own: own.into() }.stores())
        }
    }
}

/// The nodes that the database knows; none where it is not made yet.
///
/// # Errors
/// When the database cannot be read.
pub(super) async fn known_nodes(settings: &Settings) -> Result<Vec<Node>> {
    match &settings.database {
        DatabaseSettings::Postgres(settings) => database::postgres::inspect_nodes(settings).await,
        DatabaseSettings::Sqlite(file) | DatabaseSettings::Site { own: file, .. } if file.exists() => {
            database::sqlite::inspect_nodes(file).await
        }
        DatabaseSettings::Sqlite(_) | DatabaseSettings::Site { .. } => Ok(Vec::new()),
    }
}

/// Whether the database knows a user or a token; none where it is not made yet.
///
/// # Errors
/// When the database cannot be read.
pub(super) async fn has_logins(settings: &Settings) -> Result<bool> {
    match &settings.database {
        DatabaseSettings::Postgres(settings) => database::postgres::inspect_logins(settings).await,
        DatabaseSettings::Sqlite(file) | DatabaseSettings::Site { own: file, .. } if file.exists() => {
            database::sqlite::inspect_logins(file).await
        }
        DatabaseSettings::Sqlite(_) | DatabaseSettings::Site { .. } => Ok(false),
    }
}
