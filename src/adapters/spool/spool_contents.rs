//! A look at the folders of sessions, one after the other, and a place for what nobody can explain.
//!
//! ```text
//! <root>/+unexplained/<server>/<stream>/<session folder>/<file>
//! ```
//!
//! Unlike the quarantine it has no bounds: nothing in it is ever removed by us.

use std::fs::{self, File};
use std::path::Path;

use super::mp4;
use super::spool_folder::{DRAFT, FINISHED, NOTE, folders, read_note};
use super::{Note, Spool, fault, sync_folder};
use crate::base::{Error, ErrorKind, Result, Scope};

/// Name of the folder. `+` cannot stand in the folder of a server.
const UNEXPLAINED: &str = "+unexplained";

/// What is in a session's folder.
#[derive(Debug)]
pub struct FolderContents {
    /// Whose it is; or why that cannot be read.
    pub note: Result<Note>,
    /// The catalogue was told every file of it.
    pub is_finished: bool,
    /// Names and sizes of everything in it but our own marks.
    pub files: Vec<(String, u64)>,
}

impl Spool {
    /// At most so many folders of sessions behind this one, relative to the spool, and whether more follow.
    ///
    /// # Errors
    /// When the spool is not the one that it should be. A folder that cannot be read is passed over: whatever scans tells of it.
    pub fn session_folders(&self, after: Option<&str>, limit: usize) -> Result<(Vec<String>, bool)> {
        self.check()?;
        let mut after = after.unwrap_or_default().split('/');
        let parts = [after.next(), after.next(), after.next()].map(Option::unwrap_or_default);
        let mut found = Vec::new();
        let root = self.root();
        for server in folders(root)?.into_iter().filter(|name| is_plain(name) && name.as_str() >= parts[0]) {
            let from_stream = if server == parts[0] { parts[1] } else { "" };
            for stream in folders(&root.join(&server)).unwrap_or_default() {
                if !is_plain(&stream) || stream.as_str() < from_stream {
                    continue;
                }
                let is_on_the_way = server == parts[0] && stream == parts[1];
                for name in folders(&root.join(&server).join(&stream)).unwrap_or_default() {
                    if !is_plain(&name) || (is_on_the_way && name.as_str() <= parts[2]) {
                        continue;
                    }
                    if found.len() == limit {
                        return Ok((found, true));
                    }
                    found.push(format!("{server}/{stream}/{name}"));
                }
            }
        }
        Ok((found, false))
    }

    /// What is in a session's folder. One that is gone is empty.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn contents(&self, folder: &str) -> Result<FolderContents> {
        self.check()?;
        let path = self.path(folder)?;
        let note = match read_note(&path) {
            Err(error) if error.is_passing() || error.kind() == ErrorKind::Unavailable => return Err(error),
            note => note,
        };
        let mut files = Vec::new();
        let entries = match fs::read_dir(&path) {
            Ok(entries) => Some(entries),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
            Err(error) => return Err(fault(&path, error)),
        };
        for entry in entries.into_iter().flatten() {
            let entry = entry.map_err(|error| fault(&path, error))?;
            let name = entry.file_name().to_string_lossy().into_owned();
            // What begins with a dot is being written, by us or by somebody else.
            if [NOTE, DRAFT, FINISHED].contains(&name.as_str()) || name.starts_with('.') {
                continue;
            }
            files.push((name, entry.metadata().map(|found| found.len()).unwrap_or(0)));
        }
        files.sort();
        Ok(FolderContents { note, is_finished: path.join(FINISHED).exists(), files })
    }

    /// Whether a whole fragment is in a file.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn has_media(&self, spool_path: &str) -> Result<bool> {
        self.check()?;
        let path = self.path(spool_path)?;
        let checked = File::open(&path).and_then(|mut file| mp4::check(&mut file));
        checked.map(|checked| checked.fragments > 0).map_err(|error| fault(&path, error).about(Scope::Item))
    }

    /// Moves a file or a folder of the spool aside, to the same place below `+unexplained`. Nothing there is replaced.
    ///
    /// # Errors
    /// `Conflict` when something of that name is there already.
    pub fn set_aside(&self, name: &str) -> Result<()> {
        self.check()?;
        let from = self.path(name)?;
        let to = self.path(&format!("{UNEXPLAINED}/{name}"))?;
        if to.exists() {
            let text = format!("{} exists already and is not replaced", to.display());
            return Err(Error::new(ErrorKind::Conflict, text).about(Scope::Item));
        }
        let folder = to.parent().unwrap_or(self.root());
        fs::create_dir_all(folder).map_err(|error| fault(folder, error))?;
        fs::rename(&from, &to).map_err(|error| fault(&from, error))?;
        for above in folder.ancestors().take_while(|above| above.starts_with(self.root())) {
            sync_folder(above)?;
        }
        sync_folder(from.parent().unwrap_or(Path::new("/")))
    }
}

/// Neither ours beside the recordings nor being written.
fn is_plain(name: &str) -> bool {
    !name.starts_with(['+', '.'])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::adapters::spool::Note;
    use crate::domain::recording::RecordingSession;
    use crate::domain::sample;

    #[test]
    fn folders_are_gone_through_in_pieces_and_what_nobody_explains_is_moved_aside() {
        let folder = tempfile::tempdir().expect("a folder");
        let spool = Spool::open(folder.path()).expect("a spool");
        let mut all = Vec::new();
        for (stream, id) in [("a/b", 1), ("a/b", 2), ("a.b", 3), ("c", 4)] {
            let session = RecordingSession { id: uuid::Uuid::from_u128(id), ..sample::session(stream) };
            let note = Note { session, key_prefix: String::new(), continues: None };
            all.push(spool.begin(&note).expect("made"));
        }
        all.sort_by(|one, other| one.split('/').cmp(other.split('/')));
        for limit in [1, 3, 4, 9] {
            let (mut found, mut after) = (Vec::new(), None);
            loop {
                let (page, has_more) = spool.session_folders(after.as_deref(), limit).expect("looked");
                after = page.last().cloned();
                found.extend(page);
                if !has_more {
                    break;
                }
            }
            assert_eq!(found, all, "{limit} at a time");
        }
        let strange = format!("{}/notes.txt", all[0]);
        fs::write(folder.path().join(&strange), "x").expect("written");
        let contents = spool.contents(&all[0]).expect("read");
        assert!(contents.note.is_ok() && !contents.is_finished);
        assert_eq!(contents.files, [("notes.txt".to_owned(), 1)]);
        spool.set_aside(&strange).expect("moved");
        assert_eq!(fs::read(folder.path().join(UNEXPLAINED).join(&strange)).expect("there"), b"x");
        fs::write(folder.path().join(&strange), "y").expect("written");
        assert_eq!(spool.set_aside(&strange).expect_err("taken").kind(), ErrorKind::Conflict);
        assert_eq!(fs::read(folder.path().join(&strange)).expect("there"), b"y");
        assert!(spool.set_aside("../x").is_err());
    }
}
