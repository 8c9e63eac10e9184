//! One process per data folder: a lock that the kernel lets go of however we die, and a note of who holds it.

use std::cell::Cell;
use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use nix::errno::Errno;
use nix::fcntl::{Flock, FlockArg};
use serde_json::json;

use super::previous_run;
use crate::adapters::database::IncidentStore;
use crate::base::{Error, ErrorKind, Result};

/// A killed process has let go of its files by then.
const LOCK_TIMEOUT: Duration = Duration::from_secs(3);

/// The held lock. Dropping it lets the next process in.
pub struct Instance {
    lock: Flock<File>,
    note: PathBuf,
    /// When an earlier run ended that nobody had stopped, until that has been reported.
    unreported_end: Option<DateTime<Utc>>,
    announced: Option<Announcement>,
}

/// What others may know.
#[derive(Clone)]
struct Announcement {
    listen: SocketAddr,
    /// Over TLS.
    is_tls: bool,
    /// Name of our database.
    database: String,
}

impl Instance {
    /// Creates the folder where it is missing, and locks it.
    ///
    /// # Errors
    /// `Conflict` with the other process's id when it is taken; `Internal` when the folder cannot be used.
    pub fn lock(data_dir: &Path) -> Result<Self> {
        let unusable = |what: &str, error: std::io::Error| {
            let text = format!("cannot {what} {}: {error}; name another folder or mend its rights", data_dir.display());
            Error::new(ErrorKind::Internal, format!("data_dir: {text}")).with_source(error)
        };
        std::fs::create_dir_all(data_dir).map_err(|error| unusable("create", error))?;
        let path = data_dir.join("lock");
        let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path);
        let file = file.map_err(|error| unusable("write to", error))?;
        match lock_soon(file) {
            Ok(mut lock) => {
                let noted =
                    lock.set_len(0).and_then(|()| lock.rewind()).and_then(|()| write!(lock, "{}", std::process::id()));
                noted.map_err(|error| unusable("write to", error))?;
                let note = data_dir.join("run.json");
                Ok(Self { lock, unreported_end: previous_run::end_by(&note), note, announced: None })
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
                Err(Error::new(ErrorKind::Conflict, text))
            }
            Err((_, errno)) => Err(unusable("lock", errno.into())),
        }
    }

    /// Writes where we listen, how, and which database is ours (its name, without a password) into `run.json`, for scripts, for
    /// people who chose port 0, and for the command line.
    ///
    /// # Errors
    /// `Internal` when the folder cannot be written.
    pub fn announce(&mut self, listen: SocketAddr, is_tls: bool, database: &str) -> Result<()> {
        let announced = self.announced.insert(Announcement { listen, is_tls, database: database.to_owned() });
        write(&self.note, announced, self.unreported_end).map_err(|error| {
            Error::internal(format!("cannot write {}: {error}", self.note.display())).with_source(error)
        })
    }

    /// What keeps the note of this run; for what has been announced.
    pub fn run_note(&self) -> RunNote {
        let (path, announced) = (self.note.clone(), self.announced.clone());
        RunNote { path, announced, unreported_end: Cell::new(self.unreported_end) }
    }
}

/// Waits a moment for a lock that is held: a killed process, and its children, keep it until they are quite gone.
fn lock_soon(mut file: File) -> std::result::Result<Flock<File>, (File, Errno)> {
    let until = Instant::now() + LOCK_TIMEOUT;
    loop {
        match Flock::lock(file, FlockArg::LockExclusiveNonblock) {
            Err((held, Errno::EWOULDBLOCK)) if Instant::now() < until => file = held,
            locked => return locked,
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// The note of this run, which the next one reads.
pub struct RunNote {
    path: PathBuf,
    announced: Option<Announcement>,
    unreported_end: Cell<Option<DateTime<Utc>>>,
}

impl RunNote {
    /// Reports the end of the run before, once, when nobody has stopped it, and gives signs of life without end.
    pub async fn keep(&self, incidents: Arc<dyn IncidentStore>, node: &str) {
        tokio::join!(self.report(incidents, node), previous_run::give_signs_of_life(self.path.clone()));
    }

    async fn report(&self, incidents: Arc<dyn IncidentStore>, node: &str) {
        let (Some(announced), Some(ended)) = (&self.announced, self.unreported_end.get()) else { return };
        previous_run::report(incidents, node, ended).await;
        self.unreported_end.set(None);
        if let Err(error) = write(&self.path, announced, None) {
            log::debug!("run.json not written, the next start reports this again: {error}");
        }
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
    Announcement { listen, is_tls, database }: &Announcement,
    unreported_end: Option<DateTime<Utc>>,
) -> std::io::Result<()> {
    let data_dir = note.parent().map(|folder| folder.canonicalize().unwrap_or_else(|_| folder.to_owned()));
    let scheme = if *is_tls { "https" } else { "http" };
    let text = json!({
        "pid": std::process::id(), "listen": listen.to_string(), "url": format!("{scheme}://{listen}"), "tls": is_tls,
        "database": database, "dataDir": data_dir, "untoldEnd": unreported_end,
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
        first.announce(([127, 0, 0, 1], 8080).into(), false, "sqlite:/x/y.db").expect("writable");
        let note = std::fs::read_to_string(data_dir.join("run.json")).expect("note");
        for part in ["127.0.0.1:8080", r#""database":"sqlite:/x/y.db""#, "new/var"] {
            assert!(note.contains(part), "{part}: {note}");
        }
        let refused = Instance::lock(&data_dir).err().expect("the second does not").to_string();
        assert!(refused.contains(&std::process::id().to_string()), "{refused}");
        assert_eq!(first.unreported_end, None);
        drop(first);
        assert!(!data_dir.join("run.json").exists());
        let killed = r#"{"pid":4194305}"#;
        std::fs::write(data_dir.join("run.json"), killed).expect("a file");
        let nothing_came_of_it = Instance::lock(&data_dir).expect("free");
        drop(nothing_came_of_it);
        assert_eq!(std::fs::read_to_string(data_dir.join("run.json")).expect("note"), killed);
        let mut third = Instance::lock(&data_dir).expect("free");
        let ended = third.unreported_end.expect("the run before was not stopped");
        third.announce(([127, 0, 0, 1], 8080).into(), false, "sqlite:/x/y.db").expect("writable");
        assert_eq!(previous_run::end_by(&data_dir.join("run.json")), Some(ended), "it is still to be reported");
        drop(third);
        Instance::lock(&data_dir).expect("free again");
    }

    #[test]
    fn a_lock_that_a_dying_process_still_holds_is_waited_for() {
        let folder = tempfile::tempdir().expect("a folder");
        let dying = Instance::lock(folder.path()).expect("free");
        std::thread::scope(|scope| {
            let next = scope.spawn(|| Instance::lock(folder.path()).map(drop));
            std::thread::sleep(Duration::from_millis(300));
            drop(dying);
            next.join().expect("no panic").expect("it got it");
        });
    }

    #[test]
    fn a_folder_that_cannot_be_is_said_so() {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("file"), "").expect("a file");
        let error = Instance::lock(&folder.path().join("file/var")).err().expect("refused").to_string();
        assert!(error.contains("data_dir") && error.contains("file/var"), "{error}");
    }
}
