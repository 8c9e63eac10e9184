//! Work that the processes of a site share: which one of them does it. Who does it is asked again and again; the others stand by.

use std::time::Duration;

use super::moment::Moment;

/// So long nobody has answered who does it: then it is done here too, as it may be that nobody does.
const UNANSWERED: Duration = Duration::from_secs(10);

/// Who does a piece of shared work, as whoever keeps account of it says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WorkClaim {
    /// This process, and no other one.
    Ours,
    /// The node of this name.
    Others(String),
    /// This process: nobody keeps account.
    Alone,
    /// Nobody answers the question now.
    Unknown,
}

/// Whether this process does a piece of shared work.
#[derive(Clone, Debug)]
pub struct Duty {
    works: bool,
    /// The node that does it instead.
    holder: Option<String>,
    /// It does it as the only one.
    is_ours: bool,
    /// The last answer, or the beginning.
    answered: Moment,
}

impl Duty {
    /// Nothing is known yet, and nothing is done.
    pub fn begun(at: Moment) -> Self {
        Self { works: false, holder: None, is_ours: false, answered: at }
    }

    /// An answer, or that there was none.
    pub fn heard(&mut self, claim: WorkClaim, at: Moment) {
        if claim != WorkClaim::Unknown {
            self.answered = at;
        }
        (self.works, self.is_ours, self.holder) = match claim {
            WorkClaim::Ours => (true, true, None),
            WorkClaim::Alone => (true, false, None),
            WorkClaim::Others(node) => (false, false, Some(node)),
            WorkClaim::Unknown if at.since(self.answered) < UNANSWERED => return,
            WorkClaim::Unknown => (true, false, None),
        };
    }

    /// It is done here.
    pub fn works(&self) -> bool {
        self.works
    }

    /// It is done here, and nowhere else: what others have begun is to be taken over.
    pub fn is_ours(&self) -> bool {
        self.is_ours
    }

    /// The node that does it, while this one stands by.
    pub fn holder(&self) -> Option<&str> {
        self.holder.as_deref()
    }
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, TimeDelta};

    use super::*;

    fn at(second: u32) -> Moment {
        let wall = DateTime::UNIX_EPOCH + TimeDelta::seconds(i64::from(second));
        Moment { wall, steady: Duration::from_secs(u64::from(second)) }
    }

    #[test]
    fn one_works_and_who_cannot_ask_for_long_works_too() {
        use WorkClaim::{Alone, Ours, Unknown};
        let others = || WorkClaim::Others("b".to_owned());
        // Each with the second of its answer; what follows: works, as the only one, who does it instead.
        for (heard, wanted) in [
            (vec![], (false, false, None)),
            (vec![(Alone, 0)], (true, false, None)),
            (vec![(Ours, 0)], (true, true, None)),
            (vec![(others(), 0)], (false, false, Some("b"))),
            // An answer that does not come changes nothing, until it has not come for long.
            (vec![(Unknown, 3), (Unknown, 9)], (false, false, None)),
            (vec![(Unknown, 3), (Unknown, 12)], (true, false, None)),
            (vec![(Ours, 20), (Unknown, 23)], (true, true, None)),
            (vec![(Ours, 20), (Unknown, 33)], (true, false, None)),
            (vec![(others(), 20), (Unknown, 29)], (false, false, Some("b"))),
            (vec![(others(), 20), (Unknown, 30)], (true, false, None)),
            (vec![(others(), 20), (Unknown, 30), (others(), 33)], (false, false, Some("b"))),
            (vec![(others(), 20), (Unknown, 30), (Ours, 33)], (true, true, None)),
        ] {
            let mut duty = Duty::begun(at(0));
            heard.iter().for_each(|(claim, second)| duty.heard(claim.clone(), at(*second)));
            assert_eq!((duty.works(), duty.is_ours(), duty.holder()), wanted, "{heard:?}");
        }
    }
}
