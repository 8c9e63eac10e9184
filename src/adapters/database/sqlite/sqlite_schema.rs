//! The schema's version: older is migrated, newer and foreign are refused by name, never guessed at.

use std::error::Error as _;
use std::path::Path;

use rusqlite::{Connection, OptionalExtension};

use super::sqlite_fault;
use crate::base::error::ErrorKind;
use crate::base::{Error, Result};

mod embedded {
    refinery::embed_migrations!("sql/sqlite");
}

/// Migrates the database to our version. Costs one small query when it is there already.
pub(super) fn migrate(connection: &mut Connection, path: &Path) -> Result<()> {
    let ours = newest();
    for last_try in [false, true] {
        if known_version(connection, path)? == ours {
            return Ok(());
        }
        // In one transaction: another process sees all of it or nothing.
        match embedded::migrations::runner().set_grouped(true).run(connection) {
            Ok(_) => return Ok(()),
            // Another process may have migrated it between our look and our try: look again, once.
            Err(_) if !last_try => {}
            Err(error) => return Err(sentence(path, error)),
        }
    }
    Ok(())
}

/// Version of the file's schema, at most ours; 0 for an empty file.
pub(super) fn known_version(connection: &Connection, path: &Path) -> Result<i32> {
    let (theirs, ours) = (version(connection, path)?, newest());
    if theirs > ours {
        let text = "this program knows versions up to";
        let why = format!("has schema version {theirs}, {text} {ours}; use a newer program");
        return Err(refused(path, &why));
    }
    Ok(theirs)
}

/// Version of the newest migration in this program.
pub(super) fn newest() -> i32 {
    embedded::migrations::runner().get_migrations().iter().map(refinery::Migration::version).max().unwrap_or(0)
}

/// Version of the file's schema; 0 for an empty file.
fn version(connection: &Connection, path: &Path) -> Result<i32> {
    let sentence = |error| sqlite_fault::sentence(path, error);
    let table = |name: &str| {
        let sql = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name LIKE ?1 AND name NOT LIKE 'sqlite_%'";
        connection.query_row(sql, [name], |row| row.get::<_, String>(0)).optional().map_err(sentence)
    };
    if table("refinery_schema_history")?.is_some() {
        let sql = "SELECT coalesce(max(version), 0) FROM refinery_schema_history";
        return connection.query_row(sql, [], |row| row.get(0)).map_err(sentence);
    }
    match table("%")? {
        None => Ok(0),
        Some(other) => Err(refused(
            path,
            &format!("belongs to another program (it has a table {other:?} and no schema history); name another file"),
        )),
    }
}

fn refused(path: &Path, why: &str) -> Error {
    Error::new(ErrorKind::Unsupported, format!("the database file {} {why}", path.display()))
}

/// The sentence of the SQLite error inside, if one is: a locked file is no fault of the migration.
fn sentence(path: &Path, error: refinery::Error) -> Error {
    let mut cause = error.source();
    while let Some(inner) = cause {
        if let Some(rusqlite::Error::SqliteFailure(code, text)) = inner.downcast_ref::<rusqlite::Error>() {
            let again = rusqlite::Error::SqliteFailure(*code, text.clone());
            if code.code != rusqlite::ErrorCode::Unknown {
                return sqlite_fault::sentence(path, again);
            }
        }
        cause = inner.source();
    }
    refused(path, "cannot be migrated; its tables or its schema history were changed by hand").with_source(error)
}

/// As an earlier version made the file.
#[cfg(test)]
pub(super) fn bring_up_to(connection: &mut Connection, version: i32) {
    let runner = embedded::migrations::runner().set_grouped(true).set_target(refinery::Target::Version(version));
    runner.run(connection).expect("migrated");
}
