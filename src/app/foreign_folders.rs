//! `streamwarden accept-folder`: lets a folder, or a bucket, take the place of the spool or the object store that a node had, when
//! that one is gone for good. Called by `cli`.

use std::os::unix::fs::{MetadataExt, chown};
use std::path::Path;
use std::sync::Arc;

use crate::adapters::database::NodeFolder;
use crate::adapters::folder::Folder;
use crate::adapters::folder::identity::Identified;
use crate::adapters::objects::directory::Directory;
use crate::adapters::objects::s3::S3Store;
use crate::adapters::spool::Spool;
use crate::app::data_dir::DATA_DIR;
use crate::base::{Error, Result};
use crate::config::Settings;
use crate::config::settings::ObjectsSettings;

/// The folder or the bucket of these settings.
///
/// # Errors
/// `Invalid` for settings of a bucket that no request can be made of.
pub(super) fn identified(settings: &Settings, which: NodeFolder) -> Result<Arc<dyn Identified>> {
    Ok(match (which, &settings.objects) {
        (NodeFolder::Spool, _) => Arc::new(Arc::clone(Spool::new(settings.data_dir.join("spool")).identity())),
        (NodeFolder::Objects, ObjectsSettings::Directory(path)) => {
            Arc::new(Arc::clone(Directory::new(path).identity()))
        }
        (NodeFolder::Objects, ObjectsSettings::S3(bucket)) => Arc::new(S3Store::new(bucket)?),
    })
}

/// Gives the folder the identity that the database expects of it; one that is not there is made, empty. A bucket that no node of
/// this database knows gets that of this node. Returns what was done, in a sentence. What lay in the
/// earlier folder only is `missing` then, until it is put into this one.
///
/// # Errors
/// When the folder cannot be made, the database does not know this node, or either cannot be written.
pub async fn accept(settings: &Settings, which: NodeFolder) -> Result<String> {
    let place = identified(settings, which)?;
    let nodes = super::open_stores::open_existing(settings).await?.nodes.nodes().await?;
    let instance = Folder::new(&settings.data_dir, DATA_DIR).found().ok().flatten();
    let by_folder = nodes.iter().find(|node| Some(node.instance) == instance);
    let node = by_folder.or(nodes.iter().find(|node| node.name == settings.node)).ok_or_else(|| {
        Error::not_found(format!("the database knows no node {:?}; nothing has to be accepted", settings.node))
    })?;
    let expected = match which {
        NodeFolder::Spool => node.spool,
        NodeFolder::Objects => node.objects,
    };
    let what = match (which, &settings.objects) {
        (NodeFolder::Spool, _) => {
            make(&settings.data_dir.join("spool"))?;
            "spool folder"
        }
        (NodeFolder::Objects, ObjectsSettings::Directory(path)) => {
            make(path)?;
            "objects folder"
        }
        (NodeFolder::Objects, ObjectsSettings::S3(_)) => "object store",
    };
    let id = match expected.or_else(|| (!place.is_taken_as_found()).then_some(node.instance)) {
        Some(id) => {
            place.mark_identity(id).await?;
            id
        }
        None => place.begin_identity().await?,
    };
    Ok(format!("{} is the {what} of the node {:?} from now on (identity {id})", place.shown(), node.name))
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
