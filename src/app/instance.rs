//! One process per data folder: a lock that the kernel lets go of however we die, and a note of who holds it.

use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::fcntl::{Flock, FlockArg};
use serde_json::json;

use crate::base::{Error, Kind, Result};

/// The held lock. Dropping it lets the next process in.
pub struct Instance {
    lock: Flock<File>,
    note: PathBuf,
}

impl Instance {
    /// Creates the folder where it is missing, and locks it.
    ///
    /// # Errors
    /// `Conflict` with the other process's id when it is taken; `Internal` when the folder cannot be used.
    pub fn lock(data_dir: &Path) -> Result<Self> {
        let unusable = |what: &str, error: std::io::Error| {
            let text = format!("cannot {what} {}: {error}; name another folder or mend its rights", data_dir.display());
            Error::new(Kind::Internal, format!("data_dir: {text}")).with_source(error)
        };
        std::fs::create_dir_all(data_dir).map_err(|error| unusable("create", error))?;
        let path = data_dir.join("lock");
        let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path);
        let file = file.map_err(|error| unusable("write to", error))?;
        match Flock::lock(file, FlockArg::LockExclusiveNonblock) {
            Ok(mut lock) => {
                let noted =
                    lock.set_len(0).and_then(|()| lock.rewind()).and_then(|()| write!(lock, "{}", std::process::id()));
                noted.map_err(|error| unusable("write to", error))?;
                Ok(Self { lock, note: data_dir.join("run.json") })
            }
            Err((mut file, Errno::EWOULDBLOCK)) => {
                let mut owner = String::new();
                // Without the number the sentence is still true.
                let _ = file.read_to_string(&mut owner);
                let text = format!(
                    "data_dir: {} is in use by another streamwarden (process {}); stop it, or give this one its own data_dir",
                    data_dir.display(),
                    if owner.is_empty() { "unknown" } else { &owner }
                );
                Err(Error::new(Kind::Conflict, text))
            }
            Err((_, errno)) => Err(unusable("lock", errno.into())),
        }
    }

    /// Writes where we listen into `run.json`, for scripts and for people who chose port 0.
    ///
    /// # Errors
    /// `Internal` when the folder cannot be written.
    pub fn announce(&self, listen: SocketAddr) -> Result<()> {
        let note =
            json!({ "pid": std::process::id(), "listen": listen.to_string(), "url": format!("http://{listen}") });
        std::fs::write(&self.note, note.to_string()).map_err(|error| {
            Error::internal(format!("cannot write {}: {error}", self.note.display())).with_source(error)
        })
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        // Gone already is as good.
        let _ = std::fs::remove_file(&self.note);
        let _ = self.lock.set_len(0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_process_is_refused_by_name_until_the_first_is_gone() {
        let folder = tempfile::tempdir().expect("a folder");
        let data_dir = folder.path().join("new/var");
        let first = Instance::lock(&data_dir).expect("the first gets it");
        first.announce(([127, 0, 0, 1], 8080).into()).expect("writable");
        assert!(std::fs::read_to_string(data_dir.join("run.json")).expect("note").contains("127.0.0.1:8080"));
        let refused = Instance::lock(&data_dir).err().expect("the second does not").to_string();
        assert!(refused.contains(&std::process::id().to_string()), "{refused}");
        drop(first);
        assert!(!data_dir.join("run.json").exists());
        Instance::lock(&data_dir).expect("free again");
    }

    #[test]
    fn a_folder_that_cannot_be_is_said_so() {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("file"), "").expect("a file");
        let error = Instance::lock(&folder.path().join("file/var")).err().expect("refused").to_string();
        assert!(error.contains("data_dir") && error.contains("file/var"), "{error}");
    }
}
