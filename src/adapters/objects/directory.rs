//! The embedded default: objects are files below a folder, under the same keys as in a bucket.
//!
//! ```text
//! <root>/+streamwarden.json        its identity (`adapters::folder`)
//! <root>/+incoming/<uuid>          being written, locked by its writer; left over after a crash, removed at the first use
//! <root>/<key>                     whole and durable
//! <root>/<folder>/+metadata.jsonl  what the objects of a folder say of themselves (`directory_list`)
//! ```
//!
//! A file is copied (never linked: the spool's copy must be able to rot, shrink or go without this one noticing), synced,
//! renamed into place, and every folder above it is synced. Where the identity is missing or another one, the disk that
//! belongs here is not mounted, and nothing is written to what lies beneath.

use std::fs::{self, File};
use std::io::{Error as IoError, ErrorKind, Read, Write};
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::StreamExt;
use futures_util::stream;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::directory_fault::fault;
use super::{ByteStream, ObjectPage, ObjectStore, StoredObject, directory_list, hexadecimal, key, source_fault};
use crate::adapters::folder::{Folder, FolderKind};
use crate::base::size::size;
use crate::base::{Error, Result, Scope};
use crate::domain::object_metadata::{ObjectMetadata, SHA256};

/// Where objects are while they are written. `+` cannot stand in a key.
const INCOMING: &str = "+incoming";

/// Bytes copied at a time.
const CHUNK: usize = 256 * 1024;

/// Objects in a local folder. All of it must be one file system, because objects are renamed into place.
#[derive(Clone, Debug)]
pub struct Directory {
    root: PathBuf,
    identity: Arc<Folder>,
    /// What a crash left has been removed.
    tidy: Arc<AtomicBool>,
}

/// How the folder is known. `+` cannot stand in a key.
pub const OBJECTS: FolderKind = FolderKind { word: "objects", file: "+streamwarden.json", fault };

impl Directory {
    /// The folder at `root`. Nothing is touched.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        let root = root.into();
        Self { identity: Arc::new(Folder::new(root.clone(), OBJECTS)), root, tidy: Arc::default() }
    }

    /// The folder at `root`, made where need be, with the identity that it has or gets: for whoever has no database to
    /// ask. Blocks for as long as that takes.
    pub fn open(root: impl Into<PathBuf>) -> Result<Self> {
        let store = Self::new(root);
        store.identity.expect(store.identity.begin()?);
        store.is_there()?;
        Ok(store)
    }

    /// What tells it from another folder.
    pub fn identity(&self) -> &Arc<Folder> {
        &self.identity
    }

    /// Where the object lies.
    fn path(&self, key: &str) -> Result<PathBuf> {
        key::check(key)?;
        Ok(self.root.join(key))
    }

    /// Whether this is the folder that it should be; makes what its work needs, and removes what a crash left half-written.
    fn is_there(&self) -> Result<()> {
        self.identity.check()?;
        let incoming = self.root.join(INCOMING);
        if !incoming.is_dir() {
            fs::create_dir_all(&incoming).map_err(|error| fault(&incoming, error))?;
            sync_up_to(&incoming, &self.root)?;
        }
        if !self.tidy.swap(true, Ordering::Relaxed) {
            remove_leftovers(&incoming)?;
        }
        Ok(())
    }

    fn put_now(&self, key: &str, file: &Path, metadata: &ObjectMetadata) -> Result<StoredObject> {
        let path = self.path(key)?;
        let folder = path.parent().unwrap_or(&self.root);
        self.is_there()?;
        let mut source = File::open(file).map_err(|error| source_fault(file, error))?;
        let incoming = Incoming::new(&self.root)?;
        let stored = incoming.fill(&mut source, file)?;
        // What lies below the root is one prefix or one object: the others can be stored all the same.
        fs::create_dir_all(folder).map_err(|error| fault_below(Scope::Prefix, folder, error))?;
        if !metadata.is_empty()
            && let Some(name) = path.file_name().and_then(|name| name.to_str())
        {
            let mut metadata = metadata.clone();
            metadata.insert(SHA256.to_owned(), stored.sha256.clone());
            let noted = directory_list::note(folder, name, &metadata);
            noted.map_err(|error| fault_below(Scope::Prefix, folder, error))?;
        }
        incoming.rename_to(&path)?;
        sync_up_to(folder, &self.root).map_err(|error| error.about(Scope::Prefix))?;
        Ok(stored)
    }

    fn remove_now(&self, key: &str) -> Result<bool> {
        let path = self.path(key)?;
        self.is_there()?;
        match fs::remove_file(&path) {
            Ok(()) => Ok(true),
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Ok(false),
            Err(error) => Err(fault_below(Scope::Item, &path, error)),
        }
    }

    fn size_now(&self, key: &str) -> Result<Option<u64>> {
        let path = self.path(key)?;
        self.is_there()?;
        match fs::metadata(&path) {
            Ok(found) => Ok(found.is_file().then_some(found.len())),
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Ok(None),
            Err(error) => Err(fault_below(Scope::Item, &path, error)),
        }
    }

    fn metadata_now(&self, key: &str) -> Result<Option<ObjectMetadata>> {
        let path = self.path(key)?;
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if self.size_now(key)?.is_none() {
            return Ok(None);
        }
        let noted = directory_list::noted(path.parent().unwrap_or(&self.root), name);
        noted.map(Some).map_err(|error| fault_below(Scope::Prefix, &path, error))
    }

    fn sizes_now(&self, keys: &[String]) -> Result<Vec<Result<Option<u64>>>> {
        self.is_there()?;
        let mut sizes = Vec::with_capacity(keys.len());
        for key in keys {
            match self.size_now(key) {
                // The store itself is at fault.
                Err(error) if error.is_passing() => return Err(error),
                size => sizes.push(size),
            }
        }
        Ok(sizes)
    }

    /// The object's file, when the range lies in it.
    fn open_now(&self, key: &str, offset: u64, length: u64) -> Result<OpenObject> {
        let path = self.path(key)?;
        let size = self.size_now(key)?.ok_or_else(|| Error::not_found(format!("there is no object {key:?}")))?;
        if offset.checked_add(length).is_none_or(|end| end > size) {
            let range = format!("{length} bytes from {offset} do not lie in the object {key:?}, which has {size}");
            return Err(Error::invalid("range", range));
        }
        let file = File::open(&path).map_err(|error| fault_below(Scope::Item, &path, error))?;
        Ok(OpenObject { file, path, at: offset, left: length })
    }

    fn free_now(&self) -> Result<u64> {
        self.is_there()?;
        let system = nix::sys::statvfs::statvfs(&self.root).map_err(|errno| fault(&self.root, errno.into()))?;
        Ok(system.blocks_available().saturating_mul(system.fragment_size()))
    }

    fn device_now(&self) -> Result<u64> {
        self.is_there()?;
        fs::metadata(&self.root).map(|found| found.dev()).map_err(|error| fault(&self.root, error))
    }

    fn ping_now(&self) -> Result<String> {
        self.is_there()?;
        drop(Incoming::new(&self.root)?);
        let free = self.free_now()?;
        Ok(format!("directory {}, {} free", self.root.display(), size(free)))
    }

    /// Files are slow at times, so they are read and written outside the async threads.
    async fn blocking<T: Send + 'static>(&self, job: impl FnOnce(Self) -> Result<T> + Send + 'static) -> Result<T> {
        let store = self.clone();
        let done = tokio::task::spawn_blocking(move || job(store)).await;
        done.map_err(|panic| Error::internal("a job of the object directory failed inside").with_source(panic))?
    }
}

#[async_trait]
impl ObjectStore for Directory {
    async fn remove(&self, key: &str) -> Result<bool> {
        let key = key.to_owned();
        self.blocking(move |store| store.remove_now(&key)).await
    }

    async fn put_with(&self, key: &str, file: &Path, metadata: &ObjectMetadata) -> Result<StoredObject> {
        let (key, file, metadata) = (key.to_owned(), file.to_owned(), metadata.clone());
        self.blocking(move |store| store.put_now(&key, &file, &metadata)).await
    }

    async fn metadata(&self, key: &str) -> Result<Option<ObjectMetadata>> {
        let key = key.to_owned();
        self.blocking(move |store| store.metadata_now(&key)).await
    }

    async fn list(&self, after: Option<&str>, limit: usize) -> Result<ObjectPage> {
        let after = after.map(str::to_owned);
        self.blocking(move |store| {
            store.is_there()?;
            directory_list::list(&store.root, after.as_deref(), limit)
        })
        .await
    }

    async fn size(&self, key: &str) -> Result<Option<u64>> {
        let key = key.to_owned();
        self.blocking(move |store| store.size_now(&key)).await
    }

    async fn sizes(&self, keys: &[String]) -> Result<Vec<Result<Option<u64>>>> {
        let keys = keys.to_vec();
        self.blocking(move |store| store.sizes_now(&keys)).await
    }

    async fn stream(&self, key: &str, offset: u64, length: u64) -> Result<ByteStream> {
        let key = key.to_owned();
        let object = self.blocking(move |store| store.open_now(&key, offset, length)).await?;
        let pieces = stream::try_unfold(object, |object| async move {
            if object.left == 0 {
                return Ok(None);
            }
            let read = tokio::task::spawn_blocking(move || object.next_piece()).await;
            read.map_err(|panic| Error::internal("reading an object failed inside").with_source(panic))?.map(Some)
        });
        Ok(pieces.boxed())
    }

    async fn check(&self) -> Result<()> {
        self.blocking(|store| store.is_there()).await
    }

    async fn device(&self) -> Result<Option<u64>> {
        self.blocking(|store| store.device_now().map(Some)).await
    }

    async fn free(&self) -> Result<Option<u64>> {
        self.blocking(|store| store.free_now().map(Some)).await
    }

    async fn ping(&self) -> Result<String> {
        self.blocking(|store| store.ping_now()).await
    }
}

/// An object that is being read.
struct OpenObject {
    file: File,
    path: PathBuf,
    at: u64,
    left: u64,
}

impl OpenObject {
    /// At most [`CHUNK`] bytes.
    fn next_piece(mut self) -> Result<(Bytes, Self)> {
        let length = self.left.min(CHUNK as u64);
        let mut buffer = vec![0; length as usize];
        let read = self.file.read_exact_at(&mut buffer, self.at);
        read.map_err(|error| fault_below(Scope::Item, &self.path, error))?;
        (self.at, self.left) = (self.at + length, self.left - length);
        Ok((buffer.into(), self))
    }
}

/// A file being written; removed when it is dropped before it was renamed. The lock tells another process that shares
/// the folder that this is no leftover; it ends with the process.
struct Incoming {
    path: PathBuf,
    file: File,
}

impl Incoming {
    fn new(root: &Path) -> Result<Self> {
        let path = root.join(INCOMING).join(Uuid::new_v4().to_string());
        let file = File::create_new(&path).map_err(|error| fault(&path, error))?;
        let incoming = Self { path, file };
        incoming.file.lock().map_err(|error| fault(&incoming.path, error))?;
        Ok(incoming)
    }

    fn fill(&self, source: &mut File, name: &Path) -> Result<StoredObject> {
        let mut buffer = vec![0; CHUNK];
        let (mut bytes, mut hash) = (0, Sha256::new());
        // Not `io::copy`: on some file systems that shares the blocks of the two files.
        loop {
            let count = match source.read(&mut buffer) {
                Ok(0) => break,
                Ok(count) => count,
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => return Err(source_fault(name, error)),
            };
            (&self.file).write_all(&buffer[..count]).map_err(|error| fault(&self.path, error))?;
            hash.update(&buffer[..count]);
            bytes += count as u64;
        }
        self.file.sync_all().map_err(|error| fault(&self.path, error))?;
        Ok(StoredObject { bytes, sha256: hexadecimal(hash.finalize()) })
    }

    fn rename_to(mut self, path: &Path) -> Result<()> {
        fs::rename(&self.path, path).map_err(|error| {
            let scope = if error.kind() == ErrorKind::IsADirectory { Scope::Item } else { Scope::Prefix };
            fault_below(scope, path, error)
        })?;
        self.path.clear();
        Ok(())
    }
}

impl Drop for Incoming {
    fn drop(&mut self) {
        if !self.path.as_os_str().is_empty() {
            // What stays is removed at the next open.
            let _ = fs::remove_file(&self.path);
        }
    }
}

fn remove_leftovers(incoming: &Path) -> Result<()> {
    for entry in fs::read_dir(incoming).map_err(|error| fault(incoming, error))? {
        let path = entry.map_err(|error| fault(incoming, error))?.path();
        let is_free = File::open(&path).is_ok_and(|file| file.try_lock().is_ok());
        if is_free && fs::remove_file(&path).is_ok() {
            log::info!(path = path.display().to_string(); "removed an object that a crash left half-written");
        }
    }
    Ok(())
}

/// Makes the names of a folder durable, and those of every folder above it up to `top`: any of them may be new, made by
/// us or by a worker beside us that has not synced it yet.
fn sync_up_to(folder: &Path, top: &Path) -> Result<()> {
    for folder in folder.ancestors().take_while(|folder| folder.starts_with(top)) {
        if folder.as_os_str().is_empty() {
            break;
        }
        File::open(folder).and_then(|folder| folder.sync_all()).map_err(|error| fault(folder, error))?;
    }
    Ok(())
}

/// As [`fault`], for what concerns no more than `scope` unless the disk itself is at fault.
fn fault_below(scope: Scope, path: &Path, error: IoError) -> Error {
    let scope = Scope::of_io(&error, scope);
    fault(path, error).about(scope)
}

#[cfg(test)]
#[path = "directory_tests.rs"]
mod tests;
