//! This process as a node of its database: admitted at start, alive by a sign every few seconds, gone in order at the stop;
//! and whether its folders are those that the database knows.
//!
//! While the database has not admitted it, or another process has taken its place, nothing that belongs to a node is
//! written or taken (`adapters::database`); a folder that is not mounted or another one stops what works in it
//! (`adapters::folder`). Here that is found out, told as incidents and healed. Relays are never stopped by it.

mod actor;
mod folders;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::timeout;

pub use actor::Membership;

use crate::adapters::database::{Joined, NodeFolder, SharedDatabase};
use crate::adapters::folder::Folder;
use crate::base::Result;
use crate::base::error::Kind;
use crate::domain::node::NodeClaim;

/// A disk that takes longer for a look at a folder hangs.
const PATIENCE: Duration = Duration::from_secs(15);

/// What is wrong, by `node`, `spool`, `objects`.
pub type Troubles = BTreeMap<&'static str, String>;

/// What being a node needs from outside.
#[derive(Clone)]
pub struct NodeHandles {
    /// Where nodes are known.
    pub database: SharedDatabase,
    /// Who we are; `starts` until we have been admitted.
    pub claim: NodeClaim,
    /// Folders whose identity is kept; none without the role record.
    pub folders: Vec<(NodeFolder, Arc<Folder>)>,
    /// This process has been admitted once.
    pub admitted: Arc<AtomicBool>,
    /// What is wrong now, for `/ready`.
    pub troubles: Arc<watch::Sender<Troubles>>,
}

/// Asks to be admitted, or gives a sign of life.
async fn join(handles: &NodeHandles) -> Result<Joined> {
    let starts = !handles.admitted.load(Ordering::Relaxed);
    let joined = handles.database.join(NodeClaim { starts, ..handles.claim.clone() }).await?;
    handles.admitted.store(true, Ordering::Relaxed);
    Ok(joined)
}

/// The first look, before anything else is started.
///
/// # Errors
/// `Conflict` naming the other node when this one may not start. A database that is away is waited for later, and so is a
/// disk.
pub async fn admit(handles: &NodeHandles) -> Result<()> {
    match join(handles).await {
        Err(error) if error.kind() == Kind::Conflict => Err(error),
        Err(_) => Ok(()),
        Ok(joined) => {
            let found = timeout(PATIENCE, folders::settle_all(handles, &joined)).await.unwrap_or_default();
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
