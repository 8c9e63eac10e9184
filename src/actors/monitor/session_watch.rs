//! Who publishes and reads: the lists of connections and sessions of every server, beside the polls and never in their way.
//! Asked for every [`REST`], and at the rate of the polls while somebody looks.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use tokio::sync::Notify;
use tokio::time::{Instant, timeout};

use super::watched::Watched;
use crate::actors::supervision::{Child, Exit, Restart, Setting};
use crate::adapters::mediamtx::MediaServer;
use crate::base::{Error, ErrorKind, Result};
use crate::domain::session::{SessionLists, SessionProtocol};

/// Between two questions while nobody looks.
const REST: Duration = Duration::from_secs(10);
/// Who has looked is taken to look on for so long.
const LOOKS_ON: Duration = Duration::from_secs(10);
/// All lists together.
const LIMIT: Duration = Duration::from_secs(20);
/// Ending a session.
const KICK_LIMIT: Duration = Duration::from_secs(10);

/// What was found at a server.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct FoundSessions {
    /// When; `None` before the first answer.
    pub at: Option<DateTime<Utc>>,
    /// What it told then.
    pub lists: SessionLists,
    /// Why it has not told anything since.
    pub fault: Option<String>,
}

/// The sessions of every server of the configuration.
pub struct SessionWatch {
    servers: BTreeMap<String, Arc<WatchedSessions>>,
}

struct WatchedSessions {
    client: Arc<dyn MediaServer>,
    found: Mutex<FoundSessions>,
    looked_at: Mutex<Option<Instant>>,
    look: Notify,
}

impl SessionWatch {
    /// Asks nothing yet.
    pub fn new(watched: &[Watched]) -> Arc<Self> {
        let one = |watched: &Watched| WatchedSessions {
            client: Arc::clone(&watched.client),
            found: Mutex::default(),
            looked_at: Mutex::default(),
            look: Notify::new(),
        };
        Arc::new(Self { servers: watched.iter().map(|server| (server.name.clone(), Arc::new(one(server)))).collect() })
    }

    /// What is known of the sessions of a path, for somebody who looks at it: the publisher, then the readers by protocol and
    /// age. `None` for a server that this process does not watch.
    pub fn look(&self, server: &str, path: &str) -> Option<FoundSessions> {
        let watched = self.servers.get(server)?;
        let before = watched.looked_at.lock().unwrap_or_else(PoisonError::into_inner).replace(Instant::now());
        if before.is_none_or(|before| before.elapsed() > LOOKS_ON) {
            watched.look.notify_one();
        }
        let found = watched.found.lock().unwrap_or_else(PoisonError::into_inner);
        let lists = SessionLists { sessions: found.lists.of_path(path), not_known: found.lists.not_known.clone() };
        Some(FoundSessions { at: found.at, lists, fault: found.fault.clone() })
    }

    /// Whether this process watches the server.
    pub fn watches(&self, server: &str) -> bool {
        self.servers.contains_key(server)
    }

    /// Whether it does, and the server has answered the last time.
    pub fn reaches(&self, server: &str) -> bool {
        let found = self.servers.get(server).map(|watched| &watched.found);
        found.is_some_and(|found| found.lock().unwrap_or_else(PoisonError::into_inner).fault.is_none())
    }

    /// Ends a session.
    ///
    /// # Errors
    /// `NotFound` when it has ended; what the server says when it refuses or does not answer.
    pub async fn kick(&self, server: &str, protocol: SessionProtocol, id: &str) -> Result<()> {
        let watched = self.servers.get(server);
        let watched =
            watched.ok_or_else(|| Error::not_found(format!("server {server:?} is watched by another process")))?;
        let late =
            |_| Err(Error::new(ErrorKind::Timeout, "the media server does not answer; look before you try again"));
        timeout(KICK_LIMIT, watched.client.kick(protocol, id)).await.unwrap_or_else(late)?;
        watched.look.notify_one();
        Ok(())
    }

    /// The children that ask, one for each server.
    pub fn children(&self, interval: &Setting<Duration>) -> Vec<Child> {
        let child = |(name, watched): (&String, &Arc<WatchedSessions>)| {
            let (name, watched, interval) = (name.clone(), Arc::clone(watched), interval.clone());
            Child::task(format!("sessions {name}"), Restart::Always, move || {
                let (name, watched, interval) = (name.clone(), Arc::clone(&watched), interval.clone());
                async move {
                    watched.ask_again_and_again(&name, &interval).await;
                    Exit::Failure("it has ended by itself".to_owned())
                }
            })
        };
        self.servers.iter().map(child).collect()
    }
}

impl WatchedSessions {
    async fn ask_again_and_again(&self, server: &str, interval: &Setting<Duration>) {
        loop {
            let late =
                |_| Err(Error::new(ErrorKind::Timeout, format!("timeout, not all lists in {} s", LIMIT.as_secs())));
            let client = Arc::clone(&self.client);
            // Not a future of this task: an adapter that panics has failed once.
            let asked = tokio::spawn(async move { timeout(LIMIT, client.sessions()).await.unwrap_or_else(late) });
            let asked = tokio_util::task::AbortOnDropHandle::new(asked);
            self.take(server, asked.await.unwrap_or_else(|_| Err(Error::internal("asking failed by a fault of ours"))));
            let looked = *self.looked_at.lock().unwrap_or_else(PoisonError::into_inner);
            let rest = match looked.is_some_and(|looked| looked.elapsed() < LOOKS_ON) {
                true => interval.get(),
                false => REST,
            };
            // Woken by whoever begins to look.
            let _ = timeout(rest, self.look.notified()).await;
        }
    }

    fn take(&self, server: &str, answer: Result<SessionLists>) {
        let mut found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        match answer {
            Ok(lists) => *found = FoundSessions { at: Some(Utc::now()), lists, fault: None },
            Err(error) => {
                if found.fault.is_none() {
                    log::debug!(server = server; "listing sessions failed, retrying: {error}");
                }
                found.fault = Some(error.to_string());
            }
        }
    }
}
