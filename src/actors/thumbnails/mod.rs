//! Small pictures of what is recorded: the first picture of a stream's newest segment.
//!
//! One ffmpeg at a time for the whole program, whoever asks: requests wait in a bounded line for the one task that makes
//! pictures. A picture is kept until there is a newer segment, and so is the news that a segment has none. Never touches a
//! recording; without `record.thumbnails` nothing of this is there.

mod kept_pictures;
mod newest_segment;
#[cfg(test)]
mod tests;

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use serde::Serialize;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, timeout};
use utoipa::ToSchema;
use uuid::Uuid;

use self::kept_pictures::KeptPictures;
use crate::actors::supervision::{Child, Exit, Restart};
use crate::adapters::database::{RecordingStore, with_timeout};
use crate::adapters::ffmpeg::first_picture::first_picture;
use crate::adapters::objects::SharedObjects;
use crate::adapters::spool::SharedSpool;
use crate::base::{Error, ErrorKind, Result};
use crate::domain::name::StreamName;
use crate::domain::recording::Segment;

/// Requests that may wait at once; the next one is refused.
const WAITING: usize = 64;
/// So long a request waits for its picture.
const WAIT: Duration = Duration::from_secs(10);
/// So long one ffmpeg may take.
const LIMIT: Duration = Duration::from_secs(10);
/// A picture is given without a look at the catalogue for so long.
const FRESH: Duration = Duration::from_secs(10);
/// No picture is larger, bytes.
const LARGEST: usize = 128 << 10;

/// A picture of a stream.
#[derive(Clone, Debug, PartialEq)]
pub struct Thumbnail {
    /// The segment that begins with it.
    pub segment: Uuid,
    /// When that began.
    pub at: DateTime<Utc>,
    /// JPEG.
    pub jpeg: Bytes,
}

/// What thumbnails cost, since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ThumbnailFigures {
    /// Pictures made.
    pub made: u64,
    /// Segments of which none could be made.
    pub failed: u64,
    /// Milliseconds that ffmpeg has taken for all of them.
    pub busy_ms: u64,
    /// Requests that wait now.
    pub waiting: usize,
}

/// What pictures are made with.
pub struct ThumbnailParts {
    /// The catalogue.
    pub recordings: Arc<dyn RecordingStore>,
    /// Segments that are here.
    pub spool: SharedSpool,
    /// Segments at rest.
    pub objects: SharedObjects,
    /// The program.
    pub ffmpeg: PathBuf,
    /// See [`crate::adapters::ffmpeg::child::ProcessLaunch::mark`].
    pub mark: String,
    /// Where the picture and the head of a stored segment lie while one is made.
    pub folder: PathBuf,
}

/// The way to thumbnails. Clones are the same one.
#[derive(Clone)]
pub struct Thumbnails {
    asks: mpsc::Sender<Ask>,
    shared: Arc<Shared>,
}

struct Ask {
    server: String,
    stream: StreamName,
    answer: oneshot::Sender<Result<Arc<Thumbnail>>>,
}

/// What outlives the task.
struct Shared {
    parts: ThumbnailParts,
    kept: Mutex<KeptPictures>,
    figures: Mutex<ThumbnailFigures>,
    line: tokio::sync::Mutex<mpsc::Receiver<Ask>>,
}

impl Thumbnails {
    /// Makes nothing yet: its [`child`](Self::child) does.
    pub fn new(parts: ThumbnailParts) -> Self {
        let (asks, line) = mpsc::channel(WAITING);
        let shared =
            Shared { parts, kept: Mutex::default(), figures: Mutex::default(), line: tokio::sync::Mutex::new(line) };
        Self { asks, shared: Arc::new(shared) }
    }

    /// The one task that makes pictures.
    pub fn child(&self) -> Child {
        let shared = Arc::clone(&self.shared);
        Child::task("thumbnails", Restart::Always, move || Arc::clone(&shared).serve())
    }

    /// The newest picture of a stream.
    ///
    /// # Errors
    /// `NotFound` when nothing of it can be played, `Invalid` when its newest segment has no picture, `Unavailable` when too
    /// many wait already, `Timeout`.
    pub async fn newest(&self, server: &str, stream: &StreamName) -> Result<Arc<Thumbnail>> {
        if let Some(found) = self.shared.kept().fresh(server, stream, FRESH) {
            return found;
        }
        let (answer, made) = oneshot::channel();
        let ask = Ask { server: server.to_owned(), stream: stream.clone(), answer };
        let full = |_| Error::unavailable("too many pictures are asked for already; try again in a moment");
        self.asks.try_send(ask).map_err(full)?;
        let late = || Error::new(ErrorKind::Timeout, format!("timeout, no picture in {} s", WAIT.as_secs()));
        match timeout(WAIT, made).await {
            Ok(Ok(made)) => made,
            // The task was built anew while it made this one.
            Ok(Err(_)) => Err(Error::unavailable("the picture was given up; try again")),
            Err(_) => Err(late()),
        }
    }

    /// What they have cost so far.
    pub fn figures(&self) -> ThumbnailFigures {
        let waiting = self.asks.max_capacity() - self.asks.capacity();
        ThumbnailFigures { waiting, ..*self.shared.figures.lock().unwrap_or_else(PoisonError::into_inner) }
    }
}

impl Shared {
    fn kept(&self) -> std::sync::MutexGuard<'_, KeptPictures> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes one picture after the other.
    async fn serve(self: Arc<Self>) -> Exit {
        let mut line = self.line.lock().await;
        while let Some(ask) = line.recv().await {
            // Nobody waits for it any more.
            if ask.answer.is_closed() {
                continue;
            }
            let made = self.picture(&ask.server, &ask.stream).await;
            // Who asked has gone meanwhile.
            let _ = ask.answer.send(made);
        }
        Exit::Success
    }

    async fn picture(&self, server: &str, stream: &StreamName) -> Result<Arc<Thumbnail>> {
        // Somebody before in the line may have asked for the same.
        if let Some(found) = self.kept().fresh(server, stream, FRESH) {
            return found;
        }
        let segment =
            with_timeout(newest_segment::find(self.parts.recordings.as_ref(), server, stream, Utc::now())).await?;
        let missing = || Error::not_found(format!("nothing of {stream} was recorded that can be shown"));
        let segment = segment.ok_or_else(missing)?;
        if let Some(known) = self.kept().of_segment(server, stream, segment.id) {
            return known;
        }
        let begun = Instant::now();
        let made = self.make(&segment).await;
        self.count(made.is_ok(), begun.elapsed());
        // What is wrong with the machine is not the segment's fault, and is tried again.
        let known = match &made {
            Ok(picture) => Some(Ok(Arc::clone(picture))),
            Err(error) if error.kind() == ErrorKind::Invalid => Some(Err(error.message().to_owned())),
            Err(_) => None,
        };
        if let Some(known) = known {
            self.kept().keep(server, stream, segment.id, known);
        }
        made
    }

    fn count(&self, is_made: bool, took: Duration) {
        let mut figures = self.figures.lock().unwrap_or_else(PoisonError::into_inner);
        let counter = if is_made { &mut figures.made } else { &mut figures.failed };
        *counter += 1;
        figures.busy_ms += u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
    }

    async fn make(&self, segment: &Segment) -> Result<Arc<Thumbnail>> {
        let ThumbnailParts { spool, objects, ffmpeg, mark, folder, .. } = &self.parts;
        // Always the same names: nothing is left behind that the next one does not replace.
        let (head, picture) = (folder.join("thumbnail.mp4"), folder.join("thumbnail.jpg"));
        let media = newest_segment::file(spool, objects, segment, &head).await?;
        first_picture(ffmpeg, mark, &media, &picture, LIMIT).await?;
        let unreadable = |error| Error::unavailable("the picture cannot be read").with_source(error);
        let jpeg = tokio::fs::read(&picture).await.map_err(unreadable)?;
        if jpeg.len() > LARGEST {
            return Err(Error::invalid(
                "segment",
                format!("its picture has {} bytes; that is no thumbnail", jpeg.len()),
            ));
        }
        Ok(Arc::new(Thumbnail { segment: segment.id, at: segment.started_at, jpeg: jpeg.into() }))
    }
}
