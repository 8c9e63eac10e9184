//! Whether the folders of this node are those that the database knows, and what becomes of one that nobody knows yet.

use std::path::PathBuf;
use std::sync::Arc;

use uuid::Uuid;

use super::NodeHandles;
use crate::adapters::database::{Joined, NodeFolder, SegmentQuery};
use crate::adapters::folder::Folder;
use crate::base::{Error, Result};
use crate::domain::recording::SegmentState;

/// How it stands with each folder, by what is known without the database.
pub(super) async fn check_all(handles: &NodeHandles) -> Vec<(NodeFolder, Result<()>)> {
    let mut found = Vec::new();
    for (which, folder) in &handles.folders {
        found.push((*which, on_disk(folder, Folder::check).await));
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
        found.push((*which, settle(handles, joined, *which, folder, known).await));
    }
    found
}

async fn settle(
    handles: &NodeHandles,
    joined: &Joined,
    which: NodeFolder,
    folder: &Arc<Folder>,
    known: Option<Uuid>,
) -> Result<()> {
    if let Some(id) = known {
        folder.expect(id);
        on_disk(folder, Folder::check).await?;
        return match which {
            // A spool that was let take another's place later on may be the one with those recordings.
            NodeFolder::Spool => adopt(handles, folder).await.map(drop),
            NodeFolder::Objects => Ok(()),
        };
    }
    // The first start, or the first of a version that keeps identities.
    let is_empty = on_disk(folder, Folder::is_empty).await?;
    if is_empty && knows_files(handles, joined, which, folder).await? {
        folder.expect_files();
        return on_disk(folder, Folder::check).await;
    }
    let id = on_disk(folder, Folder::begin).await?;
    handles.nodes.set_folder(which, id).await?;
    folder.expect(id);
    log::info!("the {} folder {} has the identity {id}", which.column(), folder.root().display());
    if which == NodeFolder::Spool {
        adopt(handles, folder).await?;
    }
    Ok(())
}

/// Whether files should be in a folder that has never had an identity.
async fn knows_files(handles: &NodeHandles, joined: &Joined, which: NodeFolder, folder: &Arc<Folder>) -> Result<bool> {
    match which {
        // Of an earlier version; beside other nodes they are more likely another's.
        NodeFolder::Spool => {
            let paths = handles.nodes.ownerless().await?.unwrap_or_default();
            Ok(!paths.is_empty() && joined.others.is_empty() && !any_there(folder, paths).await?)
        }
        NodeFolder::Objects => {
            let states = vec![SegmentState::Uploaded, SegmentState::Evicted];
            let query = SegmentQuery { states, own: true, limit: 1, ..SegmentQuery::default() };
            Ok(!handles.recordings.segments(query).await?.is_empty())
        }
    }
}

/// Recordings of an earlier version, which have no owner, are this node's when their files are in its spool.
async fn adopt(handles: &NodeHandles, folder: &Arc<Folder>) -> Result<()> {
    let Some(paths) = handles.nodes.ownerless().await? else { return Ok(()) };
    if paths.is_empty() || any_there(folder, paths).await? {
        handles.nodes.adopt().await?;
    }
    Ok(())
}

async fn any_there(folder: &Arc<Folder>, paths: Vec<String>) -> Result<bool> {
    on_disk(folder, move |folder| {
        // A row changed by hand may name anything.
        let inside = |path: &String| !path.starts_with('/') && !path.contains("..");
        let files = paths.iter().filter(|path| inside(path)).map(|path| -> PathBuf { folder.root().join(path) });
        Ok(files.into_iter().any(|file| file.is_file()))
    })
    .await
}

async fn on_disk<T: Send + 'static>(
    folder: &Arc<Folder>,
    work: impl FnOnce(&Folder) -> Result<T> + Send + 'static,
) -> Result<T> {
    let folder = Arc::clone(folder);
    let done = tokio::task::spawn_blocking(move || work(&folder)).await;
    done.map_err(|error| Error::internal("a look at a folder ended without a result").with_source(error))?
}
