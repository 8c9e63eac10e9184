//! The spool: the local folder with every segment that has not been evicted.
//!
//! ```text
//! <root>/streamwarden-spool.json                                     its identity (`adapters::folder`)
//! <root>/<server>/<stream>/<YYYYMMDD_HHMMSS>_<session id>/session.json   whose files these are
//!                                                        /segment_000.mp4
//!                                                        /finished       every file is in the catalogue
//! <root>/+quarantine/                                                     what was cut off from damaged files
//! <root>/+unexplained/                                                    what `recordings reconcile` could not explain
//! ```
//!
//! Owns the folders, the write protocol (file, then folder, are synced before anybody hears of a segment), the check
//! and the repair of files, free space. The truth about a recording is here first and in the database second, so that
//! a database that is away loses nothing. Everything asks first whether this is the spool that it should be: where its disk
//! is not mounted, or another one is, nothing is read or written. Never decides what is recorded, uploaded or deleted.
//!
//! Everything here blocks: actors call it by [`on_disk()`]. Talked to by the recorders, the upload workers, and
//! HTTP for reading.

pub mod mp4;
mod on_disk;
mod quarantine;
mod seal;
mod spool_contents;
mod spool_fault;
mod spool_folder;
#[cfg(test)]
mod tests;

use std::os::unix::fs::MetadataExt;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use chrono::{DateTime, Utc};
use nix::sys::statvfs::{Statvfs, statvfs};

use crate::adapters::folder::{Folder, FolderKind};
use crate::base::{Error, ErrorKind, Result, Scope};

pub use on_disk::on_disk;
pub use quarantine::{MOST_BYTES, MOST_FILES, QUARANTINE};
pub use seal::Sealed;
pub use spool_contents::FolderContents;
use spool_fault::fault;
pub use spool_folder::{Continues, LeftFile, Note, Scan, Unfinished, Unreadable};

/// With fewer a minute of many streams, and the database beside them, may not find room.
const FEWEST_INODES: u64 = 1_000;

/// The spool folder.
#[derive(Debug)]
pub struct Spool {
    root: PathBuf,
    identity: Arc<Folder>,
}

/// How the spool is known.
pub const SPOOL: FolderKind = FolderKind { word: "spool", file: "streamwarden-spool.json", fault };

/// The spool as everybody holds it.
pub type SharedSpool = Arc<Spool>;

impl Spool {
    /// The spool in `root`. Nothing is touched: a spool that cannot be used pauses recordings, it does not stop a start.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        let root = root.into();
        Self { identity: Arc::new(Folder::new(root.clone(), SPOOL)), root }
    }

    /// The spool in `root`, made where need be, with the identity that it has or gets: for whoever has no database to ask.
    pub fn open(root: impl Into<PathBuf>) -> Result<Self> {
        let spool = Self::new(root);
        spool.identity.expect(spool.identity.begin()?);
        Ok(spool)
    }

    /// What tells it from another folder.
    pub fn identity(&self) -> &Arc<Folder> {
        &self.identity
    }

    /// Whether this is the spool that it should be. Everything below asks first.
    ///
    /// # Errors
    /// `Unavailable` when its disk is not mounted, or another one is.
    pub fn check(&self) -> Result<()> {
        self.identity.check().map_err(|error| error.about(Scope::Service))
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

    /// Writes a small file into the folder, and returns the bytes that are free.
    pub fn probe(&self) -> Result<u64> {
        self.check()?;
        let fault = |error| fault(&self.root, error).about(Scope::Service);
        // Without a name, so that a crash leaves nothing and two probes do not meet.
        let mut file = tempfile::tempfile_in(&self.root).map_err(fault)?;
        std::io::Write::write_all(&mut file, &[0; 4096]).map_err(fault)?;
        if self.lacks_inodes(&self.statvfs()?) {
            let text = format!(
                "the disk of the spool has less than {FEWEST_INODES} inodes left ({}); remove small files there, or make a file \
                 system with more of them",
                self.root.display()
            );
            return Err(Error::unavailable(text));
        }
        self.free()
    }

    /// Number of its disk on this machine, and the bytes that are free there. Nothing is written: it works on a full disk.
    pub fn disk(&self) -> Result<(u64, u64)> {
        self.check()?;
        let fault = |error| fault(&self.root, error).about(Scope::Service);
        let device = std::fs::metadata(&self.root).map_err(fault)?.dev();
        Ok((device, self.free()?))
    }

    /// Blocks for everybody, without those that are kept for root; none where no file can be made any more.
    fn free(&self) -> Result<u64> {
        let system = self.statvfs()?;
        let bytes = system.blocks_available().saturating_mul(system.fragment_size());
        Ok(if self.lacks_inodes(&system) { 0 } else { bytes })
    }

    fn statvfs(&self) -> Result<Statvfs> {
        statvfs(&self.root).map_err(|errno| fault(&self.root, errno.into()).about(Scope::Service))
    }

    /// File systems that make inodes as they need them say that they have none at all.
    fn lacks_inodes(&self, system: &Statvfs) -> bool {
        system.files() > 0 && system.files_available() < FEWEST_INODES
    }

    /// Deletes the file of an uploaded segment, and folders that this leaves empty. A file that is gone is fine.
    pub fn remove(&self, spool_path: &str) -> Result<()> {
        self.check()?;
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

    /// When a file was written last, as far as the file system tells.
    pub fn written_at(&self, spool_path: &str) -> Option<DateTime<Utc>> {
        Some(std::fs::metadata(self.path(spool_path).ok()?).ok()?.modified().ok()?.into())
    }

    /// Size of a row's file; `None` when it is not there.
    pub fn size(&self, spool_path: &str) -> Result<Option<u64>> {
        self.check()?;
        let path = self.path(spool_path)?;
        match std::fs::metadata(&path) {
            Ok(found) if found.is_file() => Ok(Some(found.len())),
            Ok(_) => {
                Err(Error::new(ErrorKind::Conflict, format!("{} is not a file", path.display())).about(Scope::Item))
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(fault(&path, error)),
        }
    }
}

/// Makes names in a folder durable.
fn sync_folder(folder: &Path) -> Result<()> {
    std::fs::File::open(folder).and_then(|folder| folder.sync_all()).map_err(|error| fault(folder, error))
}
