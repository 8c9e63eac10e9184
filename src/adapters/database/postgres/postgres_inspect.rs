//! A look at the database for `check`: makes and migrates nothing, as it may be in use by a program of another version.

use std::time::Duration;

use super::postgres_address::{Address, Connected};
use super::postgres_fault::{self, PostgresFailure};
use super::{migrations, postgres_listener, postgres_schema, rights};
use crate::base::error::ErrorKind;
use crate::base::{Error, Result};
use crate::config::settings::PostgresSettings as Settings;

/// Longest time for it.
const LOOK: Duration = Duration::from_secs(10);

/// Says what the database holds, and whether everything we need is allowed there.
///
/// # Errors
/// As [`super::open`].
pub async fn inspect(settings: &Settings) -> Result<String> {
    let address = Address::of(settings)?;
    let place = &address.place;
    let late = |_| Error::new(ErrorKind::Timeout, format!("the database {place} does not answer"));
    let look = async {
        let client = address.connect().await?;
        let told = client.roll_back(told(&client, &address).await).await;
        let told = told.map_err(|failure| failure.sentence(place))?;
        let note = if postgres_listener::can_hear(&address).await? { "" } else { postgres_listener::DEAF };
        Ok(format!("{told}{note}"))
    };
    tokio::time::timeout(LOOK, look).await.map_err(late)?
}

async fn told(client: &Connected, address: &Address) -> Result<String, PostgresFailure> {
    let place = &address.place;
    client.batch_execute(&format!("BEGIN; {}", address.search_path())).await?;
    let found = postgres_schema::look(client, address).await?;
    let sql = "SELECT current_setting('server_version'), current_setting('transaction_read_only')::boolean";
    let row = client.query_typed_one(sql, &[]).await?;
    let (server, is_read_only): (String, bool) = (row.get(0), row.get(1));
    if is_read_only {
        return Err(postgres_fault::read_only(place).into());
    }
    let told = if found.version < migrations::newest() {
        postgres_schema::nothing_in_the_way(client, address, &found).await?;
        rights::may_migrate(client, address, &found).await?;
        let (theirs, ours) = (found.version, migrations::newest());
        format!("PostgreSQL {server} at {place}, schema version {theirs}, will be brought to {ours}")
    } else {
        rights::on_tables_of(client, place).await?;
        let cameras = client.query_typed_one("SELECT count(*) FROM cameras", &[]).await?;
        format!("PostgreSQL {server} at {place}, cameras: {}", cameras.get::<_, i64>(0))
    };
    client.batch_execute("ROLLBACK").await?;
    Ok(told)
}
