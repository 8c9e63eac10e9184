//! LISTEN on a connection of its own: triggers tell of every change of the cameras, whoever made it.
//!
//! Only that something changed is passed on, and which cameras a command has named; the rows are read again. After every reconnect a change is announced,
//! because notifications are not kept for a listener that was away. A pooler that shares its connections loses LISTEN, and
//! would leave it behind for others: it is not used there, and what we change ourselves is announced by ourselves.

use std::collections::BTreeSet;
use std::future::poll_fn;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::timeout;
use tokio_postgres::{AsyncMessage, Client, Config};
use tokio_util::task::AbortOnDropHandle;

use super::postgres_address::Address;
use super::postgres_fault::{self, PostgresFailure};
use super::startup::{self, Gate, RECONNECT};
use crate::adapters::database::ListenProgress;
use crate::base::{Error, Result};

/// The channel of `sql/postgres/V1__cameras.sql`.
const LISTEN: &str = "LISTEN streamwarden_cameras";

/// Tells that a command means camera `$1`, together with the change itself, when the transaction ends. The table is named,
/// because a channel is of the whole database and a table of one schema.
pub(super) const COMMANDED: &str =
    "SELECT pg_notify('streamwarden_cameras', 'command:' || 'cameras'::regclass::oid || ':' || $1)";

/// The table of [`COMMANDED`], as a listener knows it.
const TABLE: &str = "SELECT to_regclass('cameras')::oid";

/// A connection that may be dead without saying so is asked this often...
const CHECK: Duration = Duration::from_secs(10);

/// ...and has so long to answer.
const TIMEOUT: Duration = Duration::from_secs(5);

/// A setting that only the server itself keeps of the greeting of a connection; poolers refuse it or leave it out.
const MARK: &str = "-c streamwarden.direct=on";

/// What people should know where nothing is heard.
pub(super) const DEAF: &str = "; a connection pooler shares its connections with others, so that changes of the cameras \
    made elsewhere are seen with each restream.refresh only; name the server itself in database.listen_url";

/// Changes of the cameras, as everybody here hears of them.
pub(super) struct CameraChangeFeed {
    sender: watch::Sender<u64>,
    is_deaf: AtomicBool,
    /// Our table; 0: not known, and no command is heard of.
    table: AtomicU32,
    /// Cameras that commands have named.
    commanded: Mutex<BTreeSet<i64>>,
}

impl CameraChangeFeed {
    pub(super) fn new() -> (Arc<Self>, watch::Receiver<u64>) {
        let (sender, receiver) = watch::channel(0);
        (
            Arc::new(Self {
                sender,
                is_deaf: AtomicBool::new(false),
                table: AtomicU32::new(0),
                commanded: Mutex::default(),
            }),
            receiver,
        )
    }

    fn announce(&self) {
        self.sender.send_modify(|changes| *changes += 1);
    }

    /// What a notification says.
    fn hear(&self, payload: &str) {
        if let Some(id) = commanded(payload, self.table.load(Ordering::Relaxed)) {
            self.commanded.lock().unwrap_or_else(PoisonError::into_inner).insert(id);
        }
        self.announce();
    }

    /// Cameras that commands have named since the last call.
    pub(super) fn take_commanded(&self) -> Vec<i64> {
        std::mem::take(&mut *self.commanded.lock().unwrap_or_else(PoisonError::into_inner)).into_iter().collect()
    }

    /// We have changed something ourselves; where we listen, the server tells us.
    pub(super) fn made(&self) {
        if self.is_deaf.load(Ordering::Relaxed) {
            self.announce();
        }
    }

    /// A note for people; empty where we listen.
    pub(super) fn note(&self) -> &'static str {
        if self.is_deaf.load(Ordering::Relaxed) { DEAF } else { "" }
    }
}

/// The camera of this table that a command has named.
fn commanded(payload: &str, table: u32) -> Option<i64> {
    let (named, id) = payload.strip_prefix("command:")?.split_once(':')?;
    if named.parse() == Ok(table) { id.parse().ok() } else { None }
}

/// A connection that listens; its messages are read by the task, which ends when the connection does.
pub(super) struct Listening {
    pub(super) client: Client,
    messages: AbortOnDropHandle<()>,
}

/// What listening needs, and what outlives a listener.
pub(super) struct Listener {
    address: Address,
    gate: Arc<Gate>,
    pub(super) changes: Arc<CameraChangeFeed>,
    /// The connection that was made when the database was opened; `Some(None)`: one that hears nothing.
    first: Mutex<Option<Option<Listening>>>,
}

impl Listener {
    /// Begins to listen: what changes after this returned is announced.
    pub(super) async fn begin(address: Address, gate: Arc<Gate>, changes: Arc<CameraChangeFeed>) -> Result<Self> {
        let first = connect(&address, Some(&changes)).await?;
        changes.is_deaf.store(first.is_none(), Ordering::Relaxed);
        Ok(Self { address, gate, changes, first: Mutex::new(Some(first)) })
    }

    /// Begins when the database has come.
    pub(super) fn later(address: Address, gate: Arc<Gate>, changes: Arc<CameraChangeFeed>) -> Self {
        Self { address, gate, changes, first: Mutex::default() }
    }

    /// Waits for the database if it is away, and listens; returns where listening is of no use.
    pub(super) async fn run(&self, progress: &ListenProgress) {
        if self.gate.check().is_err() {
            startup::wait(&self.address, &self.gate).await;
        }
        let first = self.first.lock().unwrap_or_else(PoisonError::into_inner).take();
        stay(&self.address, &self.changes, first, progress).await;
    }
}

/// Whether changes could be heard of, for `check`.
pub(super) async fn can_hear(address: &Address) -> Result<bool> {
    Ok(connect(address, None).await?.is_some())
}

/// Listens for ever, on this connection first if there is one; ends where listening is of no use.
async fn stay(
    address: &Address,
    changes: &Arc<CameraChangeFeed>,
    first: Option<Option<Listening>>,
    progress: &ListenProgress,
) {
    let mut next = first;
    let (mut failures, mut is_unreachable) = (0, false);
    loop {
        match next.take() {
            Some(Some(mut connection)) => {
                failures = 0;
                until_lost(&mut connection, progress).await;
                log::warn!(database = address.place.as_str(); "listening for changes of the cameras failed: connection lost");
            }
            Some(None) => {
                changes.is_deaf.store(true, Ordering::Relaxed);
                log::warn!("the database {}{DEAF}", address.place.as_str());
                return;
            }
            None => {}
        }
        failures += 1;
        progress();
        tokio::time::sleep(RECONNECT.delay(failures, rand::random())).await;
        match connect(address, Some(changes)).await {
            Ok(again) => {
                if std::mem::take(&mut is_unreachable) {
                    log::info!(database = address.place.as_str(); "database recovered");
                }
                if again.is_some() {
                    log::info!(database = address.place.as_str(); "listening for changes of the cameras recovered");
                }
                changes.announce();
                next = Some(again);
            }
            Err(error) => {
                // Once, and at once: whoever asks the database next finds out when its own time is over.
                if !std::mem::replace(&mut is_unreachable, true) {
                    log::error!(database = address.place.as_str(); "database unreachable: {error}");
                }
                log::debug!(error = error.to_string(); "listening for changes of the cameras failed, retrying")
            }
        }
    }
}

/// A connection that hears of changes; `None` where a pooler shares it with others.
async fn connect(address: &Address, changes: Option<&Arc<CameraChangeFeed>>) -> Result<Option<Listening>> {
    let target = address.listen.as_deref().unwrap_or(address);
    let late = |_| Error::unavailable(format!("the database {} does not answer", target.place));
    let connected = async {
        let heard = changes.cloned();
        let Some(listening) = own_connection(target, heard).await? else { return Ok(None) };
        if let Some(changes) = changes {
            listening.client.batch_execute(&format!("BEGIN; {}", address.search_path())).await?;
            let table: Option<u32> = listening.client.query_typed_one(TABLE, &[]).await?.get(0);
            listening.client.batch_execute("COMMIT").await?;
            changes.table.store(table.unwrap_or(0), Ordering::Relaxed);
        }
        listening.client.batch_execute(LISTEN).await?;
        Ok::<_, PostgresFailure>(Some(listening))
    };
    let connected = timeout(TIMEOUT, connected).await.map_err(late)?;
    connected.map_err(|failure| failure.sentence(&target.place))
}

/// A connection that is ours alone: to the server itself, or through a pooler in session mode.
pub(super) async fn own_connection(
    target: &Address,
    changes: Option<Arc<CameraChangeFeed>>,
) -> Result<Option<Listening>, PostgresFailure> {
    let mut marked = target.config.clone();
    let given = marked.get_options().unwrap_or_default();
    marked.options(format!("{given} {MARK}").trim());
    match attach(&marked, target, changes.clone()).await {
        Ok(listening) => {
            let sql = "SELECT current_setting('streamwarden.direct', true) = 'on'";
            if listening.client.query_typed_one(sql, &[]).await?.get::<_, Option<bool>>(0) == Some(true) {
                return Ok(Some(listening));
            }
        }
        Err(error) if postgres_fault::is_startup_refused(&error) => {}
        Err(error) => return Err(error.into()),
    }
    let one = attach(&target.config, target, changes).await?;
    let two = attach(&target.config, target, None).await?;
    Ok((!shared(&one.client, &two.client).await?).then_some(one))
}

/// Whether two connections to a pooler use the same one to the server in turn, as in its transaction mode.
async fn shared(one: &Client, two: &Client) -> Result<bool, tokio_postgres::Error> {
    let process = async |client: &Client, end: &str| {
        client.batch_execute("BEGIN").await?;
        let pid: i32 = client.query_typed_one("SELECT pg_backend_pid()", &[]).await?.get(0);
        if !end.is_empty() {
            client.batch_execute(end).await?;
        }
        Ok::<_, tokio_postgres::Error>(pid)
    };
    for _ in 0..3 {
        let first = process(one, "COMMIT").await?;
        // Held, so that the first cannot have it again.
        // One that waits for a connection has none to share.
        let Ok(second) = timeout(TIMEOUT / 4, process(two, "")).await else { return Ok(false) };
        let second = second?;
        if second == first {
            two.batch_execute("COMMIT").await?;
            return Ok(true);
        }
        let again = process(one, "COMMIT").await?;
        two.batch_execute("COMMIT").await?;
        if again != first {
            return Ok(true);
        }
    }
    Ok(false)
}

async fn attach(
    config: &Config,
    target: &Address,
    changes: Option<Arc<CameraChangeFeed>>,
) -> Result<Listening, tokio_postgres::Error> {
    let (client, mut connection) = config.connect(target.tls.clone()).await?;
    let messages = AbortOnDropHandle::new(tokio::spawn(async move {
        while let Some(Ok(message)) = poll_fn(|context| connection.poll_message(context)).await {
            if let (AsyncMessage::Notification(told), Some(changes)) = (message, &changes) {
                changes.hear(told.payload());
            }
        }
    }));
    Ok(Listening { client, messages })
}

/// Returns when the connection has ended, or does not answer any more.
async fn until_lost(listening: &mut Listening, progress: &ListenProgress) {
    loop {
        progress();
        if timeout(CHECK, &mut listening.messages).await.is_ok() {
            return;
        }
        if !matches!(timeout(TIMEOUT, listening.client.simple_query("")).await, Ok(Ok(_))) {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_command_about_our_table_names_a_camera() {
        for (payload, wanted) in [
            ("command:16401:7", Some(7)),
            ("command:16402:7", None),
            ("command:16401:", None),
            ("command:7", None),
            ("delete:7", None),
            ("update:camera_kinds", None),
            ("", None),
        ] {
            assert_eq!(commanded(payload, 16_401), wanted, "{payload}");
        }
    }
}
