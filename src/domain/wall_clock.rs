//! The wall clock as recordings use it: set back by somebody, it must neither date sessions into the future nor put segments
//! on top of one another.

use std::collections::BTreeSet;
use std::time::Duration;

use chrono::{DateTime, SubsecRound, TimeDelta, Utc};

/// A wall clock that is behind by less was not set back, only corrected.
const SLACK: TimeDelta = TimeDelta::seconds(2);
/// Seconds of a week.
const WEEK: i64 = 7 * 86_400;
/// More starts of one stream are not remembered: a new session every minute for a week.
const MOST: usize = 10_000;

/// Seconds in which sessions of one stream began. The second tells their object keys apart, so no other session may have
/// the same.
#[derive(Clone, Debug, Default)]
pub struct SessionStarts {
    taken: BTreeSet<DateTime<Utc>>,
    /// The latest time that the wall clock has shown.
    seen: Option<DateTime<Utc>>,
    /// Where the timestamps of the runs until now end.
    media_until: Duration,
}

impl SessionStarts {
    /// A session began then.
    pub fn add(&mut self, start: DateTime<Utc>) {
        self.taken.insert(start.trunc_subsecs(0));
        if self.taken.len() > MOST {
            self.taken.pop_first();
        }
    }

    /// The latest of them.
    pub fn latest(&self) -> Option<DateTime<Utc>> {
        self.taken.last().copied()
    }

    /// The first free second from `now` on.
    pub fn next(&self, now: DateTime<Utc>) -> DateTime<Utc> {
        let mut start = now.trunc_subsecs(0);
        while self.taken.contains(&start) {
            start += TimeDelta::seconds(1);
        }
        start
    }

    /// Where the timestamps in the files of a run begin whose session begins at `start`: at the second of a week at which it does, and
    /// behind those of all runs before. A decoder that reads on from run to run (ffmpeg's of HLS) takes what is dated before what
    /// it has seen for known, and leaves it out.
    pub fn media_begin(&self, start: DateTime<Utc>) -> Duration {
        Duration::from_secs(start.timestamp().rem_euclid(WEEK).unsigned_abs()).max(self.media_until)
    }

    /// The timestamps of a run have reached this: a source whose clock is fast, or jumps, is ahead of the time.
    pub fn media_reached(&mut self, until: Duration) {
        let next = Duration::from_secs(until.as_secs().saturating_add(2));
        self.media_until = self.media_until.max(next);
    }

    /// It is `now` for somebody who is about to begin a session. True when sessions that are not known here may have begun
    /// later: at first, and whenever the clock was set back.
    pub fn look(&mut self, now: DateTime<Utc>) -> bool {
        let may_be_later = self.seen.is_none_or(|seen| now + SLACK < seen);
        self.seen = Some(now);
        may_be_later
    }
}

/// The time within one ffmpeg run: the wall clock as it was at its beginning, carried on by a steady one. Whoever sets the wall
/// clock meanwhile changes nothing in the run: it ends at the next cut, and the next one begins by the new time.
#[derive(Clone, Copy, Debug)]
pub struct RunClock {
    /// The wall clock at the beginning.
    wall: DateTime<Utc>,
    /// The steady one then.
    at: Duration,
    was_set: Option<ClockStep>,
}

/// How somebody set the wall clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClockStep {
    /// To an earlier time.
    Back,
    /// To a later time.
    Forward,
}

impl ClockStep {
    /// What is said of it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Back => "back",
            Self::Forward => "forward",
        }
    }
}

impl RunClock {
    /// A run begins. `at`: since any fixed moment of a steady clock.
    pub fn begin(wall: DateTime<Utc>, at: Duration) -> Self {
        Self { wall, at, was_set: None }
    }

    /// The time to use, now that the wall clock shows `wall`.
    pub fn now(&mut self, wall: DateTime<Utc>, at: Duration) -> DateTime<Utc> {
        let passed = TimeDelta::from_std(at.saturating_sub(self.at)).unwrap_or(TimeDelta::zero());
        let expected = self.wall + passed;
        if wall + SLACK < expected {
            self.was_set = Some(ClockStep::Back);
        } else if wall > expected + SLACK {
            self.was_set = Some(ClockStep::Forward);
        }
        expected
    }

    /// How the wall clock was set since the beginning: what this run says is not what a clock on the wall says.
    pub fn was_set(&self) -> Option<ClockStep> {
        self.was_set
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time(text: &str) -> DateTime<Utc> {
        text.parse().expect(text)
    }

    #[test]
    fn the_timestamps_of_a_run_begin_behind_those_of_the_ones_before_it() {
        let mut starts = SessionStarts::default();
        let at = |text: &str| text.parse::<DateTime<Utc>>().expect(text);
        let first = starts.media_begin(at("2026-11-29T23:59:50Z"));
        assert_eq!(starts.media_begin(at("2026-11-30T00:00:10Z")), first + Duration::from_secs(20));
        assert!(first > Duration::ZERO && first < Duration::from_secs(7 * 86_400));
        // Its timestamps have jumped by an hour; the clock is set back; a week begins.
        starts.media_reached(first + Duration::from_millis(3_605_500));
        for next in ["2026-11-30T00:00:10Z", "2026-11-29T20:00:00Z", "2026-12-03T00:00:01Z"] {
            assert_eq!(starts.media_begin(at(next)), first + Duration::from_secs(3_607), "{next}");
        }
        starts.media_reached(Duration::MAX);
        assert_eq!(starts.media_begin(at("2026-11-30T00:00:10Z")).subsec_nanos(), 0, "nonsense overflows nothing");
    }

    #[test]
    fn sessions_never_share_a_second_and_none_is_dated_into_the_future() {
        let mut starts = SessionStarts::default();
        let now = time("2026-11-21T08:00:00.9Z");
        assert_eq!(starts.next(now), time("2026-11-21T08:00:00Z"));
        for (start, next) in
            [("2026-11-21T08:00:00Z", "2026-11-21T08:00:01Z"), ("2026-11-21T08:00:01.7Z", "2026-11-21T08:00:02Z")]
        {
            starts.add(time(start));
            assert_eq!(starts.next(now), time(next));
        }
        // The clock was set back by an hour, and an hour ago there was a session too.
        starts.add(time("2026-11-21T07:00:00Z"));
        assert_eq!(starts.next(time("2026-11-21T07:00:00.5Z")), time("2026-11-21T07:00:01Z"));
        assert_eq!(starts.next(time("2026-11-21T07:10:00Z")), time("2026-11-21T07:10:00Z"));
        assert_eq!(starts.latest(), Some(time("2026-11-21T08:00:01Z")));
    }

    #[test]
    fn a_clock_that_was_set_back_is_noticed() {
        let mut starts = SessionStarts::default();
        for (now, may_be_later) in [
            ("2026-11-21T08:00:00Z", true),
            ("2026-11-21T08:10:00Z", false),
            // Corrected by a second.
            ("2026-11-21T08:09:59Z", false),
            ("2026-11-21T07:10:00Z", true),
            ("2026-11-21T07:20:00Z", false),
        ] {
            assert_eq!(starts.look(time(now)), may_be_later, "{now}");
        }
    }

    #[test]
    fn starts_stay_few() {
        let mut starts = SessionStarts::default();
        let begin = time("2026-11-21T08:00:00Z");
        (0..2 * MOST as i64).for_each(|n| starts.add(begin + TimeDelta::seconds(n)));
        assert_eq!(starts.taken.len(), MOST);
        assert_eq!(
            starts.next(begin + TimeDelta::seconds(2 * MOST as i64 - 1)),
            begin + TimeDelta::seconds(2 * MOST as i64)
        );
    }

    #[test]
    fn a_run_keeps_its_time_whatever_is_done_to_the_wall_clock() {
        for (after, wanted) in [
            // Set back by an hour, by 30 s; forward; over the end of a leap second, which is a correction.
            ("2026-11-21T07:00:51Z", Some(ClockStep::Back)),
            ("2026-11-21T08:00:20Z", Some(ClockStep::Back)),
            ("2026-11-21T09:00:51Z", Some(ClockStep::Forward)),
            ("2026-11-21T08:00:49Z", None),
            ("2026-11-21T08:00:50Z", None),
            ("2026-11-21T08:00:52Z", None),
        ] {
            let mut clock = RunClock::begin(time("2026-11-21T08:00:00Z"), Duration::from_secs(100));
            assert_eq!(clock.now(time("2026-11-21T08:00:11Z"), Duration::from_secs(110)), time("2026-11-21T08:00:10Z"));
            assert_eq!(clock.was_set(), None);
            let now = clock.now(time(after), Duration::from_secs(150));
            assert_eq!((now, clock.was_set()), (time("2026-11-21T08:00:50Z"), wanted), "{after}");
        }
    }
}
