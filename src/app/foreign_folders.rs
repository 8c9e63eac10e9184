//! `streamwarden accept-folder`: lets a folder take the place of the spool or the object folder that a node had, when that
//! one is gone for good. Called by `cli`.

use std::os::unix::fs::{MetadataExt, chown};
use std::path::Path;
use std::sync::Arc;

use crate::adapters::database::NodeFolder;
use crate::adapters::folder::Folder;
use crate::adapters::objects::directory::Directory;
use crate::adapters::spool::Spool;
use crate::app::run_plan::DATA_DIR;
use crate::base::{Error, Result};
use crate::config::Settings;
use crate::config::settings::ObjectsSettings;

/// The folder of these settings.
///
/// # Errors
/// `Invalid` where objects are in a bucket, which has none.
pub(super) fn folder(settings: &Settings, which: NodeFolder) -> Result<Arc<Folder>> {
    match (which, &settings.objects) {
        (NodeFolder::Spool, _) => Ok(Arc::clone(Spool::new(settings.data_dir.join("spool")).identity())),
        (NodeFolder::Objects, ObjectsSettings::Directory(path)) => Ok(Arc::clone(Directory::new(path).identity())),
        (NodeFolder::Objects, ObjectsSettings::S3(bucket)) => Err(Error::invalid(
            "objects",
            format!(
                "objects are in the bucket {}, and not in a folder; nothing has to be accepted",
                bucket.bucket_name
            ),
        )),
    }
}

/// Gives the folder the identity that the database expects of it; one that is not there is made, empty. Returns what was done, in a sentence. What lay in the
/// earlier folder only is `missing` then, until it is put into this one.
///
/// # Errors
/// When the folder cannot be made, the database does not know this node, or either cannot be written.
pub async fn accept(settings: &Settings, which: NodeFolder) -> Result<String> {
    let folder = folder(settings, which)?;
    let shown = folder.root().display().to_string();
    let nodes = super::open_stores(settings).await?.nodes.nodes().await?;
    let instance = Folder::new(&settings.data_dir, DATA_DIR).found().ok().flatten();
    let by_folder = nodes.iter().find(|node| Some(node.instance) == instance);
    let node = by_folder.or(nodes.iter().find(|node| node.name == settings.node)).ok_or_else(|| {
        Error::not_found(format!("the database knows no node {:?}; nothing has to be accepted", settings.node))
    })?;
    let expected = match which {
        NodeFolder::Spool => node.spool,
        NodeFolder::Objects => node.objects,
    };
    make(folder.root())?;
    let id = match expected {
        Some(id) => {
            folder.mark(id)?;
            id
        }
        None => folder.begin()?,
    };
    Ok(format!("{shown} is the {} folder of the node {:?} from now on (identity {id})", which.column(), node.name))
}

/// Makes the folder, if there is none, for the user who owns the one that it is in: root may be the one who asks, and
/// Streamwarden runs as somebody else.
fn make(folder: &Path) -> Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    let made = || -> std::io::Result<()> {
        let there = folder.ancestors().skip(1).find(|above| above.is_dir()).unwrap_or(Path::new("."));
        let owner = std::fs::metadata(there)?;
        std::fs::create_dir_all(folder)?;
        let mut new = folder.ancestors().take_while(|one| *one != there && !one.as_os_str().is_empty());
        new.try_for_each(|one| chown(one, Some(owner.uid()), Some(owner.gid())))
    };
    let wrong = |error: std::io::Error| {
        let remedy = "make it, and give it to the user that runs streamwarden";
        let text = format!("the folder {} is missing and cannot be made: {error}; {remedy}", folder.display());
        Error::unavailable(text).with_source(error)
    };
    made().map_err(wrong)
}
