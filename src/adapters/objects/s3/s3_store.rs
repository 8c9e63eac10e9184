//! The store.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use chrono::Utc;
use futures_util::{StreamExt, TryStreamExt, stream};
use reqwest::header::{HeaderMap, HeaderName, HeaderValue, IF_NONE_MATCH, RANGE};
use s3::creds::Credentials;
use s3::error::S3Error;
use s3::{Bucket, Region};
use secrecy::ExposeSecret;
use sha2::{Digest, Sha256};
use tokio::time::Instant;

use super::s3_fault::{fault, refusal, unreachable};
use super::s3_upload::{Put, STILL, Sender};
use crate::adapters::folder::identity::{Expected, ExpectedIdentity, Identified};
use crate::adapters::objects::{
    ByteStream, ListedObject, ObjectPage, ObjectStore, StoredObject, hexadecimal, key, source_fault,
};
use crate::base::{Error, ErrorKind, Result, Scope};
use crate::config::settings::S3Settings;
use crate::domain::object_metadata::{ObjectMetadata, SHA256};

/// An answer to a small request that takes longer is none.
const ANSWER: Duration = Duration::from_secs(20);
/// The identity is looked at before a put, unless that was done so lately.
const LOOKED_AT: Duration = Duration::from_secs(10);
/// Bytes of a file that are read at a time.
const CHUNK: usize = 256 * 1024;
/// Questions for sizes that are under way at once.
const QUESTIONS: usize = 8;
/// How long an address is good that one read is made with.
const READ: u32 = 3_600;
/// Header with the class of an object.
const STORAGE_CLASS: &str = "x-amz-storage-class";

/// A bucket.
#[derive(Clone)]
pub struct S3Store {
    pub(super) bucket: Arc<Bucket>,
    sender: Sender,
    /// When its identity was found to be right.
    looked_at: Arc<Mutex<Option<Instant>>>,
    storage_class: String,
    /// How it is called in sentences, without a secret.
    pub(super) shown: String,
    /// Whose it should be.
    pub(super) expected: Arc<ExpectedIdentity>,
    /// The server has refused to put under a condition.
    unconditional: Arc<AtomicBool>,
}

/// What is stored under a key.
pub(super) struct Stored {
    bytes: u64,
    digest: Option<String>,
    metadata: ObjectMetadata,
}

impl S3Store {
    /// The bucket of these settings. Nothing is asked.
    ///
    /// # Errors
    /// `Invalid` for settings that no request can be made of.
    pub fn new(settings: &S3Settings) -> Result<Self> {
        Self::with_upload_timeout(settings, STILL)
    }

    /// The same with another limit: an upload of which nothing moves for so long is given up.
    ///
    /// # Errors
    /// See [`Self::new`].
    pub fn with_upload_timeout(settings: &S3Settings, still: Duration) -> Result<Self> {
        let wrong =
            |error: &dyn std::fmt::Display| Error::invalid("objects.s3", format!("no request can be made: {error}"));
        let endpoint = settings.endpoint_url.as_str().trim_end_matches('/').to_owned();
        let shown = format!("bucket {} at {endpoint}", settings.bucket_name);
        let region = Region::Custom { region: settings.region.clone(), endpoint };
        let secret = settings.secret_access_key.expose_secret();
        let credentials = Credentials::new(Some(&settings.access_key_id), Some(secret), None, None, None);
        let credentials = credentials.map_err(|error| wrong(&error))?;
        let bucket = Bucket::new(&settings.bucket_name, region, credentials).map_err(|error| wrong(&error))?;
        let bucket = if settings.path_style { bucket.with_path_style() } else { bucket };
        let bucket = bucket.with_request_timeout(ANSWER).map_err(|error| wrong(&error))?;
        Ok(Self {
            bucket: Arc::from(bucket),
            sender: Sender::new(&shown, still)?,
            looked_at: Arc::default(),
            storage_class: settings.storage_class.clone(),
            shown,
            expected: Arc::default(),
            unconditional: Arc::default(),
        })
    }

    pub(super) fn fault(&self, error: S3Error) -> Error {
        fault(&self.shown, error)
    }

    /// Puts the file, if nothing is there. False: something is there.
    async fn put_new(&self, key: &str, file: &Path, metadata: &ObjectMetadata, size: u64) -> Result<bool> {
        let under_condition = !self.unconditional.load(Ordering::Relaxed);
        if !under_condition && self.stored(key).await?.is_some() {
            return Ok(false);
        }
        match self.put_once(key, file, metadata, size, under_condition).await? {
            Ok(()) => Ok(true),
            Err(error) => match refusal(&error).map(|refusal| (refusal.status, refusal.may_mean_the_condition())) {
                Some((412, _)) => Ok(false),
                // Another process puts the same object at this moment.
                Some((409, _)) => Err(self.fault(error).about(Scope::Item)),
                Some((_, true)) if under_condition => self.put_asked(key, file, metadata, size).await,
                // A server that refuses may close the connection before it has read everything, and its answer is lost then.
                None if matches!(self.stored(key).await, Ok(Some(_))) => Ok(false),
                _ => Err(self.fault(error)),
            },
        }
    }

    /// The same without the condition, for a server that has refused and may have meant that. Only one that takes the same bytes so
    /// has shown that it did.
    async fn put_asked(&self, key: &str, file: &Path, metadata: &ObjectMetadata, size: u64) -> Result<bool> {
        if self.stored(key).await?.is_some() {
            return Ok(false);
        }
        self.put_once(key, file, metadata, size, false).await?.map_err(|error| self.fault(error))?;
        if !self.unconditional.swap(true, Ordering::Relaxed) {
            log::info!(store = self.shown.as_str(); "the store cannot put under a condition; it is asked before each put");
        }
        Ok(true)
    }

    async fn put_once(
        &self,
        key: &str,
        file: &Path,
        metadata: &ObjectMetadata,
        size: u64,
        under_condition: bool,
    ) -> Put {
        let mut headers = HeaderMap::new();
        let mut add = |name: &str, value: &str| {
            let pair = HeaderName::from_bytes(name.as_bytes()).ok().zip(HeaderValue::from_str(value).ok());
            let (name, value) = pair.ok_or_else(|| Error::internal("metadata of an object is no header"))?;
            headers.insert(name, value);
            Ok::<_, Error>(())
        };
        for (name, value) in metadata {
            add(&format!("x-amz-meta-{name}"), value)?;
        }
        // Some stores do not know the header, and this class is the default of all that do.
        if self.storage_class != "STANDARD" {
            add(STORAGE_CLASS, &self.storage_class)?;
        }
        if under_condition {
            add(IF_NONE_MATCH.as_str(), "*")?;
        }
        self.sender.put(&self.bucket, key, file, size, content_type(key), headers).await
    }

    /// Whether it is the bucket that it should be, for a put: an identity that was looked at just now is not looked at again.
    async fn is_there(&self) -> Result<()> {
        if matches!(self.expected.now(), Expected::Unknown) {
            // Whoever has no database to ask puts where it was told to.
            return Ok(());
        }
        let looked_at = *self.looked_at.lock().unwrap_or_else(PoisonError::into_inner);
        match looked_at.is_some_and(|at| at.elapsed() < LOOKED_AT) {
            true => Ok(()),
            false => self.check().await,
        }
    }

    pub(super) async fn stored(&self, key: &str) -> Result<Option<Stored>> {
        match self.bucket.head_object(key).await {
            Ok((head, _)) => {
                let bytes = head.content_length.and_then(|length| u64::try_from(length).ok());
                let bytes = bytes.ok_or_else(|| Error::unavailable(format!("{} does not tell sizes", self.shown)))?;
                let metadata: ObjectMetadata = head.metadata.into_iter().flatten().collect();
                Ok(Some(Stored { bytes, digest: metadata.get(SHA256).cloned(), metadata }))
            }
            Err(error) if refusal(&error).is_some_and(|refusal| refusal.status == 404) => Ok(None),
            Err(error) => Err(self.fault(error)),
        }
    }

    /// Digest of an object's bytes, which are read for it.
    async fn digest_of(&self, key: &str, bytes: u64) -> Result<String> {
        let mut pieces = self.stream(key, 0, bytes).await?;
        let mut hash = Sha256::new();
        while let Some(piece) = pieces.next().await {
            hash.update(piece?);
        }
        Ok(hexadecimal(hash.finalize()))
    }

    /// Puts a file and looks whether it is there.
    async fn put_checked(self, key: String, file: PathBuf, mut metadata: ObjectMetadata) -> Result<StoredObject> {
        self.is_there().await?;
        let StoredObject { bytes, sha256: digest } = digest(&file).await?;
        metadata.insert(SHA256.to_owned(), digest.clone());
        let is_new = self.put_new(&key, &file, &metadata, bytes).await?;
        let mut stored = self.stored(&key).await?;
        if let Some(stored) = &mut stored
            && stored.bytes == bytes
            && stored.digest.is_none()
        {
            // Somebody else has put it, or the server keeps no metadata.
            stored.digest = if is_new { Some(digest.clone()) } else { Some(self.digest_of(&key, bytes).await?) };
        }
        match stored {
            Some(stored) if stored.bytes == bytes && stored.digest.as_ref() == Some(&digest) => {
                Ok(StoredObject { bytes, sha256: digest })
            }
            Some(stored) if !is_new => Err(Error::new(
                ErrorKind::Conflict,
                format!(
                    "{}: another object stands at {key:?} ({} bytes; the file has {bytes}); it is not overwritten; move it away",
                    self.shown, stored.bytes
                ),
            )
            .about(Scope::Item)),
            Some(stored) => {
                let text = format!("{}: of {bytes} bytes {} are at {key:?}", self.shown, stored.bytes);
                Err(Error::unavailable(text).about(Scope::Item))
            }
            None => Err(Error::unavailable(format!("{}: {key:?} was taken and is not there", self.shown)).about(Scope::Item)),
        }
    }
}

/// What is in a file.
async fn digest(file: &Path) -> Result<StoredObject> {
    let path = file.to_owned();
    let job = tokio::task::spawn_blocking(move || {
        let mut source = std::fs::File::open(&path).map_err(|error| source_fault(&path, error))?;
        let mut hash = Sha256::new();
        let (mut buffer, mut bytes) = (vec![0; CHUNK], 0);
        loop {
            let count = source.read(&mut buffer).map_err(|error| source_fault(&path, error))?;
            if count == 0 {
                break;
            }
            hash.update(&buffer[..count]);
            bytes += count as u64;
        }
        Ok(StoredObject { bytes, sha256: hexadecimal(hash.finalize()) })
    });
    job.await.map_err(|panic| Error::internal("reading a segment failed inside").with_source(panic))?
}

fn content_type(key: &str) -> &'static str {
    match key.rsplit_once('.').map(|(_, suffix)| suffix) {
        Some("mp4") => "video/mp4",
        _ => "application/octet-stream",
    }
}

#[async_trait]
impl ObjectStore for S3Store {
    async fn remove(&self, key: &str) -> Result<bool> {
        key::check(key)?;
        if self.stored(key).await?.is_none() {
            return Ok(false);
        }
        self.bucket.delete_object(key).await.map(|_| true).map_err(|error| self.fault(error))
    }

    async fn put_with(&self, key: &str, file: &Path, metadata: &ObjectMetadata) -> Result<StoredObject> {
        key::check(key)?;
        // Not dropped with whoever waits: an upload in parts that is left in the middle stays there, invisible and paid for.
        let put = tokio::spawn(self.clone().put_checked(key.to_owned(), file.to_owned(), metadata.clone()));
        put.await.map_err(|panic| Error::internal("an upload failed inside").with_source(panic))?
    }

    async fn metadata(&self, key: &str) -> Result<Option<ObjectMetadata>> {
        key::check(key)?;
        Ok(self.stored(key).await?.map(|stored| stored.metadata))
    }

    async fn list(&self, after: Option<&str>, limit: usize) -> Result<ObjectPage> {
        let after = after.map(str::to_owned);
        let page = self.bucket.list_page(String::new(), None, None, after, Some(limit)).await;
        let (page, _) = page.map_err(|error| self.fault(error))?;
        let object = |object: s3::serde_types::Object| ListedObject { key: object.key, bytes: object.size };
        Ok(ObjectPage { items: page.contents.into_iter().map(object).collect(), has_more: page.is_truncated })
    }

    async fn size(&self, key: &str) -> Result<Option<u64>> {
        key::check(key)?;
        Ok(self.stored(key).await?.map(|stored| stored.bytes))
    }

    async fn sizes(&self, keys: &[String]) -> Result<Vec<Result<Option<u64>>>> {
        let ask = |key: String| {
            let store = self.clone();
            async move { store.size(&key).await }
        };
        let sizes: Vec<_> = stream::iter(keys.to_vec()).map(ask).buffered(QUESTIONS).collect().await;
        let mut answered = Vec::with_capacity(sizes.len());
        for size in sizes {
            match size {
                // The store itself is at fault.
                Err(error) if error.is_passing() => return Err(error),
                size => answered.push(size),
            }
        }
        Ok(answered)
    }

    async fn stream(&self, key: &str, offset: u64, length: u64) -> Result<ByteStream> {
        key::check(key)?;
        if length == 0 {
            return Ok(stream::empty().boxed());
        }
        let beyond = || {
            let range = format!("{length} bytes from {offset} do not lie in the object {key:?}");
            Error::invalid("range", range)
        };
        let last = offset.checked_add(length - 1).ok_or_else(beyond)?;
        let url = self.bucket.presign_get(key, READ, None).await.map_err(|error| self.fault(error))?;
        let asked = self.bucket.http_client().get(url).header(RANGE, format!("bytes={offset}-{last}")).send();
        let asked = tokio::time::timeout(ANSWER, asked).await;
        let late = |_| Error::new(ErrorKind::Timeout, format!("timeout, {} does not answer", self.shown));
        let answer = asked.map_err(late)?.map_err(|error| unreachable(&self.shown, &error))?;
        match answer.status().as_u16() {
            206 if answer.content_length() == Some(length) => {}
            200 if offset == 0 && answer.content_length() == Some(length) => {}
            200 | 206 | 416 => return Err(beyond()),
            404 => return Err(Error::not_found(format!("there is no object {key:?}"))),
            status => {
                let body = answer.text().await.unwrap_or_default();
                return Err(self.fault(S3Error::HttpFailWithBody(status, body)));
            }
        }
        let shown = self.shown.clone();
        Ok(answer.bytes_stream().map_err(move |error| unreachable(&shown, &error)).boxed())
    }

    async fn check(&self) -> Result<()> {
        let checked = self.check_identity().await;
        let looked_at = checked.is_ok().then(Instant::now);
        *self.looked_at.lock().unwrap_or_else(PoisonError::into_inner) = looked_at;
        checked
    }

    fn limit_rate(&self, bytes_per_second: Option<u64>) {
        self.sender.limit(bytes_per_second);
    }

    fn longest_put(&self) -> Option<Duration> {
        None
    }

    async fn sweep(&self) -> Result<usize> {
        self.end_old_uploads(Utc::now()).await
    }

    async fn free(&self) -> Result<Option<u64>> {
        Ok(None)
    }

    async fn device(&self) -> Result<Option<u64>> {
        Ok(None)
    }

    async fn ping(&self) -> Result<String> {
        self.check().await?;
        Ok(self.shown.clone())
    }
}
