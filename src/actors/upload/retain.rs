//! Retention: stored recordings that are too old, too many or asked for go, from the object store and from the spool. What is locked
//! stays, and so does what is not uploaded yet. By age nothing goes while the clock may be wrong (`domain::clock_watch`).
//!
//! What a person has asked for is done once: of what is recorded later a clock that is behind may say that it is older.
//!
//! The object goes first and its row second: after a crash in between the next pass, by the same rules, finds no object and writes
//! the row. Each row keeps when and why.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use chrono::{DateTime, TimeDelta, Utc};
use tokio::time::Instant;
use uuid::Uuid;

use super::UploadHandles;
use super::evict::Eviction;
use crate::actors::incidents::now as moment;
use crate::adapters::database::{RecordingSummary, SegmentPages, SegmentQuery};
use crate::adapters::spool::on_disk;
use crate::base::{Error, Result};
use crate::domain::clock_watch::{self, ClockWatch};
use crate::domain::incident::{IncidentKind, Subject};
use crate::domain::recording::{Segment, SegmentState};
use crate::domain::retention::{Cleanup, RetentionRules, is_locked};

/// Segments looked at together.
const PAGE: u32 = 200;
/// Segments that are only counted.
const LONG_PAGE: u32 = 1_000;

/// Deletes what is due of this node. Returns how many segments, and why it ended early.
pub(super) async fn retain(
    handles: &UploadHandles,
    rules: &RetentionRules,
    clock: &RetentionClock,
    now: DateTime<Utc>,
) -> (usize, Option<Error>) {
    let mut pass = RetentionPass { handles, clock, deleted: 0 };
    let ended = pass.run(rules, now).await;
    (pass.deleted, ended.err())
}

/// What is known of the clock, from one pass to the next, and what is under way.
#[derive(Clone)]
pub(super) struct RetentionClock {
    watch: Rc<RefCell<ClockWatch>>,
    born: Instant,
    /// What is being deleted, for the eviction beside.
    deleting: Rc<Cell<Option<Uuid>>>,
}

impl RetentionClock {
    /// Beside this eviction, which leaves alone what is being deleted.
    pub(super) fn beside(eviction: &Eviction) -> Self {
        Self { deleting: Rc::clone(&eviction.deleting), ..Self::default() }
    }
}

impl Default for RetentionClock {
    fn default() -> Self {
        Self { watch: Rc::default(), born: Instant::now(), deleting: Rc::default() }
    }
}

struct RetentionPass<'a> {
    handles: &'a UploadHandles,
    clock: &'a RetentionClock,
    deleted: usize,
}

impl RetentionPass<'_> {
    async fn run(&mut self, rules: &RetentionRules, now: DateTime<Utc>) -> Result<()> {
        let cleanups = self.handles.retention.cleanups().await?;
        if *rules == RetentionRules::default() && cleanups.is_empty() {
            return Ok(());
        }
        self.handles.ready().await?;
        let recordings = self.handles.recordings.recordings().await?;
        let asked_alone = RetentionRules::default();
        let by_age = if self.is_clock_right(rules, &recordings, now).await? { rules } else { &asked_alone };
        for one in &recordings {
            let Some((before, why)) = by_age.cutoff(&one.stream, &cleanups, now) else { continue };
            if one.first < before {
                let query =
                    SegmentQuery { server: Some(one.server.clone()), stream: Some(one.stream.clone()), ..due(before) };
                self.delete(query, &why, |segment| segment.ended_at() <= before).await?;
            }
        }
        for cleanup in &cleanups {
            if !self.is_left(cleanup).await? {
                self.handles.retention.cleanup_done(cleanup.id).await?;
            }
        }
        match rules.keep_bytes {
            Some(most) => self.keep_bytes(most, now).await,
            None => Ok(()),
        }
    }

    /// Whether a cleanup has to come again: something of this node that it names is stored, or is about to be. What is locked stays as
    /// it is, and what is missing may never come back.
    async fn is_left(&self, cleanup: &Cleanup) -> Result<bool> {
        let states = vec![SegmentState::Sealed, SegmentState::Uploading, SegmentState::Uploaded, SegmentState::Evicted];
        let query = SegmentQuery { states, stream: cleanup.stream.clone(), ..due(cleanup.before) };
        let locks = self.handles.retention.locks().await?;
        let is_left = |segment: &Segment| segment.ended_at() <= cleanup.before && !is_locked(&locks, segment);
        let mut pages = SegmentPages::of(&*self.handles.recordings, query);
        while let Some(page) = pages.next().await? {
            if page.iter().any(is_left) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Deletes what this node has of the oldest that are too much, whoever has recorded those: were each node to free as much of its
    /// own, all together would free too much, and not the oldest.
    async fn keep_bytes(&mut self, most: u64, now: DateTime<Utc>) -> Result<()> {
        let stored = self.stored().await?;
        let Some(last) = self.last_of(stored.saturating_sub(most), now).await? else { return Ok(()) };
        if self.stored().await? < stored {
            // Somebody deletes too, and newer ones were counted in place of those: the next pass counts anew.
            return Ok(());
        }
        let why = "deleted: the store is larger than objects.keep_bytes allows";
        let up_to = last.0.checked_add_signed(TimeDelta::microseconds(1)).unwrap_or(last.0);
        self.delete(due(up_to), why, |segment| (segment.started_at, segment.id) <= last).await
    }

    /// Bytes of all recordings, of whatever node.
    async fn stored(&self) -> Result<u64> {
        Ok(self.handles.recordings.recordings().await?.iter().map(|one| one.bytes).sum())
    }

    /// The last of the oldest stored segments, of whatever node and not locked, that have so many bytes together.
    async fn last_of(&self, bytes: u64, now: DateTime<Utc>) -> Result<Option<(DateTime<Utc>, Uuid)>> {
        let (mut summed, mut last) = (0_u64, None);
        let locks = self.handles.retention.locks().await?;
        let query = SegmentQuery { own: false, limit: LONG_PAGE, ..due(now) };
        let mut pages = SegmentPages::of(&*self.handles.recordings, query);
        while summed < bytes
            && let Some(page) = pages.next().await?
        {
            for segment in page.iter().filter(|segment| !is_locked(&locks, segment)) {
                if summed < bytes {
                    summed = summed.saturating_add(segment.bytes);
                    last = Some((segment.started_at, segment.id));
                }
            }
        }
        Ok(last)
    }

    /// Whether the clock may be believed; an incident tells where not.
    async fn is_clock_right(
        &self,
        rules: &RetentionRules,
        recordings: &[RecordingSummary],
        now: DateTime<Utc>,
    ) -> Result<bool> {
        let newest = recordings.iter().map(|one| one.last).max();
        let database = self.handles.retention.clock().await?;
        let refused = self.clock.watch.borrow_mut().look(self.clock.born.elapsed(), now, newest, database);
        let subject = Subject::Service { name: clock_watch::SERVICE.to_owned() };
        let has_ages = rules.keep.is_some() || !rules.keep_streams.is_empty();
        match &refused {
            Some(why) if has_ages => self.handles.incidents.raise(IncidentKind::ServiceDown, &subject, why, moment()),
            _ => self.handles.incidents.clear(IncidentKind::ServiceDown, &subject),
        }
        Ok(refused.is_none())
    }

    /// Deletes what the query lists and is due, the oldest first.
    async fn delete(&mut self, query: SegmentQuery, why: &str, is_due: impl Fn(&Segment) -> bool) -> Result<()> {
        let mut pages = SegmentPages::of(&*self.handles.recordings, query);
        while let Some(page) = pages.next().await? {
            // A pass may take hours: each one is asked for again before it goes.
            let locks = self.handles.retention.locks().await?;
            for segment in page.iter().filter(|segment| is_due(segment)) {
                if !is_locked(&locks, segment) {
                    self.one(segment, why).await?;
                }
            }
        }
        Ok(())
    }

    /// An error of one segment leaves the others alone.
    async fn one(&mut self, segment: &Segment, why: &str) -> Result<()> {
        self.clock.deleting.set(Some(segment.id));
        let removed = self.remove(segment, why).await;
        self.clock.deleting.set(None);
        match removed {
            Ok(is_ours) => {
                self.deleted += usize::from(is_ours);
                Ok(())
            }
            Err(error) if error.is_passing() => Err(error),
            Err(error) => {
                log::warn!(stream = segment.stream.as_str(); "{} cannot be deleted: {error}", segment.object_key);
                Ok(())
            }
        }
    }

    async fn remove(&self, segment: &Segment, why: &str) -> Result<bool> {
        if self.handles.retention.is_locked(segment.id).await? {
            return Ok(false);
        }
        self.handles.objects.remove(&segment.object_key).await?;
        if segment.state == SegmentState::Uploaded {
            let path = segment.spool_path.clone();
            on_disk(&self.handles.spool, move |spool| spool.remove(&path)).await?;
        }
        let from = vec![SegmentState::Uploaded, SegmentState::Evicted];
        self.handles.recordings.move_segment(segment.id, from, SegmentState::Deleted, Some(why.to_owned())).await
    }
}

/// Stored segments of this node that began before a time, by start.
fn due(before: DateTime<Utc>) -> SegmentQuery {
    let states = vec![SegmentState::Uploaded, SegmentState::Evicted];
    SegmentQuery { states, own: true, to: Some(before), limit: PAGE, ..SegmentQuery::default() }
}
