//! Who is connected and what has passed: the true counters behind the API.
//!
//! Owns the entries of connections and sessions. An entry appears when it is made and disappears when its guard is
//! dropped, so a task that ends in any way leaves nothing behind. Written by `connection` and `stream`, read by `api`.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, Utc};
use uuid::Uuid;

/// A count that only grows.
#[derive(Debug, Default)]
pub struct Count(AtomicU64);

impl Count {
    /// Adds to it.
    pub fn add(&self, amount: u64) {
        self.0.fetch_add(amount, Ordering::Relaxed);
    }

    /// Its value now.
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    /// Replaces it, for numbers that are measured rather than counted.
    pub fn set(&self, value: u64) {
        self.0.store(value, Ordering::Relaxed);
    }
}

/// One TCP connection.
#[derive(Debug)]
pub struct ConnectionEntry {
    /// Id in the API.
    pub id: Uuid,
    /// When it was accepted.
    pub created: DateTime<Utc>,
    /// Its other end.
    pub remote: SocketAddr,
    /// Somebody wants it to end.
    pub kicked: tokio::sync::Notify,
    /// The session it carries.
    pub session: Mutex<Option<Uuid>>,
    /// Bytes read, everything.
    pub inbound: Count,
    /// Bytes written, everything.
    pub outbound: Count,
}

/// What a session does, as the API spells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Activity {
    /// Nothing yet.
    Idle,
    /// It reads.
    Read,
    /// It publishes.
    Publish,
}

/// One RTSP session.
#[derive(Debug)]
pub struct SessionEntry {
    /// Id in the API; the `Session` header is its plain form.
    pub id: Uuid,
    /// When it was made.
    pub created: DateTime<Utc>,
    /// Its other end.
    pub remote: SocketAddr,
    /// Its connection.
    pub connection: Uuid,
    /// Path it publishes to or reads from.
    pub path: String,
    /// Query of the request that made it.
    pub query: String,
    /// User that published; empty when nobody asked.
    pub user: String,
    /// What the client calls itself.
    pub user_agent: String,
    /// What it does.
    pub activity: Mutex<Activity>,
    /// Counters.
    pub traffic: Traffic,
}

/// Counters of a session. Bytes are those of the packets, without framing.
#[derive(Debug, Default)]
pub struct Traffic {
    /// Bytes of packets received.
    pub inbound_bytes: Count,
    /// RTP packets received.
    pub inbound_rtp: Count,
    /// RTP packets that never came.
    pub inbound_lost: Count,
    /// Packets on an RTP channel that were none.
    pub inbound_rtp_errors: Count,
    /// Jitter as the bits of an `f64`.
    pub jitter: Count,
    /// RTCP packets received.
    pub inbound_rtcp: Count,
    /// Packets on an RTCP channel that were none.
    pub inbound_rtcp_errors: Count,
    /// Bytes of packets sent.
    pub outbound_bytes: Count,
    /// RTP packets sent.
    pub outbound_rtp: Count,
    /// RTP packets not sent because the reader was too slow.
    pub outbound_discarded: Count,
    /// RTP packets that the reader says it has missed.
    pub outbound_reported_lost: Count,
    /// RTCP packets sent.
    pub outbound_rtcp: Count,
}

/// All entries, oldest first.
#[derive(Debug, Default)]
pub struct ConnectionTable {
    next: AtomicU64,
    connections: Mutex<BTreeMap<u64, Arc<ConnectionEntry>>>,
    sessions: Mutex<BTreeMap<u64, Arc<SessionEntry>>>,
}

/// Takes its entry out of the table when dropped.
pub struct Listed {
    table: Arc<ConnectionTable>,
    number: u64,
}

impl Drop for Listed {
    fn drop(&mut self) {
        locked(&self.table.connections).remove(&self.number);
        locked(&self.table.sessions).remove(&self.number);
    }
}

impl ConnectionTable {
    /// Lists a connection until the guard is dropped.
    pub fn connection(self: &Arc<Self>, entry: Arc<ConnectionEntry>) -> Listed {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        locked(&self.connections).insert(number, entry);
        Listed { table: self.clone(), number }
    }

    /// Lists a session until the guard is dropped.
    pub fn session(self: &Arc<Self>, entry: Arc<SessionEntry>) -> Listed {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        locked(&self.sessions).insert(number, entry);
        Listed { table: self.clone(), number }
    }

    /// All connections, oldest first.
    pub fn connections(&self) -> Vec<Arc<ConnectionEntry>> {
        locked(&self.connections).values().cloned().collect()
    }

    /// Ends the connection of a session; false when there is none.
    pub fn kick(&self, session: Uuid) -> bool {
        let found = self.sessions().into_iter().find(|entry| entry.id == session).map(|entry| entry.connection);
        let connection = self.connections().into_iter().find(|entry| Some(entry.id) == found);
        connection.is_some_and(|connection| {
            connection.kicked.notify_one();
            true
        })
    }

    /// All sessions, oldest first.
    pub fn sessions(&self) -> Vec<Arc<SessionEntry>> {
        locked(&self.sessions).values().cloned().collect()
    }
}

/// Locks without caring about a panic elsewhere: every value under these locks is whole after each statement.
pub fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
