//! The spool: the local folder with every segment that has not been evicted.
//!
//! ```text
//! <root>/<server>/<stream>/<YYYYMMDD_HHMMSS>_<session id>/session.json   whose files these are
//!                                                        /segment_000.mp4
//!                                                        /finished       every file is in the catalogue
//! ```
//!
//! Owns the folders, the write protocol (file, then folder, are synced before anybody hears of a segment), the check
//! and the repair of files, free space. The truth about a recording is here first and in the database second, so that
//! a database that is away loses nothing. Never decides what is recorded, uploaded or deleted.
//!
//! Everything here blocks: actors call it from `spawn_blocking`. Talked to by the recorders, the upload workers, and
//! HTTP for reading.

mod fault;
mod folder;
pub mod mp4;
mod seal;
#[cfg(test)]
mod tests;

use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use crate::base::{Error, Kind, Result};

use fault::fault;
pub use folder::{Continues, Note, Unfinished};
pub use seal::Sealed;

/// The spool folder.
#[derive(Debug)]
pub struct Spool {
    root: PathBuf,
}

/// The spool as everybody holds it.
pub type SharedSpool = Arc<Spool>;

impl Spool {
    /// The spool in `root`. Nothing is touched: a spool that cannot be used pauses recordings, it does not stop a start.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    /// The folder.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Where the file of a row's `spool_path` lies. Refuses what would leave the spool.
    pub fn path(&self, spool_path: &str) -> Result<PathBuf> {
        let path = Path::new(spool_path);
        let stays = path.components().all(|part| matches!(part, Component::Normal(_)));
        if spool_path.is_empty() || !stays {
            return Err(Error::invalid("spoolPath", format!("{spool_path:?} does not name a file of the spool")));
        }
        Ok(self.root.join(path))
    }

    /// Makes the folder if need be, writes a small file into it, and returns the bytes that are free.
    pub fn probe(&self) -> Result<u64> {
        let fault = |error| fault(&self.root, error);
        std::fs::create_dir_all(&self.root).map_err(fault)?;
        // Without a name, so that a crash leaves nothing and two probes do not meet.
        let mut file = tempfile::tempfile_in(&self.root).map_err(fault)?;
        std::io::Write::write_all(&mut file, &[0; 4096]).map_err(fault)?;
        let system = nix::sys::statvfs::statvfs(&self.root).map_err(|errno| fault(errno.into()))?;
        // Blocks for everybody, without those that are kept for root.
        Ok(system.blocks_available().saturating_mul(system.fragment_size()))
    }

    /// Deletes the file of an uploaded segment, and folders that this leaves empty. A file that is gone is fine.
    pub fn remove(&self, spool_path: &str) -> Result<()> {
        let path = self.path(spool_path)?;
        match std::fs::remove_file(&path) {
            Ok(()) => {}
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(fault(&path, error)),
        }
        let Some(folder) = path.parent() else { return Ok(()) };
        sync_folder(folder)?;
        self.prune(folder)
    }

    /// Size of a row's file; `None` when it is gone.
    pub fn size(&self, spool_path: &str) -> Result<Option<u64>> {
        let path = self.path(spool_path)?;
        match std::fs::metadata(&path) {
            Ok(found) if found.is_file() => Ok(Some(found.len())),
            Ok(_) => Err(Error::new(Kind::Conflict, format!("{} is not a file", path.display()))),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(fault(&path, error)),
        }
    }
}

/// Makes names in a folder durable.
fn sync_folder(folder: &Path) -> Result<()> {
    std::fs::File::open(folder).and_then(|folder| folder.sync_all()).map_err(|error| fault(folder, error))
}
