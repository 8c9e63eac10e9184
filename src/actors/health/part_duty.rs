//! Whether this process does a part of the role, and whether what other nodes have left open of it was looked for.

use std::time::Duration;

use crate::domain::duty::{Duty, WorkClaim};
use crate::domain::moment::Moment;

/// So often whoever does a part looks for incidents that another process, which did it before, has written after its time.
pub(super) const TAKE_OVER_EVERY: Duration = Duration::from_secs(30);

/// What is open of a part is taken over before it begins, so that nothing is opened a second time; it is waited for so long, as a
/// database has no say in who probes.
const TAKE_OVER_FIRST: Duration = Duration::from_secs(8);

/// Of one part.
pub(super) struct PartDuty {
    /// Who does it.
    pub(super) duty: Duty,
    /// Since when it is this process's alone.
    ours_since: Option<Moment>,
    /// The last answer, or the beginning.
    now: Moment,
    /// When what is open of it was taken over.
    taken_over: Option<Moment>,
    /// That was tried.
    is_tried: bool,
}

impl PartDuty {
    /// Nothing is known yet, and nothing is done.
    pub(super) fn begun(at: Moment) -> Self {
        Self { duty: Duty::begun(at), ours_since: None, now: at, taken_over: None, is_tried: false }
    }

    /// An answer, or that there was none.
    pub(super) fn heard(&mut self, claim: WorkClaim, at: Moment) {
        let did = self.works();
        self.now = at;
        self.duty.heard(claim, at);
        if self.duty.is_ours() {
            if self.ours_since.is_none() {
                // What goes on here already is not stopped for it: nobody could be asked meanwhile.
                (self.ours_since, self.is_tried) = (Some(at), did);
            }
        } else {
            (self.ours_since, self.taken_over, self.is_tried) = (None, None, false);
        }
    }

    /// What is open of it was taken over.
    pub(super) fn taken_over(&mut self) {
        (self.taken_over, self.is_tried) = (Some(self.now), true);
    }

    /// That has failed.
    pub(super) fn tried(&mut self) {
        self.is_tried = true;
    }

    /// It is to be done here, now.
    pub(super) fn works(&self) -> bool {
        let is_waited_for =
            !self.is_tried && self.ours_since.is_some_and(|since| self.now.since(since) < TAKE_OVER_FIRST);
        self.duty.works() && !is_waited_for
    }

    /// What is open of it is to be taken over now.
    pub(super) fn is_due(&self) -> bool {
        self.duty.is_ours() && self.taken_over.is_none_or(|at| self.now.since(at) >= TAKE_OVER_EVERY)
    }

    /// For the first time since it is done here.
    pub(super) fn is_first(&self) -> bool {
        self.taken_over.is_none()
    }
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, TimeDelta};

    use super::*;

    /// What happens to a part.
    #[derive(Clone, Debug)]
    enum Step {
        Heard(WorkClaim),
        TakenOver,
        Failed,
    }

    fn at(second: u32) -> Moment {
        let wall = DateTime::UNIX_EPOCH + TimeDelta::seconds(i64::from(second));
        Moment { wall, steady: Duration::from_secs(u64::from(second)) }
    }

    #[test]
    fn a_part_begins_when_what_is_open_was_taken_over_and_waits_for_no_database() {
        use Step::{Failed, Heard, TakenOver};
        use WorkClaim::{Alone, Ours, Unknown};
        let others = || Heard(WorkClaim::Others("b".to_owned()));
        // Each with the second of each step; what follows: works, something is due, for the first time.
        for (steps, wanted) in [
            (vec![], (false, false, true)),
            (vec![(0, Heard(Ours))], (false, true, true)),
            (vec![(0, Heard(Ours)), (0, TakenOver)], (true, false, false)),
            (vec![(0, Heard(Ours)), (0, TakenOver), (28, Heard(Ours))], (true, false, false)),
            (vec![(0, Heard(Ours)), (0, TakenOver), (30, Heard(Ours))], (true, true, false)),
            // A database that says no is not waited for, nor one that says nothing for long.
            (vec![(0, Heard(Ours)), (5, Failed)], (true, true, true)),
            (vec![(0, Heard(Ours)), (6, Heard(Ours))], (false, true, true)),
            (vec![(0, Heard(Ours)), (8, Heard(Ours))], (true, true, true)),
            // Taken from another one again: from the beginning.
            (vec![(0, Heard(Ours)), (0, TakenOver), (2, others()), (4, Heard(Ours))], (false, true, true)),
            (vec![(0, Heard(Ours)), (0, TakenOver), (2, others())], (false, false, true)),
            // Where nobody keeps account there is nobody to take over from.
            (vec![(0, Heard(Alone))], (true, false, true)),
            (vec![(9, Heard(Unknown)), (10, Heard(Unknown))], (true, false, true)),
            // It goes on where it was done because nobody could be asked.
            (vec![(10, Heard(Unknown)), (12, Heard(Ours))], (true, true, true)),
        ] {
            let mut part = PartDuty::begun(at(0));
            for (second, step) in steps.clone() {
                match step {
                    Heard(claim) => part.heard(claim, at(second)),
                    TakenOver => part.taken_over(),
                    Failed => part.tried(),
                }
            }
            assert_eq!((part.works(), part.is_due(), part.is_first()), wanted, "{steps:?}");
        }
    }
}
