//! What all upload workers know together: who has claimed which row, and what failed and may not be tried again yet.
//!
//! A failure makes wait what it is about: a segment, the session whose folder in the store refuses, or everybody when the
//! store or the catalogue as a whole does not work. Everything else goes on.

use std::cell::{Ref, RefCell, RefMut};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::time::Duration;

use tokio::time::Instant;
use uuid::Uuid;

use crate::adapters::database::Skip;
use crate::base::backoff::Backoff;
use crate::base::item_backoff::ItemBackoff;
use crate::base::{Error, Scope};
use crate::domain::recording::Segment;

/// Delays between tries of one segment or session.
const ITEM: Backoff = Backoff { min: Duration::from_secs(1), max: Duration::from_secs(300) };
/// More than so many of each are not remembered, and not skipped by one claim.
const MOST: usize = 1000;

/// Rows that say `uploading` in our name, and by which worker. Outlives the workers' generations, so that a panic leaves
/// none of them behind. A row that another worker claims afterwards is no longer the first one's.
pub(super) type Claims = BTreeMap<Uuid, usize>;

/// Shared by the workers of one manager, which all run on the same thread.
#[derive(Clone)]
pub(super) struct SharedRetries {
    claims: Rc<RefCell<Claims>>,
    retries: Rc<RefCell<Retries>>,
    order: Rc<RefCell<ClaimOrder>>,
    born: Instant,
}

/// Whose turn it is: after an outage the oldest go first, and every third claim takes the newest of one stream after the other, so that
/// nobody waits for the backlog to see what is recorded now.
#[derive(Default)]
struct ClaimOrder {
    claims: usize,
    /// Streams that have had their turn in this round.
    served: BTreeSet<String>,
}

/// One claim of so many takes the newest.
const NEWEST_EVERY: usize = 3;

impl SharedRetries {
    pub(super) fn new() -> Self {
        let (claims, retries) = (Rc::default(), Rc::new(RefCell::new(Retries::new())));
        Self { claims, retries, order: Rc::default(), born: Instant::now() }
    }

    pub(super) fn claims(&self) -> RefMut<'_, Claims> {
        self.claims.borrow_mut()
    }

    pub(super) fn retries(&self) -> Ref<'_, Retries> {
        self.retries.borrow()
    }

    /// Counts a claim: the streams whose newest segments are not wanted now, where it is the turn of the newest.
    pub(super) fn newest_first(&self) -> Option<Vec<String>> {
        let mut order = self.order.borrow_mut();
        order.claims += 1;
        order.claims.is_multiple_of(NEWEST_EVERY).then(|| order.served.iter().cloned().collect())
    }

    /// A stream had its turn; `None`: none was left, and a new round begins.
    pub(super) fn served(&self, stream: Option<&str>) {
        let served = &mut self.order.borrow_mut().served;
        match stream {
            Some(stream) => _ = served.insert(stream.to_owned()),
            None => served.clear(),
        }
    }

    /// Something failed: of this segment, or while there was none. Logs what is new.
    pub(super) fn failed(&self, segment: Option<&Segment>, error: &Error) {
        let is_new = self.retries.borrow_mut().failed(segment, error, self.now(), rand::random());
        match segment {
            Some(segment) if is_new => log::warn!(
                stream = segment.stream.as_str(), session:% = segment.session;
                "upload of {} failed, retrying: {error}", segment.object_key
            ),
            None if is_new => log::warn!("uploading failed, retrying: {error}"),
            _ => {}
        }
    }

    /// A segment is in the store.
    pub(super) fn stored(&self, segment: &Segment) {
        if self.retries.borrow_mut().stored(segment) {
            log::info!(stream = segment.stream.as_str(); "uploading recovered");
        }
    }

    /// Since the manager began.
    pub(super) fn now(&self) -> Duration {
        self.born.elapsed()
    }
}

/// What must wait. Times are durations since any fixed moment of a monotonic clock.
pub(super) struct Retries {
    segments: ItemBackoff<Uuid>,
    sessions: ItemBackoff<Uuid>,
    /// The store or the catalogue as a whole.
    service: ItemBackoff<()>,
}

impl Retries {
    fn new() -> Self {
        Self {
            segments: ItemBackoff::new(ITEM, MOST),
            sessions: ItemBackoff::new(ITEM, MOST),
            service: ItemBackoff::new(Backoff::STANDARD, 1),
        }
    }

    /// Notes a failure; true when it has to be logged.
    fn failed(&mut self, segment: Option<&Segment>, error: &Error, now: Duration, jitter: f64) -> bool {
        let words = error.message();
        let is_new = match (segment, error.scope()) {
            (Some(segment), Scope::Item) => self.segments.failed(&segment.id, words, now, jitter),
            // A refusal, as of one row by the catalogue, is no outage.
            (Some(segment), Scope::Service) if !error.is_passing() => {
                self.segments.failed(&segment.id, words, now, jitter)
            }
            (Some(segment), Scope::Prefix) => self.sessions.failed(&segment.session, words, now, jitter),
            // Something about a row that nobody could read: the next one is another.
            (None, Scope::Item) => true,
            _ => self.service.failed(&(), words, now, jitter),
        };
        if self.segments.is_full() || self.sessions.is_full() {
            // So much fails that it is no matter of single segments: tried more slowly, until something works.
            self.service.failed(&(), words, now, jitter);
        }
        is_new
    }

    /// Notes a success; true when that is news.
    fn stored(&mut self, segment: &Segment) -> bool {
        let (service, session) = (self.service.settled(&()), self.sessions.settled(&segment.session));
        self.segments.settled(&segment.id) | service | session
    }

    /// How long nobody may try anything.
    pub(super) fn pause(&self, now: Duration) -> Option<Duration> {
        self.service.wait(&(), now)
    }

    /// What may not be claimed now.
    pub(super) fn skip(&self, now: Duration) -> Skip {
        Skip {
            segments: self.segments.waiting(now).copied().collect(),
            sessions: self.sessions.waiting(now).copied().collect(),
            newest_but: None,
        }
    }

    /// When the next segment or session may be tried again that [`skip`](Self::skip) named at `chosen`; `None` when it named none.
    pub(super) fn next_try(&self, chosen: Duration, now: Duration) -> Option<Duration> {
        self.segments.next_try(chosen, now).into_iter().chain(self.sessions.next_try(chosen, now)).min()
    }
}

#[cfg(test)]
mod tests {

    use super::*;
    use crate::domain::recording::{RecordingSession, SegmentState};
    use crate::domain::sample;

    fn segment(id: u128, session: u128) -> Segment {
        let session = RecordingSession { id: Uuid::from_u128(session), ..sample::session("a") };
        Segment { id: Uuid::from_u128(id), state: SegmentState::Uploading, ..sample::segment(&session, 0) }
    }

    #[test]
    fn a_failure_makes_wait_what_it_is_about_and_nothing_else() {
        let now = Duration::from_secs(5);
        let of = |scope| Error::unavailable("no").about(scope);
        for (scope, segments, sessions, pauses) in [
            (Scope::Item, vec![Uuid::from_u128(1)], vec![], false),
            (Scope::Prefix, vec![], vec![Uuid::from_u128(9)], false),
            (Scope::Service, vec![], vec![], true),
        ] {
            let mut retries = Retries::new();
            assert!(retries.failed(Some(&segment(1, 9)), &of(scope), now, 1.0), "it is logged");
            assert!(!retries.failed(Some(&segment(1, 9)), &of(scope), now, 1.0), "once");
            assert_eq!(retries.skip(now), Skip { segments, sessions, newest_but: None }, "{scope:?}");
            assert_eq!(retries.pause(now).is_some(), pauses, "{scope:?}");
            assert_eq!(retries.next_try(now, now).is_some(), !pauses, "{scope:?}");
            assert!(retries.stored(&segment(1, 9)) && !retries.stored(&segment(1, 9)));
            assert_eq!((retries.skip(now), retries.pause(now)), (Skip::default(), None));
        }
        let mut retries = Retries::new();
        assert!(retries.failed(Some(&segment(1, 9)), &Error::internal("this row is refused"), now, 1.0));
        assert_eq!((retries.pause(now), retries.skip(now).segments.len()), (None, 1), "it concerns this one alone");
        assert!(retries.failed(None, &of(Scope::Service), now, 1.0));
        assert!(retries.pause(now).is_some(), "the catalogue does not answer");
        let mut retries = Retries::new();
        for n in 0..MOST as u128 {
            assert_eq!(retries.pause(now), None);
            retries.failed(Some(&segment(n, 9)), &of(Scope::Item), now, 1.0);
        }
        assert!(retries.pause(now).is_some(), "too many fail");
        retries.stored(&segment(5000, 1));
        assert_eq!(retries.pause(now), None, "one that works shows that the store does");
    }
}
