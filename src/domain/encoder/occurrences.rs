//! What happens and is over at once, told no more often than somebody can read it: a device that changes something with each answer would
//! fill the list of incidents.

use std::time::Duration;

use crate::domain::moment::Moment;

/// What happens again sooner is counted, and told after this time.
const REST: Duration = Duration::from_secs(600);

/// Of one kind.
#[derive(Clone, Debug, Default)]
pub(super) struct Occurrences {
    told: Option<Moment>,
    untold: u32,
    last: String,
}

impl Occurrences {
    /// It has happened; the sentence that is to be told now, if any.
    pub fn happened(&mut self, cause: String, at: Moment) -> Option<String> {
        self.untold += 1;
        self.last = cause;
        self.due(at)
    }

    /// What was put off and is to be told now.
    pub fn due(&mut self, at: Moment) -> Option<String> {
        let rests = self.told.is_some_and(|told| at.since(told) < REST);
        if self.untold == 0 || rests {
            return None;
        }
        let times = std::mem::take(&mut self.untold);
        let minutes = self.told.replace(at).map_or(0, |told| at.since(told).as_secs() / 60);
        let cause = std::mem::take(&mut self.last);
        Some(if times == 1 {
            cause
        } else {
            format!("{cause}; this is the last of {times} times in {minutes} minutes")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_happens_again_and_again_is_told_every_ten_minutes_with_how_often() {
        let at = |seconds: u64| Moment { wall: chrono::DateTime::UNIX_EPOCH, steady: Duration::from_secs(seconds) };
        let mut one = Occurrences::default();
        assert_eq!(one.due(at(0)), None, "nothing has happened");
        assert_eq!(one.happened("a".to_owned(), at(5)).as_deref(), Some("a"));
        for second in (10..605).step_by(5) {
            assert_eq!(one.happened(format!("b{second}"), at(second)), None);
        }
        assert_eq!(one.due(at(605)).as_deref(), Some("b600; this is the last of 119 times in 10 minutes"));
        assert_eq!(one.happened("c".to_owned(), at(606)), None);
        assert_eq!(one.due(at(1_204)), None);
        assert_eq!(one.due(at(1_205)).as_deref(), Some("c"));
        assert_eq!((one.due(at(9_000)), one.happened("d".to_owned(), at(9_001)).as_deref()), (None, Some("d")));
    }
}
