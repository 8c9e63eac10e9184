//! The pool of connections, and one of them on loan: every wait is bounded, and a connection that was given up in the
//! middle of a question never goes back.

use std::future::Future;
use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use deadpool_postgres::{
    Client, Hook, HookError, Manager, ManagerConfig, Pool, PoolError, RecyclingMethod, Runtime, TimeoutType,
};
use tokio::time::Instant;

use super::address::Address;
use super::arrival::Door;
use super::fault::{self, Failure};
use crate::adapters::database::pace::Pace;
use crate::base::error::Kind;
use crate::base::{Error, Result};

/// Longest time one call may take, all its waits together.
const LIMIT: Duration = Duration::from_secs(5);

/// Connections for questions. Full: a call waits for one within its limit.
const CONNECTIONS: usize = 8;

/// On the server's side a little less, so that its sentence reaches us. In milliseconds; `idle_in_transaction...` ends
/// what a killed process of ours may have left locked.
const SESSION: &str = "SET statement_timeout = 4500; SET lock_timeout = 4000; \
                       SET idle_in_transaction_session_timeout = 10000; SET TimeZone = 'UTC'";

/// As [`SESSION`], for a database that is somebody else's.
const READING_SESSION: &str = "SET default_transaction_read_only = on; SET statement_timeout = 4500; \
                               SET lock_timeout = 4000; SET TimeZone = 'UTC'";

/// A PostgreSQL server through its pool.
pub(super) struct Server {
    pool: Pool,
    place: String,
    door: Arc<Door>,
    pace: Arc<Pace>,
}

/// One connection on loan.
pub(super) struct Link {
    /// Taken out on drop only.
    client: Option<Client>,
    deadline: Instant,
    /// A question was asked and its answer has not come.
    is_asking: AtomicBool,
    place: String,
    begun: Instant,
    pace: Arc<Pace>,
}

impl Server {
    /// Connects to nothing yet.
    pub(super) fn new(address: &Address, door: Arc<Door>) -> Result<Self> {
        Self::with(address, door, SESSION)
    }

    /// As [`Server::new`]; the server refuses to write.
    pub(super) fn reading(address: &Address, door: Arc<Door>) -> Result<Self> {
        Self::with(address, door, READING_SESSION)
    }

    fn with(address: &Address, door: Arc<Door>, session: &'static str) -> Result<Self> {
        // Verified: a connection may have died silently, so each is asked before it is lent.
        let config = ManagerConfig { recycling_method: RecyclingMethod::Verified };
        let manager = Manager::from_config(address.config.clone(), address.tls.clone(), config);
        let bounds = Hook::async_fn(move |client: &mut deadpool_postgres::ClientWrapper, _| {
            Box::pin(async move { client.batch_execute(session).await.map_err(HookError::Backend) })
        });
        let pool = Pool::builder(manager)
            .runtime(Runtime::Tokio1)
            .max_size(CONNECTIONS)
            .wait_timeout(Some(LIMIT))
            .create_timeout(Some(LIMIT))
            // A dead connection must leave time for a new one.
            .recycle_timeout(Some(LIMIT / 4))
            .post_create(bounds)
            .build()
            .map_err(|error| Error::internal("the pool of database connections cannot be built").with_source(error))?;
        Ok(Self { pool, place: address.place.clone(), door, pace: Arc::default() })
    }

    /// A connection that answered just now.
    pub(super) async fn link(&self) -> Result<Link> {
        self.door.pass()?;
        let begun = Instant::now();
        let deadline = begun + LIMIT;
        let place = self.place.clone();
        let client = match tokio::time::timeout_at(deadline, self.pool.get()).await {
            Ok(Ok(client)) => client,
            Ok(Err(PoolError::Backend(error) | PoolError::PostCreateHook(HookError::Backend(error)))) => {
                return Err(fault::sentence(&place, &error));
            }
            Ok(Err(PoolError::Timeout(TimeoutType::Wait))) => {
                return Err(late(&place, "all connections are busy"));
            }
            Ok(Err(PoolError::Timeout(_))) | Err(_) => {
                return Err(late(&place, "it accepts no connection"));
            }
            Ok(Err(error)) => {
                return Err(Error::internal("the pool of database connections is closed").with_source(error));
            }
        };
        let pace = Arc::clone(&self.pace);
        Ok(Link { client: Some(client), deadline, is_asking: AtomicBool::new(false), place, begun, pace })
    }

    /// What people should know of its speed; empty when there is nothing.
    pub(super) fn pace(&self) -> String {
        self.pace.words()
    }

    pub(super) fn place(&self) -> &str {
        &self.place
    }
}

impl Link {
    /// The answer to a question asked over this link, in time.
    pub(super) async fn answer<T>(&self, question: impl Future<Output = Result<T, Failure>>) -> Result<T> {
        let answer = self.long_answer(question).await;
        // An error speaks for itself.
        if answer.is_ok() {
            self.pace.note(&self.place, self.begun.elapsed());
        }
        answer
    }

    /// As [`Link::answer`], for work that takes its time whatever the database is like.
    pub(super) async fn long_answer<T>(&self, question: impl Future<Output = Result<T, Failure>>) -> Result<T> {
        self.is_asking.store(true, Ordering::Relaxed);
        let answer = tokio::time::timeout_at(self.deadline, question).await;
        if answer.is_ok() {
            self.is_asking.store(false, Ordering::Relaxed);
        }
        match answer {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(Failure::Answer(error))) => Err(error),
            Ok(Err(Failure::Pg(error))) => Err(fault::sentence(&self.place, &error)),
            Err(_) => Err(late(&self.place, "the question was given up")),
        }
    }
}

impl Deref for Link {
    type Target = Client;
    fn deref(&self) -> &Client {
        self.client.as_ref().expect("a link has its connection until it is dropped")
    }
}

impl Drop for Link {
    /// Given up or cancelled in the middle: the connection is closed, so that nobody waits for the rest of that answer.
    fn drop(&mut self) {
        if let Some(client) = self.client.take()
            && self.is_asking.load(Ordering::Relaxed)
        {
            drop(Client::take(client));
        }
    }
}

fn late(place: &str, why: &str) -> Error {
    let seconds = LIMIT.as_secs();
    Error::new(Kind::Timeout, format!("the database {place} gave no answer within {seconds} s: {why}"))
}
