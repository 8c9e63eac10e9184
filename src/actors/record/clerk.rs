//! A recorder's paper work, one deed after the other: folders, notes, seals, rows.
//!
//! Order is what makes it safe: a row follows the seal of its file, a session's end follows its last segment, and a
//! folder is finished when the catalogue knows everything. Every deed may be done twice, so a failed one is simply
//! tried again; what waits behind it lies safe in the spool.

use std::collections::VecDeque;
use std::time::Duration;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::RecordHandles;
use super::hold::Hold;
use crate::adapters::spool::{Note, SharedSpool, Spool};
use crate::base::backoff::Backoff;
use crate::base::{Error, Kind, Result};
use crate::domain::recording::{Segment, SegmentState, Session};

/// One step.
#[derive(Clone, Debug, PartialEq)]
pub enum Deed {
    /// Make a session's folder.
    Begin(Note),
    /// Replace a session's note.
    Note {
        /// Its folder.
        folder: String,
        /// What it says now.
        note: Note,
    },
    /// Open a session in the catalogue.
    Open(Session),
    /// Enter a segment as it is.
    Put(Box<Segment>),
    /// Seal a file and enter its segment.
    Seal(Box<SealOrder>),
    /// Close a session in the catalogue.
    Close {
        /// Which.
        session: Uuid,
        /// Its end.
        at: DateTime<Utc>,
        /// Why.
        reason: String,
    },
    /// Nothing was recorded: delete the folder.
    Discard(String),
    /// The catalogue knows all files of the folder.
    Finish(String),
}

/// What to seal.
#[derive(Clone, Debug, PartialEq)]
pub struct SealOrder {
    /// Folder and number under which ffmpeg wrote it.
    pub from: (String, u32),
    /// Folder and number where it belongs.
    pub to: (String, u32),
    /// The row, still without what the file's boxes will tell.
    pub draft: Segment,
    /// Why it may be shorter than it should be.
    pub why: Option<String>,
}

/// Does one deed. A seal returns the segment as it was entered.
pub async fn perform(handles: &RecordHandles, deed: Deed) -> Result<Option<Segment>> {
    let database = &handles.database;
    match deed {
        Deed::Open(session) => database.open_session(session).await?,
        Deed::Close { session, at, reason } => match database.close_session(session, at, reason).await {
            // Somebody deleted its row: nothing is left to close.
            Err(error) if error.kind() == Kind::NotFound => log::warn!("{error}"),
            closed => closed?,
        },
        Deed::Put(segment) => database.put_segment(*segment).await?,
        Deed::Seal(order) => {
            let segment = on_disk(&handles.spool, move |spool| seal(spool, &order)).await?;
            database.put_segment(segment.clone()).await?;
            return Ok(Some(segment));
        }
        Deed::Begin(note) => drop(on_disk(&handles.spool, move |spool| spool.begin(&note)).await?),
        Deed::Note { folder, note } => on_disk(&handles.spool, move |spool| spool.note(&folder, &note)).await?,
        Deed::Discard(folder) => on_disk(&handles.spool, move |spool| spool.discard(&folder)).await?,
        Deed::Finish(folder) => on_disk(&handles.spool, move |spool| spool.finish(&folder)).await?,
    }
    Ok(None)
}

/// Runs what blocks on a thread that may block.
pub async fn on_disk<T: Send + 'static>(
    spool: &SharedSpool,
    work: impl FnOnce(&Spool) -> Result<T> + Send + 'static,
) -> Result<T> {
    let spool = spool.clone();
    let done = tokio::task::spawn_blocking(move || work(&spool)).await;
    done.map_err(|error| Error::internal("work on the spool ended without a result").with_source(error))?
}

/// Puts a file into its place, checks, repairs and syncs it, and completes its row. Blocks.
pub fn seal(spool: &Spool, order: &SealOrder) -> Result<Segment> {
    let (from, to) = ((order.from.0.as_str(), order.from.1), (order.to.0.as_str(), order.to.1));
    if from != to {
        spool.adopt(from, to)?;
    }
    let mut segment = Segment { spool_path: Spool::file(to.0, to.1), ..order.draft.clone() };
    let sealed = match spool.seal(to.0, to.1) {
        // Absence is no proof of a loss: the recovery seals it when it is back.
        Err(error) if error.kind() == Kind::NotFound => {
            segment.state = SegmentState::Missing;
            segment.reason = Some("its file is not in the spool".to_owned());
            return Ok(segment);
        }
        sealed => sealed?,
    };
    match sealed {
        Some(sealed) => {
            segment.state = SegmentState::Sealed;
            segment.duration_ms = sealed.checked.duration_ms;
            segment.bytes = sealed.bytes;
            segment.frames = sealed.checked.video_frames;
            segment.init_bytes = sealed.checked.init_bytes;
            segment.media_bytes = sealed.checked.media_bytes;
            let parts = [order.why.clone(), sealed.damage];
            segment.reason = parts.into_iter().flatten().reduce(|why, damage| format!("{why}; {damage}"));
        }
        None => {
            segment.state = SegmentState::Lost;
            let why = order.why.as_deref().unwrap_or("the file holds no whole fragment");
            segment.reason = Some(format!("nothing of it could be kept: {why}"));
        }
    }
    Ok(segment)
}

/// The deeds that wait, and what is wrong with the first.
#[derive(Default)]
pub struct Clerk {
    queue: VecDeque<Entry>,
    busy: bool,
    failures: u32,
    /// Why the first deed fails, in a sentence.
    trouble: Option<String>,
    /// A deed of the current session was given up.
    spoiled: bool,
}

enum Entry {
    Deed(Deed),
    /// Everything about a folder has been done.
    Release(Hold),
}

/// What to do after a deed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// Go on at once.
    Now,
    /// Try again later.
    After(Duration),
}

impl Clerk {
    const BACKOFF: Backoff = Backoff { min: Duration::from_millis(500), max: Duration::from_secs(10) };
    /// A deed that fails for no reason that time would heal is given up after so many tries. Its files stay, and the
    /// recovery looks at them again.
    const TRIES: u32 = 5;
    /// More waiting deeds than this pause the recording: hours of segments that the catalogue does not know.
    const FULL: usize = 1000;

    /// Adds work.
    pub fn add(&mut self, deeds: impl IntoIterator<Item = Deed>) {
        self.queue.extend(deeds.into_iter().map(Entry::Deed));
    }

    /// Gives the folder back once all work so far has been done.
    pub fn release(&mut self, hold: Hold) {
        self.queue.push_back(Entry::Release(hold));
    }

    /// The next deed to do, unless one is being done.
    pub fn next(&mut self) -> Option<Deed> {
        if self.busy {
            return None;
        }
        while let Some(Entry::Release(_)) = self.queue.front() {
            let front = self.queue.pop_front();
            // A spoiled one is merely dropped, which is not clean.
            if let (Some(Entry::Release(hold)), false) = (front, std::mem::take(&mut self.spoiled)) {
                hold.release();
            }
        }
        match self.queue.front() {
            Some(Entry::Deed(deed)) => {
                self.busy = true;
                Some(deed.clone())
            }
            _ => None,
        }
    }

    /// The deed given out by [`Clerk::next`] went like this.
    pub fn done(&mut self, result: Result<(), &Error>, jitter: f64) -> Next {
        self.busy = false;
        let Err(error) = result else {
            self.queue.pop_front();
            self.failures = 0;
            self.trouble = None;
            return Next::Now;
        };
        self.failures += 1;
        let heals = matches!(error.kind(), Kind::Unavailable | Kind::Timeout);
        if !heals && self.failures >= Self::TRIES {
            log::error!("given up for now: {error}");
            self.queue.pop_front();
            self.failures = 0;
            self.spoiled = true;
            return Next::Now;
        }
        self.trouble = Some(error.message().to_owned());
        Next::After(Self::BACKOFF.delay(self.failures, jitter))
    }

    /// Nothing waits and nothing is being done.
    pub fn is_idle(&self) -> bool {
        self.queue.is_empty() && !self.busy
    }

    /// Why the first deed fails.
    pub fn trouble(&self) -> Option<&str> {
        self.trouble.as_deref()
    }

    /// Deeds that wait.
    pub fn waiting(&self) -> usize {
        self.queue.len()
    }

    /// Why no further recording may begin, when too much waits.
    pub fn obstacle(&self) -> Option<String> {
        (self.queue.len() > Self::FULL).then(|| {
            let why = self.trouble().unwrap_or("it is slow");
            format!("too many segments wait for the catalogue: {why}")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deeds_are_done_in_order_and_tried_again() {
        let mut clerk = Clerk::default();
        let finish = |folder: &str| Deed::Finish(folder.to_owned());
        clerk.add([finish("a"), finish("b")]);
        assert_eq!(clerk.next(), Some(finish("a")));
        assert_eq!(clerk.next(), None, "one at a time");
        let down = Error::unavailable("the disk is full");
        assert_eq!(clerk.done(Err(&down), 1.0), Next::After(Duration::from_millis(500)));
        assert_eq!(clerk.trouble(), Some("the disk is full"));
        for _ in 0..50 {
            assert_eq!(clerk.next(), Some(finish("a")), "what may heal is never given up");
            assert!(matches!(clerk.done(Err(&down), 1.0), Next::After(_)));
        }
        assert_eq!(clerk.next(), Some(finish("a")));
        assert_eq!(clerk.done(Ok(()), 0.0), Next::Now);
        assert_eq!(clerk.trouble(), None);
        assert_eq!(clerk.next(), Some(finish("b")));
        clerk.done(Ok(()), 0.0);
        assert!(clerk.is_idle() && clerk.next().is_none());
    }

    #[test]
    fn what_will_not_heal_is_given_up_and_a_crowd_is_an_obstacle() {
        let mut clerk = Clerk::default();
        clerk.add((0..=Clerk::FULL).map(|n| Deed::Finish(n.to_string())));
        assert!(clerk.obstacle().is_some());
        let wrong = Error::new(Kind::Conflict, "no");
        for _ in 1..Clerk::TRIES {
            clerk.next();
            assert!(matches!(clerk.done(Err(&wrong), 0.0), Next::After(_)));
        }
        clerk.next();
        assert_eq!(clerk.done(Err(&wrong), 0.0), Next::Now);
        assert_eq!(clerk.next(), Some(Deed::Finish("1".into())));
        assert_eq!(clerk.obstacle(), None);
    }
}
