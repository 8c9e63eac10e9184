//! This process as a node of its database: admitted at start, alive by a sign every few seconds, gone in order at the stop;
//! and whether its folders are those that the database knows.
//!
//! While the database has not admitted it, or another process has taken its place, nothing that belongs to a node is
//! written or taken (`adapters::database`); a folder that is not mounted or another one stops what works in it
//! (`adapters::folder`). Here that is found out, told as incidents and healed. Relays are never stopped by it.

mod folders;
mod keeper;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

pub use keeper::Membership;

use crate::adapters::database::{NodeFolder, SharedDatabase};
use crate::adapters::folder::Folder;
use crate::base::Result;
use crate::base::error::Kind;
use crate::domain::node::{NodeClaim, other_relay};

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
}

/// What one look at the database and the folders has found.
#[derive(Debug)]
pub struct Found {
    /// Why we are not admitted, or stand in another's way; `Unavailable` when the database does not answer.
    pub node: Result<()>,
    /// How it stands with each folder.
    pub folders: Vec<(NodeFolder, Result<()>)>,
}

/// Asks to be admitted, or gives a sign of life, and looks whether the folders are the right ones.
pub async fn look(handles: &NodeHandles) -> Found {
    let starts = !handles.admitted.load(Ordering::Relaxed);
    let claim = NodeClaim { starts, ..handles.claim.clone() };
    match handles.database.join(claim.clone()).await {
        Ok(joined) => {
            handles.admitted.store(true, Ordering::Relaxed);
            let folders = folders::settle_all(handles, &joined).await;
            let node = other_relay(&claim, &joined.others).map_or(Ok(()), Err);
            Found { node, folders }
        }
        Err(error) => Found { node: Err(error), folders: folders::check_all(handles).await },
    }
}

/// The first look, before anything else is started.
///
/// # Errors
/// `Conflict` naming the other node when this one may not start. A database that is away is waited for later.
pub async fn admit(handles: &NodeHandles) -> Result<()> {
    match look(handles).await.node {
        Err(error) if error.kind() == Kind::Conflict => Err(error),
        _ => Ok(()),
    }
}
