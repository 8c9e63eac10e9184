//! Session folders: begun whole, described by `session.json`, found again after a crash, finished, pruned.

use std::fs;
use std::io::{ErrorKind, Write};
use std::path::Path;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use uuid::Uuid;

use super::{Spool, fault, sync_folder};
use crate::base::{Error, Result, Scope};
use crate::domain::layout::{plain, segment_file, segment_number, stamp};
use crate::domain::recording::RecordingSession;

/// Describes the session.
pub(super) const NOTE: &str = "session.json";
/// The same while it is being written.
pub(super) const DRAFT: &str = ".session.json";
/// Says that the catalogue knows every file of the folder.
pub(super) const FINISHED: &str = "finished";
/// What the name of a folder ends in, behind a dot before it, while it is being removed.
const REMOVING: &str = ".removing";
/// Longest folder name of a stream, in bytes (file systems allow 255). A cut name does no harm: the session's id keeps
/// folders apart, and the note has the whole name.
const LONGEST_FOLDER: usize = 200;

/// `session.json`: what a crash must not make us forget.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Note {
    /// Whose files these are.
    pub session: RecordingSession,
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

/// A file of an ffmpeg that has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LeftFile {
    /// Its number.
    pub number: u32,
    /// For how long nothing has been written to it, as far as the file system tells.
    pub quiet_for: Option<Duration>,
}

/// What a walk through the spool brought.
#[derive(Debug, Default)]
pub struct Scan {
    /// Every folder that is not finished, by start.
    pub unfinished: Vec<Unfinished>,
    /// What could not be read. Nothing is known of the sessions in there.
    pub unreadable: Vec<Unreadable>,
}

/// A folder that could not be read.
#[derive(Debug)]
pub struct Unreadable {
    /// Relative to the spool: a session's, or one above it.
    pub folder: String,
    /// Why.
    pub error: Error,
}

impl Scan {
    /// Whether files of this session may lie where nobody could look.
    pub fn may_hide(&self, session: &RecordingSession) -> bool {
        let folder = Spool::folder(session);
        // The stamp of a folder may be another one than that of its session: the id counts.
        let id = session.id.to_string();
        self.unreadable.iter().any(|found| found.folder.ends_with(&id) || is_below(&folder, &found.folder))
    }
}

fn is_below(path: &str, folder: &str) -> bool {
    path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'))
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
    pub fn folder(session: &RecordingSession) -> String {
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

    /// The same, with how long each has been left alone.
    pub fn left(&self, folder: &str) -> Result<Vec<LeftFile>> {
        let path = self.path(folder)?;
        let quiet = |number| fs::metadata(path.join(segment_file(number))).ok()?.modified().ok()?.elapsed().ok();
        Ok(self.files(folder)?.into_iter().map(|number| LeftFile { number, quiet_for: quiet(number) }).collect())
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

    /// Walks through the whole spool. What cannot be read does not end the walk; removals that a crash has interrupted are
    /// completed.
    pub fn scan(&self) -> Result<Scan> {
        self.check()?;
        let mut scan = Scan::default();
        for server in folders(self.root())? {
            // Our own folders beside those of the servers.
            if server.starts_with(['+', '.']) {
                continue;
            }
            for stream in scan.folders(self, &server) {
                if stream.starts_with('.') {
                    continue;
                }
                for name in scan.folders(self, &format!("{server}/{stream}")) {
                    self.look_into(&format!("{server}/{stream}/{name}"), &name, &mut scan);
                }
            }
        }
        let by_start = |one: &Unfinished, other: &Unfinished| {
            one.note.session.started_at.cmp(&other.note.session.started_at).then(one.folder.cmp(&other.folder))
        };
        scan.unfinished.sort_by(by_start);
        Ok(scan)
    }

    fn look_into(&self, folder: &str, name: &str, scan: &mut Scan) {
        let path = self.root().join(folder);
        if name.starts_with('.') {
            if name.ends_with(REMOVING) {
                remove_marked(&path);
            }
            return;
        }
        if path.join(FINISHED).exists() {
            if let Err(error) = self.prune(&path) {
                log::debug!("{error}");
            }
            return;
        }
        // An earlier release could be interrupted between the files of a folder and the folder.
        if is_session_folder(name) && fs::remove_dir(&path).is_ok() {
            return;
        }
        match read_note(&path).and_then(|note| Ok((note, numbers(&path)?))) {
            Ok((note, files)) => scan.unfinished.push(Unfinished { folder: folder.to_owned(), note, files }),
            Err(error) => scan.unreadable.push(Unreadable { folder: folder.to_owned(), error }),
        }
    }

    /// Removes a finished folder without segments, and what that leaves empty above it. It is renamed first, so that a
    /// crash leaves either the folder as it was or one that everybody knows is to go.
    pub(super) fn prune(&self, folder: &Path) -> Result<()> {
        if !folder.join(FINISHED).exists() || !has_only_our_marks(folder)? {
            return Ok(());
        }
        let (Some(above), Some(name)) = (folder.parent(), folder.file_name().and_then(|name| name.to_str())) else {
            return Ok(());
        };
        let marked = above.join(format!(".{name}{REMOVING}"));
        match fs::rename(folder, &marked) {
            // Somebody was faster.
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
            renamed => renamed.map_err(|error| fault(folder, error))?,
        }
        remove_marked(&marked);
        for empty in above.ancestors().take_while(|above| *above != self.root()) {
            // Not empty, or somebody was faster: both are fine.
            if fs::remove_dir(empty).is_err() {
                break;
            }
        }
        Ok(())
    }
}

impl Scan {
    /// Folders in a folder of the spool; what cannot be read is noted.
    fn folders(&mut self, spool: &Spool, folder: &str) -> Vec<String> {
        folders(&spool.root().join(folder)).unwrap_or_else(|error| {
            self.unreadable.push(Unreadable { folder: folder.to_owned(), error });
            Vec::new()
        })
    }
}

/// Whether a folder holds no file but ours about the session.
fn has_only_our_marks(folder: &Path) -> Result<bool> {
    let files = names(folder, |_| true)?;
    Ok(files.iter().all(|file| [NOTE, DRAFT, FINISHED].contains(&file.as_str())))
}

/// Removes a folder that has been renamed for it. What is left of it is removed by the next scan.
fn remove_marked(folder: &Path) {
    for file in [NOTE, DRAFT, FINISHED] {
        let _ = fs::remove_file(folder.join(file));
    }
    let _ = fs::remove_dir(folder);
}

/// `20261121_080000_<uuid>`, as [`Spool::folder`] names them.
fn is_session_folder(name: &str) -> bool {
    let stamp = |text: &str| text.len() == 15 && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'_');
    name.rsplit_once('_').is_some_and(|(before, id)| stamp(before) && Uuid::parse_str(id).is_ok())
}

fn write_note(folder: &Path, note: &Note) -> Result<()> {
    let draft = folder.join(DRAFT);
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

pub(super) fn read_note(folder: &Path) -> Result<Note> {
    let path = folder.join(NOTE);
    let text = fs::read(&path).map_err(|error| match error.kind() {
        ErrorKind::NotFound => Error::not_found(format!("it has no {NOTE}, so it is none of ours")).about(Scope::Item),
        _ => fault(&path, error),
    })?;
    let nonsense = |error| Error::internal(format!("its {NOTE} makes no sense: {error}")).about(Scope::Item);
    serde_json::from_slice(&text).map_err(nonsense)
}

fn numbers(folder: &Path) -> Result<Vec<u32>> {
    let mut numbers: Vec<u32> =
        names(folder, |kind| kind.is_file())?.iter().filter_map(|name| segment_number(name)).collect();
    numbers.sort_unstable();
    Ok(numbers)
}

/// Folders in a folder, sorted; none when it does not exist.
pub(super) fn folders(folder: &Path) -> Result<Vec<String>> {
    let mut names = names(folder, |kind| kind.is_dir())?;
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
