//! Which process polls a server, and which one does other work that they share: one key for each, with an epoch and an expiry. The
//! others stand by.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use redis::RedisResult;
use redis::aio::ConnectionManager;

use super::Common;
use super::keys::Keys;

/// The shortest life of a claim: a process that is busy for a moment keeps it.
const SHORTEST: Duration = Duration::from_secs(2);
/// What PTTL says of a key without an end.
const NO_END: i64 = -1;
/// Nobody's claim of polling lasts longer: twice the longest interval that can be configured, and a margin.
const LONGEST_OF_SERVER: Duration = Duration::from_secs(150);
/// The same of other work, whose interval is one for all.
const LONGEST_OF_WORK: Duration = Duration::from_secs(30);
/// Beyond two polls.
const MARGIN: Duration = Duration::from_millis(200);

/// What is claimed.
pub(super) struct Claimed {
    /// Text: who has it.
    key: String,
    /// Number: how often it was taken.
    epoch: String,
    /// What whoever has it does, for people.
    what: String,
    /// No claim of ours lasts longer, whoever made it.
    longest: Duration,
}

impl Claimed {
    /// Polling a media server.
    pub(super) fn server(keys: &Keys, server: &str) -> Self {
        let what = format!("polling of the server {server}");
        Self { key: keys.poller(server), epoch: keys.epoch(server), what, longest: LONGEST_OF_SERVER }
    }

    /// Other work, by its word.
    pub(super) fn work(keys: &Keys, work: &str) -> Self {
        let what = format!("work {work}");
        Self { key: keys.worker(work), epoch: keys.work_epoch(work), what, longest: LONGEST_OF_WORK }
    }

    /// What whoever has it does, for people.
    pub(super) fn what(&self) -> &str {
        &self.what
    }
}

/// Who has it now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Holder {
    /// This process.
    Us,
    /// The process of this node.
    Node(String),
}

/// What this process holds.
#[derive(Default)]
pub(super) struct ProcessClaims {
    /// Value of each key that is ours.
    held: Mutex<BTreeMap<String, String>>,
}

impl ProcessClaims {
    /// Takes it, keeps it, or finds that another process has it.
    pub(super) async fn ask(
        &self,
        common: &Common,
        connection: &mut ConnectionManager,
        claimed: &Claimed,
        interval: Duration,
    ) -> RedisResult<Holder> {
        let (key, what) = (&claimed.key, &claimed.what);
        let lasts = ((interval * 2).max(SHORTEST) + MARGIN).as_millis() as u64;
        let holder: Option<String> = redis::cmd("GET").arg(key).query_async(connection).await?;
        match holder {
            Some(holder) if self.holds(key, &holder) => {
                let _: i64 = redis::cmd("PEXPIRE").arg(key).arg(lasts).query_async(connection).await?;
                Ok(Holder::Us)
            }
            Some(holder) => {
                // One that does not end by itself, or not for long, is nobody's (Redis' clock was put back, say): it ends as ours would.
                let ends: i64 = redis::cmd("PTTL").arg(key).query_async(connection).await?;
                if ends == NO_END || ends > claimed.longest.as_millis() as i64 {
                    let _: i64 = redis::cmd("PEXPIRE").arg(key).arg(lasts).query_async(connection).await?;
                    let until =
                        if ends == NO_END { "no end".to_owned() } else { format!("an end in {} s", ends / 1000) };
                    log::warn!("the claim {key} had {until}, which nobody of ours sets; it ends in {lasts} ms");
                }
                Ok(self.lost(claimed, &holder))
            }
            None => {
                let epoch: i64 = redis::cmd("INCR").arg(&claimed.epoch).query_async(connection).await?;
                let value = format!("{epoch} {} {}", common.node, common.run);
                let mut set = redis::cmd("SET");
                set.arg(key).arg(&value).arg("NX").arg("PX").arg(lasts);
                let taken: Option<String> = set.query_async(connection).await?;
                if taken.is_none() {
                    let holder: Option<String> = redis::cmd("GET").arg(key).query_async(connection).await?;
                    return Ok(self.lost(claimed, holder.as_deref().unwrap_or_default()));
                }
                if epoch > 1 {
                    log::info!("{what} taken over (epoch {epoch})");
                }
                self.lock().insert(key.clone(), value);
                Ok(Holder::Us)
            }
        }
    }

    fn holds(&self, key: &str, holder: &str) -> bool {
        self.lock().get(key).is_some_and(|held| held == holder)
    }

    /// `holder` is the value of the key: `epoch node run`.
    fn lost(&self, claimed: &Claimed, holder: &str) -> Holder {
        if self.lock().remove(&claimed.key).is_some() {
            log::warn!("another process has taken {}; this one stands by", claimed.what);
        }
        Holder::Node(holder.split(' ').nth(1).unwrap_or_default().to_owned())
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, String>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
