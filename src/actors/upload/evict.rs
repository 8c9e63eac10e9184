//! Eviction: local files of uploaded segments go when they are old enough, or when the disk needs room. One that cannot go
//! waits for a time of its own, and the others go on.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use tokio::time::Instant;
use uuid::Uuid;

use super::spool_room::{free, needs_room};
use super::{UploadHandles, UploadRules};
use crate::adapters::database::{SegmentPages, SegmentQuery};
use crate::adapters::spool::{Spool, on_disk};
use crate::base::backoff::Backoff;
use crate::base::item_backoff::ItemBackoff;
use crate::base::size::size;
use crate::base::{Error, ErrorKind, Result, Scope};
use crate::domain::incident::{IncidentKind, Subject};
use crate::domain::recording::{GIVEN_UP, Segment, SegmentState};
use crate::domain::spool_space::shortage;

/// Segments looked at together.
const PAGE: u32 = 200;
/// Segments that the store is asked about at once, and removed before the disk is looked at again.
const TOGETHER: usize = 20;
/// Delays between tries of one segment.
const ITEM: Backoff = Backoff { min: Duration::from_secs(10), max: Duration::from_secs(600) };
/// More that fail are not remembered.
const MOST: usize = 10_000;
/// Where the disk does not show what segments that were given up have freed, no more are given up for so long.
const UNSEEN: Duration = Duration::from_secs(60);

/// What is remembered from one pass to the next.
#[derive(Clone)]
pub(super) struct Eviction {
    failed: Rc<RefCell<ItemBackoff<Uuid>>>,
    /// Nothing is given up before that time.
    unseen_until: Rc<Cell<Duration>>,
    /// What retention is deleting at this moment: its object may be gone before its row says so.
    pub(super) deleting: Rc<Cell<Option<Uuid>>>,
    born: Instant,
}

#[cfg(test)]
impl Eviction {
    /// What is wrong with one of those that cannot go.
    pub(super) fn complaint(&self) -> Option<String> {
        self.failed.borrow().complaint().map(str::to_owned)
    }
}

impl Default for Eviction {
    fn default() -> Self {
        let failed = Rc::new(RefCell::new(ItemBackoff::new(ITEM, MOST)));
        Self { failed, unseen_until: Rc::default(), deleting: Rc::default(), born: Instant::now() }
    }
}

/// Evicts what is due. Returns how many segments left the spool, and why it ended early: a service that all need.
pub(super) async fn evict(
    handles: &UploadHandles,
    rules: &UploadRules,
    eviction: &mut Eviction,
    now: DateTime<Utc>,
) -> (usize, Option<Error>) {
    let mut pass = EvictPass { handles, eviction, evicted: 0, given_up: 0, is_store_away: false };
    let ended = match pass.stored(rules, now).await {
        Ok(()) if rules.evict_before_upload => pass.give_up(rules.min_free).await,
        // Nothing fills a disk as a store that is away for days. Its own error is told all the same.
        Err(error) if rules.evict_before_upload && pass.is_store_away => {
            pass.give_up(rules.min_free).await.and(Err(error))
        }
        ended => ended,
    };
    (pass.evicted, ended.err())
}

struct EvictPass<'a> {
    handles: &'a UploadHandles,
    eviction: &'a mut Eviction,
    evicted: usize,
    /// Bytes of segments that were given up.
    given_up: u64,
    /// The store does not answer, or is not the one that it should be.
    is_store_away: bool,
}

impl EvictPass<'_> {
    /// What is stored goes: by age, and then, with the disk nearly full, the oldest: a wish about age is less than the next frame.
    async fn stored(&mut self, rules: &UploadRules, now: DateTime<Utc>) -> Result<()> {
        on_disk(&self.handles.spool, |spool| spool.check()).await?;
        let checked = self.handles.objects.check().await;
        self.of_store(checked)?;
        self.aged(rules.keep_local, now).await?;
        self.make_room(rules.min_free).await
    }

    /// An answer of the store.
    fn of_store<T>(&mut self, answer: Result<T>) -> Result<T> {
        self.is_store_away |= answer.is_err();
        answer
    }

    async fn aged(&mut self, keep_local: Duration, now: DateTime<Utc>) -> Result<()> {
        let age = TimeDelta::from_std(keep_local).unwrap_or(TimeDelta::MAX);
        let Some(before) = now.checked_sub_signed(age) else { return Ok(()) };
        let mut pages = SegmentPages::of(&*self.handles.recordings, uploaded(Some(before), None));
        while let Some(page) = pages.next().await? {
            let due: Vec<&Segment> = page.iter().filter(|segment| segment.ended_at() <= before).collect();
            for some in due.chunks(TOGETHER) {
                self.several(some).await?;
            }
        }
        Ok(())
    }

    async fn make_room(&mut self, min_free: u64) -> Result<()> {
        let mut after = None;
        while needs_room(&self.handles.spool, min_free).await? {
            let page = self.handles.recordings.segments(uploaded(None, after)).await?;
            if page.is_empty() {
                return Ok(());
            }
            let before = self.evicted;
            for some in page.iter().collect::<Vec<_>>().chunks(TOGETHER) {
                after = some.last().map(|segment| segment.id);
                self.several(some).await?;
                if self.evicted > before {
                    break;
                }
            }
        }
        Ok(())
    }

    /// Nothing that is stored is left to go, and there is no room: what waits for its upload goes, the oldest first, one after the other.
    /// No more than is missing now: where a file system shows late or never what was freed, the whole backlog would go for nothing.
    async fn give_up(&mut self, min_free: u64) -> Result<()> {
        let now = self.eviction.born.elapsed();
        if now < self.eviction.unseen_until.get() {
            return Ok(());
        }
        let before = free(&self.handles.spool).await?;
        let most = shortage(before, min_free);
        if most == 0 {
            return Ok(());
        }
        let ended = self.give_up_oldest(most, min_free).await;
        let freed = free(&self.handles.spool).await?.saturating_sub(before);
        if freed < self.given_up / 2 {
            self.eviction.unseen_until.set(now + UNSEEN);
            log::warn!(
                "segments of {} were given up, and the disk of the spool does not show it; no more go for {} s; where that stays so, look for \
                 snapshots of the disk and for programs that hold these files open",
                size(self.given_up),
                UNSEEN.as_secs()
            );
        }
        ended
    }

    async fn give_up_oldest(&mut self, most: u64, min_free: u64) -> Result<()> {
        let states = vec![SegmentState::Sealed];
        let query = SegmentQuery { states, own: true, limit: PAGE, ..SegmentQuery::default() };
        let mut pages = SegmentPages::of(&*self.handles.recordings, query);
        while let Some(page) = pages.next().await? {
            for segment in &page {
                if self.given_up >= most || !needs_room(&self.handles.spool, min_free).await? {
                    return Ok(());
                }
                self.give_up_one(segment).await?;
            }
        }
        Ok(())
    }

    /// Gives up one segment that is not stored, unless it is locked, or somebody is at work on it. The row goes first: no worker claims
    /// it then, and a crash leaves a file that `recordings reconcile` tells of. Where the file stays, the row comes back.
    async fn give_up_one(&mut self, segment: &Segment) -> Result<()> {
        let now = self.eviction.born.elapsed();
        let has_failed = self.eviction.failed.borrow().wait(&segment.id, now).is_some();
        if has_failed || self.handles.retention.is_locked(segment.id).await? {
            return Ok(());
        }
        let (from, why) = (vec![SegmentState::Sealed], Some(GIVEN_UP.to_owned()));
        if !self.handles.recordings.move_segment(segment.id, from, SegmentState::Deleted, why).await? {
            return Ok(());
        }
        if let Err(error) = remove_file(self.handles, segment).await {
            put_back(self.handles, segment).await?;
            return self.kept(segment, error);
        }
        self.eviction.failed.borrow_mut().settled(&segment.id);
        self.evicted += 1;
        self.given_up += segment.bytes;
        let (server, name) = (segment.server.clone(), segment.stream.as_str().to_owned());
        log::error!(stream = name.as_str(), session:% = segment.session; "segment {} is given up: {GIVEN_UP}", segment.number);
        let cause = format!("recordings are removed before they are stored: {GIVEN_UP}");
        self.handles.incidents.happened(IncidentKind::RecordingPaused, &Subject::Stream { server, name }, &cause);
        Ok(())
    }

    /// Removes local files that may be tried now, after the store has confirmed once more that it has the objects. An error is
    /// one that concerns all.
    async fn several(&mut self, segments: &[&Segment]) -> Result<()> {
        let now = self.eviction.born.elapsed();
        let due: Vec<&&Segment> =
            segments.iter().filter(|segment| self.eviction.failed.borrow().wait(&segment.id, now).is_none()).collect();
        if due.is_empty() {
            return Ok(());
        }
        let keys: Vec<String> = due.iter().map(|segment| segment.object_key.clone()).collect();
        let sizes = self.handles.objects.sizes(&keys).await;
        let sizes = self.of_store(sizes)?;
        if sizes.len() != keys.len() {
            return Err(Error::internal("the object store did not answer for each object"));
        }
        for (segment, size) in due.into_iter().zip(sizes) {
            self.one(segment, size).await?;
        }
        Ok(())
    }

    async fn one(&mut self, segment: &Segment, size: Result<Option<u64>>) -> Result<()> {
        let evicted = match size {
            Ok(size) if size != Some(segment.bytes) && self.is_deleted(segment).await? => return Ok(()),
            Ok(size) => evict_one(self.handles, segment, size).await,
            Err(error) => Err(error),
        };
        match evicted {
            Ok(is_ours) => {
                self.evicted += usize::from(is_ours);
                if self.eviction.failed.borrow_mut().settled(&segment.id) {
                    log::info!(stream = segment.stream.as_str(); "{} left the spool, recovered", segment.object_key);
                }
            }
            Err(error) => return self.kept(segment, error),
        }
        Ok(())
    }

    /// Whether retention has deleted it since it was listed, or is about to.
    async fn is_deleted(&self, segment: &Segment) -> Result<bool> {
        if self.eviction.deleting.get() == Some(segment.id) {
            return Ok(true);
        }
        let row = self.handles.recordings.segment(segment.id).await?;
        Ok(row.is_none_or(|row| row.state == SegmentState::Deleted))
    }

    /// A local file is not removed because of this error, which is returned where it concerns all.
    fn kept(&self, segment: &Segment, error: Error) -> Result<()> {
        if error.is_passing() {
            return Err(error);
        }
        let now = self.eviction.born.elapsed();
        if self.eviction.failed.borrow_mut().failed(&segment.id, error.message(), now, rand::random()) {
            log::error!(
                stream = segment.stream.as_str(), session:% = segment.session;
                "the local file of {} is kept: {error}", segment.object_key
            );
        }
        Ok(())
    }
}

/// Segments of this node that are stored and still in the spool.
fn uploaded(to: Option<DateTime<Utc>>, after: Option<Uuid>) -> SegmentQuery {
    let states = vec![SegmentState::Uploaded];
    SegmentQuery { states, own: true, to, after, limit: PAGE, ..SegmentQuery::default() }
}

/// Removes the file of a segment that was given up. One that is gone without its folder being synced is gone.
async fn remove_file(handles: &UploadHandles, segment: &Segment) -> Result<()> {
    let path = segment.spool_path.clone();
    let remove = move |spool: &Spool| {
        let removed = spool.remove(&path);
        if removed.is_err() && matches!(spool.size(&path), Ok(None)) { Ok(()) } else { removed }
    };
    on_disk(&handles.spool, remove).await
}

/// The row of a segment that was given up is again what it was, as its file is.
async fn put_back(handles: &UploadHandles, segment: &Segment) -> Result<()> {
    match handles.recordings.segment(segment.id).await? {
        Some(row) if row.state == SegmentState::Deleted => {
            let reason = segment.reason.clone();
            handles.recordings.put_segment(Segment { state: SegmentState::Sealed, reason, ..row }).await
        }
        _ => Ok(()),
    }
}

/// Removes one local file, of whose object the store has just told this size.
async fn evict_one(handles: &UploadHandles, segment: &Segment, size: Option<u64>) -> Result<bool> {
    if size != Some(segment.bytes) {
        let found =
            size.map_or("no such object".to_owned(), |size| format!("{size} bytes instead of {}", segment.bytes));
        return Err(Error::new(ErrorKind::Conflict, format!("the object store has {found}")).about(Scope::Item));
    }
    // File first, row second: whoever reads in between finds the object, and a crash leaves no file without a row.
    let path = segment.spool_path.clone();
    on_disk(&handles.spool, move |spool| spool.remove(&path)).await?;
    let from = vec![SegmentState::Uploaded];
    handles.recordings.move_segment(segment.id, from, SegmentState::Evicted, None).await
}
