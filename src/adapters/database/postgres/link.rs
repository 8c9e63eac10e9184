//! The pool of connections, and one of them on loan for one transaction: every wait is bounded, and a connection that was
//! given up in the middle of it never goes back.
//!
//! Limits, search path and read-only mode belong to the transaction and end with it. A setting of the session would stay
//! on a connection that a pooler hands to other programs.

use std::future::Future;
use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use deadpool_postgres::{Manager, ManagerConfig, Pool, PoolError, RecyclingMethod, Runtime, TimeoutType};
use tokio::time::Instant;

use super::postgres_address::Address;
use super::postgres_client::PostgresClient;
use super::postgres_fault::{self, PostgresFailure};
use super::startup::Gate;
use super::trouble::Trouble;
use crate::adapters::database::latency::LatencyMonitor;
use crate::base::error::ErrorKind;
use crate::base::{Error, Result};

/// Longest time one call may take, all its waits together.
const LIMIT: Duration = Duration::from_secs(5);

/// As [`LIMIT`], for work that takes its time whatever the database is like: ten thousand rows over a slow link.
const LONG_LIMIT: Duration = Duration::from_secs(30);

/// Connections for questions. Full: a call waits for one within its limit.
const CONNECTIONS: usize = 8;

/// On the server's side a little less, so that its sentence reaches us. In milliseconds; `idle_in_transaction...` ends
/// what a host of ours that lost its power may have left locked, and is as long as [`LONG_LIMIT`]: ten thousand rows are compared
/// between two statements, on a busy machine for longer than the other limits.
const LIMITS: &str = "SET LOCAL statement_timeout = 4500; SET LOCAL lock_timeout = 4000; \
                      SET LOCAL idle_in_transaction_session_timeout = 30000; SET LOCAL TimeZone = 'UTC'";

/// A PostgreSQL server through its pool.
pub(super) struct PostgresServer {
    pool: Pool,
    place: String,
    gate: Arc<Gate>,
    latency: Arc<LatencyMonitor>,
    /// What begins each transaction.
    begin: String,
    trouble: Arc<Trouble>,
}

/// One connection on loan, in a transaction that has begun.
pub(super) struct PooledConnection {
    /// Taken out on drop only.
    client: Option<PostgresClient>,
    /// The transaction has not ended.
    is_begun: AtomicBool,
    place: String,
    begun: Instant,
    latency: Arc<LatencyMonitor>,
    trouble: Arc<Trouble>,
}

impl PostgresServer {
    /// Connects to nothing yet.
    pub(super) fn new(address: &Address, gate: Arc<Gate>) -> Result<Self> {
        Self::with(address, gate, format!("BEGIN; {}{LIMITS}", address.search_path()))
    }

    /// As [`PostgresServer::new`] for a database that is somebody else's: every transaction refuses to write.
    pub(super) fn reading(address: &Address, gate: Arc<Gate>) -> Result<Self> {
        Self::with(address, gate, format!("BEGIN READ ONLY; {LIMITS}"))
    }

    fn with(address: &Address, gate: Arc<Gate>, begin: String) -> Result<Self> {
        // Fast: whether a connection lives shows when its transaction begins.
        let config = ManagerConfig { recycling_method: RecyclingMethod::Fast };
        let manager = Manager::from_config(address.config.clone(), address.tls.clone(), config);
        let pool = Pool::builder(manager)
            .runtime(Runtime::Tokio1)
            .max_size(CONNECTIONS)
            .wait_timeout(Some(LIMIT))
            .create_timeout(Some(LIMIT))
            .build()
            .map_err(|error| Error::internal("the pool of database connections cannot be built").with_source(error))?;
        let place = address.place.clone();
        Ok(Self { pool, place, gate, latency: Arc::default(), begin, trouble: Arc::default() })
    }

    /// A connection with a transaction that has just begun, for one call of [`PooledConnection::answer`].
    pub(super) async fn link(&self) -> Result<PooledConnection> {
        self.gate.check()?;
        let begun = Instant::now();
        let deadline = begun + LIMIT;
        loop {
            let client = self.client(deadline).await?;
            let is_new = deadpool_postgres::Client::metrics(&client).recycled.is_none();
            let link = PooledConnection {
                client: Some(PostgresClient::new(client)),
                is_begun: AtomicBool::new(true),
                place: self.place.clone(),
                begun,
                latency: Arc::clone(&self.latency),
                trouble: Arc::clone(&self.trouble),
            };
            // One of the pool may have died silently: it must leave time for a new one.
            let limit = if is_new { deadline } else { deadline.min(Instant::now() + LIMIT / 4) };
            match tokio::time::timeout_at(limit, link.batch_execute(&self.begin)).await {
                Ok(Ok(())) => return Ok(link),
                Ok(Err(error)) if is_new => return Err(postgres_fault::sentence(&self.place, &error)),
                Err(_) if Instant::now() >= deadline => {
                    return Err(late(&self.place, LIMIT, "it begins no transaction"));
                }
                Ok(Err(_)) | Err(_) => {}
            }
        }
    }

    async fn client(&self, deadline: Instant) -> Result<deadpool_postgres::Client> {
        let place = &self.place;
        match tokio::time::timeout_at(deadline, self.pool.get()).await {
            Ok(Ok(client)) => Ok(client),
            Ok(Err(PoolError::Backend(error))) => Err(postgres_fault::sentence(place, &error)),
            Ok(Err(PoolError::Timeout(TimeoutType::Wait))) => Err(late(place, LIMIT, "all connections are busy")),
            Ok(Err(PoolError::Timeout(_))) | Err(_) => Err(late(place, LIMIT, "it accepts no connection")),
            Ok(Err(error)) => Err(Error::internal("the pool of database connections is closed").with_source(error)),
        }
    }

    /// What people should know of its speed; empty when there is nothing.
    pub(super) fn latency(&self) -> String {
        self.latency.words()
    }

    pub(super) fn place(&self) -> &str {
        &self.place
    }

    /// What the last write failed of.
    pub(super) fn trouble(&self) -> &Trouble {
        &self.trouble
    }
}

impl PooledConnection {
    /// The answer to a question asked over this link, in time: all of its statements are kept, or none of them.
    pub(super) async fn answer<T>(&self, question: impl Future<Output = Result<T, PostgresFailure>>) -> Result<T> {
        let answer = self.within(LIMIT, question).await;
        // An error speaks for itself.
        if answer.is_ok() {
            self.latency.note(&self.place, self.begun.elapsed());
        }
        answer
    }

    /// As [`PooledConnection::answer`], for work that takes its time whatever the database is like: each statement as quick as
    /// ever, all of them within [`LONG_LIMIT`].
    pub(super) async fn long_answer<T>(&self, question: impl Future<Output = Result<T, PostgresFailure>>) -> Result<T> {
        self.within(LONG_LIMIT, question).await
    }

    /// `limit`: since the connection was asked for.
    async fn within<T>(
        &self,
        limit: Duration,
        question: impl Future<Output = Result<T, PostgresFailure>>,
    ) -> Result<T> {
        let whole = async {
            let answer = question.await;
            // What went wrong before is what counts.
            let ended = self.batch_execute(if answer.is_ok() { "COMMIT" } else { "ROLLBACK" }).await;
            if ended.is_ok() {
                self.is_begun.store(false, Ordering::Relaxed);
            }
            let answer = answer?;
            ended?;
            Ok(answer)
        };
        match tokio::time::timeout_at(self.begun + limit, whole).await {
            Ok(Ok(answer)) => {
                if self.has_written() {
                    self.trouble.is_over();
                }
                Ok(answer)
            }
            Ok(Err(PostgresFailure::Answer(error))) => Err(error),
            Ok(Err(PostgresFailure::Pg(error))) => {
                let sentence = postgres_fault::sentence(&self.place, &error);
                self.trouble.note(&error, &sentence);
                Err(sentence)
            }
            Err(_) => Err(late(&self.place, limit, "the question was given up")),
        }
    }
}

impl Deref for PooledConnection {
    type Target = PostgresClient;
    fn deref(&self) -> &PostgresClient {
        self.client.as_ref().expect("a link has its connection until it is dropped")
    }
}

impl Drop for PooledConnection {
    /// Given up or cancelled in the middle: the connection is closed, so that nobody waits for the rest of that answer, and
    /// the server rolls back.
    fn drop(&mut self) {
        if let Some(client) = self.client.take()
            && self.is_begun.load(Ordering::Relaxed)
        {
            client.close();
        }
    }
}

fn late(place: &str, limit: Duration, why: &str) -> Error {
    let seconds = limit.as_secs();
    Error::new(ErrorKind::Timeout, format!("the database {place} gave no answer within {seconds} s: {why}"))
}
