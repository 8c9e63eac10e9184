//! Sending bytes to a bucket: one request for a small object, parts for a large one. A request goes on for as long as bytes move, however
//! slow the link is, and is given up when nothing has moved for a while.
//!
//! rust-s3 signs, with the digest of the body; the body leaves here piece by piece, so that its progress is seen and its rate kept. What
//! has been handed to the kernel and is not acknowledged is watched by the kernel itself (`TCP_USER_TIMEOUT`).

use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use futures_util::{StreamExt, TryStreamExt, stream};
use reqwest::header::{ETAG, HeaderMap, IF_NONE_MATCH};
use reqwest::{Body, Client};
use s3::Bucket;
use s3::command::{Command, Multipart};
use s3::error::S3Error;
use s3::request::Request;
use s3::request::tokio_backend::ReqwestRequest;
use s3::serde_types::Part;
use tokio::time::Instant;

use super::s3_fault::fault;
use crate::adapters::objects::byte_rate::ByteRate;
use crate::adapters::objects::source_fault;
use crate::base::{Error, ErrorKind, Result};

/// Nothing moves for so long: it is given up.
pub(super) const STILL: Duration = Duration::from_secs(60);
/// A connection is made within that, or not at all.
const CONNECT: Duration = Duration::from_secs(20);
/// Unused connections are closed before servers do so.
const UNUSED: Duration = Duration::from_secs(4);
/// Size of a part; a smaller object goes in one request.
const PART: u64 = 8 << 20;
/// Parts of one object that are under way at once; each is held in memory.
const PARTS: usize = 2;
/// Bytes that are handed over at once.
const PIECE: usize = 64 * 1024;
/// So much may lie in the buffers of the kernel, and is on its way at this rate at least.
const BUFFERED: usize = 4 << 20;
const SLOWEST: u64 = 8 * 1024;

/// What sends.
#[derive(Clone)]
pub(super) struct Sender {
    http: Client,
    still: Duration,
    rate: Arc<ByteRate>,
    shown: String,
}

/// A put: an error of the server, or anything else that is in the way.
pub(super) type Put = Result<Result<(), S3Error>>;

impl Sender {
    /// What sends to the store of this name and gives up when nothing has moved for `still`.
    ///
    /// # Errors
    /// When no client can be made.
    pub(super) fn new(shown: &str, still: Duration) -> Result<Self> {
        let http = Client::builder().connect_timeout(CONNECT).pool_idle_timeout(UNUSED).tcp_user_timeout(still).build();
        let http = http.map_err(|error| Error::internal("no HTTP client can be made").with_source(error))?;
        Ok(Self { http, still, rate: Arc::default(), shown: shown.to_owned() })
    }

    /// All that is sent together has at most so many bytes a second.
    pub(super) fn limit(&self, bytes_per_second: Option<u64>) {
        self.rate.set(bytes_per_second);
    }

    /// Puts a file of this size; `headers` are those of a put in one request.
    pub(super) async fn put(
        &self,
        bucket: &Bucket,
        key: &str,
        file: &Path,
        size: u64,
        content_type: &str,
        headers: HeaderMap,
    ) -> Put {
        if size < PART {
            let body = read(file, 0, size).await?;
            return Ok(self.send(bucket, key, body, content_type, headers, None).await?.map(|_| ()));
        }
        let (mut begin, mut complete) = (headers, HeaderMap::new());
        complete.extend(begin.remove(IF_NONE_MATCH).map(|value| (IF_NONE_MATCH, value)));
        let with = |headers| bucket.with_extra_headers(headers).map_err(|error| fault(&self.shown, error));
        let begun = match with(begin)?.initiate_multipart_upload(key, content_type).await {
            Ok(begun) => begun,
            Err(error) => return Ok(Err(error)),
        };
        let sent = self.parts(bucket, key, file, size, content_type, &begun.upload_id).await;
        let completed = match sent {
            Ok(Ok(parts)) => {
                let completed = with(complete)?.complete_multipart_upload(key, &begun.upload_id, parts).await;
                Ok(completed.map(|_| ()))
            }
            Ok(Err(error)) => Ok(Err(error)),
            Err(error) => Err(error),
        };
        if !matches!(completed, Ok(Ok(()))) {
            // What stays is ended by a later start.
            let _ = bucket.abort_upload(key, &begun.upload_id).await;
        }
        completed
    }

    async fn parts(
        &self,
        bucket: &Bucket,
        key: &str,
        file: &Path,
        size: u64,
        content_type: &str,
        upload: &str,
    ) -> Result<Result<Vec<Part>, S3Error>> {
        let count = u32::try_from(size.div_ceil(PART)).unwrap_or(u32::MAX);
        let part = |number: u32| async move {
            let from = u64::from(number - 1) * PART;
            let body = read(file, from, PART.min(size - from)).await.map_err(PartFault::Ours)?;
            let place = Some(Multipart::new(number, upload));
            let sent = self.send(bucket, key, body, content_type, HeaderMap::new(), place).await;
            let etag = sent.map_err(PartFault::Ours)?.map_err(PartFault::Theirs)?;
            Ok(Part { part_number: number, etag })
        };
        let sent: Result<Vec<Part>, PartFault> = stream::iter(1..=count).map(part).buffered(PARTS).try_collect().await;
        match sent {
            Ok(parts) => Ok(Ok(parts)),
            Err(PartFault::Theirs(error)) => Ok(Err(error)),
            Err(PartFault::Ours(error)) => Err(error),
        }
    }

    /// Sends one body. Returns what the server calls it.
    async fn send(
        &self,
        bucket: &Bucket,
        key: &str,
        body: Bytes,
        content_type: &str,
        headers: HeaderMap,
        multipart: Option<Multipart<'_>>,
    ) -> Result<Result<String, S3Error>> {
        let command = Command::PutObject { content: &body, content_type, custom_headers: Some(headers), multipart };
        let signed = async {
            let request = ReqwestRequest::new(bucket, key, command).await?;
            Ok::<_, S3Error>((request.url()?, request.headers().await?))
        };
        let (url, headers) = match signed.await {
            Ok(signed) => signed,
            Err(error) => return Ok(Err(error)),
        };
        let progress = Arc::new(Progress::new(body.len()));
        let pieces = Body::wrap_stream(pieces(body, Arc::clone(&self.rate), Arc::clone(&progress)));
        let sending = async {
            let answer = self.http.put(url).headers(headers).body(pieces).send().await?;
            progress.moved();
            let (status, etag) = (answer.status(), answer.headers().get(ETAG).cloned());
            Ok::<_, reqwest::Error>((status, etag, answer.text().await?))
        };
        let (status, etag, text) = tokio::select! {
            sent = sending => match sent {
                Ok(sent) => sent,
                Err(error) => return Ok(Err(S3Error::Reqwest(error))),
            },
            () = progress.stands_still(self.still) => {
                let seconds = self.still.as_secs();
                let text = format!("timeout, {} has taken nothing of an upload for {seconds} s", self.shown);
                return Err(Error::new(ErrorKind::Timeout, text));
            }
        };
        if !status.is_success() {
            return Ok(Err(S3Error::HttpFailWithBody(status.as_u16(), text)));
        }
        Ok(Ok(etag.and_then(|etag| etag.to_str().ok().map(str::to_owned)).unwrap_or_default()))
    }
}

/// Who is in the way of a part.
enum PartFault {
    Ours(Error),
    Theirs(S3Error),
}

/// What becomes of a body.
struct Progress {
    moved: Mutex<Instant>,
    /// Bytes that have not been handed over yet.
    left: AtomicUsize,
    length: usize,
    /// It waits for its rate.
    held: AtomicBool,
}

impl Progress {
    fn new(length: usize) -> Self {
        Self { moved: Mutex::new(Instant::now()), left: AtomicUsize::new(length), length, held: AtomicBool::default() }
    }

    fn moved(&self) {
        *self.moved.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
    }

    /// Ends when nothing has moved for so long. When all is handed over, what may lie in the kernel's buffers has its time too: whether
    /// that moves is seen by the kernel alone.
    async fn stands_still(&self, still: Duration) {
        loop {
            tokio::time::sleep(still / 4).await;
            if self.held.load(Ordering::Relaxed) {
                self.moved();
                continue;
            }
            let buffered = match self.left.load(Ordering::Relaxed) {
                0 => Duration::from_secs(self.length.min(BUFFERED) as u64 / SLOWEST),
                _ => Duration::ZERO,
            };
            let since = self.moved.lock().unwrap_or_else(PoisonError::into_inner).elapsed();
            if since > still + buffered {
                return;
            }
        }
    }
}

/// The body, in pieces that are taken one after the other.
fn pieces(
    body: Bytes,
    rate: Arc<ByteRate>,
    progress: Arc<Progress>,
) -> impl futures_util::Stream<Item = std::io::Result<Bytes>> {
    stream::unfold((body, rate, progress), |(mut body, rate, progress)| async move {
        // Asked for: what was handed over before has gone.
        progress.moved();
        if body.is_empty() {
            return None;
        }
        let piece = body.split_to(PIECE.min(body.len()));
        progress.held.store(true, Ordering::Relaxed);
        rate.take(piece.len() as u64).await;
        progress.held.store(false, Ordering::Relaxed);
        progress.moved();
        progress.left.store(body.len(), Ordering::Relaxed);
        Some((Ok(piece), (body, rate, progress)))
    })
}

/// A stretch of a file.
async fn read(file: &Path, from: u64, length: u64) -> Result<Bytes> {
    let path = file.to_owned();
    let job = tokio::task::spawn_blocking(move || {
        use std::os::unix::fs::FileExt;
        let mut buffer = vec![0; usize::try_from(length).unwrap_or(0)];
        let read = std::fs::File::open(&path).and_then(|file| file.read_exact_at(&mut buffer, from));
        read.map(|()| Bytes::from(buffer)).map_err(|error| source_fault(&path, error))
    });
    job.await.map_err(|panic| Error::internal("reading a segment failed inside").with_source(panic))?
}
