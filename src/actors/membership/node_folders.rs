//! Whether the folders of this node, and its bucket, are those that the database knows, and what becomes of one that nobody knows
//! yet.

use uuid::Uuid;

use super::NodeHandles;
use crate::adapters::database::{Joined, NodeFolder, SegmentQuery};
use crate::adapters::folder::identity::{Expected, Identified};
use crate::base::Result;
use crate::domain::recording::SegmentState;

/// How it stands with each folder, by what is known without the database.
pub(super) async fn check_all(handles: &NodeHandles) -> Vec<(NodeFolder, Result<()>)> {
    let mut found = Vec::new();
    for (which, folder) in &handles.folders {
        found.push((*which, folder.check_identity().await));
    }
    found
}

/// The same by what the database knows of them.
pub(super) async fn settle_all(handles: &NodeHandles, joined: &Joined) -> Vec<(NodeFolder, Result<()>)> {
    let mut found = Vec::new();
    for (which, folder) in &handles.folders {
        let known = match which {
            NodeFolder::Spool => joined.node.spool,
            NodeFolder::Objects => joined.node.objects,
        };
        found.push((*which, settle(handles, joined, *which, folder.as_ref(), known).await));
    }
    found
}

async fn settle(
    handles: &NodeHandles,
    joined: &Joined,
    which: NodeFolder,
    folder: &dyn Identified,
    known: Option<Uuid>,
) -> Result<()> {
    if let Some(id) = known {
        folder.expect_of_it(Expected::Id(id));
        folder.check_identity().await?;
        return match which {
            // A spool that was let take another's place later on may be the one with those recordings.
            NodeFolder::Spool => adopt(handles, folder).await.map(drop),
            NodeFolder::Objects => Ok(()),
        };
    }
    if !folder.is_taken_as_found()
        && let Some(found) = folder.found_identity().await?
        && !is_of_this_site(handles, joined, found)
    {
        // Its own identity, which it gets where a person lets it take the place.
        folder.expect_of_it(Expected::Id(handles.claim.instance));
        return folder.check_identity().await;
    }
    // The first start, or the first of a version that keeps identities.
    let is_empty = folder.holds_nothing().await?;
    if is_empty && knows_files(handles, joined, which, folder).await? {
        folder.expect_of_it(Expected::Files);
        return folder.check_identity().await;
    }
    let id = folder.begin_identity().await?;
    handles.nodes.set_folder(which, id).await?;
    folder.expect_of_it(Expected::Id(id));
    log::info!("the {} folder {} has the identity {id}", which.column(), folder.shown());
    if which == NodeFolder::Spool {
        adopt(handles, folder).await?;
    }
    Ok(())
}

/// Whether a node of this database has that identity.
fn is_of_this_site(handles: &NodeHandles, joined: &Joined, found: Uuid) -> bool {
    found == handles.claim.instance || joined.others.iter().any(|node| node.objects == Some(found))
}

/// Whether files should be in a folder that has never had an identity.
async fn knows_files(
    handles: &NodeHandles,
    joined: &Joined,
    which: NodeFolder,
    folder: &dyn Identified,
) -> Result<bool> {
    match which {
        // Of an earlier version; beside other nodes they are more likely another's.
        NodeFolder::Spool => {
            let paths = handles.nodes.ownerless().await?.unwrap_or_default();
            Ok(!paths.is_empty() && joined.others.is_empty() && !folder.holds_any(paths).await?)
        }
        NodeFolder::Objects => {
            let states = vec![SegmentState::Uploaded, SegmentState::Evicted];
            let query = SegmentQuery { states, own: true, limit: 1, ..SegmentQuery::default() };
            Ok(!handles.recordings.segments(query).await?.is_empty())
        }
    }
}

/// Recordings of an earlier version, which have no owner, are this node's when their files are in its spool.
async fn adopt(handles: &NodeHandles, folder: &dyn Identified) -> Result<()> {
    let Some(paths) = handles.nodes.ownerless().await? else { return Ok(()) };
    if paths.is_empty() || folder.holds_any(paths).await? {
        handles.nodes.adopt().await?;
    }
    Ok(())
}
