//! The schema's version: older is migrated, all of it or nothing; newer and foreign are refused by name before anything is
//! made, never guessed at.

use std::time::Duration;

use tokio_postgres::Row;
use tokio_postgres::types::Type;

use super::migrations;
use super::postgres_address::{Address, Connected};
use super::postgres_fault::PostgresFailure;
use super::quoted::quoted;
use super::rights::FoundSchema;
use super::{foreign, rights};
use crate::base::error::ErrorKind;
use crate::base::{Error, Result};

/// Ours alone: other programs of the same database may have migrations too. Of the form that `refinery` gave it.
const HISTORY: &str = "streamwarden_schema_history";

/// Of the advisory lock: "strmward" in ASCII.
const LOCK: i64 = 0x7374_726d_7761_7264;

/// Longest time until it is known what is to be done; another process may be migrating.
const LIMIT: Duration = Duration::from_secs(30);

/// Longest time for the migrations: an index over years of recordings takes minutes on a slow disk.
const WORK: Duration = Duration::from_secs(15 * 60);

/// Migrates the database to our version.
pub(super) async fn migrate(address: &Address) -> Result<()> {
    let late = |limit: Duration| {
        let sentence = format!(
            "the database {} gave no answer within {} s; is another process migrating it?",
            address.place,
            limit.as_secs()
        );
        Error::new(ErrorKind::Timeout, sentence)
    };
    let sentence = |failure: PostgresFailure| failure.sentence(&address.place);
    let begun = async {
        let connected = address.connect().await?;
        let pending = pending(&connected, address).await;
        let pending = connected.roll_back(pending).await.map_err(sentence)?;
        Ok((connected, pending))
    };
    let (connected, pending) = tokio::time::timeout(LIMIT, begun).await.map_err(|_| late(LIMIT))??;
    let Some(found) = pending else { return Ok(()) };
    let done = async {
        let migrated = migrate_from(&connected, address, &found).await;
        connected.roll_back(migrated).await.map_err(sentence)
    };
    tokio::time::timeout(WORK, done).await.map_err(|_| late(WORK))?
}

/// What is there when something is to be done: in an open transaction then, which holds the lock as well, so that nothing
/// of ours stays on the connection.
async fn pending(client: &Connected, address: &Address) -> Result<Option<FoundSchema>, PostgresFailure> {
    let begin = format!("BEGIN; {}", address.search_path());
    client.batch_execute(&begin).await?;
    let found = look(client, address).await?;
    client.batch_execute("COMMIT").await?;
    if found.version == migrations::newest() {
        return Ok(None);
    }
    // Another transaction: in the same one the server would remember names that were not there at the first look.
    client.batch_execute(&format!("{begin} SELECT pg_advisory_xact_lock({LOCK})")).await?;
    let found = look(client, address).await?;
    if found.version == migrations::newest() {
        client.batch_execute("COMMIT").await?;
        return Ok(None);
    }
    nothing_in_the_way(client, address, &found).await?;
    rights::may_migrate(client, address, &found).await?;
    Ok(Some(found))
}

async fn migrate_from(client: &Connected, address: &Address, found: &FoundSchema) -> Result<(), PostgresFailure> {
    if let (None, Some(schema)) = (&found.schema, &address.schema) {
        client.batch_execute(&format!("CREATE SCHEMA {}", quoted(schema))).await?;
    }
    run(client, address, found).await?;
    client.batch_execute("COMMIT").await?;
    Ok(())
}

/// Runs the migrations that are missing and writes them down.
async fn run(client: &Connected, address: &Address, found: &FoundSchema) -> Result<(), PostgresFailure> {
    if !found.has_history {
        // With "IF NOT EXISTS" the server would complain to the log each time.
        let columns = "version int4 PRIMARY KEY, name varchar(255), applied_on varchar(255), checksum varchar(255)";
        client.batch_execute(&format!("CREATE TABLE {HISTORY} ({columns})")).await?;
    }
    let kept = client.query_typed(&format!("SELECT version, name, checksum FROM {HISTORY}"), &[]).await?;
    let kept: Vec<(i32, Option<String>, Option<String>)> =
        kept.iter().map(|row| (row.get(0), row.get(1), row.get(2))).collect();
    for migration in migrations::all() {
        let (version, name, checksum) = (migration.version(), migration.name(), migration.checksum().to_string());
        match kept.iter().find(|(kept, ..)| *kept == version) {
            Some((_, kept_name, kept_sum)) => {
                if kept_name.as_deref() != Some(name) || kept_sum.as_deref() != Some(checksum.as_str()) {
                    return Err(refused(&address.place, &by_hand(version)).into());
                }
            }
            None if version <= found.version => return Err(refused(&address.place, &by_hand(version)).into()),
            None => {
                client.batch_execute(migration.sql().unwrap_or_default()).await?;
                let now = chrono::Utc::now().to_rfc3339();
                let sql =
                    format!("INSERT INTO {HISTORY} (version, name, applied_on, checksum) VALUES ($1, $2, $3, $4)");
                let values: [(&(dyn tokio_postgres::types::ToSql + Sync), Type); 4] =
                    [(&version, Type::INT4), (&name, Type::TEXT), (&now, Type::TEXT), (&checksum, Type::TEXT)];
                client.execute_typed(&sql, &values).await?;
            }
        }
    }
    Ok(())
}

fn by_hand(version: i32) -> String {
    format!("cannot be migrated: version {version} in {HISTORY} is not what this program has; was it changed by hand?")
}

/// What the schema holds of ours. An error when it is newer than this program.
pub(super) async fn look(client: &Connected, address: &Address) -> Result<FoundSchema, PostgresFailure> {
    let place = &address.place;
    let sql = "SELECT current_schema()::text, count(*) > 0, coalesce(bool_and(has_table_privilege(oid, 'SELECT')), true), \
               current_user::text FROM pg_class \
               WHERE relname = $1 AND relnamespace IN (SELECT to_regnamespace(quote_ident(one)) \
               FROM unnest(current_schemas(false)) AS one)";
    let row = client.query_typed_one(sql, &[(&HISTORY, Type::TEXT)]).await?;
    let (schema, has_history, is_readable): (Option<String>, bool, bool) = (row.get(0), row.get(1), row.get(2));
    if !is_readable {
        let (user, schema) = (row.get(3), schema.unwrap_or_default());
        return Err(rights::lacking(place, &[format!("SELECT on {HISTORY}")], user, &schema));
    }
    let version = match has_history {
        false => 0,
        true => {
            let sql = format!("SELECT coalesce(max(version), 0) FROM {HISTORY}");
            client.query_typed_one(&sql, &[]).await?.get(0)
        }
    };
    let ours = migrations::newest();
    if version > ours {
        let what =
            format!("has schema version {version}, this program knows versions up to {ours}; use a newer program");
        return Err(refused(place, &what).into());
    }
    Ok(FoundSchema { version, schema, has_history })
}

/// An error when something that is not ours has a name that we should have to give. Only for somebody who holds the lock
/// or makes nothing: another process of ours may be at it.
pub(super) async fn nothing_in_the_way(
    client: &Connected,
    address: &Address,
    found: &FoundSchema,
) -> Result<(), PostgresFailure> {
    let Some((kind, name)) = in_the_way(client, found.version).await? else { return Ok(()) };
    let what = match name.as_str() {
        "cameras" => foreign::cameras(client).await?,
        _ => foreign::other(&kind, &name),
    };
    Err(refused(&address.place, &what).into())
}

/// The first thing that has a name which a missing migration would give to something of ours.
async fn in_the_way(client: &Connected, version: i32) -> Result<Option<(String, String)>, PostgresFailure> {
    let all = migrations::all();
    let (done, missing): (Vec<_>, Vec<_>) = all.iter().partition(|migration| migration.version() <= version);
    let (done, mut names) = (migrations::made(done.into_iter()), migrations::made(missing.into_iter()));
    // What we have made ourselves may be dropped and made again.
    names.retain(|name| !done.contains(name));
    // The table that a site is likely to have, and that something can be done with.
    names.sort_by_key(|name| name != "cameras");
    let sql = "SELECT CASE relkind WHEN 'i' THEN 'an index' WHEN 'v' THEN 'a view' WHEN 'S' THEN 'a sequence' ELSE 'a table' END, \
               relname::text FROM pg_class WHERE relnamespace = to_regnamespace(quote_ident(current_schema())) \
               AND relname = ANY ($1) ORDER BY array_position($1, relname::text) LIMIT 1";
    let found: Option<Row> = client.query_typed_opt(sql, &[(&names, Type::TEXT_ARRAY)]).await?;
    Ok(found.map(|row| (row.get(0), row.get(1))))
}

pub(super) fn refused(place: &str, why: &str) -> Error {
    Error::new(ErrorKind::Unsupported, format!("the database {place} {why}"))
}
