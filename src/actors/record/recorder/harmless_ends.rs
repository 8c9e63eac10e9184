//! Which ends of a run are no failure, and how soon the next one begins after them. Pure.
//!
//! A publisher that reconnects ends a run, and for a moment the server knows no such stream: whoever waits longer each time, as after
//! failures, misses what it sends next.

use std::time::Duration;

use crate::adapters::ffmpeg::record_argv::EndKind;

/// A stream that has just ended is asked for again so soon, because its publisher may be between two sessions; each time after
/// twice as long, up to [`LONGEST_ASK`]. The polls tell when it is back or gone for good.
const ASK_AGAIN: Duration = Duration::from_millis(300);
const LONGEST_ASK: Duration = Duration::from_millis(1_500);
/// So often it is no failure that the server has no such stream: some polls.
const NOT_THERE: u32 = 8;
/// So many short runs in a row of one and the same publisher are a failure after all.
const SHORT_ENDS: u32 = 5;
/// A run that ended sooner begins again after a moment.
const SHORT: Duration = Duration::from_secs(1);

/// A run that is over.
#[derive(Clone, Copy, Debug)]
pub(super) struct EndedRun {
    pub(super) kind: EndKind,
    /// Something was recorded.
    pub(super) has_media: bool,
    /// We ended it ourselves so that the next one begins.
    pub(super) renews: bool,
    pub(super) lasted: Duration,
    /// Shorter ones are not settled.
    pub(super) settled_after: Duration,
}

/// What has ended without being a failure.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct HarmlessEnds {
    /// Runs in a row to which the server said that there is no such stream.
    not_there: u32,
    /// Short runs in a row that ended with their stream.
    short_ends: u32,
}

impl HarmlessEnds {
    /// After which time the next run begins; `None`: this end was a failure.
    pub(super) fn after(&mut self, run: EndedRun) -> Option<Duration> {
        match run.kind {
            EndKind::StreamEnded if run.renews || (run.has_media && self.short_ends < SHORT_ENDS) => {
                let is_short = !run.renews && run.lasted < run.settled_after;
                self.short_ends = if is_short { self.short_ends + 1 } else { 0 };
                Some(if run.lasted < SHORT && !run.renews { ASK_AGAIN } else { Duration::ZERO })
            }
            EndKind::NotThere if self.not_there < NOT_THERE => {
                let after = ASK_AGAIN.saturating_mul(1 << self.not_there).min(LONGEST_ASK);
                self.not_there += 1;
                Some(after)
            }
            _ => None,
        }
    }

    /// Something has come.
    pub(super) fn media_came(&mut self) {
        self.not_there = 0;
    }

    /// Whether the server has just said that there is no such stream.
    pub(super) fn is_between_sessions(&self) -> bool {
        self.not_there > 0
    }

    /// Whether it has said so for longer than a publisher takes to come back.
    pub(super) fn is_over(&self) -> bool {
        self.not_there >= NOT_THERE
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The waits in ms after runs that all end so; `None` after the last: a failure.
    fn waits(harmless_ends: &mut HarmlessEnds, kind: EndKind, has_media: bool, lasted_ms: u64) -> Vec<u128> {
        let settled_after = Duration::from_secs(5);
        let run = EndedRun { kind, has_media, renews: false, lasted: Duration::from_millis(lasted_ms), settled_after };
        std::iter::from_fn(|| harmless_ends.after(run)).take(20).map(|after| after.as_millis()).collect()
    }

    #[test]
    fn a_404_between_two_sessions_of_a_publisher_is_no_failure() {
        let mut harmless_ends = HarmlessEnds::default();
        let some_polls = [300, 600, 1_200, 1_500, 1_500, 1_500, 1_500, 1_500];
        assert_eq!(waits(&mut harmless_ends, EndKind::NotThere, false, 50), some_polls, "then it is one");
        assert!(harmless_ends.is_between_sessions() && harmless_ends.is_over());
        harmless_ends.media_came();
        assert!(!harmless_ends.is_between_sessions());
        assert_eq!(waits(&mut harmless_ends, EndKind::NotThere, false, 50), some_polls, "its publisher was back");
    }

    #[test]
    fn what_else_is_no_failure() {
        for (what, kind, has_media, lasted, wanted) in [
            ("a stream that ended", EndKind::StreamEnded, true, 60_000, vec![0; 20]),
            ("a publisher that stays for four seconds", EndKind::StreamEnded, true, 4_000, vec![0; 5]),
            ("for half a second", EndKind::StreamEnded, true, 500, vec![300; 5]),
            ("nothing came", EndKind::StreamEnded, false, 60_000, vec![]),
            ("a failure", EndKind::Failed, true, 60_000, vec![]),
        ] {
            assert_eq!(waits(&mut HarmlessEnds::default(), kind, has_media, lasted), wanted, "{what}");
        }
        let mut harmless_ends = HarmlessEnds::default();
        waits(&mut harmless_ends, EndKind::StreamEnded, true, 4_000);
        let renewed = EndedRun {
            kind: EndKind::StreamEnded,
            has_media: false,
            renews: true,
            lasted: Duration::ZERO,
            settled_after: Duration::from_secs(5),
        };
        assert_eq!(harmless_ends.after(renewed), Some(Duration::ZERO), "we ended it");
        assert_eq!(waits(&mut harmless_ends, EndKind::StreamEnded, true, 4_000), [0; 5], "and begin to count anew");
    }
}
