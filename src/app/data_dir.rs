//! How the data folder is known.

use crate::adapters::folder::FolderKind;
use crate::base::Error;

/// How the data folder is known: by it a node finds itself again, whatever it is called.
pub(super) const DATA_DIR: FolderKind = FolderKind {
    word: "data_dir",
    file: "streamwarden-node.json",
    fault: |path, error| Error::unavailable(format!("data_dir: {} cannot be used ({error})", path.display())),
};
