//! PostgreSQL: cameras, sessions and segments in a database that other programs share.
//!
//! A small pool of connections for questions, each in a transaction of its own, checked before use and bounded in time on
//! both sides; nothing of ours stays on a connection, so that a pooler in between may share it with others. One connection
//! more for LISTEN. A server that was away is used again by the next call.
//!
//! Never here: what makes a camera valid (`domain::camera`), which segment goes where (`actors`).

mod foreign;
mod hidden;
mod link;
#[cfg(test)]
mod migration_tests;
mod migrations;
mod postgres_address;
mod postgres_cameras;
mod postgres_client;
mod postgres_copies;
mod postgres_fault;
mod postgres_history;
mod postgres_hosts;
mod postgres_incidents;
mod postgres_inspect;
mod postgres_listener;
mod postgres_login_store;
mod postgres_logins;
mod postgres_maintenance;
mod postgres_nodes;
mod postgres_notes;
mod postgres_notifications;
mod postgres_recordings;
mod postgres_retention;
mod postgres_schema;
mod postgres_segments;
mod postgres_site;
mod postgres_stores;
mod postgres_tls;
mod quoted;
mod rights;
mod site_lock;
mod startup;
mod trouble;
mod verify;

#[cfg(test)]
mod limit_tests;
#[cfg(test)]
mod neighbour_tests;
#[cfg(test)]
mod node_tests;
#[cfg(test)]
mod pooler_tests;
#[cfg(test)]
#[path = "../../../../tests/it/support/port.rs"]
mod port;
#[cfg(test)]
mod postgres_site_tests;
#[cfg(test)]
mod testpooler;
#[cfg(test)]
mod tests;
#[cfg(test)]
#[allow(dead_code, reason = "shared with the integration tests, which use the rest")]
mod testserver;
#[cfg(test)]
mod tls_tests;

use std::sync::Arc;
use std::time::Duration;

use secrecy::SecretString;
use tokio::sync::watch;

use self::link::PostgresServer;
use self::postgres_address::Address;
pub use self::postgres_inspect::inspect;
use self::postgres_listener::{CameraChangeFeed, Listener};
pub use self::postgres_logins::inspect as inspect_logins;
pub use self::postgres_nodes::inspect as inspect_nodes;
pub use self::postgres_site::{SiteRelay, SiteTable, shortened};
use self::startup::Gate;
use super::Owner;
use crate::base::{Error, Result};
use crate::config::settings::PostgresSettings as Settings;

/// Nobody waits longer for the start because a database hangs.
const FIRST_TRY: Duration = Duration::from_secs(5);

/// A PostgreSQL database with our schema.
pub struct Postgres {
    server: Arc<PostgresServer>,
    listener: Arc<Listener>,
    /// As it was when nobody had been told of anything.
    heard: watch::Receiver<u64>,
    owner: Owner,
}

impl Postgres {
    fn new(server: Arc<PostgresServer>, listener: Listener, heard: watch::Receiver<u64>) -> Arc<Self> {
        Arc::new(Self { server, listener: Arc::new(listener), heard, owner: Owner::none() })
    }

    /// The same database, for a node that counts as admitted under this name.
    #[must_use]
    pub fn for_node(&self, name: &str) -> Arc<Self> {
        let (server, listener) = (Arc::clone(&self.server), Arc::clone(&self.listener));
        Arc::new(Self { server, listener, heard: self.heard.clone(), owner: Owner::named(name) })
    }

    /// What was asked for, and a word to those who read the cameras that something has changed.
    fn made<T>(&self, answer: Result<T>) -> Result<T> {
        if answer.is_ok() {
            self.listener.changes.made();
        }
        answer
    }
}

/// Where a database is, without user and password: `host:port/database`. `Invalid` when the URL cannot be read.
pub fn place(url: &SecretString) -> Result<String> {
    Address::parse(url).map(|address| address.place)
}

/// Connects, brings the schema up to date and begins to listen; `listen` goes on with it.
///
/// `Invalid` (field `database.url`) when the URL is wrong, `Unsupported` when the schema is newer than ours or the tables
/// belong to another program, `Unavailable` when the server does not answer. No error holds the URL or its password.
pub async fn open(settings: &Settings) -> Result<Arc<Postgres>> {
    let address = Address::of(settings)?;
    postgres_schema::migrate(&address).await?;
    let (changes, heard) = CameraChangeFeed::new();
    let gate = Arc::new(Gate::open());
    let listener = Listener::begin(address.clone(), Arc::clone(&gate), changes).await?;
    Ok(Postgres::new(Arc::new(PostgresServer::new(&address, gate)?), listener, heard))
}

/// As [`open`], but a database that is away is waited for: until it comes, every call says what is wrong with it.
/// `listen` waits for it, and announces its coming as a change of the cameras.
///
/// # Errors
/// `Invalid` and `Unsupported` of [`open`].
pub async fn open_or_wait(settings: &Settings) -> Result<Arc<Postgres>> {
    let address = Address::of(settings)?;
    let silent = |_| Err(Error::unavailable(format!("the database {} does not answer", address.place)));
    let why = match tokio::time::timeout(FIRST_TRY, open(settings)).await.unwrap_or_else(silent) {
        Err(error) if startup::is_away(&error) => error,
        opened => return opened,
    };
    log::warn!("{why}; continuing degraded until it answers");
    let gate = Arc::new(Gate::closed(&why));
    let server = Arc::new(PostgresServer::new(&address, Arc::clone(&gate))?);
    let (changes, heard) = CameraChangeFeed::new();
    Ok(Postgres::new(server, Listener::later(address, gate, changes), heard))
}
