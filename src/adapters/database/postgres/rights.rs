//! What our user may do there: asked for by `check`, by `/ready` and before a migration, so that a missing GRANT is named
//! before something fails of it.

use tokio_postgres::types::Type;

use super::migrations;
use super::postgres_address::{Address, Connected};
use super::postgres_client::PostgresClient;
use super::postgres_fault::PostgresFailure;
use super::quoted::quoted;
use crate::base::Error;

/// What a schema holds of ours.
pub(super) struct FoundSchema {
    /// Version of the tables; 0 when there are none.
    pub(super) version: i32,
    /// The schema that tables are made in; `None` when there is none.
    pub(super) schema: Option<String>,
    /// The table of our migrations is there.
    pub(super) has_history: bool,
}

/// For each of our tables that is there: the rights we need and do not have. Sessions and segments are never deleted.
const MISSING: &str = "SELECT one, string_agg(privilege, ', ' ORDER BY privilege), current_user::text, \
    coalesce(current_schema()::text, '') FROM unnest($1::text[]) AS one \
    CROSS JOIN unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE']) AS privilege \
    WHERE to_regclass(one) IS NOT NULL AND NOT has_table_privilege(to_regclass(one), privilege) \
    AND (one, privilege) NOT IN (('sessions', 'DELETE'), ('segments', 'DELETE')) GROUP BY one ORDER BY one";

/// An error that names what our user may not do with our tables.
pub(super) async fn on_tables(client: &PostgresClient, place: &str) -> Result<(), PostgresFailure> {
    let rows = client.query(MISSING, &[&migrations::tables()]).await?;
    told(place, rows.iter().map(|row| (row.get(0), row.get(1), row.get(2), row.get(3))))
}

/// As [`on_tables`], over a connection of its own.
pub(super) async fn on_tables_of(client: &Connected, place: &str) -> Result<(), PostgresFailure> {
    let rows = client.query_typed(MISSING, &[(&migrations::tables(), Type::TEXT_ARRAY)]).await?;
    told(place, rows.iter().map(|row| (row.get(0), row.get(1), row.get(2), row.get(3))))
}

fn told(place: &str, missing: impl Iterator<Item = (String, String, String, String)>) -> Result<(), PostgresFailure> {
    let (mut rights, mut account) = (Vec::new(), None);
    for (table, privileges, user, schema) in missing {
        rights.push(format!("{privileges} on {table}"));
        account = Some((user, schema));
    }
    account.map_or(Ok(()), |(user, schema)| Err(lacking(place, &rights, &user, &schema)))
}

/// The error for a user who lacks these rights.
pub(super) fn lacking(place: &str, rights: &[String], user: &str, schema: &str) -> PostgresFailure {
    Error::unavailable(format!(
        "the database {place} does not let our user do all that is needed: it lacks {}; GRANT SELECT, INSERT, UPDATE, \
         DELETE ON ALL TABLES IN SCHEMA {} TO {}, as their owner",
        rights.join(", "),
        quoted(schema),
        quoted(user)
    ))
    .into()
}

/// An error that names what stands in the way of a migration.
pub(super) async fn may_migrate(
    client: &Connected,
    address: &Address,
    found: &FoundSchema,
) -> Result<(), PostgresFailure> {
    let refuse = |what: String| Err(Error::unavailable(format!("the database {} {what}", address.place)).into());
    let sql = "SELECT current_user::text, current_database()::text, \
               has_database_privilege(current_database(), 'CREATE'), \
               coalesce(has_schema_privilege(to_regnamespace(quote_ident(current_schema())), 'CREATE'), false)";
    let row = client.query_typed_one(sql, &[]).await?;
    let (user, database): (String, String) = (row.get(0), row.get(1));
    let (user, database) = (quoted(&user), quoted(&database));
    match (&found.schema, &address.schema) {
        (None, None) => {
            return refuse(
                "has no schema for our tables: the search_path of our user names none that exists; CREATE SCHEMA it, or \
                 name one in database.schema"
                    .to_owned(),
            );
        }
        (None, Some(schema)) if !row.get::<_, bool>(2) => {
            let schema = quoted(schema);
            return refuse(format!(
                "has no schema {schema}, and our user may not make it; CREATE SCHEMA {schema} AUTHORIZATION {user} there, \
                 or GRANT CREATE ON DATABASE {database} TO {user}"
            ));
        }
        (Some(schema), _) if !row.get::<_, bool>(3) => {
            let schema = quoted(schema);
            return refuse(format!(
                "does not let our user make tables in the schema {schema}; GRANT CREATE ON SCHEMA {schema} TO {user}, or \
                 CREATE SCHEMA streamwarden AUTHORIZATION {user} and write database.schema = \"streamwarden\""
            ));
        }
        _ => {}
    }
    let sql = "SELECT relname::text, pg_get_userbyid(relowner)::text FROM pg_class WHERE oid = ANY (\
               SELECT to_regclass(one) FROM unnest($1::text[]) AS one) AND NOT pg_has_role(relowner, 'USAGE') LIMIT 1";
    if found.version > 0
        && let Some(row) = client.query_typed_opt(sql, &[(&migrations::tables(), Type::TEXT_ARRAY)]).await?
    {
        let (table, owner): (String, String) = (row.get(0), row.get(1));
        return refuse(format!(
            "has our tables in schema version {}, and only their owner may bring them to {}: {table} belongs to {}; run \
             this program once as that user, or GRANT {} TO {user}",
            found.version,
            migrations::newest(),
            quoted(&owner),
            quoted(&owner)
        ));
    }
    Ok(())
}
