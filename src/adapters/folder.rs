//! A folder that may be on a disk of its own, known by an identity in a small file: an empty mount point or another disk
//! is told from it before anything is touched.
//!
//! Used by the spool and by the object directory. Blocks, but for what it does as [`Identified`].

pub mod identity;

use std::fs::{self, File};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use uuid::Uuid;

use self::identity::{Expected, ExpectedIdentity, Identified, marker_id, marker_text};
use crate::base::{Error, Result};

/// What a folder is called, and how its faults are told.
#[derive(Clone, Copy, Debug)]
pub struct FolderKind {
    /// The word for people and for the command line: `spool`.
    pub word: &'static str,
    /// The file with the identity.
    pub file: &'static str,
    /// The sentence for what the file system refuses.
    pub fault: fn(&Path, io::Error) -> Error,
}

/// A folder with an identity.
#[derive(Debug)]
pub struct Folder {
    root: PathBuf,
    kind: FolderKind,
    expected: ExpectedIdentity,
}

impl Folder {
    /// The folder at `root`. Nothing is touched.
    pub fn new(root: impl Into<PathBuf>, kind: FolderKind) -> Self {
        Self { root: root.into(), kind, expected: ExpectedIdentity::default() }
    }

    /// Where it is.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The identity it should have.
    pub fn expect(&self, id: Uuid) {
        self.expected.set(Expected::Id(id));
    }

    /// The database knows of files in it and of no identity: an empty one is not the right one.
    pub fn expect_files(&self) {
        self.expected.set(Expected::Files);
    }

    /// The identity it has.
    ///
    /// # Errors
    /// When the folder or the file cannot be read.
    pub fn found(&self) -> Result<Option<Uuid>> {
        let path = self.root.join(self.kind.file);
        let text = match fs::read(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err((self.kind.fault)(&self.root, error)),
        };
        marker_id(&text).map(Some).ok_or_else(|| {
            Error::unavailable(format!(
                "{} does not hold the identity of a folder ({}); put the file back as it was{}",
                path.display(),
                self.kind.word,
                self.instead()
            ))
        })
    }

    /// Whether this is the folder that it should be. Everything that reads or writes in it asks first.
    ///
    /// # Errors
    /// `Unavailable` saying which disk is missing or foreign.
    pub fn check(&self) -> Result<()> {
        let expected = self.expected.now();
        let (root, word) = (self.root.display(), self.kind.word);
        match (expected, self.found()?) {
            (Expected::Id(expected), Some(found)) if expected == found => Ok(()),
            (Expected::Unknown | Expected::Files, Some(_)) => Ok(()),
            (Expected::Id(_), Some(found)) => Err(Error::unavailable(format!(
                "{root} is another {word} folder than this node's (its identity is {found}); mount the disk that belongs there{}",
                self.instead()
            ))),
            (Expected::Files, None) => Err(Error::unavailable(format!(
                "the database knows of recordings in the {word} folder of this node, and {root} is empty; mount the disk that \
                 belongs there{}",
                self.instead()
            ))),
            (Expected::Id(_), None) => Err(Error::unavailable(format!(
                "the {word} folder is not in {root}: there is no file {}; mount the disk that belongs there{}",
                self.kind.file,
                self.instead()
            ))),
            (Expected::Unknown, None) => Err(Error::unavailable(format!(
                "{root} has no identity yet, and the database that knows whether a {word} folder should be there has not \
                 answered; it is waited for"
            ))),
        }
    }

    fn instead(&self) -> String {
        format!(
            ", or, if that one is gone for good, let this folder take its place: streamwarden accept-folder {}",
            self.kind.word
        )
    }

    /// Whether nothing is in it, or it is not there.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn is_empty(&self) -> Result<bool> {
        match fs::read_dir(&self.root) {
            Ok(mut entries) => Ok(entries.next().is_none()),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(true),
            Err(error) => Err((self.kind.fault)(&self.root, error)),
        }
    }

    /// Makes the folder where need be and gives it an identity where it has none; returns the one it has.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn begin(&self) -> Result<Uuid> {
        let refused = |error| (self.kind.fault)(&self.root, error);
        fs::create_dir_all(&self.root).map_err(refused)?;
        if let Some(id) = self.found()? {
            return Ok(id);
        }
        let id = Uuid::new_v4();
        self.mark(id)?;
        Ok(id)
    }

    /// Gives the folder this identity, whatever it had.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn mark(&self, id: Uuid) -> Result<()> {
        let text = marker_text(self.kind.word, id)?;
        let draft = self.root.join(format!(".{}.{}", self.kind.file, std::process::id()));
        let write = || {
            let mut file = File::create(&draft)?;
            file.write_all(&text)?;
            file.sync_all()?;
            fs::rename(&draft, self.root.join(self.kind.file))?;
            File::open(&self.root)?.sync_all()
        };
        write().map_err(|error| {
            let _ = fs::remove_file(&draft);
            (self.kind.fault)(&self.root, error)
        })
    }
}

/// Disks are slow at times, so they are looked at outside the async threads.
async fn on_disk<T: Send + 'static>(
    folder: &Arc<Folder>,
    work: impl FnOnce(&Folder) -> Result<T> + Send + 'static,
) -> Result<T> {
    let folder = Arc::clone(folder);
    let done = tokio::task::spawn_blocking(move || work(&folder)).await;
    done.map_err(|error| Error::internal("a look at a folder ended without a result").with_source(error))?
}

#[async_trait]
impl Identified for Arc<Folder> {
    fn shown(&self) -> String {
        self.root().display().to_string()
    }

    fn expect_of_it(&self, expected: Expected) {
        self.expected.set(expected);
    }

    fn is_taken_as_found(&self) -> bool {
        true
    }

    async fn check_identity(&self) -> Result<()> {
        on_disk(self, Folder::check).await
    }

    async fn found_identity(&self) -> Result<Option<Uuid>> {
        on_disk(self, Folder::found).await
    }

    async fn holds_nothing(&self) -> Result<bool> {
        on_disk(self, Folder::is_empty).await
    }

    async fn holds_any(&self, paths: Vec<String>) -> Result<bool> {
        on_disk(self, move |folder| {
            // A row changed by hand may name anything.
            let inside = |path: &String| !path.starts_with('/') && !path.contains("..");
            Ok(paths.iter().filter(|path| inside(path)).any(|path| folder.root().join(path).is_file()))
        })
        .await
    }

    async fn begin_identity(&self) -> Result<Uuid> {
        on_disk(self, Folder::begin).await
    }

    async fn mark_identity(&self, id: Uuid) -> Result<()> {
        on_disk(self, move |folder| folder.mark(id)).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KIND: FolderKind = FolderKind {
        word: "spool",
        file: "streamwarden-spool.json",
        fault: |path, error| Error::unavailable(format!("{}: {error}", path.display())),
    };

    #[test]
    fn a_folder_is_what_it_should_be_or_says_what_is_wrong() {
        let above = tempfile::tempdir().expect("a folder");
        let root = above.path().join("spool");
        let folder = Folder::new(&root, KIND);
        let refused = |words: &str| {
            let error = folder.check().expect_err(words).to_string();
            assert!(error.contains(words) && error.contains(&*root.to_string_lossy()), "{error}");
        };
        refused("has not answered");
        folder.expect_files();
        refused("knows of recordings");
        assert!(folder.is_empty().expect("looked") && !root.exists(), "a look makes nothing");
        let id = folder.begin().expect("made");
        assert_eq!(folder.begin().expect("there"), id, "it stays");
        folder.check().expect("the database has not answered, and it has one");
        folder.expect(id);
        folder.check().expect("the right one");

        // A mount point without its disk; another disk; a damaged file.
        let away = above.path().join("away");
        fs::rename(&root, &away).expect("unmounted");
        refused("mount the disk that belongs there");
        fs::create_dir(&root).expect("the mount point");
        refused("there is no file streamwarden-spool.json");
        assert!(folder.is_empty().expect("looked"), "nothing is written beneath it");
        fs::write(root.join(KIND.file), "{}").expect("written");
        refused("does not hold the identity");
        folder.mark(Uuid::from_u128(7)).expect("another");
        refused("another spool");
        folder.mark(id).expect("accepted");
        folder.check().expect("it has taken the place");
        fs::remove_dir_all(&root).and_then(|()| fs::rename(&away, &root)).expect("mounted");
        folder.check().expect("back");
    }
}
