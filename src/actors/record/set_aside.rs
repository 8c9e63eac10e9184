//! Segments whose files cannot be sealed for a reason of their own (a folder without rights, a file that cannot be read) and
//! may be later: they wait beside the queue, are tried again now and again, and are told of once, however many they are.

use std::time::Duration;

use uuid::Uuid;

use crate::base::Error;
use crate::base::backoff::Backoff;
use crate::domain::arrival::FileArrival;
use crate::domain::recording::Segment;

/// What to seal.
#[derive(Clone, Debug, PartialEq)]
pub struct SealOrder {
    /// Folder and number under which ffmpeg wrote it.
    pub from: (String, u32),
    /// Folder and number where it belongs.
    pub to: (String, u32),
    /// The row, still without what the file's boxes will tell.
    pub draft: Segment,
    /// What is known of its time besides the start in the row.
    pub arrival: FileArrival,
    /// Why it may be shorter than it should be.
    pub why: Option<String>,
}

/// The seals of the current run that wait.
#[derive(Default)]
pub(super) struct SetAside {
    orders: Vec<SealOrder>,
    /// Given out for another try.
    trying: usize,
    /// Rounds of tries since the first failed.
    rounds: u32,
    /// When the next round is due, by the recorder's steady clock.
    due: Option<Duration>,
    /// Why the latest failed.
    why: String,
    /// The log tells of it.
    is_logged: bool,
}

impl SetAside {
    /// Between two rounds of tries.
    const BACKOFF: Backoff = Backoff { min: Duration::from_secs(3), max: Duration::from_secs(20) };

    /// Nothing waits here. What is being tried again is in the queue.
    pub(super) fn is_empty(&self) -> bool {
        self.orders.is_empty()
    }

    /// Whether one of this session waits; `None`: of any.
    pub(super) fn holds(&self, session: Option<Uuid>) -> bool {
        self.orders.iter().any(|order| session.is_none_or(|session| order.draft.session == session))
    }

    /// This one could not be sealed. `again`: it was given out by [`SetAside::take`].
    pub(super) fn add(&mut self, order: SealOrder, again: bool, error: &Error) {
        if !std::mem::replace(&mut self.is_logged, true) {
            log::error!(
                session:% = order.draft.session;
                "a segment cannot be sealed; its file stays in the spool and is tried again, with those that follow: {error}"
            );
        }
        self.trying -= usize::from(again);
        error.message().clone_into(&mut self.why);
        self.orders.push(order);
    }

    /// One that was given out by [`SetAside::take`] is sealed.
    pub(super) fn sealed(&mut self) {
        self.trying -= 1;
        if self.waiting() == 0 {
            log::info!("segments that could not be sealed: recovered");
            *self = Self::default();
        }
    }

    /// Whether it is time to try again, at `now`.
    pub(super) fn is_due(&mut self, now: Duration, jitter: f64) -> bool {
        if self.orders.is_empty() {
            return false;
        }
        let rounds = self.rounds + 1;
        now >= *self.due.get_or_insert_with(|| now + Self::BACKOFF.delay(rounds, jitter))
    }

    /// All of them, oldest first, for another try.
    pub(super) fn take(&mut self) -> Vec<SealOrder> {
        self.rounds += 1;
        self.due = None;
        self.trying += self.orders.len();
        std::mem::take(&mut self.orders)
    }

    /// Their session is over: the recovery has them now.
    pub(super) fn leave(&mut self) {
        *self = Self::default();
    }

    /// How many there are, with those that are being tried.
    pub(super) fn waiting(&self) -> usize {
        self.orders.len() + self.trying
    }

    /// What is wrong, in a sentence.
    pub(super) fn sentence(&self) -> Option<String> {
        let (count, why) = (self.waiting(), &self.why);
        let which = if count == 1 { "a segment is".to_owned() } else { format!("{count} segments are") };
        (count > 0).then(|| {
            format!("recorded into the spool, but {which} neither playable nor uploaded before it works: {why}")
        })
    }
}
