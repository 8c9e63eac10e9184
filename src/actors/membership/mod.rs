//! This process as a node of its database: admitted at start, alive by a sign every few seconds, gone in order at the stop;
//! and whether its folders are those that the database knows.
//!
//! While the database has not admitted it, or another process has taken its place, nothing that belongs to a node is
//! written or taken (`adapters::database`); a folder that is not mounted or another one stops what works in it
//! (`adapters::folder`). Here that is found out, told as incidents and healed. Relays end only where another process is seen to
//! relay the same cameras, and go on when it has gone.

mod handles;
mod membership_actor;
mod node_folders;
#[cfg(test)]
mod tests;

use std::sync::OnceLock;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::time::{Instant, sleep, timeout};

pub use handles::{NodeHandles, Troubles};
pub use membership_actor::Membership;

use crate::adapters::database::Joined;
use crate::base::error::ErrorKind;
use crate::base::{Error, Result};
use crate::domain::node::{NodeClaim, REJOIN_GRACE, is_relayed_elsewhere, may_rejoin, other_process, other_relay};

/// A disk that takes longer for a look at a folder hangs.
const TIMEOUT: Duration = Duration::from_secs(15);

/// Between two looks for another's sign of life.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// Asks to be admitted, or gives a sign of life.
async fn join(handles: &NodeHandles) -> Result<Joined> {
    let starts = !handles.admitted.load(Ordering::Relaxed);
    let joined = handles.nodes.join(NodeClaim { starts, ..handles.claim.clone() }).await?;
    handles.admitted.store(true, Ordering::Relaxed);
    Ok(joined)
}

/// As [`join`], for a process that goes on already: those who have worked on the database before it was away come first, and
/// where somebody else relays the same cameras it stays a node without relays until that has ended.
async fn join_again(handles: &NodeHandles, answered: &OnceLock<Instant>) -> Result<Joined> {
    let (claim, starts) = (&handles.claim, !handles.admitted.load(Ordering::Relaxed));
    let was_standby = handles.standby.borrow().is_some();
    if claim.relays && (starts || was_standby) {
        let nodes = handles.nodes.nodes().await?;
        if starts && may_rejoin(claim, &nodes) && answered.get_or_init(Instant::now).elapsed() < REJOIN_GRACE {
            return Err(Error::unavailable("other nodes have not found out yet that the database is back"));
        }
        if was_standby && other_relay(claim, &nodes).is_some() {
            return join_without_relays(handles).await;
        }
    }
    let error = match join(handles).await {
        Err(error) if error.kind() == ErrorKind::Conflict => error,
        joined => {
            if joined.is_ok() {
                handles.standby.send_if_modified(|standby| standby.take().is_some());
            }
            return joined;
        }
    };
    let is_of_relays = error.field() == Some("roles");
    if is_of_relays || is_relayed_elsewhere(claim, &handles.nodes.nodes().await.unwrap_or_default()) {
        // The first sentence stays: how long ago the last sign came is no news.
        handles.standby.send_if_modified(|standby| {
            let is_new = standby.is_none();
            standby.get_or_insert_with(|| error.message().to_owned());
            is_new
        });
    }
    if is_of_relays { join_without_relays(handles).await } else { Err(error) }
}

/// Stays a node, for everything but relays.
async fn join_without_relays(handles: &NodeHandles) -> Result<Joined> {
    let starts = !handles.admitted.load(Ordering::Relaxed);
    handles.nodes.join(NodeClaim { starts, relays: false, ..handles.claim.clone() }).await
}

/// As [`join`], for a start: where a process on this data folder or on a copy of it gave a sign of life a moment ago, it may
/// have been killed since. Its next sign, or its silence, tells.
async fn join_first(handles: &NodeHandles) -> Result<Joined> {
    let mut silent = Duration::ZERO;
    loop {
        let error = match join(handles).await {
            Err(error) if error.kind() == ErrorKind::Conflict => error,
            joined => return joined,
        };
        let nodes = handles.nodes.nodes().await?;
        let Some(other) = other_process(&handles.claim, &nodes) else { return Err(error) };
        if other.silent < silent {
            return Err(error);
        }
        if silent.is_zero() {
            log::warn!(
                "waiting for a sign of life of the node {:?}: it has this data_dir, or a copy of it",
                other.name
            );
        }
        silent = other.silent;
        sleep(LOOK_AGAIN).await;
    }
}

/// The first look, before anything else is started.
///
/// # Errors
/// `Conflict` naming the other node when this one may not start. A database that is away is waited for later, and so is a
/// disk.
pub async fn admit(handles: &NodeHandles) -> Result<()> {
    match join_first(handles).await {
        Err(error) if error.kind() == ErrorKind::Conflict => Err(error),
        Err(_) => Ok(()),
        Ok(joined) => {
            let found = timeout(TIMEOUT, node_folders::settle_all(handles, &joined)).await.unwrap_or_default();
            for (which, result) in found {
                if let Err(error) = result {
                    log::error!("{}: {error}", which.column());
                    let why = error.message().to_owned();
                    handles.troubles.send_modify(|troubles| _ = troubles.insert(which.column(), why));
                }
            }
            Ok(())
        }
    }
}
