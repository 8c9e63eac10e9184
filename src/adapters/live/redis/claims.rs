//! Which process polls a server: one key for each, with an epoch and an expiry. The others stand by.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use redis::RedisResult;
use redis::aio::ConnectionManager;

use super::Common;

/// The shortest life of a claim: a process that is busy for a moment keeps it.
const SHORTEST: Duration = Duration::from_secs(2);
/// What PTTL says of a key without an end.
const NO_END: i64 = -1;
/// Beyond two polls.
const MARGIN: Duration = Duration::from_millis(200);

/// What this process holds.
#[derive(Default)]
pub(super) struct Claims {
    /// Value of the key of each server that it polls.
    held: Mutex<BTreeMap<String, String>>,
}

impl Claims {
    /// Takes the server, keeps it, or finds that another process has it.
    pub(super) async fn ask(
        &self,
        common: &Common,
        connection: &mut ConnectionManager,
        server: &str,
        interval: Duration,
    ) -> RedisResult<bool> {
        let key = common.keys.poller(server);
        let lasts = ((interval * 2).max(SHORTEST) + MARGIN).as_millis() as u64;
        let holder: Option<String> = redis::cmd("GET").arg(&key).query_async(connection).await?;
        match holder {
            Some(holder) if self.holds(server, &holder) => {
                let _: i64 = redis::cmd("PEXPIRE").arg(&key).arg(lasts).query_async(connection).await?;
                Ok(true)
            }
            Some(_) => {
                // One that does not end by itself is nobody's: it ends as ours would.
                let ends: i64 = redis::cmd("PTTL").arg(&key).query_async(connection).await?;
                if ends == NO_END {
                    let _: i64 = redis::cmd("PEXPIRE").arg(&key).arg(lasts).query_async(connection).await?;
                    log::warn!(server = server; "the claim {key} had no end, which nobody of ours sets; it ends in {lasts} ms");
                }
                Ok(self.lost(server))
            }
            None => {
                let epoch: i64 = redis::cmd("INCR").arg(common.keys.epoch(server)).query_async(connection).await?;
                let value = format!("{epoch} {} {}", common.node, common.run);
                let mut set = redis::cmd("SET");
                set.arg(&key).arg(&value).arg("NX").arg("PX").arg(lasts);
                let taken: Option<String> = set.query_async(connection).await?;
                if taken.is_none() {
                    return Ok(self.lost(server));
                }
                if epoch > 1 {
                    log::info!(server = server; "polling of the server taken over (epoch {epoch})");
                }
                self.lock().insert(server.to_owned(), value);
                Ok(true)
            }
        }
    }

    fn holds(&self, server: &str, holder: &str) -> bool {
        self.lock().get(server).is_some_and(|held| held == holder)
    }

    fn lost(&self, server: &str) -> bool {
        if self.lock().remove(server).is_some() {
            log::warn!(server = server; "another process polls the server now; this one stands by");
        }
        false
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, String>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
