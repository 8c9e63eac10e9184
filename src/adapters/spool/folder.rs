//! Session folders: begun whole, described by `session.json`, found again after a crash, finished, pruned.

use std::fs;
use std::io::{ErrorKind, Write};
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::{Spool, fault, sync_folder};
use crate::base::{Error, Result};
use crate::domain::layout::{plain, segment_file, segment_number, stamp};
use crate::domain::recording::Session;

/// Describes the session.
const NOTE: &str = "session.json";
/// Says that the catalogue knows every file of the folder.
const FINISHED: &str = "finished";
/// Longest folder name of a stream, in bytes (file systems allow 255). A cut name does no harm: the session's id keeps
/// folders apart, and the note has the whole name.
const LONGEST_FOLDER: usize = 200;

/// `session.json`: what a crash must not make us forget.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Note {
    /// Whose files these are.
    pub session: Session,
    /// What stands before the stream in its object keys (`layout::server_prefix`).
    pub key_prefix: String,
    /// After midnight: the folder in which ffmpeg goes on writing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub continues: Option<Continues>,
}

/// A session whose files are written into another session's folder and moved over once sealed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Continues {
    /// Folder of the ffmpeg run, relative to the spool.
    pub folder: String,
    /// Number of the run's file that is segment 0 here.
    pub from: u32,
}

/// A folder whose files may not all be in the catalogue.
#[derive(Clone, Debug, PartialEq)]
pub struct Unfinished {
    /// Relative to the spool.
    pub folder: String,
    /// Its note.
    pub note: Note,
    /// Numbers of the files in it, in order.
    pub files: Vec<u32>,
}

impl Spool {
    /// Makes a session's folder with its note; both are durable and appear together. Returns the folder, relative.
    /// Doing it twice is fine.
    pub fn begin(&self, note: &Note) -> Result<String> {
        self.check()?;
        let relative = Self::folder(&note.session);
        let folder = self.path(&relative)?;
        let (Some(above), Some(name)) = (folder.parent(), folder.file_name().and_then(|name| name.to_str())) else {
            return Err(Error::internal("a session's folder has no name"));
        };
        if !folder.exists() {
            let draft = above.join(format!(".{name}"));
            fs::create_dir_all(&draft).map_err(|error| fault(&draft, error))?;
            write_note(&draft, note)?;
            fs::rename(&draft, &folder).map_err(|error| fault(&draft, error))?;
        }
        // The chain of folders up to the spool may be new as well.
        for folder in above.ancestors().take_while(|folder| folder.starts_with(self.root())) {
            sync_folder(folder)?;
        }
        Ok(relative)
    }

    /// The folder of a session that begins now, relative to the spool. The id alone tells folders apart.
    pub fn folder(session: &Session) -> String {
        let mut stream = session.stream.folder();
        stream.truncate(LONGEST_FOLDER);
        format!("{}/{stream}/{}_{}", plain(&session.server), stamp(session.started_at), session.id)
    }

    /// Deletes a folder in which nothing was recorded, with all segment files in it.
    pub fn discard(&self, folder: &str) -> Result<()> {
        self.check()?;
        let path = self.path(folder)?;
        for number in numbers(&path)? {
            let file = path.join(segment_file(number));
            fs::remove_file(&file).map_err(|error| fault(&file, error))?;
        }
        self.finish(folder)
    }

    /// Replaces a session's note.
    pub fn note(&self, folder: &str, note: &Note) -> Result<()> {
        self.check()?;
        write_note(&self.path(folder)?, note)
    }

    /// Where a segment lies, relative to the spool.
    pub fn file(folder: &str, number: u32) -> String {
        format!("{folder}/{}", segment_file(number))
    }

    /// Numbers of the segment files in a session's folder, in order.
    pub fn files(&self, folder: &str) -> Result<Vec<u32>> {
        self.check()?;
        numbers(&self.path(folder)?)
    }

    /// Notes that the catalogue knows every file of the folder; a folder without files disappears.
    pub fn finish(&self, folder: &str) -> Result<()> {
        self.check()?;
        let path = self.path(folder)?;
        let mark = path.join(FINISHED);
        match fs::File::create(&mark) {
            Ok(_) => sync_folder(&path)?,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(fault(&mark, error)),
        }
        self.prune(&path)
    }

    /// Every folder that is not finished. What lies in the spool and is none of ours is left alone; it is named in the
    /// log once per scan.
    pub fn unfinished(&self) -> Result<Vec<Unfinished>> {
        self.check()?;
        let mut found = Vec::new();
        for server in folders(self.root())? {
            for stream in folders(&self.root().join(&server))? {
                let above = self.root().join(&server).join(&stream);
                for name in folders(&above)? {
                    let path = above.join(&name);
                    if path.join(FINISHED).exists() {
                        continue;
                    }
                    match read_note(&path) {
                        Ok(note) => {
                            let folder = format!("{server}/{stream}/{name}");
                            found.push(Unfinished { folder, note, files: numbers(&path)? });
                        }
                        Err(error) => log::warn!("{} is left alone: {error}", path.display()),
                    }
                }
            }
        }
        found.sort_by(|a, b| a.note.session.started_at.cmp(&b.note.session.started_at).then(a.folder.cmp(&b.folder)));
        Ok(found)
    }

    /// Removes a finished folder without segments, and what that leaves empty above it.
    pub(super) fn prune(&self, folder: &Path) -> Result<()> {
        if !folder.join(FINISHED).exists() || !numbers(folder)?.is_empty() {
            return Ok(());
        }
        for file in [NOTE, FINISHED] {
            let _ = fs::remove_file(folder.join(file));
        }
        for empty in folder.ancestors().take_while(|above| *above != self.root()) {
            // Not empty, or somebody was faster: both are fine.
            if fs::remove_dir(empty).is_err() {
                break;
            }
        }
        Ok(())
    }
}

fn write_note(folder: &Path, note: &Note) -> Result<()> {
    let draft = folder.join(".session.json");
    let text =
        serde_json::to_vec_pretty(note).map_err(|error| Error::internal("a session's note").with_source(error))?;
    let write = || -> std::io::Result<()> {
        let mut file = fs::File::create(&draft)?;
        file.write_all(&text)?;
        file.sync_all()?;
        fs::rename(&draft, folder.join(NOTE))
    };
    write().map_err(|error| fault(&draft, error))?;
    sync_folder(folder)
}

fn read_note(folder: &Path) -> Result<Note> {
    let path = folder.join(NOTE);
    let text = fs::read(&path).map_err(|error| fault(&path, error))?;
    serde_json::from_slice(&text).map_err(|error| Error::internal(format!("its {NOTE} makes no sense: {error}")))
}

fn numbers(folder: &Path) -> Result<Vec<u32>> {
    let mut numbers: Vec<u32> =
        names(folder, |kind| kind.is_file())?.iter().filter_map(|name| segment_number(name)).collect();
    numbers.sort_unstable();
    Ok(numbers)
}

/// Folders in a folder, sorted; none when it does not exist. Drafts of a crash and other hidden ones do not count.
fn folders(folder: &Path) -> Result<Vec<String>> {
    let mut names = names(folder, |kind| kind.is_dir())?;
    names.retain(|name| !name.starts_with('.'));
    names.sort();
    Ok(names)
}

fn names(folder: &Path, wanted: impl Fn(&fs::FileType) -> bool) -> Result<Vec<String>> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(fault(folder, error)),
    };
    let mut names = Vec::new();
    for entry in entries {
        let entry = entry.map_err(|error| fault(folder, error))?;
        if entry.file_type().is_ok_and(|kind| wanted(&kind)) {
            // Our names are ASCII; another one is not ours.
            names.extend(entry.file_name().to_str().map(str::to_owned));
        }
    }
    Ok(names)
}
