//! Segments at rest.
//!
//! [`ObjectStore`] is implemented by `directory` (the embedded default) and `s3` (a bucket). Talked to by the upload workers, and by HTTP
//! for playing what has left the spool.

mod byte_rate;
pub mod directory;
mod directory_fault;
mod directory_list;
mod key;
mod ranged_object;
pub mod s3;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use futures_util::StreamExt;
use futures_util::stream::BoxStream;

use crate::base::{Error, Result, Scope};
use crate::domain::object_metadata::ObjectMetadata;

pub use ranged_object::RangedObject;

/// Bytes of an object, piece by piece.
pub type ByteStream = BoxStream<'static, Result<Bytes>>;

/// What was stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredObject {
    /// Its size.
    pub bytes: u64,
    /// SHA-256 of its bytes in hexadecimal.
    pub sha256: String,
}

/// An object of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedObject {
    /// Its key; of any form.
    pub key: String,
    /// Its size.
    pub bytes: u64,
}

/// A stretch of the list of all objects.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ObjectPage {
    /// In the order of the store, in which the objects of one session follow one another.
    pub items: Vec<ListedObject>,
    /// More follow.
    pub has_more: bool,
}

/// A digest in hexadecimal.
fn hexadecimal(digest: impl AsRef<[u8]>) -> String {
    digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Where segments are kept.
#[async_trait]
pub trait ObjectStore: Send + Sync {
    /// Stores the file under `key`. Where an object of that name is there, a folder replaces it, and a bucket takes it for this one when it
    /// is the same bytes and refuses otherwise (`Conflict`). Durable and whole when it returns; on an error
    /// nothing of it is visible. Returns what was stored.
    async fn put(&self, key: &str, file: &Path) -> Result<StoredObject> {
        self.put_with(key, file, &ObjectMetadata::new()).await
    }
    /// The same, with what the object says of itself beside its bytes.
    async fn put_with(&self, key: &str, file: &Path, metadata: &ObjectMetadata) -> Result<StoredObject>;
    /// What an object says of itself; `None` when there is none. With the digest of its bytes
    /// ([`SHA256`](crate::domain::object_metadata::SHA256)) where that is known.
    async fn metadata(&self, key: &str) -> Result<Option<ObjectMetadata>>;
    /// At most so many objects behind this key, without what the store keeps for itself.
    async fn list(&self, after: Option<&str>, limit: usize) -> Result<ObjectPage>;
    /// Removes an object; false when there is none.
    async fn remove(&self, key: &str) -> Result<bool>;
    /// Size of an object; `None` when there is none.
    async fn size(&self, key: &str) -> Result<Option<u64>>;
    /// Sizes of so many objects, each as [`size`](Self::size) says, in the order of `keys`; asked for together, at the best in one
    /// request. An error is one of the store.
    async fn sizes(&self, keys: &[String]) -> Result<Vec<Result<Option<u64>>>>;
    /// `length` bytes from `offset`, piece by piece as they come: one request, and never the whole in memory. The range is
    /// checked before the first piece; an error in the middle ends the stream.
    async fn stream(&self, key: &str, offset: u64, length: u64) -> Result<ByteStream>;
    /// The same in one piece.
    async fn read(&self, key: &str, offset: u64, length: u64) -> Result<Bytes> {
        let mut pieces = self.stream(key, offset, length).await?;
        let mut bytes = BytesMut::new();
        while let Some(piece) = pieces.next().await {
            bytes.extend_from_slice(&piece?);
        }
        Ok(bytes.freeze())
    }
    /// Whether this is the store that it should be: cheap, and asked before rows are touched.
    async fn check(&self) -> Result<()>;
    /// Ends what uploads of an earlier time have left half-done and nobody goes on with. Returns how many.
    async fn sweep(&self) -> Result<usize> {
        Ok(0)
    }
    /// All uploads together have at most so many bytes a second; a folder has no such limit.
    fn limit_rate(&self, _bytes_per_second: Option<u64>) {}
    /// A put that takes longer hangs. `None`: the store itself gives up a put of which nothing moves any more, and no other.
    fn longest_put(&self) -> Option<Duration> {
        Some(Duration::from_secs(600))
    }
    /// Bytes that are free where objects go; `None` for a store that has no such limit.
    async fn free(&self) -> Result<Option<u64>>;
    /// The disk where objects go, by its number on this machine; `None` for a store that is elsewhere.
    async fn device(&self) -> Result<Option<u64>>;
    /// Says where objects go and that it answers; for `check` and `/ready`. Never a secret.
    async fn ping(&self) -> Result<String>;
}

/// A file of the spool that cannot be read.
fn source_fault(file: &Path, error: std::io::Error) -> Error {
    let sentence = format!("the file {} cannot be read ({error})", file.display());
    let missing = error.kind() == std::io::ErrorKind::NotFound;
    let error_of = if missing { Error::not_found } else { Error::unavailable };
    error_of(sentence).about(Scope::Item).with_source(error)
}

/// The object store as everybody holds it.
pub type SharedObjects = Arc<dyn ObjectStore>;
