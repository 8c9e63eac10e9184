//! One process per data folder: a lock that the kernel lets go of however we die, and a note of who holds it.

use std::fs::{File, OpenOptions};
use std::future::Future;
use std::io::{Read, Seek, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use nix::errno::Errno;
use nix::fcntl::{Flock, FlockArg};
use serde_json::json;

use super::former;
use crate::adapters::database::SharedDatabase;
use crate::base::{Error, Kind, Result};

/// The held lock. Dropping it lets the next process in.
pub struct Instance {
    lock: Flock<File>,
    note: PathBuf,
    /// When an earlier run ended that nobody had stopped, until that has been told.
    untold_end: Option<DateTime<Utc>>,
    /// Where we listen, and the name of our database.
    announced: Option<(SocketAddr, String)>,
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
                let note = data_dir.join("run.json");
                Ok(Self { lock, untold_end: former::end_by(&note), note, announced: None })
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

    /// Writes where we listen and which database is ours (its name, without a password) into `run.json`, for scripts, for
    /// people who chose port 0, and for the command line.
    ///
    /// # Errors
    /// `Internal` when the folder cannot be written.
    pub fn announce(&mut self, listen: SocketAddr, database: &str) -> Result<()> {
        let announced = self.announced.insert((listen, database.to_owned()));
        write(&self.note, announced, self.untold_end).map_err(|error| {
            Error::internal(format!("cannot write {}: {error}", self.note.display())).with_source(error)
        })
    }

    /// Tells of the run before, when nobody has stopped it, and gives signs of life without end; for what has been
    /// announced.
    pub fn live(&self, database: SharedDatabase, node: String) -> impl Future<Output = ()> + 'static {
        let (note, announced, untold_end) = (self.note.clone(), self.announced.clone(), self.untold_end);
        let signs = former::give_signs_of_life(note.clone());
        let story = async move {
            let (Some(announced), Some(ended)) = (announced, untold_end) else { return };
            former::tell(database, &node, ended).await;
            if let Err(error) = write(&note, &announced, None) {
                log::debug!("run.json not written, the next start tells of this again: {error}");
            }
        };
        async move { _ = tokio::join!(story, signs) }
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        // A start that came to nothing leaves what an earlier run has left; gone already is as good.
        if self.announced.is_some() {
            let _ = std::fs::remove_file(&self.note);
        }
        let _ = self.lock.set_len(0);
    }
}

/// In one step: it may be read at any moment.
fn write(
    note: &Path,
    (listen, database): &(SocketAddr, String),
    untold_end: Option<DateTime<Utc>>,
) -> std::io::Result<()> {
    let data_dir = note.parent().map(|folder| folder.canonicalize().unwrap_or_else(|_| folder.to_owned()));
    let text = json!({
        "pid": std::process::id(), "listen": listen.to_string(), "url": format!("http://{listen}"),
        "database": database, "dataDir": data_dir, "untoldEnd": untold_end,
    });
    let new = note.with_extension("json.new");
    std::fs::write(&new, text.to_string())?;
    std::fs::rename(new, note)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_process_is_refused_by_name_until_the_first_is_gone() {
        let folder = tempfile::tempdir().expect("a folder");
        let data_dir = folder.path().join("new/var");
        let mut first = Instance::lock(&data_dir).expect("the first gets it");
        first.announce(([127, 0, 0, 1], 8080).into(), "sqlite:/x/y.db").expect("writable");
        let note = std::fs::read_to_string(data_dir.join("run.json")).expect("note");
        for part in ["127.0.0.1:8080", r#""database":"sqlite:/x/y.db""#, "new/var"] {
            assert!(note.contains(part), "{part}: {note}");
        }
        let refused = Instance::lock(&data_dir).err().expect("the second does not").to_string();
        assert!(refused.contains(&std::process::id().to_string()), "{refused}");
        assert_eq!(first.untold_end, None);
        drop(first);
        assert!(!data_dir.join("run.json").exists());
        let killed = r#"{"pid":4194305}"#;
        std::fs::write(data_dir.join("run.json"), killed).expect("a file");
        let nothing_came_of_it = Instance::lock(&data_dir).expect("free");
        drop(nothing_came_of_it);
        assert_eq!(std::fs::read_to_string(data_dir.join("run.json")).expect("note"), killed);
        let mut third = Instance::lock(&data_dir).expect("free");
        let ended = third.untold_end.expect("the run before was not stopped");
        third.announce(([127, 0, 0, 1], 8080).into(), "sqlite:/x/y.db").expect("writable");
        assert_eq!(former::end_by(&data_dir.join("run.json")), Some(ended), "it is still to be told");
        drop(third);
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
