//! Entries on their way to a database that may be away: in order, and bounded without losing what lasts.
//!
//! What is open now is as many as there are cameras, times the kinds; only what has opened *and* closed meanwhile can
//! become more and more. So such a pair becomes one entry, and of those the oldest go when there are too many.

use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;

use super::IncidentWrite;

/// So many incidents that are over wait for a database that is away. Full: the oldest are lost, and counted.
pub const MOST_FINISHED: usize = 1000;

/// What has to be written, oldest first.
#[derive(Debug, Default)]
pub struct IncidentQueue {
    entries: BTreeMap<u64, IncidentWrite>,
    /// Open incidents that are not written yet.
    open: BTreeMap<Uuid, u64>,
    finished: BTreeSet<u64>,
    next: u64,
    writing: Option<u64>,
    lost: u64,
}

impl IncidentQueue {
    /// One more.
    pub fn push(&mut self, entry: IncidentWrite) {
        if let IncidentWrite::Close { id, at } = &entry
            && let Some(number) = self.open.get(id).copied().filter(|number| self.writing != Some(*number))
            && let Some(IncidentWrite::Open(incident)) = self.entries.get_mut(&number)
        {
            incident.closed_at = Some(*at);
            self.open.remove(id);
            self.finished.insert(number);
            self.forget_oldest();
            return;
        }
        let number = self.next;
        self.next += 1;
        if let IncidentWrite::Open(incident) = &entry {
            self.open.insert(incident.id, number);
        }
        self.entries.insert(number, entry);
    }

    fn forget_oldest(&mut self) {
        if self.finished.len() <= MOST_FINISHED {
            return;
        }
        let writing = self.writing;
        let Some(oldest) = self.finished.iter().copied().find(|number| writing != Some(*number)) else { return };
        self.finished.remove(&oldest);
        self.entries.remove(&oldest);
        self.lost += 1;
    }

    /// What to write now; `None` while something is being written, and when there is nothing.
    pub fn take(&mut self) -> Option<IncidentWrite> {
        if self.writing.is_some() {
            return None;
        }
        let (number, entry) = self.entries.first_key_value()?;
        self.writing = Some(*number);
        Some(entry.clone())
    }

    /// It is written, or never will be.
    pub fn done(&mut self) {
        let Some(number) = self.writing.take() else { return };
        self.finished.remove(&number);
        if let Some(IncidentWrite::Open(incident)) = self.entries.remove(&number) {
            self.open.remove(&incident.id);
        }
    }

    /// It could not be written and comes again.
    pub fn failed(&mut self) {
        self.writing = None;
    }

    /// The database had an open one already and keeps it: ours ends by its id.
    pub fn kept(&mut self, ours: Uuid, theirs: Uuid) {
        for entry in self.entries.values_mut() {
            if let IncidentWrite::Close { id, .. } = entry
                && *id == ours
            {
                *id = theirs;
            }
        }
    }

    /// How many were lost since somebody asked.
    pub fn take_lost(&mut self) -> u64 {
        std::mem::take(&mut self.lost)
    }

    /// How many wait.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, Utc};

    use super::super::{Incident, IncidentKind, Subject};
    use super::*;

    fn at(second: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000 + second, 0).expect("a time")
    }

    fn open(id: u128) -> IncidentWrite {
        let subject = Subject::camera_of(id as i64, "gate");
        let (kind, cause) = (IncidentKind::CameraDown, "refused".to_owned());
        IncidentWrite::Open(Incident::open(Uuid::from_u128(id), kind, subject, cause, at(0)))
    }

    fn close(id: u128, second: i64) -> IncidentWrite {
        IncidentWrite::Close { id: Uuid::from_u128(id), at: at(second) }
    }

    fn over(id: u128, second: i64) -> IncidentWrite {
        let IncidentWrite::Open(incident) = open(id) else { panic!("an incident") };
        IncidentWrite::Open(Incident { closed_at: Some(at(second)), ..incident })
    }

    fn all(mut queue: IncidentQueue) -> Vec<IncidentWrite> {
        let mut all = Vec::new();
        while let Some(entry) = queue.take() {
            queue.done();
            all.push(entry);
        }
        all
    }

    #[test]
    fn a_pair_becomes_one_entry_in_its_place() {
        let mut queue = IncidentQueue::default();
        [open(1), open(2), close(1, 5), close(9, 6), open(3)].into_iter().for_each(|entry| queue.push(entry));
        assert_eq!(queue.len(), 4);
        assert_eq!(all(queue), [over(1, 5), open(2), close(9, 6), open(3)]);
    }

    #[test]
    fn what_is_being_written_is_left_alone_and_comes_again() {
        let mut queue = IncidentQueue::default();
        queue.push(open(1));
        assert_eq!(queue.take(), Some(open(1)));
        queue.push(close(1, 5));
        assert_eq!(queue.take(), None, "one at a time");
        queue.failed();
        assert_eq!(queue.take(), Some(open(1)));
        queue.kept(Uuid::from_u128(1), Uuid::from_u128(7));
        queue.done();
        assert_eq!(all(queue), [close(7, 5)]);
    }

    #[test]
    fn what_lasts_is_never_lost_and_what_is_over_is_bounded() {
        let most = MOST_FINISHED as u128;
        let mut queue = IncidentQueue::default();
        queue.push(open(1));
        (10_000..10_000 + 2 * most).for_each(|id| queue.push(open(id)));
        assert_eq!((queue.len(), queue.take_lost()), (1 + 2 * MOST_FINISHED, 0), "all of them last");
        assert_eq!(queue.take(), Some(open(1)));
        (10_000..10_000 + 2 * most).for_each(|id| queue.push(close(id, 1)));
        assert_eq!((queue.len(), queue.take_lost(), queue.take_lost()), (1 + MOST_FINISHED, MOST_FINISHED as u64, 0));
        queue.done();
        let left = all(queue);
        assert_eq!(left.first(), Some(&over(10_000 + most, 1)), "the oldest went");
        assert!(!left.is_empty() && IncidentQueue::default().is_empty());
    }
}
