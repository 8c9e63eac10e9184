//! A look at a file for `check`: can it be used, and what is in it? Migrates nothing and makes nothing, as the file may
//! be in use by a program of another version.

use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

use super::sqlite_fault::SqliteFailure;
use super::{sqlite_fault, sqlite_nodes, sqlite_schema};
use crate::base::{Error, Result};
use crate::domain::node::Node;

/// How long another process may hold the lock.
const TIMEOUT: Duration = Duration::from_secs(5);

/// Says what the file holds; it must exist.
///
/// # Errors
/// `Unsupported` when the schema is newer than ours or the file belongs to another program, else what SQLite says.
pub async fn inspect(path: impl Into<PathBuf>) -> Result<String> {
    let path = path.into();
    let looked = tokio::task::spawn_blocking(move || look(&path)).await;
    looked.map_err(|panic| Error::internal("the look at the database failed inside").with_source(panic))?
}

/// The nodes that work on a file that exists; none where its tables are not made yet.
///
/// # Errors
/// As [`inspect`].
pub async fn inspect_nodes(path: impl Into<PathBuf>) -> Result<Vec<Node>> {
    let path = path.into();
    let looked = tokio::task::spawn_blocking(move || {
        let connection = connect(&path)?;
        if sqlite_schema::known_version(&connection, &path)? < sqlite_schema::newest() {
            return Ok(Vec::new());
        }
        sqlite_nodes::all(&connection).map_err(|failure| match failure {
            SqliteFailure::Answer(error) => error,
            SqliteFailure::Sql(error) => sqlite_fault::sentence(&path, error),
        })
    })
    .await;
    looked.map_err(|panic| Error::internal("the look at the database failed inside").with_source(panic))?
}

/// Whether a file that exists holds a user or a token; none where its tables are not made yet.
///
/// # Errors
/// As [`inspect`].
pub async fn inspect_logins(path: impl Into<PathBuf>) -> Result<bool> {
    let path = path.into();
    let looked = tokio::task::spawn_blocking(move || {
        let connection = connect(&path)?;
        if sqlite_schema::known_version(&connection, &path)? < sqlite_schema::newest() {
            return Ok(false);
        }
        let sql = "SELECT EXISTS (SELECT 1 FROM login_users) OR EXISTS (SELECT 1 FROM login_tokens)";
        connection.query_row(sql, [], |row| row.get(0)).map_err(|error| sqlite_fault::sentence(&path, error))
    })
    .await;
    looked.map_err(|panic| Error::internal("the look at the database failed inside").with_source(panic))?
}

fn connect(path: &Path) -> Result<Connection> {
    let sentence = |error| sqlite_fault::sentence(path, error);
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).map_err(sentence)?;
    connection.busy_timeout(TIMEOUT).map_err(sentence)?;
    Ok(connection)
}

fn look(path: &Path) -> Result<String> {
    let sentence = |error| sqlite_fault::sentence(path, error);
    let connection = connect(path)?;
    let (theirs, ours) = (sqlite_schema::known_version(&connection, path)?, sqlite_schema::newest());
    // Taking the write lock shows a read-only file and another process's lock; nothing is written.
    connection.execute_batch("BEGIN IMMEDIATE; ROLLBACK").map_err(sentence)?;
    let shown = path.display();
    if theirs < ours {
        return Ok(format!("SQLite file {shown}, schema version {theirs}, will be brought to {ours}"));
    }
    let cameras: i64 = connection.query_row("SELECT count(*) FROM cameras", [], |row| row.get(0)).map_err(sentence)?;
    Ok(format!("SQLite file {shown}, cameras: {cameras}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_file_is_looked_at_and_left_as_it_is() {
        let folder = tempfile::tempdir().expect("a folder");
        let ours = folder.path().join("ours.db");
        drop(super::super::open(&ours).await.expect("a new file"));
        let told = inspect(&ours).await.expect("ours");
        assert!(told.ends_with("cameras: 0"), "{told}");

        let empty = folder.path().join("empty.db");
        std::fs::write(&empty, "").expect("a file");
        let told = inspect(&empty).await.expect("an empty file is an empty database");
        assert!(told.contains("schema version 0, will be brought to"), "{told}");
        assert_eq!(std::fs::metadata(&empty).expect("still there").len(), 0, "nothing was migrated");

        for (name, sql, wanted) in [
            (
                "newer.db",
                "CREATE TABLE refinery_schema_history(version INT); INSERT INTO refinery_schema_history VALUES (999)",
                "use a newer program",
            ),
            ("foreign.db", "CREATE TABLE songs(title TEXT)", "another program"),
        ] {
            let path = folder.path().join(name);
            Connection::open(&path).and_then(|connection| connection.execute_batch(sql)).expect(name);
            let error = inspect(&path).await.expect_err(name).to_string();
            assert!(error.contains(wanted), "{error}");
        }
        let text = folder.path().join("text.db");
        std::fs::write(&text, "not a database at all, but long enough to have a header of 100 bytes ".repeat(3))
            .expect("a file");
        assert!(inspect(&text).await.is_err());
        assert!(inspect(folder.path().join("none.db")).await.is_err());
        assert!(!folder.path().join("none.db").exists(), "nothing is made");
    }
}
