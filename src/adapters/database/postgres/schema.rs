//! The schema's version: older is migrated, newer and foreign are refused by name, never guessed at.

use std::time::Duration;

use secrecy::SecretString;
use tokio_postgres::Client;
use tokio_util::task::AbortOnDropHandle;

use super::address::Address;
use super::fault;
use crate::base::error::Kind;
use crate::base::{Error, Result};

mod embedded {
    refinery::embed_migrations!("sql/postgres");
}

/// Ours alone: other programs of the same database may use refinery too.
const HISTORY: &str = "streamwarden_schema_history";

/// Of the advisory lock: "strmward" in ASCII.
const LOCK: i64 = 0x7374_726d_7761_7264;

/// Longest time for everything here; another process may be migrating.
const LIMIT: Duration = Duration::from_secs(30);

/// Longest time for a look.
const LOOK: Duration = Duration::from_secs(5);

/// Migrates the database to our version.
pub(super) async fn bring_up(address: &Address) -> Result<()> {
    let late = |_| {
        let sentence = format!(
            "the database {} gave no answer within {} s; is another process migrating it?",
            address.place,
            LIMIT.as_secs()
        );
        Error::new(Kind::Timeout, sentence)
    };
    tokio::time::timeout(LIMIT, migrate(address)).await.map_err(late)?
}

/// Says what the database holds, for `check`: migrates nothing, as it may be in use by a program of another version.
///
/// # Errors
/// As [`super::open`].
pub async fn inspect(url: &SecretString) -> Result<String> {
    let address = Address::parse(url)?;
    let place = &address.place;
    let late = |_| Error::new(Kind::Timeout, format!("the database {place} does not answer"));
    let look = async {
        let sentence = |error| fault::sentence(place, &error);
        let (client, connection) = address.config.connect(address.tls.clone()).await.map_err(sentence)?;
        let _connection = AbortOnDropHandle::new(tokio::spawn(connection));
        let (theirs, ours) = (known_version(&client, place).await?, newest());
        let sql = "SELECT current_setting('server_version'), current_setting('transaction_read_only')::boolean";
        let row = client.query_one(sql, &[]).await.map_err(sentence)?;
        let (server, is_read_only): (String, bool) = (row.get(0), row.get(1));
        if is_read_only {
            return Err(fault::read_only(place));
        }
        if theirs < ours {
            return Ok(format!("PostgreSQL {server} at {place}, schema version {theirs}, will be brought to {ours}"));
        }
        let cameras = client.query_one("SELECT count(*) FROM cameras", &[]).await.map_err(sentence)?;
        Ok(format!("PostgreSQL {server} at {place}, cameras: {}", cameras.get::<_, i64>(0)))
    };
    tokio::time::timeout(LOOK, look).await.map_err(late)?
}

async fn migrate(address: &Address) -> Result<()> {
    let place = &address.place;
    let sentence = |error| fault::sentence(place, &error);
    // A connection of its own: the lock goes with it, whatever happens.
    let (mut client, connection) = address.config.connect(address.tls.clone()).await.map_err(sentence)?;
    let _connection = AbortOnDropHandle::new(tokio::spawn(connection));
    if known_version(&client, place).await? == newest() {
        return Ok(());
    }
    client.execute("SELECT pg_advisory_lock($1)", &[&LOCK]).await.map_err(sentence)?;
    if known_version(&client, place).await? == newest() {
        return Ok(());
    }
    let mut runner = embedded::migrations::runner();
    runner.set_migration_table_name(HISTORY);
    runner.run_async(&mut client).await.map(|_| ()).map_err(|error| wrong_history(place, error))
}

/// Version of the database's schema, at most ours; 0 for an empty one. An error when the tables are somebody else's.
async fn known_version(client: &Client, place: &str) -> Result<i32> {
    let sentence = |error| fault::sentence(place, &error);
    let exists = "SELECT to_regclass($1) IS NOT NULL, to_regclass('cameras') IS NOT NULL";
    let row = client.query_one(exists, &[&HISTORY]).await.map_err(sentence)?;
    let (has_history, has_cameras): (bool, bool) = (row.get(0), row.get(1));
    if !has_history {
        if has_cameras {
            return Err(refused(
                place,
                "has a table cameras that is not ours; name another database (createdb streamwarden)",
            ));
        }
        return Ok(0);
    }
    let version = format!("SELECT coalesce(max(version), 0) FROM {HISTORY}");
    let theirs: i32 = client.query_one(&version, &[]).await.map_err(sentence)?.get(0);
    let ours = newest();
    if theirs > ours {
        let what =
            format!("has schema version {theirs}, this program knows versions up to {ours}; use a newer program");
        return Err(refused(place, &what));
    }
    Ok(theirs)
}

/// Version of the newest migration in this program.
fn newest() -> i32 {
    embedded::migrations::runner().get_migrations().iter().map(refinery::Migration::version).max().unwrap_or(0)
}

fn wrong_history(place: &str, error: refinery::Error) -> Error {
    let mut cause = std::error::Error::source(&error);
    while let Some(inner) = cause {
        if let Some(error) = inner.downcast_ref::<tokio_postgres::Error>() {
            return fault::sentence(place, error);
        }
        cause = inner.source();
    }
    refused(place, &format!("cannot be migrated; its tables or {HISTORY} were changed by hand")).with_source(error)
}

fn refused(place: &str, why: &str) -> Error {
    Error::new(Kind::Unsupported, format!("the database {place} {why}"))
}
