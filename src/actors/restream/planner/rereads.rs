//! Which rows are read again, and how: one by one, and all of them in one reading when many wait. A media server that goes
//! away under hundreds of relays must not put hundreds of questions to the database.

use std::collections::BTreeSet;

use crate::base::single_flight::SingleFlight;

/// More than so many are read as one.
const ONE_BY_ONE: usize = 8;

/// Whose rows wait to be read.
#[derive(Debug, Default)]
pub(super) struct Rereads {
    waiting: BTreeSet<i64>,
    pub reading: SingleFlight,
}

impl Rereads {
    pub(super) fn add(&mut self, id: i64) {
        self.waiting.insert(id);
    }

    /// The next to be read by itself.
    pub(super) fn take_one(&mut self) -> Option<i64> {
        self.waiting.pop_first()
    }

    /// Whether all are to be read as one; nobody waits any more then.
    pub(super) fn take_all(&mut self) -> bool {
        let many = self.waiting.len() > ONE_BY_ONE;
        if many {
            self.waiting.clear();
        }
        many
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_few_are_read_one_by_one_and_many_as_one() {
        let mut rereads = Rereads::default();
        [7, 7, 3].into_iter().for_each(|id| rereads.add(id));
        assert!(!rereads.take_all());
        assert_eq!([3, 7].map(Some), [rereads.take_one(), rereads.take_one()]);
        assert_eq!((rereads.take_all(), rereads.take_one()), (false, None));
        let mut readings = 0;
        for id in 0..500 {
            rereads.add(id);
            readings += usize::from(rereads.take_all());
        }
        assert_eq!((readings, rereads.waiting.len()), (500 / 9, 500 % 9));
    }
}
